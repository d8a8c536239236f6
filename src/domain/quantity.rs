//! Quantities, points and percentages: exact decimals that are not money.

use std::borrow::Cow;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};
use std::str::FromStr;

use super::violation::Wrong;
use super::word::Word;
use super::{fixed, money};

/// A target or an actual in its indicator's own measure unit: up to twelve digits, up to six decimals, `"124.57"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

impl Quantity {
    /// Decimals held.
    const SCALE: usize = 6;

    /// So many millionths.
    pub const fn of_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The quantity in millionths.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The sum, or nothing where it is too large to be held.
    pub fn sum(quantities: impl IntoIterator<Item = Self>) -> Option<Self> {
        quantities.into_iter().try_fold(0_i64, |sum, one| sum.checked_add(one.0)).map(Self)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(money::trimmed(&fixed::print(self.0.into(), Self::SCALE)))
    }
}

impl FromStr for Quantity {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        fixed::parse(text, Self::SCALE, 12).map(Self)
    }
}

impl Word for Quantity {
    fn pattern() -> Cow<'static, str> {
        r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?".into()
    }
    const MAX_LENGTH: usize = 20;
    const EXAMPLE: &'static str = "124.57";
}

/// A number as a report prints it: `40余次`, `13家`, `约79.4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedQuantity<'a> {
    /// The number.
    pub value: Quantity,
    /// Whether the print says that it is approximate or at least so much (约, 余).
    pub approximate: bool,
    /// The measure unit behind it; empty where there is none.
    pub measure_unit: &'a str,
}

impl<'a> PrintedQuantity<'a> {
    /// Reads a number as printed, or nothing where there is no number at the front.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (text, about) = money::without_about(text.trim());
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, rest) = text.split_at(end);
        let (measure_unit, odd) = money::without_odd(rest.trim());
        Some(Self { value: number.parse().ok()?, approximate: about || odd, measure_unit })
    }
}

/// Points of a score or of a weight (分值), two decimals: `"11.25"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Points(i64);

impl Points {
    /// None at all.
    pub const ZERO: Self = Self(0);

    /// So many hundredths of a point.
    pub const fn of_hundredths(hundredths: i64) -> Self {
        Self(hundredths)
    }

    /// The points in hundredths.
    pub const fn hundredths(self) -> i64 {
        self.0
    }

    /// Whole points.
    pub const fn whole(points: i64) -> Self {
        Self(points * 100)
    }

    /// These points times `numerator / denominator`, rounded half up to two decimals.
    ///
    /// The denominator must not be zero.
    #[must_use]
    pub fn times(self, numerator: i128, denominator: i128) -> Self {
        let rounded = fixed::divide_half_up(i128::from(self.0) * numerator, denominator);
        Self(i64::try_from(rounded).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fixed::print(self.0.into(), 2))
    }
}

impl FromStr for Points {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        match fixed::parse(text, 2, 4)? {
            _ if text.starts_with('-') => {
                Err(Wrong::new("negative_points", "分值不能为负数", "points cannot be negative"))
            }
            hundredths => Ok(Self(hundredths)),
        }
    }
}

impl Word for Points {
    fn pattern() -> Cow<'static, str> {
        r"(0|[1-9][0-9]{0,3})(\.[0-9]{1,2})?".into()
    }
    const MAX_LENGTH: usize = 7;
    const EXAMPLE: &'static str = "11.25";
}

impl Add for Points {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Points {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        points.fold(Self::ZERO, Add::add)
    }
}

/// A percentage that somebody stated, two decimals: `"6.56"` is 6.56 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(i64);

impl Percent {
    /// So many hundredths of a percent.
    pub const fn of_hundredths(hundredths: i64) -> Self {
        Self(hundredths)
    }

    /// Hundredths of a percent.
    pub const fn hundredths(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fixed::print(self.0.into(), 2))
    }
}

impl FromStr for Percent {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        fixed::parse(text, 2, 12).map(Self)
    }
}

impl Word for Percent {
    fn pattern() -> Cow<'static, str> {
        r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?".into()
    }
    const MAX_LENGTH: usize = 16;
    const EXAMPLE: &'static str = "6.56";
}

/// A percentage that was computed: percent, two decimals, half up. Never stored, always computed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i128);

impl Rate {
    /// `part ÷ whole` in percent, or nothing where the whole is zero: a share of nothing is not known, not zero.
    pub fn of(part: impl Into<i128>, whole: impl Into<i128>) -> Option<Self> {
        let (part, whole) = (part.into(), whole.into());
        (whole != 0).then(|| Self(fixed::divide_half_up(part * 10_000, whole)))
    }

    /// So many hundredths of a percent.
    pub const fn of_hundredths(hundredths: i128) -> Self {
        Self(hundredths)
    }

    /// Hundredths of a percent.
    pub const fn hundredths(self) -> i128 {
        self.0
    }

    /// Whether a stated percentage says the same.
    pub fn agrees(self, stated: Percent) -> bool {
        self.0 == i128::from(stated.0)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fixed::print(self.0, 2))
    }
}

impl FromStr for Rate {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        fixed::parse(text, 2, 16).map(|hundredths| Self(hundredths.into()))
    }
}

impl Word for Rate {
    fn pattern() -> Cow<'static, str> {
        r"-?(0|[1-9][0-9]{0,23})\.[0-9]{2}".into()
    }
    const MAX_LENGTH: usize = 28;
    const EXAMPLE: &'static str = "103.81";
}

crate::word!(Quantity, Points, Percent, Rate);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantities_print_without_needless_zeros() {
        for text in ["320", "4.9", "124.57", "0", "-3.5", "0.000001", "100"] {
            assert_eq!(text.parse::<Quantity>().unwrap().to_string(), text);
        }
        assert_eq!("4.900".parse::<Quantity>().unwrap().to_string(), "4.9");
    }

    #[test]
    fn printed_numbers_keep_their_doubt_and_their_unit() {
        for (text, value, approximate, unit) in [
            ("40余次", "40", true, "次"),
            ("100余批次", "100", true, "批次"),
            ("13家", "13", false, "家"),
            ("21万美元", "21", false, "万美元"),
            ("约79.4", "79.4", true, ""),
            ("3", "3", false, ""),
        ] {
            let printed = PrintedQuantity::parse(text).unwrap();
            let read = (printed.value.to_string(), printed.approximate, printed.measure_unit);
            assert_eq!(read, (value.into(), approximate, unit), "{text}");
        }
        assert_eq!(PrintedQuantity::parse("若干"), None);
    }

    #[test]
    fn a_share_of_nothing_is_not_known() {
        assert_eq!(Rate::of(5, 0), None);
        assert_eq!(Rate::of(0, 5).map(|rate| rate.to_string()), Some("0.00".into()));
    }

    proptest! {
        #[test]
        fn quantities_read_back(micros in -999_999_999_999_999_999_i64..=999_999_999_999_999_999) {
            let quantity = Quantity::of_micros(micros);
            prop_assert_eq!(quantity.to_string().parse(), Ok(quantity));
        }

        #[test]
        fn a_part_of_the_points_is_never_more_than_all(points in 0_i64..10_000, part in 0_i128..1000, more in 1_i128..1000) {
            let all = Points::of_hundredths(points);
            prop_assert!(all.times(part, part + more) <= all);
        }
    }
}
