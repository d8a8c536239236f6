//! Days of the calendar in China, which deadlines are set in: a day begins and ends eight hours earlier than in UTC.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc};

use super::period::{Month, Year};
use super::violation::Wrong;
use super::word::Word;

/// China has one time zone and no summer time.
const OFFSET: FixedOffset = FixedOffset::east_opt(8 * 3600).unwrap();

/// A day: `2024-04-30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    month: Month,
    date: NaiveDate,
}

impl Day {
    /// The day it is in China at an instant.
    ///
    /// # Errors
    /// An instant outside the years this service knows.
    pub fn of_instant(instant: DateTime<Utc>) -> Result<Self, Wrong> {
        Self::of_date(instant.with_timezone(&OFFSET).date_naive())
    }

    /// The day of a month, the last one where the month is shorter.
    pub fn of_month(month: Month, day: u8) -> Option<Self> {
        let date = |day| NaiveDate::from_ymd_opt(month.year().number(), month.number().into(), day);
        (1..=u32::from(day)).rev().find_map(date).map(|date| Self { month, date })
    }

    fn of_date(date: NaiveDate) -> Result<Self, Wrong> {
        let month = Month::new(Year::new(date.year())?, u8::try_from(date.month()).unwrap_or(0))?;
        Ok(Self { month, date })
    }

    /// The month it is in.
    pub const fn month(self) -> Month {
        self.month
    }

    /// So many days later.
    pub fn plus(self, days: u32) -> Option<Self> {
        Self::of_date(self.date.checked_add_days(Days::new(days.into()))?).ok()
    }

    /// How many days after another; negative before it.
    pub fn since(self, other: Self) -> i64 {
        (self.date - other.date).num_days()
    }

    /// The instant at which it is over in China.
    pub fn end(self) -> Option<DateTime<Utc>> {
        let next = self.date.succ_opt()?.and_time(NaiveTime::MIN);
        OFFSET.from_local_datetime(&next).single().map(|instant| instant.to_utc())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date.format("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let shaped = text.len() == 10 && text.bytes().filter(u8::is_ascii_digit).count() == 8;
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| shaped);
        date.and_then(|date| Self::of_date(date).ok()).ok_or_else(|| {
            Wrong::new(
                "invalid_date",
                "日期应形如 2024-04-30，且须是真实日期",
                "a day looks like 2024-04-30 and must exist",
            )
        })
    }
}

impl Word for Day {
    fn pattern() -> Cow<'static, str> {
        format!("{}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", Year::pattern()).into()
    }
    const MAX_LENGTH: usize = 10;
    const MIN_LENGTH: usize = 10;
    const EXAMPLE: &'static str = "2024-04-30";
}

/// A day that comes every year: `04-30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthDay {
    month: u8,
    day: u8,
}

impl MonthDay {
    /// A day that is known to come every year.
    pub(super) const fn new(month: u8, day: u8) -> Self {
        Self { month, day }
    }

    /// That day of a year.
    pub fn of(self, year: Year) -> Option<Day> {
        Day::of_month(Month::new(year, self.month).ok()?, self.day)
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl FromStr for MonthDay {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        // In a year without a 29th of February: what comes every year comes in that one too.
        let day: Option<Day> = format!("2023-{text}").parse().ok();
        day.and_then(|day| Some(Self { month: day.month.number(), day: u8::try_from(day.date.day()).ok()? }))
            .ok_or_else(|| {
                Wrong::new("invalid_date", "应为每年都有的月日，如 04-30", "must be a day of every year such as 04-30")
            })
    }
}

impl Word for MonthDay {
    fn pattern() -> Cow<'static, str> {
        "(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])".into()
    }
    const MAX_LENGTH: usize = 5;
    const MIN_LENGTH: usize = 5;
    const EXAMPLE: &'static str = "04-30";
}

crate::word!(Day, MonthDay);

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_eight_hours_earlier_in_china() {
        for (instant, there) in [
            ("2024-04-30T15:59:59Z", "2024-04-30"),
            ("2024-04-30T16:00:00Z", "2024-05-01"),
            ("2023-12-31T16:00:00Z", "2024-01-01"),
        ] {
            let instant: DateTime<Utc> = instant.parse().unwrap();
            assert_eq!(Day::of_instant(instant).unwrap(), day(there));
        }
        assert_eq!(day("2024-04-30").end().unwrap().to_rfc3339(), "2024-04-30T16:00:00+00:00");
    }

    #[test]
    fn days_exist() {
        for bad in ["2023-02-29", "2024-4-30", "2024-04-31", "2024", "2024-04-30 ", "1900-01-01"] {
            assert_eq!(bad.parse::<Day>().map_err(|wrong| wrong.code), Err("invalid_date"), "{bad}");
        }
        for bad in ["02-29", "13-01", "4-30", "04-31", ""] {
            assert_eq!(bad.parse::<MonthDay>().map_err(|wrong| wrong.code), Err("invalid_date"), "{bad}");
        }
    }

    #[test]
    fn the_31st_of_a_shorter_month_is_its_last_day() {
        let of = |month: &str| Day::of_month(month.parse().unwrap(), 31).unwrap().to_string();
        assert_eq!(
            (of("2024-02"), of("2023-02"), of("2023-03")),
            ("2024-02-29".into(), "2023-02-28".into(), "2023-03-31".into())
        );
    }

    #[test]
    fn days_are_counted() {
        assert_eq!(day("2024-03-01").since(day("2024-02-28")), 2);
        assert_eq!(day("2024-02-28").plus(2), Some(day("2024-03-01")));
        assert_eq!("04-30".parse::<MonthDay>().unwrap().of("2024".parse().unwrap()), Some(day("2024-04-30")));
    }
}
