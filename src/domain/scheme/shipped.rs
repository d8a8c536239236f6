//! The schemes that come with Jixiao: the national ones, and the one whose weights a unit states itself.

use super::{KeptScheme, Method, SchemeFacts, SchemeItem, SchemeKey};
use crate::domain::indicator::Category;
use crate::domain::kept::Kept;
use crate::domain::quantity::Points;
use crate::domain::violation::Wrong;

/// The shipped schemes, in the order of their keys.
pub fn shipped() -> Vec<KeptScheme> {
    let all = [
        // 财预〔2021〕101号: cost stands beside output.
        scheme(
            ("cost_2021", "2021", "2021年成本指标办法", "财预〔2021〕101号"),
            &[("cost", 20, &[Category::Cost]), ("output", 40, &[Category::Output])],
            &[("benefit", 20, &[Category::Benefit]), ("satisfaction", 10, &[Category::Satisfaction])],
        ),
        // 财预〔2020〕10号 art. 13: cost is part of output.
        scheme(
            ("national_2020", "2020", "2020年全国办法", "财预〔2020〕10号"),
            &[("output", 50, &[Category::Output, Category::Cost])],
            &[("benefit", 30, &[Category::Benefit]), ("satisfaction", 10, &[Category::Satisfaction])],
        ),
        // Special circumstances may change the first level; the ten points of execution stay.
        scheme(("own", "2020", "自定权重", "财预〔2020〕10号"), &[("indicators", 90, &[])], &[]),
    ];
    all.into_iter().flatten().collect()
}

/// An item's code, its points and the categories of targets it looks at.
type Part = (&'static str, i64, &'static [Category]);

fn scheme(
    (code, year, name, document): (&str, &str, &str, &str),
    first: &[Part],
    rest: &[Part],
) -> Result<KeptScheme, Wrong> {
    let execution = item(("execution", 10, &[]), "预算执行率", Method::ExecutionRate)?;
    let mut items = vec![execution];
    for part in first.iter().chain(rest) {
        let name = part.2.first().map_or("指标", |category| category.zh());
        items.push(item(*part, name, Method::National)?);
    }
    let key = SchemeKey { code: code.parse()?, year: year.parse()? };
    let facts = SchemeFacts { name: name.parse()?, document: Some(document.parse()?), items };
    Ok(Kept { key, facts, revision: 0 })
}

fn item((code, points, categories): Part, name: &str, method: Method) -> Result<SchemeItem, Wrong> {
    Ok(SchemeItem {
        code: code.parse()?,
        parent: None,
        name: name.parse()?,
        points: Points::whole(points),
        method,
        indicators: Vec::new(),
        categories: categories.to_vec(),
        own_weights: code == "indicators",
        cap: None,
        met_from: None,
        each: None,
        bands: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_right_and_in_order() {
        let all = shipped();
        let keys: Vec<_> = all.iter().map(|one| one.key.to_string()).collect();
        assert_eq!(keys, ["cost_2021:2021", "national_2020:2020", "own:2020"]);
        for one in &all {
            assert_eq!(one.facts.check(&|_| true), Ok(()), "{}", one.key);
        }
    }
}
