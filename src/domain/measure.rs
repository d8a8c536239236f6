//! Measure units as people write them, and what can be turned into what, exactly: 万元 into 亿元, 3千 into a count.
//!
//! A unit is a power of ten and a base: 万美元 is 10⁴ 美元. Numbers of one base are converted by moving the point, so
//! nothing is rounded; numbers of two bases never are.

use super::fixed;
use super::money::{shifted, trimmed};
use super::violation::Wrong;

/// Powers of ten that stand before a unit.
const POWERS: [(char, usize); 5] = [('亿', 8), ('万', 4), ('千', 3), ('百', 2), ('十', 1)];

/// Words that count things one by one; what is a 家 of one report is a 个 of another.
const COUNTING: [&str; 17] =
    ["个", "家", "项", "件", "次", "名", "人", "户", "位", "场", "批", "批次", "人次", "家次", "场次", "起", "期"];

/// Other bases that sheets name in their heads.
const BASES: [&str; 28] = [
    "元",
    "美元",
    "港元",
    "欧元",
    "日元",
    "克",
    "斤",
    "公斤",
    "吨",
    "亩",
    "公顷",
    "平方米",
    "平方公里",
    "立方米",
    "米",
    "公里",
    "里",
    "升",
    "瓦",
    "瓦时",
    "度",
    "天",
    "小时",
    "倍",
    "分",
    "%",
    "‰",
    "百分点",
];

/// A unit as power and base; 人民币 is the 元 that is meant anyway.
fn parted(unit: &str) -> (usize, &str) {
    let mut rest = unit.strip_prefix("人民币").unwrap_or(unit);
    let mut power = 0;
    // A percentage point is no hundred of points.
    while !rest.starts_with("百分") {
        let Some((one, behind)) = POWERS.iter().find_map(|(sign, one)| Some((*one, rest.strip_prefix(*sign)?))) else {
            break;
        };
        power += one;
        rest = behind;
    }
    match rest {
        "个百分点" => (power, "百分点"),
        "百分比" => (power, "%"),
        base => (power, base),
    }
}

/// Whether a word is a unit that sheets are known to name.
pub fn known(unit: &str) -> bool {
    let (power, base) = parted(unit);
    COUNTING.contains(&base) || BASES.contains(&base) || (base.is_empty() && power > 0)
}

/// Whether a unit is one of money.
pub fn of_money(unit: &str) -> bool {
    parted(unit).1.ends_with('元')
}

/// A number of one unit in another, exactly: `1245.7` 万元 is `0.12457` 亿元, `3` 千 is `3000` 个.
///
/// # Errors
/// `wrong_unit` where the two do not measure the same.
pub fn converted(number: &str, written: &str, wanted: &str) -> Result<String, Wrong> {
    if written == wanted {
        return Ok(number.to_owned());
    }
    let ((from, base), (to, wanted_base)) = (parted(written), parted(wanted));
    let counts = |base: &str| COUNTING.contains(&base);
    let many = base.is_empty() && from > 0 && (counts(wanted_base) || of_money(wanted));
    let same = base == wanted_base || (counts(base) && counts(wanted_base)) || many;
    same.then(|| moved(number, from, to)).flatten().ok_or_else(|| {
        Wrong::new(
            "wrong_unit",
            format!("该指标的计量单位是“{wanted}”，不能填“{written}”"),
            format!("the indicator is measured in {wanted}, which {written} cannot be turned into"),
        )
    })
}

/// A number of so many powers of ten as one of other so many.
fn moved(number: &str, from: usize, to: usize) -> Option<String> {
    let (negative, whole, decimals) = fixed::split(number).ok()?;
    let sign = if negative { "-" } else { "" };
    if from >= to {
        return Some(format!("{sign}{}", shifted(whole, decimals, from - to)));
    }
    let places = to - from;
    let digits = format!("{}{whole}", "0".repeat((places + 1).saturating_sub(whole.len())));
    let (whole, behind) = digits.split_at(digits.len() - places);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    Some(trimmed(&format!("{sign}{whole}.{behind}{decimals}")).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_measures_the_same_is_converted_exactly() {
        for (number, written, wanted, expected) in [
            ("1245.7", "万元", "亿元", "0.12457"),
            ("1.2457", "亿元", "万元", "12457"),
            ("210000", "美元", "万美元", "21"),
            ("-5", "万元", "亿元", "-0.0005"),
            ("5", "百万元", "万元", "500"),
            ("5", "人民币万元", "万元", "5"),
            ("13", "家", "个", "13"),
            ("3", "千", "个", "3000"),
            ("1.2", "万", "人次", "12000"),
            ("1.2", "万人次", "人次", "12000"),
            ("1.2", "亿", "万美元", "12000"),
            ("1.2", "万", "万元", "1.2"),
            ("2", "千克", "千克", "2"),
            ("2", "吨", "吨", "2"),
            ("3", "万吨", "吨", "30000"),
            ("2", "个百分点", "百分点", "2"),
            ("7", "%", "百分比", "7"),
            ("1", "标准箱", "标准箱", "1"),
        ] {
            assert_eq!(converted(number, written, wanted).as_deref(), Ok(expected), "{number}{written} → {wanted}");
        }
    }

    #[test]
    fn what_measures_another_thing_is_refused() {
        for (written, wanted) in [
            ("家", "亿元"),
            ("万元", "万美元"),
            ("亿元", "个"),
            ("%", "个"),
            ("个", "%"),
            ("万", "%"),
            ("百分点", "%"),
            ("吨", "个"),
            ("元", "吨"),
            ("万", "吨"),
            ("", "个"),
        ] {
            assert_eq!(converted("13", written, wanted).unwrap_err().code, "wrong_unit", "{written} → {wanted}");
        }
    }

    #[test]
    fn units_are_told_from_other_words() {
        for unit in ["万元", "万", "家", "万人次", "千瓦时", "万千瓦", "%", "百分点", "千克", "亿美元", "元"]
        {
            assert!(known(unit), "{unit}");
        }
        for word in ["", "上年", "不含税", "7月", "累计"] {
            assert!(!known(word), "{word}");
        }
        assert!(of_money("万美元") && of_money("元") && !of_money("万") && !of_money("家"));
    }
}
