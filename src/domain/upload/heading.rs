//! A heading: which column it is, and in which unit; 执行数（万元） is 执行数, 执行数（上年） is not.

use super::cell::folded;
use super::kind::Column;
use crate::domain::measure;
use crate::domain::money::AmountUnit;

/// A heading, and what it was understood to be.
#[derive(Debug, Clone)]
pub struct Heading {
    /// As it stands in the sheet.
    pub text: String,
    /// The column it is; nothing where it is none of the kind.
    pub column: Option<&'static Column>,
    /// The unit it names, such as 万元.
    pub unit: Option<String>,
}

impl Heading {
    /// Reads a heading; `column` is the column of a name.
    pub(super) fn read(text: &str, column: impl Fn(&str) -> Option<&'static Column>) -> Self {
        let name = folded(text).trim_matches(['*', ':', '.']).to_owned();
        let text = text.trim().to_owned();
        if let Some(column) = column(&name) {
            return Self { text, column: Some(column), unit: None };
        }
        let (bare, inside) = cut(&name);
        let column = column(&bare);
        match inside {
            Some(unit) if column.is_some() && is_unit(&unit) => Self { text, column, unit: Some(unit) },
            Some(inside) if is_remark(&inside) => Self { text, column, unit: None },
            _ => Self { text, column: None, unit: None },
        }
    }

    /// Whether nothing is lost with the column: it numbers the rows, or says what was wrong with them.
    pub fn may_go(&self) -> bool {
        ["序号", "行号", "项次", "no", "no.", "#", super::back::WRONG].contains(&folded(&self.text).as_str())
    }
}

/// Whether brackets hold a unit.
fn is_unit(inside: &str) -> bool {
    amount_unit(inside).is_some() || measure::known(inside)
}

/// Whether brackets hold a remark that makes no other column of a heading: (必填), (A), (B/A*100), (yyyy-mm).
fn is_remark(inside: &str) -> bool {
    const WORDS: [&str; 21] = [
        "累计",
        "本年累计",
        "全年",
        "必填",
        "选填",
        "可不填",
        "公章",
        "盖章",
        "签章",
        "签字",
        "全称",
        "简称",
        "编码",
        "代码",
        "名称",
        "百分制",
        "满分100",
        "满分100分",
        "如有",
        "计量单位",
        "单位",
    ];
    let pattern = inside.contains("yy") && inside.chars().all(|c| "ymd-/.年月日".contains(c));
    let letter_by_letter = |text: &str| text.split(|c: char| !c.is_ascii_lowercase()).all(|word| word.len() <= 1);
    let formula = inside.chars().all(|c| c.is_ascii_graphic() || "×÷".contains(c)) && letter_by_letter(inside);
    inside.is_empty() || WORDS.contains(&inside) || pattern || formula
}

/// A heading without its brackets.
pub(super) fn bare(name: &str) -> String {
    cut(name).0
}

/// What stands in the brackets of a heading.
pub(super) fn inside(name: &str) -> Option<String> {
    cut(name).1
}

/// A heading without its unit, and the unit: 执行数(万元), 执行数/万元, `executed_wan`.
fn cut(name: &str) -> (String, Option<String>) {
    let name = name.replace(['【', '〔', '['], "(").replace(['】', '〕', ']'], ")");
    if let Some((bare, inside)) = name.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        let unit = inside.trim_start_matches("单位").trim_start_matches(':');
        return (bare.to_owned(), Some(unit.to_owned()));
    }
    for (suffix, unit) in [("_wan_yuan", "万元"), ("_wan", "万元"), ("_yuan", "元"), ("_yi", "亿元")] {
        if let Some(bare) = name.strip_suffix(suffix) {
            return (bare.to_owned(), Some(unit.to_owned()));
        }
    }
    for unit in ["万元", "亿元", "千元", "元"] {
        let bare = name.strip_suffix(unit).and_then(|bare| bare.strip_suffix(['/', ',', '-', '、', '_']));
        if let Some(bare) = bare {
            return (bare.to_owned(), Some(unit.to_owned()));
        }
    }
    (name, None)
}

/// The unit of amounts that a word means: 万元, 万.
pub fn amount_unit(word: &str) -> Option<AmountUnit> {
    let word = word.strip_prefix("人民币").unwrap_or(word);
    AmountUnit::ALL
        .iter()
        .copied()
        .find(|unit| unit.zh() == word || (unit.zh().trim_end_matches('元') == word && !word.is_empty()))
}

/// The unit that a line above the head names for all amounts: 单位：万元, （金额单位:元）.
pub(super) fn title_unit(text: &str) -> Option<AmountUnit> {
    let text = folded(text);
    let word = |after: &str| after.chars().take_while(|c| c.is_alphabetic()).collect::<String>();
    text.split("单位:").skip(1).find_map(|after| amount_unit(&word(after)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::upload::head::Known;
    use crate::domain::upload::kind::UploadKind;

    #[test]
    fn units_stand_in_brackets_behind_a_slash_or_an_underscore() {
        let known = Known::of(UploadKind::BudgetLines);
        for text in
            ["执行数（万元）", "执行数(单位：万元)", "执行数【万元】", "执行数/万元", "executed_wan", "支出数，万元"]
        {
            let heading = known.heading(text);
            assert_eq!(
                (heading.column.map(|one| one.field), heading.unit.as_deref()),
                (Some("executed"), Some("万元")),
                "{text}"
            );
        }
        assert_eq!(amount_unit("万"), Some(AmountUnit::WanYuan));
        assert_eq!(amount_unit("家"), None);
    }

    #[test]
    fn brackets_hold_a_unit_or_a_remark_or_make_another_column() {
        let known = Known::of(UploadKind::Progress);
        let of = |text: &str| known.heading(text).column.map(|_| known.heading(text).unit);
        for (text, unit) in
            [("完成值（家）", "家"), ("完成值（万）", "万"), ("完成值（%）", "%"), ("完成值/万元", "万元")]
        {
            assert_eq!(of(text), Some(Some(unit.to_owned())), "{text}");
        }
        for text in
            ["完成值（累计）", "完成值（B）", "完成值（A/B*100）", "单位（盖章）", "月份（yyyy-mm）", "完成值（必填）"]
        {
            assert_eq!(of(text), Some(None), "{text}");
        }
        for text in ["完成值（上年）", "完成值（1-6月）", "完成值（月）", "完成值（不含税）", "完成值（USD）"]
        {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
