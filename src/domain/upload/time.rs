//! Years, months and dates as people write them.

use super::cell::{narrow, text};
use crate::domain::period::{Month, StatedDate, Year};
use crate::domain::sheet::Cell;
use crate::domain::violation::Wrong;

/// A month as a cell names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The month.
    pub month: Month,
    /// Whether the cell says that figures run from January through it (1-7月).
    pub from_january: bool,
}

/// Reads a year: 2023, 2023年, 2023年度.
///
/// # Errors
/// `invalid_year`.
pub fn year(cell: &Cell) -> Result<Year, Wrong> {
    let text = narrow(&text(cell)?);
    let bare = ["年度", "年"].iter().find_map(|word| text.strip_suffix(word)).unwrap_or(&text);
    match cell {
        Cell::Date(date) => date.get(..4).unwrap_or(date).parse(),
        _ => bare.trim().parse(),
    }
}

/// Reads a month: 2023年7月, 2023.7, 2023-07-31, 202307, Jul-23, a date; 7月 and 1-7月 in the given year.
///
/// # Errors
/// `invalid_month`; `ambiguous_month`: 2023.1 is what Excel leaves of 2023.10; `month_needs_year`; `not_from_january`.
pub fn month(cell: &Cell, usual: Option<Year>) -> Result<Named, Wrong> {
    let plain = |month| Named { month, from_january: false };
    let text = narrow(&text(cell)?).replace(' ', "");
    if let Cell::Date(date) = cell {
        return date.get(..7).unwrap_or(date).parse().map(plain);
    }
    let text = text.trim_end_matches('份');
    if let Some(named) = text.strip_suffix('月') {
        return months(named, usual);
    }
    // 7月31日, as a sheet shows a date whose format has no year.
    if let Some((month, day)) = text.strip_suffix(['日', '号']).and_then(|text| text.split_once('月'))
        && !month.contains('年')
    {
        let year = usual.ok_or_else(month_needs_year)?;
        let day: StatedDate = format!("{year}-{:02}-{:02}", small(month)?, small(day)?).parse()?;
        return day.to_string().get(..7).unwrap_or_default().parse().map(plain);
    }
    if let Some(month) = in_english(text) {
        return month.map(plain);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match (digits, text.len()) {
        (true, 6) => format!("{}-{}", &text[..4], &text[4..]).parse().map(plain),
        (true, 5) => serial(text)?.get(..7).unwrap_or_default().parse().map(plain),
        (true, 1 | 2) => Month::new(usual.ok_or_else(month_needs_year)?, small(text)?).map(plain),
        _ => match written(text)? {
            Some(date) => date.get(..7).ok_or_else(|| wrong_month(text))?.parse().map(plain),
            None => Err(wrong_month(text)),
        },
    }
}

/// Reads what stands before 月: 7, 1-7, 1月-7, 2023年7, 2023年1-7, 2023.1-7.
fn months(named: &str, usual: Option<Year>) -> Result<Named, Wrong> {
    let (own, rest) = leading_year(named);
    let year = own.or(usual).ok_or_else(month_needs_year)?;
    let (first, last) = match rest.split_once(['-', '~', '至', '到']) {
        None => (None, rest),
        Some((first, last)) => (Some(first.trim_end_matches('月')), last),
    };
    if first.is_some_and(|first| first.trim_start_matches('0') != "1") {
        return Err(Wrong::new(
            "not_from_january",
            "期间须从 1 月起（如 1-7月）",
            "a period begins in January, as in 1-7月",
        ));
    }
    Ok(Named { month: Month::new(year, small(last)?)?, from_january: first.is_some() })
}

/// Reads a date, as precisely as it is written: 2024-04, 2024年4月15日, 2024.4.15, 20240415, a serial number.
///
/// # Errors
/// `invalid_date`, `ambiguous_month`.
pub fn date(cell: &Cell) -> Result<StatedDate, Wrong> {
    let text = narrow(&text(cell)?);
    let text = text.split([' ', 'T']).next().unwrap_or_default();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match (digits, text.len()) {
        (true, 5) => serial(text)?.parse(),
        (true, 6) => format!("{}-{}", &text[..4], &text[4..]).parse(),
        _ => written(text)?.unwrap_or_else(|| text.to_owned()).parse(),
    }
}

/// A year, a month or a day as the API writes it; nothing where the text is none of them.
fn written(text: &str) -> Result<Option<String>, Wrong> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return day(&text[..4], &text[4..6], &text[6..]).map(Some);
    }
    let pieces = pieces(text);
    if pieces.first().is_none_or(|year| year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit())) {
        return Ok(None);
    }
    match pieces[..] {
        [year] => Ok(Some(year.to_owned())),
        // 2023.10, typed as a number, is shown and saved as 2023.1.
        [_, "1"] if text.contains('.') => Err(ambiguous(text)),
        [year, month] => Ok(Some(format!("{year}-{:02}", small(month)?))),
        [year, month, of_month] => day(year, month, of_month).map(Some),
        _ => Ok(None),
    }
}

/// A day that the calendar has.
fn day(year: &str, month: &str, day: &str) -> Result<String, Wrong> {
    let day: StatedDate = format!("{year}-{:02}-{:02}", small(month)?, small(day)?).parse()?;
    Ok(day.to_string())
}

/// Year, month and day of a text that separates them by 年月日, or all by the same sign.
fn pieces(text: &str) -> Vec<&str> {
    let Some((year, rest)) = text.split_once('年') else {
        let sign = text.chars().find(|c| matches!(c, '-' | '/' | '.'));
        return sign.map_or_else(|| vec![text], |sign| text.split(sign).collect());
    };
    let (month, day) = rest.split_once('月').unwrap_or((rest, ""));
    let day = day.trim_end_matches('份').strip_suffix(['日', '号']).unwrap_or(day.trim_end_matches('份'));
    [year, month, day].into_iter().filter(|piece| !piece.is_empty()).collect()
}

fn ambiguous(text: &str) -> Wrong {
    let year = text.get(..4).unwrap_or_default();
    Wrong::new(
        "ambiguous_month",
        format!("“{text}”可能是 1 月，也可能是被 Excel 去掉了 0 的 10 月：请写成 {year}-01 或 {year}-10"),
        format!("`{text}` may be January, or October without its zero: write {year}-01 or {year}-10"),
    )
}

/// A year at the front: 2023年7, 2023.7, 2023-1-7.
fn leading_year(text: &str) -> (Option<Year>, &str) {
    let split = text.split_once('年').or_else(|| text.split_once(['.', '-', '/']).filter(|(year, _)| year.len() == 4));
    let split = split.and_then(|(year, rest)| Some((year.parse().ok()?, rest)));
    split.map_or((None, text), |(year, rest)| (Some(year), rest))
}

/// Excel's own way in its English format: Jul-23.
fn in_english(text: &str) -> Option<Result<Month, Wrong>> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (name, year) = text.split_once('-')?;
    let number = NAMES.iter().position(|known| name.eq_ignore_ascii_case(known))?;
    let year = match year.len() {
        2 => format!("20{year}"),
        _ => year.to_owned(),
    };
    Some(year.parse().and_then(|year| Month::new(year, u8::try_from(number + 1).unwrap_or(0))))
}

/// The date of a serial number: days since the end of 1899, as Excel counts them.
fn serial(text: &str) -> Result<String, Wrong> {
    let days = text.parse().ok().filter(|days| (20_000..60_000).contains(days));
    let date =
        days.and_then(|days| chrono::NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(chrono::Days::new(days)));
    date.map(|date| date.to_string()).ok_or_else(|| wrong_month(text))
}

fn small(text: &str) -> Result<u8, Wrong> {
    let short = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| short).ok_or_else(|| wrong_month(text))
}

fn wrong_month(text: &str) -> Wrong {
    Wrong::new(
        "invalid_month",
        format!("“{text}”不是月份或日期，应形如 2023-07、2023年7月、7月或 1-7月"),
        format!("`{text}` is no month or date such as 2023-07, 2023年7月, 7月 or 1-7月"),
    )
}

fn month_needs_year() -> Wrong {
    Wrong::new(
        "month_needs_year",
        "只写了月份，不知道是哪一年：请加年度列，或加参数 year",
        "a month of which year? add a column 年度, or say year=",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &Cell) -> Result<(String, bool), &'static str> {
        let named = month(cell, "2023".parse().ok()).map_err(|wrong| wrong.code)?;
        Ok((named.month.to_string(), named.from_january))
    }

    #[test]
    fn months_are_read_as_people_write_them() {
        for text in [
            "2023-07",
            "2023-7",
            "2023/7",
            "2023.7",
            "2023.07",
            "2023年7月",
            "2023年07月份",
            "202307",
            "7月",
            "7月份",
            "7",
            "07",
            "7月31日",
            "2023.7月",
            "2023-7月",
            "2023-07-31",
            "2023/7/31",
            "2023.7.31",
            "2023年7月31日",
            "20230731",
            "Jul-23",
            "jul-2023",
            "45138",
            "２０２３年７月",
            " 2023 年 7 月 ",
        ] {
            assert_eq!(read(&Cell::of_text(text)), Ok(("2023-07".into(), false)), "{text}");
        }
        for text in [
            "1-7月",
            "1—7月",
            "1～7月份",
            "1至7月",
            "1月-7月",
            "01-07月",
            "2023年1-7月",
            "2023年1月至7月",
            "2023.1-7月",
        ] {
            assert_eq!(read(&Cell::of_text(text)), Ok(("2023-07".into(), true)), "{text}");
        }
        assert_eq!(read(&Cell::Date("2023-07-31".into())), Ok(("2023-07".into(), false)));
        assert_eq!(read(&Cell::Number("2023.7".into())), Ok(("2023-07".into(), false)));
        assert_eq!(read(&Cell::of_text("2023.10")), Ok(("2023-10".into(), false)));
        for (text, code) in [
            ("2023.1", "ambiguous_month"),
            ("2-7月", "not_from_january"),
            ("13月", "invalid_month"),
            ("七月", "invalid_month"),
            ("上半年", "invalid_month"),
            ("2023", "invalid_month"),
            ("1-7", "invalid_month"),
            ("2023-07-31-1", "invalid_month"),
            ("2023.1-7", "invalid_month"),
            ("2023/1-7", "invalid_month"),
            ("2023.01-07", "invalid_month"),
            ("2023年1-7", "invalid_month"),
            ("2023-07-32", "invalid_date"),
            ("2023-02-30", "invalid_date"),
            ("2023年2月30日", "invalid_date"),
            ("2月30日", "invalid_date"),
            ("20230231", "invalid_date"),
            ("99999", "invalid_month"),
        ] {
            assert_eq!(read(&Cell::of_text(text)), Err(code), "{text}");
        }
        assert_eq!(month(&Cell::of_text("7月"), None).map_err(|wrong| wrong.code), Err("month_needs_year"));
    }

    #[test]
    fn dates_stay_as_precise_as_written() {
        for (text, written) in [
            ("2024-04", "2024-04"),
            ("2024年4月", "2024-04"),
            ("2024.4.15", "2024-04-15"),
            ("2024/4/15", "2024-04-15"),
            ("2024年4月15日", "2024-04-15"),
            ("2024-04-15 00:00:00", "2024-04-15"),
            ("20240415", "2024-04-15"),
            ("45397", "2024-04-15"),
            ("2015", "2015"),
            ("2015年", "2015"),
        ] {
            assert_eq!(date(&Cell::of_text(text)).map(|date| date.to_string()), Ok(written.into()), "{text}");
        }
        assert_eq!(date(&Cell::of_text("2023-02-30")).map_err(|wrong| wrong.code), Err("invalid_date"));
        assert_eq!(date(&Cell::of_text("2024.1")).map_err(|wrong| wrong.code), Err("ambiguous_month"));
        assert_eq!(year(&Cell::of_text("2023年度")).map(Year::number), Ok(2023));
        assert_eq!(year(&Cell::Number("2023".into())).map(Year::number), Ok(2023));
    }
}
