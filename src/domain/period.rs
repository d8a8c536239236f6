//! Years, months and dates as precise as they were stated.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};

use super::violation::{Violations, Wrong};
use super::word::{self, Word};

/// A fiscal year (预算年度), the calendar year in China (预算法 art. 18): 1949 to 2099, a JSON integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Year(i32);

impl Year {
    const FIRST: i32 = 1949;
    const LAST: i32 = 2099;

    /// The year with this number.
    ///
    /// # Errors
    /// `invalid_year` outside 1949 to 2099.
    pub fn new(number: i32) -> Result<Self, Wrong> {
        if (Self::FIRST..=Self::LAST).contains(&number) {
            Ok(Self(number))
        } else {
            Err(Wrong::new(
                "invalid_year",
                format!("年度应为四位数，{} 至 {}", Self::FIRST, Self::LAST),
                format!("a year has four digits, {} to {}", Self::FIRST, Self::LAST),
            ))
        }
    }

    /// Its number.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The year after, if there is one.
    pub fn next(self) -> Option<Self> {
        Self::new(self.0 + 1).ok()
    }

    /// The year before, if there is one.
    pub fn previous(self) -> Option<Self> {
        Self::new(self.0 - 1).ok()
    }
}

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Year {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let four_digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        Self::new(if four_digits { text.parse().unwrap_or(0) } else { 0 })
    }
}

impl Word for Year {
    fn pattern() -> Cow<'static, str> {
        "(19(49|[5-9][0-9])|20[0-9]{2})".into()
    }
    const MAX_LENGTH: usize = 4;
    const MIN_LENGTH: usize = 4;
    const EXAMPLE: &'static str = "2023";
}

impl serde::Serialize for Year {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(self.0)
    }
}

/// Read from text: years stand in ids and query parameters, never in a body.
impl deserr::Deserr<Violations> for Year {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, Violations> {
        word::read(value, location)
    }
}

impl utoipa::PartialSchema for Year {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(Self::FIRST))
            .maximum(Some(Self::LAST))
            .examples([2023])
            .into()
    }
}

impl utoipa::ToSchema for Year {}

/// A month of a year, `2023-12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: Year,
    number: u8,
}

impl Month {
    /// The month with this number, 1 to 12.
    ///
    /// # Errors
    /// `invalid_month`.
    pub fn new(year: Year, number: u8) -> Result<Self, Wrong> {
        if (1..=12).contains(&number) { Ok(Self { year, number }) } else { Err(invalid_month()) }
    }

    /// Its year.
    pub const fn year(self) -> Year {
        self.year
    }

    /// The month after it.
    pub fn next(self) -> Option<Self> {
        if self.number < 12 { Self::new(self.year, self.number + 1).ok() } else { Self::new(self.year.next()?, 1).ok() }
    }

    /// The month before it.
    pub fn previous(self) -> Option<Self> {
        if self.number > 1 {
            Self::new(self.year, self.number - 1).ok()
        } else {
            Self::new(self.year.previous()?, 12).ok()
        }
    }

    /// The same month of the year before.
    pub fn a_year_earlier(self) -> Option<Self> {
        Self::new(self.year.previous()?, self.number).ok()
    }

    /// Its number, 1 to 12.
    pub const fn number(self) -> u8 {
        self.number
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ENDS: [&str; 12] = ["-01", "-02", "-03", "-04", "-05", "-06", "-07", "-08", "-09", "-10", "-11", "-12"];
        f.write_str(itoa::Buffer::new().format(self.year.0))?;
        f.write_str(ENDS[usize::from(self.number) - 1])
    }
}

impl FromStr for Month {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let (year, number) = text.split_once('-').ok_or_else(invalid_month)?;
        let two_digits = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        Self::new(year.parse()?, if two_digits { number.parse().unwrap_or(0) } else { 0 })
    }
}

impl Word for Month {
    fn pattern() -> Cow<'static, str> {
        format!("{}-(0[1-9]|1[0-2])", Year::pattern()).into()
    }
    const MAX_LENGTH: usize = 7;
    const MIN_LENGTH: usize = 7;
    const EXAMPLE: &'static str = "2023-12";
}

fn invalid_month() -> Wrong {
    Wrong::new("invalid_month", "月份应形如 2023-07，01 至 12", "a month looks like 2023-07, 01 to 12")
}

/// A date as precisely as it is known: `2015`, `2015-12` or `2015-12-31` (ISO 8601, reduced precision).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatedDate(String);

impl StatedDate {
    /// Whether all of it is after all of another: `2023-05` is not after `2023`, which it lies in.
    pub fn is_after(&self, other: &Self) -> bool {
        self.0 > other.0 && !self.0.starts_with(&other.0)
    }
}

impl fmt::Display for StatedDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for StatedDate {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let day = || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
        let known = match text.len() {
            4 => text.parse::<Year>().is_ok(),
            7 => text.parse::<Month>().is_ok(),
            10 => {
                let digits = text.bytes().filter(u8::is_ascii_digit).count() == 8;
                digits && text.get(..7).is_some_and(|month| month.parse::<Month>().is_ok()) && day()
            }
            _ => false,
        };
        if known {
            return Ok(Self(text.to_owned()));
        }
        Err(Wrong::new(
            "invalid_date",
            "日期应形如 2015、2015-12 或 2015-12-31，且须是真实日期",
            "a date looks like 2015, 2015-12 or 2015-12-31 and must exist",
        ))
    }
}

impl Word for StatedDate {
    fn pattern() -> Cow<'static, str> {
        format!("{}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?", Year::pattern()).into()
    }
    const MAX_LENGTH: usize = 10;
    const MIN_LENGTH: usize = 4;
    const EXAMPLE: &'static str = "2015-12";
}

crate::word!(Month, StatedDate);

/// An instant as callers state it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub DateTime<Utc>);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl FromStr for Moment {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        DateTime::parse_from_rfc3339(text).map(|moment| Self(moment.to_utc())).map_err(|_| {
            let (zh, en) = (
                "应为 RFC 3339 时刻，如 2024-04-30T08:15:30Z",
                "must be an RFC 3339 instant such as 2024-04-30T08:15:30Z",
            );
            Wrong::new("invalid_instant", zh, en)
        })
    }
}

impl Word for Moment {
    fn pattern() -> std::borrow::Cow<'static, str> {
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})".into()
    }
    const MIN_LENGTH: usize = 20;
    const MAX_LENGTH: usize = 35;
    const EXAMPLE: &'static str = "2024-04-30T08:15:30Z";
}

crate::word!(Moment);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_have_four_digits() {
        for bad in ["23", "023", "02023", "1948", "2100", "二〇二三", "2023 ", ""] {
            assert_eq!(bad.parse::<Year>().map_err(|wrong| wrong.code), Err("invalid_year"), "{bad}");
        }
        assert_eq!("2023".parse::<Year>().unwrap().number(), 2023);
    }

    #[test]
    fn a_thirteenth_month_is_refused() {
        for bad in ["2023-13", "2023-00", "2023-7", "202307", "2023-7月"] {
            assert_eq!(bad.parse::<Month>().map_err(|wrong| wrong.code), Err("invalid_month"), "{bad}");
        }
        assert_eq!("23-07".parse::<Month>().map_err(|wrong| wrong.code), Err("invalid_year"));
    }

    #[test]
    fn dates_are_as_precise_as_stated_and_real() {
        for good in ["2015", "2015-12", "2024-02-29"] {
            assert_eq!(good.parse::<StatedDate>().unwrap().to_string(), good);
        }
        for bad in ["2023-02-29", "2023-02-30", "15-12", "2015-13", "2015-12-1", "2015-12- 1", "昨天"] {
            assert_eq!(bad.parse::<StatedDate>().map_err(|wrong| wrong.code), Err("invalid_date"), "{bad}");
        }
    }
}
