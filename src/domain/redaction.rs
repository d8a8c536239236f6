//! What must not be published of persons (个人信息保护法 §28, 政府信息公开条例 §15): their names and the numbers by which
//! they are reached.
//!
//! Only names that stand in a field of a person are known. A name that stands in prose alone is not recognised; whoever
//! publishes reads the text first.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::codes::Prose;

/// What stands in place of a name.
const SOMEBODY: &str = "某";
/// What stands in place of a number.
const NUMBER: &str = "***";

/// Surnames of two characters that are met with; all others have one.
const COMPOUND: [&str; 12] =
    ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐", "司徒", "夏侯", "慕容"];
/// How persons are called after their surname.
const TITLES: &str = "副?(?:主任|局长|书记|镇长|乡长|县长|市长|科长|股长|站长|所长|处长|部长|院长|校长|经理|总监|会计|出纳)|同志|先生|女士|老师|总";

/// Numbers that may be somebody's, and addresses of mail.
static REACHED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[0-9A-Za-z._%+-]+@[0-9A-Za-z.-]+\.[A-Za-z]{2,}|[0-9][0-9-]{9,}[0-9Xx]").ok());

/// The surname of a name.
fn surname(name: &str) -> &str {
    let end = name.char_indices().nth(1).map_or(name.len(), |(at, _)| at);
    COMPOUND.into_iter().find(|one| name.starts_with(one)).unwrap_or(&name[..end])
}

/// Whether a run of digits and dashes is a telephone's or an identity card's, and no amount.
fn is_somebodys(run: &str) -> bool {
    let digits: String = run.chars().filter(|one| *one != '-').collect();
    let mobile = digits.len() == 11 && digits.starts_with('1') && !matches!(digits.as_bytes()[1], b'0'..=b'2');
    let landline = (10..=12).contains(&digits.len()) && digits.starts_with('0');
    let identity = digits.len() == 18;
    mobile || landline || identity
}

/// A text without the persons whose names are known, and without telephones, identity cards and addresses of mail.
pub fn without_persons(text: &Prose, known: &[&str]) -> Option<Prose> {
    let mut known: Vec<&str> = known.iter().copied().filter(|name| name.chars().count() > 1).collect();
    // A name inside a longer one is replaced after it.
    known.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    let mut said = text.to_string();
    for name in &known {
        said = said.replace(name, SOMEBODY);
    }
    for name in &known {
        if let Ok(called) = Regex::new(&format!("{}({TITLES})", regex::escape(surname(name)))) {
            said = called.replace_all(&said, format!("{SOMEBODY}$1")).into_owned();
        }
    }
    if let Some(reached) = &*REACHED {
        let hidden = |found: &Captures<'_>| {
            let found = &found[0];
            if found.contains('@') || is_somebodys(found) { NUMBER.to_owned() } else { found.to_owned() }
        };
        said = reached.replace_all(&said, hidden).into_owned();
    }
    said.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_are_not_named() {
        for (known, said, public) in [
            (vec!["张三", "张三丰"], "张三丰与张三到会", "某与某到会"),
            (vec!["刘伟"], "经刘主任同意，刘副局长分管", "经某主任同意，某副局长分管"),
            (vec!["欧阳修"], "欧阳书记批示", "某书记批示"),
            // Nobody else of that surname, no place, no word.
            (vec!["刘伟"], "刘家村 3 个项目", "刘家村 3 个项目"),
            (vec!["王"], "王家湾", "王家湾"),
            (vec![], "电话13873712345，0737-8882345", "电话***，***"),
            (vec![], "身份证43092219800101123X", "身份证***"),
            (vec![], "请寄a.b@example.cn。", "请寄***。"),
            (vec![], "支出 3459100.00 元，另 12345678901 元", "支出 3459100.00 元，另 12345678901 元"),
            (vec![], "2023-12-31 前完成", "2023-12-31 前完成"),
        ] {
            let shown = without_persons(&said.parse().unwrap(), &known).unwrap();
            assert_eq!(shown.as_str(), public);
        }
    }
}
