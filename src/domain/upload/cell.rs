//! What a cell says, as the word the API takes: `约79.4` under 万元 is `794000.00`, printed `约79.4万元`.
//!
//! Forgiving about how a thing is written, unforgiving about what it means: what could mean two things is refused.

use crate::domain::fixed;
use crate::domain::money::{AmountUnit, Printed, without_about, without_odd};
use crate::domain::sheet::Cell;
use crate::domain::violation::Wrong;

/// Cells that say that there is nothing to say.
const NOTHING: [&str; 9] = ["-", "--", "—", "——", "/", "\\", "无", "空", "N/A"];

/// The longest of them, in bytes.
const LONGEST_NOTHING: usize = 6;

/// Letters, digits and signs in their narrow form, without spaces around: １２％ is 12%.
pub fn narrow(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '—' | '–' | '−' => '-',
        c => c,
    };
    if text.is_ascii() {
        return text.trim().to_owned();
    }
    text.chars().map(narrow).collect::<String>().trim().to_owned()
}

/// A name without what writers vary: width, brackets, spaces, capitals.
pub fn folded(text: &str) -> String {
    narrow(text).chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Whether a cell says nothing: blank, a dash, 无.
pub fn says_nothing(cell: &Cell) -> bool {
    match cell {
        Cell::Text(text) => {
            let text = text.trim();
            // What is ASCII is narrow already.
            let narrow = || !text.is_ascii() && NOTHING.contains(&narrow(text).as_str());
            text.len() <= LONGEST_NOTHING && (NOTHING.contains(&text) || narrow())
        }
        cell => cell.is_empty(),
    }
}

/// The text of a cell whose kind does not matter.
///
/// # Errors
/// `formula_error`, `scaled_format`, `not_a_scalar`.
pub fn text(cell: &Cell) -> Result<String, Wrong> {
    match cell {
        Cell::Broken(error) => Err(Wrong::new(
            "formula_error",
            format!("单元格是公式错误 {error}"),
            format!("the cell holds the error {error} of a formula"),
        )),
        Cell::Scaled(_) => Err(Wrong::new(
            "scaled_format",
            "单元格用数字格式缩放显示，显示值与实际值不同；请改为常规格式",
            "the number format scales what is shown; use a plain format",
        )),
        Cell::List(_) => Err(Wrong::new("not_a_scalar", "此处应为单个值", "a single value belongs here")),
        cell => Ok(cell.shown().trim().to_owned()),
    }
}

/// A code, in narrow letters and digits.
///
/// # Errors
/// `scientific_notation`: 4.30922E+14 is all that is left of a code whose digits are gone.
pub fn code(cell: &Cell) -> Result<String, Wrong> {
    let text = narrow(&text(cell)?);
    let mantissa = text.split_once(['E', 'e']).filter(|(mantissa, exponent)| {
        let exponent = exponent.trim_start_matches(['+', '-']);
        let number = mantissa.contains('.') || matches!(cell, Cell::Number(_)) || text.contains('+');
        number
            && mantissa.parse::<f64>().is_ok()
            && !exponent.is_empty()
            && exponent.bytes().all(|b| b.is_ascii_digit())
    });
    if mantissa.is_some() {
        return Err(Wrong::new(
            "scientific_notation",
            "Excel 把编码变成了科学计数法，原来的数字已丢失：请先把该列设为文本格式，再重新填写",
            "Excel made scientific notation of the code and its digits are lost: format the column as text and type it again",
        ));
    }
    Ok(text)
}

/// A number without what writers add: width, thousands separators, the sign of the 元, a bare point.
///
/// # Errors
/// `bad_separators`: 1,23 could be 1.23 or 123.
pub fn number(cell: &Cell) -> Result<String, Wrong> {
    let text = without_spaces(&narrow(&text(cell)?));
    let text = text.trim_start_matches(['¥', '￥', '+']);
    let text = text.strip_prefix("人民币").unwrap_or(text);
    let text = without_separators(text)?;
    let bare = text.strip_prefix('.').map(|decimals| format!("0.{decimals}"));
    Ok(bare.unwrap_or(text))
}

/// Takes out spaces; between two digits one is a thousands separator, or a mistake.
fn without_spaces(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if whole.ends_with(|c: char| c.is_ascii_digit()) && word.starts_with(|c: char| c.is_ascii_digit()) {
            whole.push(',');
        }
        whole += word;
    }
    whole
}

/// Takes out thousands separators that stand where they belong.
fn without_separators(text: &str) -> Result<String, Wrong> {
    if !text.contains([',', '，']) {
        return Ok(text.to_owned());
    }
    let text = text.replace('，', ",");
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let end = text[start..].find(|c: char| !c.is_ascii_digit() && c != ',').map_or(text.len(), |end| start + end);
    let groups: Vec<&str> = text[start..end].split(',').collect();
    let well = groups
        .iter()
        .enumerate()
        .all(|(place, group)| if place == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 });
    if !well || text[end..].contains(',') {
        return Err(Wrong::new(
            "bad_separators",
            "逗号不在千分位上，无法判断是千分位还是小数点",
            "the commas do not stand at thousands: separator or decimal point?",
        ));
    }
    Ok(format!("{}{}{}", &text[..start], groups.concat(), &text[end..]))
}

/// An amount: in 元, and as printed with its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// In 元, as the API takes it.
    pub yuan: String,
    /// As it stands in the sheet, its unit added; nothing where it is plainly in 元 without saying so.
    pub printed: Option<String>,
}

/// What the amounts of a column are in, where their cells do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// The sheet or the caller says so.
    Said(AmountUnit),
    /// 元, because the column has the API's own name.
    Wire,
    /// Nobody says.
    Unsaid,
}

/// Reads an amount of money.
///
/// # Errors
/// `amount_unit_unknown` and those of [`Printed::parse`].
pub fn amount(cell: &Cell, unit: Unit) -> Result<Amount, Wrong> {
    let mut text = number(cell)?;
    for (short, long) in [("万", "万元"), ("亿", "亿元"), ("千", "千元")] {
        if text.ends_with(short) {
            text = text.replace(short, long);
        }
    }
    let own = text.ends_with('元');
    let printed = match unit {
        _ if own => text,
        Unit::Said(unit) => format!("{text}{}", unit.zh()),
        Unit::Wire => {
            let yuan = Printed::parse(&text)?;
            let printed = yuan.approximate.then(|| format!("{text}元"));
            return Ok(Amount { yuan: yuan.amount.to_string(), printed });
        }
        Unit::Unsaid => {
            return Err(Wrong::new(
                "amount_unit_unknown",
                "不知道金额单位：请在表头写明（如“执行数（万元）”），或加参数 amount_unit",
                "in which unit is the amount? say so in the head, as in 执行数（万元）, or with amount_unit",
            ));
        }
    };
    let yuan = Printed::parse(&printed)?.amount.to_string();
    Ok(Amount { yuan, printed: Some(printed) })
}

/// A quantity as it is written: `约21万美元`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The whole of it, narrow and without separators.
    pub text: String,
    /// The number.
    pub number: String,
    /// Whether it is approximate (约), or at least so much (余).
    pub approximate: bool,
    /// The measure unit behind the number.
    pub measure_unit: Option<String>,
}

/// Reads a quantity: one number, a doubt before or behind it, a measure unit of letters. Anything else is no quantity:
/// `3-5个` is two numbers, `1.2E+05` has lost its digits.
///
/// # Errors
/// `not_a_number`, `bad_separators`.
pub fn quantity(cell: &Cell) -> Result<Written, Wrong> {
    let text = number(cell)?;
    let (bare, about) = without_about(&text);
    let unsigned = bare.strip_prefix('-').unwrap_or(bare);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, rest) = bare.split_at(bare.len() - unsigned.len() + end);
    let (unit, odd) = without_odd(rest);
    let (unit, vague) = unit.strip_suffix("左右").map_or((unit, false), |unit| (unit, true));
    fixed::split(number)?;
    if !unit.chars().all(|c| c.is_alphabetic() || "%‰/·²³".contains(c)) {
        return Err(Wrong::new("not_a_number", "不是一个数值", "not one number"));
    }
    Ok(Written {
        number: number.to_owned(),
        approximate: about || odd || vague,
        measure_unit: Some(folded(unit)).filter(|unit| !unit.is_empty()),
        text,
    })
}

/// A percentage: `86.67%`, `86.67`, or a number shown with a percent sign.
///
/// # Errors
/// Those of [`number`].
pub fn percent(cell: &Cell) -> Result<String, Wrong> {
    Ok(number(cell)?.trim_end_matches('%').to_owned())
}

/// A number with one of these words behind it: 25人, 100分.
///
/// # Errors
/// Those of [`number`].
pub fn counted(cell: &Cell, words: &[&str]) -> Result<String, Wrong> {
    let text = number(cell)?;
    Ok(words.iter().find_map(|word| text.strip_suffix(word)).unwrap_or(&text).to_owned())
}

/// Yes or no: 是, √, TRUE, 1; 否, ×, FALSE, 0.
///
/// # Errors
/// `not_a_flag`.
pub fn flag(cell: &Cell) -> Result<bool, Wrong> {
    match folded(&text(cell)?).as_str() {
        "是" | "√" | "✓" | "true" | "yes" | "y" | "1" => Ok(true),
        "否" | "×" | "x" | "false" | "no" | "n" | "0" => Ok(false),
        _ => Err(Wrong::new("not_a_flag", "应为“是”或“否”", "must be yes or no (是 or 否)")),
    }
}

/// A list written in one cell, its items behind one another.
///
/// # Errors
/// Those of [`text`].
pub fn listed(cell: &Cell, separators: &[char]) -> Result<Vec<String>, Wrong> {
    let text = text(cell)?;
    Ok(text.split(separators).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Cell {
        Cell::of_text(text)
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let wan = Unit::Said(AmountUnit::WanYuan);
        for (cell, unit, yuan, printed) in [
            ("10.93", wan, "109300.00", Some("10.93万元")),
            ("约79.4", wan, "794000.00", Some("约79.4万元")),
            ("45万元", Unit::Unsaid, "450000.00", Some("45万元")),
            ("45万", Unit::Unsaid, "450000.00", Some("45万元")),
            ("１，２３４．５", wan, "12345000.00", Some("1234.5万元")),
            ("￥1,234,567.89", Unit::Said(AmountUnit::Yuan), "1234567.89", Some("1234567.89元")),
            ("794,000元", wan, "794000.00", Some("794000元")),
            (".5", wan, "5000.00", Some("0.5万元")),
            ("100余万元", wan, "1000000.00", Some("100余万元")),
            ("1.29亿", wan, "129000000.00", Some("1.29亿元")),
            ("109300.00", Unit::Wire, "109300.00", None),
            ("0", wan, "0.00", Some("0万元")),
        ] {
            let read = amount(&said(cell), unit).unwrap();
            assert_eq!((read.yuan.as_str(), read.printed.as_deref()), (yuan, printed), "{cell}");
        }
        for (cell, unit, code) in [
            ("10.93", Unit::Unsaid, "amount_unit_unknown"),
            ("1,23", wan, "bad_separators"),
            ("1,2345", wan, "bad_separators"),
            ("许多", wan, "not_a_number"),
            ("0.0000001", wan, "too_precise"),
            ("-1", wan, "negative_money"),
            ("1.2.3", wan, "not_a_number"),
        ] {
            assert_eq!(amount(&said(cell), unit).map_err(|wrong| wrong.code), Err(code), "{cell}");
        }
    }

    #[test]
    fn quantities_keep_what_is_written_around_them() {
        for (cell, number, approximate, unit) in [
            ("21", "21", false, None),
            ("13家", "13", false, Some("家")),
            ("约79.4", "79.4", true, None),
            ("40余次", "40", true, Some("次")),
            ("100家左右", "100", true, Some("家")),
            ("1,234.50", "1234.50", false, None),
            ("1 234", "1234", false, None),
            ("-3.5", "-3.5", false, None),
            ("２１万美元", "21", false, Some("万美元")),
            ("86.67%", "86.67", false, Some("%")),
            ("3千", "3", false, Some("千")),
            ("5 M³", "5", false, Some("m³")),
        ] {
            let read = quantity(&said(cell)).unwrap();
            assert_eq!(
                (read.number.as_str(), read.approximate, read.measure_unit.as_deref()),
                (number, approximate, unit),
                "{cell}"
            );
        }
        for cell in
            ["很多", "3-5个", "5+2", "1.2E+05", "2e5", "1.2.3", "13家（含1家续建）", "12/20", "007", "$5", "家13"]
        {
            assert_eq!(quantity(&said(cell)).map_err(|wrong| wrong.code), Err("not_a_number"), "{cell}");
        }
        assert_eq!(quantity(&said("12 13")).map_err(|wrong| wrong.code), Err("bad_separators"));
    }

    #[test]
    fn codes_that_excel_ate_are_refused() {
        for cell in [said("4.30922E+14"), said("4.30922e14"), Cell::Number("4.30922E17".into()), said("1E+15")] {
            assert_eq!(code(&cell).map_err(|wrong| wrong.code), Err("scientific_notation"), "{cell:?}");
        }
        for (cell, read) in [
            (said("12E4"), "12E4"),
            (said("２０９００２"), "209002"),
            (Cell::Number("430922101000".into()), "430922101000"),
            (said("E+1"), "E+1"),
        ] {
            assert_eq!(code(&cell).unwrap(), read);
        }
    }

    #[test]
    fn percentages_flags_and_counts() {
        for (cell, read) in [
            (said("86.67%"), "86.67"),
            (said("８６．６７％"), "86.67"),
            (said("86.67"), "86.67"),
            (Cell::Percent("86.67".into()), "86.67"),
        ] {
            assert_eq!(percent(&cell).unwrap(), read);
        }
        assert_eq!((flag(&said("是")), flag(&said("×")), flag(&Cell::Flag(true))), (Ok(true), Ok(false), Ok(true)));
        assert_eq!(flag(&said("也许")).map_err(|wrong| wrong.code), Err("not_a_flag"));
        assert_eq!(counted(&said("25人"), &["人", "名"]).unwrap(), "25");
    }

    #[test]
    fn dashes_and_their_like_say_nothing() {
        for text in ["-", "—", "——", "/", "／", "无", " ", "－"] {
            assert!(says_nothing(&said(text)), "{text}");
        }
        assert!(!says_nothing(&said("0")) && !says_nothing(&said("无锡")));
    }
}
