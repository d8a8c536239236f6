//! What a scheme may say.

use std::collections::BTreeMap;

use super::{Method, SchemeFacts, SchemeItem};
use crate::domain::codes::{IndicatorCode, SchemeItemCode};
use crate::domain::kept::{Resource, dangling, too_many};
use crate::domain::quantity::{Percent, Points, Quantity};
use crate::domain::violation::{Violations, Wrong};

/// The points of the first level.
const ALL: Points = Points::whole(100);

/// No completion counts more than ten times its target, in hundredths of a percent.
const MOST_PERCENT: i64 = 100_000;

/// Items below items below items: 一级, 二级 and 三级指标, and what is scored.
const DEEPEST: usize = 4;

impl SchemeFacts {
    /// Whether a scheme may say this, `known` telling which indicators there are.
    ///
    /// # Errors
    /// Points that do not add up at each level; items below what is not there; what a method does not use, or lacks.
    pub fn check(&self, known: &dyn Fn(&IndicatorCode) -> bool) -> Result<(), Violations> {
        let mut broken = Violations::default();
        broken.require(self.items.len() <= Self::MOST_ITEMS, || too_many("/items", Self::MOST_ITEMS));
        broken.require(!self.items.is_empty(), || {
            Wrong::new("missing_items", "至少一项", "a scheme has at least one item").at("/items")
        });
        let mut places = BTreeMap::new();
        for (place, item) in self.items.iter().enumerate() {
            broken.require(places.insert(&item.code, place).is_none(), || {
                Wrong::new("duplicate", "同一项目出现两次", "the same item twice")
                    .at(format!("/items/{place}/code"))
                    .showing(&item.code)
            });
        }
        for (place, item) in self.items.iter().enumerate() {
            let pointer = format!("/items/{place}");
            self.check_place(&mut broken, &pointer, item, &places);
            item.check_method(&mut broken, &pointer);
            for (inner, one) in item.indicators.iter().enumerate() {
                let pointer = format!("{pointer}/indicators/{inner}");
                broken.require(known(&one.indicator), || {
                    dangling(format!("{pointer}/indicator"), Resource::Indicators, &one.indicator)
                });
                broken.require(one.weight.is_none_or(|weight| weight > Quantity::of_micros(0)), || {
                    Wrong::new("out_of_range", "权重应大于 0", "a weight is more than nothing")
                        .at(format!("{pointer}/weight"))
                });
                let twice = item.indicators[..inner].iter().any(|other| other.indicator == one.indicator);
                broken.require(!twice, || {
                    Wrong::new("duplicate", "同一指标出现两次", "the same indicator twice")
                        .at(format!("{pointer}/indicator"))
                });
            }
        }
        if broken.0.is_empty() {
            self.check_sums(&mut broken);
        }
        broken.into_result()
    }

    fn check_place(
        &self,
        broken: &mut Violations,
        pointer: &str,
        item: &SchemeItem,
        places: &BTreeMap<&SchemeItemCode, usize>,
    ) {
        let at = format!("{pointer}/parent");
        let above =
            |item: &SchemeItem| item.parent.as_ref().and_then(|parent| places.get(parent)).map(|at| &self.items[*at]);
        if let Some(parent) = &item.parent {
            broken.require(places.contains_key(parent), || {
                Wrong::new("unknown_reference", "方案中没有这个上级项目", "there is no such item in the scheme")
                    .at(&at)
                    .showing(parent)
            });
        }
        let line = std::iter::successors(above(item), |one| above(one)).take(DEEPEST).count();
        broken.require(line < DEEPEST, || {
            let zh = format!("最多 {DEEPEST} 级，且不能循环");
            Wrong::new("cycle", zh, format!("at most {DEEPEST} levels, and no circles")).at(&at)
        });
        let has_below = self.items.iter().any(|one| one.parent.as_ref() == Some(&item.code));
        broken.require(has_below == (item.method == Method::Group), || {
            Wrong::new(
                "method_of_a_leaf",
                "有下级的项目为 group，没有下级的须有计分方法",
                "an item with others below it is a `group`, and one without is not",
            )
            .at(format!("{pointer}/method"))
        });
        let beside = item.method.beside();
        broken.require(!beside || item.parent.is_none(), || {
            Wrong::new("beside_the_hundred", "加分、扣分项在第一级", "bonus and penalty stand on the first level")
                .at(&at)
        });
    }

    /// The points below an item add up to its own, and those of the first level to a hundred; what stands beside the hundred
    /// is no more than it.
    fn check_sums(&self, broken: &mut Violations) {
        let beside: Points = self.items.iter().filter(|item| item.method.beside()).map(|item| item.points).sum();
        broken.require(beside <= ALL, || {
            let wrong = Wrong::new("out_of_range", "加分、扣分项合计最多 100 分", "bonus and penalty are 100 at most");
            wrong.at("/items").showing(beside)
        });
        let parents = self
            .items
            .iter()
            .enumerate()
            .map(|(place, item)| (Some(&item.code), item.points, format!("/items/{place}/points")));
        for (parent, whole, pointer) in [(None, ALL, "/items".to_owned())].into_iter().chain(parents) {
            let below = self.items.iter().filter(|item| item.parent.as_ref() == parent);
            let below: Vec<_> = below.filter(|item| !item.method.beside()).collect();
            let sum: Points = below.iter().map(|item| item.points).sum();
            broken.require(below.is_empty() && parent.is_some() || sum == whole, || {
                Wrong::new(
                    "weights_do_not_add_up",
                    format!("下级分值合计 {sum}，应为 {whole}"),
                    format!("the points below add up to {sum}, not {whole}"),
                )
                .at(pointer)
                .showing(sum)
            });
        }
    }
}

impl SchemeItem {
    /// What the method lacks, and what it does not use: a parameter without effect is a mistake.
    fn check_method(&self, broken: &mut Violations, pointer: &str) {
        use Method::{
            AllOrNothing, Bands, Bonus, Deduction, ExecutionRate, Group, National, Penalty, Proportional, WeightedMean,
        };
        let looks = !matches!(self.method, ExecutionRate | Group);
        let method = self.method;
        let mut parameter = |name: &str, given: bool, used: bool, needed: bool| {
            broken.require(used || !given, || {
                let zh = format!("“{}”不使用此参数", method.zh());
                Wrong::new("not_used", zh, format!("`{method}` does not use it")).at(format!("{pointer}/{name}"))
            });
            broken.require(given || !needed, || {
                let zh = format!("“{}”须填写此参数", method.zh());
                Wrong::new("missing_field", zh, format!("`{method}` needs it")).at(format!("{pointer}/{name}"))
            });
        };
        let listed = !self.indicators.is_empty();
        parameter("indicators", listed, looks, method.together());
        parameter("categories", !self.categories.is_empty(), looks && !listed, false);
        parameter("own_weights", self.own_weights, looks && !listed, false);
        parameter("cap", self.cap.is_some(), matches!(method, Proportional | WeightedMean), false);
        parameter("met_from", self.met_from.is_some(), matches!(method, AllOrNothing | Deduction), false);
        let counts = matches!(method, Deduction | Bonus | Penalty);
        parameter("each", self.each.is_some(), counts, counts);
        parameter("bands", !self.bands.is_empty(), method == Bands, method == Bands);
        let weighted = self.indicators.iter().any(|one| one.weight.is_some());
        let takes_weights = matches!(method, National | Proportional | AllOrNothing | Bands | WeightedMean);
        parameter("indicators", weighted, takes_weights || !weighted, false);
        let fits = |percent: &Option<Percent>| percent.is_none_or(|one| (1..=MOST_PERCENT).contains(&one.hundredths()));
        for (name, percent) in [("cap", &self.cap), ("met_from", &self.met_from)] {
            broken.require(fits(percent), || {
                let wrong =
                    Wrong::new("out_of_range", "应大于 0，最多 1000%", "must be more than 0 and at most 1000 percent");
                wrong.at(format!("{pointer}/{name}"))
            });
        }
        let falling = self.bands.windows(2).all(|pair| pair[0].from > pair[1].from);
        broken.require(falling, || {
            Wrong::new("out_of_order", "各档由高到低排列", "bands stand from the highest down")
                .at(format!("{pointer}/bands"))
        });
        let shares = self.bands.iter().all(|band| (0..=10_000).contains(&band.share.hundredths()));
        broken.require(shares, || {
            Wrong::new("out_of_range", "得分比例为 0 至 100%", "a share is 0 to 100 percent")
                .at(format!("{pointer}/bands"))
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::json::Once;
    use crate::domain::scheme::SchemeFacts;
    use crate::domain::violation::Violations;

    /// The complaints about a scheme with these items.
    fn complaints(items: &str) -> Vec<(String, String)> {
        let Once(value) = serde_json::from_str(&format!(r#"{{"name": "考核", "items": [{items}]}}"#)).unwrap();
        let facts = deserr::deserialize::<SchemeFacts, _, Violations>(value).unwrap();
        let known = |code: &crate::domain::codes::IndicatorCode| code.as_str() != "nothing";
        let broken = facts.check(&known).err().unwrap_or_default();
        broken.0.into_iter().map(|one| (one.code.to_owned(), one.pointer)).collect()
    }

    #[test]
    fn points_add_up_at_each_level() {
        let leaf = |code: &str, parent: &str, points: &str| {
            format!(
                r#"{{"code": "{code}", "parent": {parent}, "name": "项", "points": "{points}", "method": "national"}}"#
            )
        };
        let group = r#"{"code": "a", "name": "项", "points": "60", "method": "group"}"#;
        let items = |one: &str, other: &str, rest: &str| {
            [group.to_owned(), leaf("b", "\"a\"", one), leaf("c", "\"a\"", other), leaf("d", "null", rest)].join(",")
        };
        assert_eq!(complaints(&items("30", "30", "40")), []);
        assert_eq!(complaints(&items("30", "20", "40")), [("weights_do_not_add_up".into(), "/items/0/points".into())]);
        assert_eq!(complaints(&items("30", "30", "41")), [("weights_do_not_add_up".into(), "/items".into())]);
    }

    #[test]
    fn each_method_says_what_it_lacks_and_what_it_does_not_use() {
        for (rest, code, at) in [
            (r#""method": "deduction", "indicators": [{"indicator": "x"}]"#, "missing_field", "each"),
            (r#""method": "weighted_mean""#, "missing_field", "indicators"),
            (r#""method": "bands""#, "missing_field", "bands"),
            (r#""method": "national", "cap": "120""#, "not_used", "cap"),
            (r#""method": "execution_rate", "categories": ["output"]"#, "not_used", "categories"),
            (r#""method": "proportional", "cap": "0""#, "out_of_range", "cap"),
            (
                r#""method": "all_or_nothing", "indicators": [{"indicator": "nothing"}]"#,
                "unknown_reference",
                "indicators/0/indicator",
            ),
            (
                r#""method": "bands", "bands": [{"from": "60", "share": "50"}, {"from": "100", "share": "100"}]"#,
                "out_of_order",
                "bands",
            ),
            (r#""method": "group""#, "method_of_a_leaf", "method"),
            (r#""method": "national", "parent": "z""#, "unknown_reference", "parent"),
        ] {
            let item = format!(r#"{{"code": "a", "name": "项", "points": "100", {rest}}}"#);
            assert_eq!(complaints(&item)[0], (code.into(), format!("/items/0/{at}")), "{rest}");
        }
    }

    #[test]
    fn items_in_a_circle_are_refused() {
        let item = |code: &str, parent: &str| {
            format!(r#"{{"code": "{code}", "parent": "{parent}", "name": "项", "points": "100", "method": "group"}}"#)
        };
        let found = complaints(&[item("a", "b"), item("b", "a")].join(","));
        assert!(found.iter().any(|(code, _)| code == "cycle"), "{found:?}");
    }

    #[test]
    fn bonus_and_penalty_stand_beside_the_hundred() {
        let items = r#"{"code": "a", "name": "项", "points": "100", "method": "national"},
            {"code": "b", "name": "加分", "points": "5", "method": "bonus", "each": "1", "indicators": [{"indicator": "x"}]}"#;
        assert_eq!(complaints(items), []);
    }
}
