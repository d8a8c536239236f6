//! Words of sheets: enumerations by their Chinese names, assigners, posts.

use serde_json::{Value, json};

use super::cell;
use crate::domain::violation::{Wrong, unknown_name};

/// Who set a target, by the words of reports.
pub fn assigner(written: &str) -> String {
    match written {
        "市" | "市级" | "市下达" | "市下达任务" => "city".to_owned(),
        "县" | "县级" | "县下达" | "县下达任务" => "county".to_owned(),
        "本单位" | "单位" | "自定" | "单位自定" => "unit".to_owned(),
        other => other.to_owned(),
    }
}

/// The code of a value, by code, Chinese name, name without what stands in brackets, or what stands in them.
///
/// # Errors
/// `unknown_value`.
pub fn choice(written: &str, choices: &[(&'static str, &'static str)]) -> Result<&'static str, Wrong> {
    let written_folded = cell::folded(written);
    let bare = written_folded.trim_end_matches("指标").to_owned();
    let names = |zh: &str| {
        let zh = cell::folded(zh);
        let (outside, inside) = zh.strip_suffix(')').and_then(|rest| rest.split_once('(')).unwrap_or((&zh, &zh));
        [zh.clone(), outside.to_owned(), inside.to_owned()]
    };
    let same = |(code, zh): &&(&'static str, &'static str)| {
        *code == written_folded || names(zh).iter().any(|name| *name == written_folded || *name == bare)
    };
    choices.iter().find(same).map(|(code, _)| *code).ok_or_else(|| {
        let known: Vec<&str> = choices.iter().map(|(_, zh)| *zh).collect();
        unknown_name("unknown_value", ("取值", "value"), written, &known)
    })
}

/// 主任1名、副主任2名: titles and how many hold them.
///
/// # Errors
/// `not_posts`.
pub fn posts(written: &[String]) -> Result<Value, Wrong> {
    let read = |post: &String| {
        let post: String = cell::narrow(post).chars().filter(|c| !c.is_whitespace()).collect();
        let post = post.trim_end_matches(['名', '人', '个', '职']);
        let title = post.trim_end_matches(|c: char| c.is_ascii_digit());
        let count: i64 = post[title.len()..].parse().ok()?;
        Some(json!({ "title": title.trim_end_matches([':', '×', 'x']), "count": count }))
    };
    written.iter().map(read).collect::<Option<Vec<_>>>().map(Value::Array).ok_or_else(|| {
        Wrong::new("not_posts", "应形如“主任1名、副主任2名”", "must look like 主任1名、副主任2名: titles and numbers")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::indicator::{Category, Direction};

    fn codes<T: Copy>(
        all: &[T],
        code: fn(T) -> &'static str,
        zh: fn(T) -> &'static str,
    ) -> Vec<(&'static str, &'static str)> {
        all.iter().map(|one| (code(*one), zh(*one))).collect()
    }

    #[test]
    fn values_are_known_by_code_and_by_every_chinese_name() {
        let directions = codes(Direction::ALL, Direction::code, Direction::zh);
        for written in ["at_least", "不低于（≥）", "不低于", "≥", "不低于(≥)"] {
            assert_eq!(choice(written, &directions), Ok("at_least"), "{written}");
        }
        let categories = codes(Category::ALL, Category::code, Category::zh);
        assert_eq!((choice("产出指标", &categories), choice("产出", &categories)), (Ok("output"), Ok("output")));
        assert_eq!(choice("产量", &categories).unwrap_err().code, "unknown_value");
    }

    #[test]
    fn posts_have_titles_and_numbers() {
        let written: Vec<String> = ["主任1名", "副主任 2 人"].map(str::to_owned).to_vec();
        assert_eq!(posts(&written), Ok(json!([{"title": "主任", "count": 1}, {"title": "副主任", "count": 2}])));
        assert_eq!(posts(&["主任".to_owned()]).unwrap_err().code, "not_posts");
    }
}
