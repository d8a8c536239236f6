//! Money: exact, in 分 inside, in 元 outside. The only place that knows how many 元 a 万元 is.

use std::borrow::Cow;
use std::fmt;
use std::iter::Sum;
use std::ops::Sub;
use std::str::FromStr;

use super::fixed;
use super::violation::Wrong;
use super::word::Word;

/// An amount of money that is not negative, in 元 with two decimals: `"3449100.00"`.
///
/// At most fifteen digits before the point; one 分 (0.01 元) is the smallest step, and nothing is ever rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// So many 分.
    pub const fn of_fen(fen: i64) -> Self {
        Self(fen)
    }

    /// The amount in 分.
    pub const fn fen(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fixed::print(self.0.into(), 2))
    }
}

impl FromStr for Money {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        match fixed::parse(text, 2, 15)? {
            fen if fen < 0 || text.starts_with('-') => {
                Err(Wrong::new("negative_money", "金额不能为负数", "an amount of money cannot be negative"))
            }
            fen => Ok(Self(fen)),
        }
    }
}

impl Word for Money {
    fn pattern() -> Cow<'static, str> {
        r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,2})?".into()
    }
    const MAX_LENGTH: usize = 18;
    const EXAMPLE: &'static str = "3449100.00";
}

/// A sum or a difference of money, in 元 with two decimals; negative where something is short: `"-10000.00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Balance(i128);

impl Balance {
    /// So many 分.
    pub const fn of_fen(fen: i128) -> Self {
        Self(fen)
    }

    /// The balance in 分.
    pub const fn fen(self) -> i128 {
        self.0
    }

    /// The same sum in 万元 without trailing zeros, as reports print it: `345.91`.
    pub fn in_wan(self) -> String {
        trimmed(&fixed::print(self.0, 6)).to_owned()
    }

    /// The same sum in 亿元 without trailing zeros: `0.034591`.
    pub fn in_yi(self) -> String {
        trimmed(&fixed::print(self.0, 10)).to_owned()
    }
}

impl From<Money> for Balance {
    fn from(money: Money) -> Self {
        Self(money.0.into())
    }
}

impl Sum<Money> for Balance {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Self {
        Self(amounts.map(|amount| i128::from(amount.0)).sum())
    }
}

impl Sub for Balance {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fixed::print(self.0, 2))
    }
}

impl FromStr for Balance {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        fixed::parse(text, 2, 16).map(|fen| Self(fen.into()))
    }
}

impl Word for Balance {
    fn pattern() -> Cow<'static, str> {
        r"-?(0|[1-9][0-9]{0,24})\.[0-9]{2}".into()
    }
    const MAX_LENGTH: usize = 29;
    const EXAMPLE: &'static str = "10000.00";
}

crate::word!(Money, Balance);

crate::choice! {
    /// The unit that the amounts of a sheet are in.
    pub enum AmountUnit {
        /// 元
        Yuan = "yuan", "元";
        /// 千元
        ThousandYuan = "thousand_yuan", "千元";
        /// 万元
        WanYuan = "wan_yuan", "万元";
        /// 亿元
        YiYuan = "yi_yuan", "亿元";
    }
}

/// The units amounts are printed in, the longest name first, with how many powers of ten of a 元 each is.
const UNITS: [(&str, usize); 4] = [("亿元", 8), ("万元", 4), ("千元", 3), ("元", 0)];

/// Signs before an amount that say it is not exact.
const ABOUT: [&str; 6] = ["约", "大约", "将近", "近", "超过", "超"];

/// Signs behind a number that say it is at least so much: 40余次, 100多批.
const ODD: [&str; 3] = ["余", "多", "左右"];

/// An amount as a report prints it: `约79.4万元`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// What it is worth, exactly.
    pub amount: Money,
    /// How many decimals were printed, in the printed unit.
    pub decimals: usize,
    /// Whether the print says that it is approximate (约, 余).
    pub approximate: bool,
}

impl Printed {
    /// Reads an amount as printed, in 元, 千元, 万元 or 亿元; without a unit it is in 元.
    ///
    /// # Errors
    /// `not_a_number`, `too_precise` (less than one 分), `too_large`, `negative_money`.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let text = text.trim();
        let (number, power) = UNITS
            .iter()
            .find_map(|(name, power)| text.strip_suffix(name).map(|number| (number, *power)))
            .unwrap_or((text, 0));
        let (number, approximate) = without_doubt(number);
        let (negative, whole, decimals) = fixed::split(number)?;
        let sign = if negative { "-" } else { "" };
        let amount = format!("{sign}{}", shifted(whole, decimals, power)).parse()?;
        Ok(Self { amount, decimals: decimals.len(), approximate })
    }
}

/// A printed number without its 约 or 余, and whether it had one.
fn without_doubt(text: &str) -> (&str, bool) {
    let (bare, about) = without_about(text.trim());
    let odd = ODD.iter().find_map(|sign| bare.strip_suffix(sign));
    (odd.unwrap_or(bare).trim(), about || odd.is_some())
}

/// Without a 约 at the front, and whether there was one.
pub(crate) fn without_about(text: &str) -> (&str, bool) {
    ABOUT.iter().find_map(|sign| text.strip_prefix(sign)).map_or((text, false), |bare| (bare.trim_start(), true))
}

/// Without a 余 at the front (40余次, behind the number), and whether there was one.
pub(crate) fn without_odd(text: &str) -> (&str, bool) {
    ODD.iter().find_map(|sign| text.strip_prefix(sign)).map_or((text, false), |bare| (bare.trim_start(), true))
}

/// Moves the decimal point `power` places to the right, in text, so that nothing is lost on the way.
pub(crate) fn shifted(whole: &str, decimals: &str, power: usize) -> String {
    let (moved, left) = decimals.split_at(decimals.len().min(power));
    let digits = format!("{whole}{moved}{}", "0".repeat(power - moved.len()));
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    if left.is_empty() { digits.to_owned() } else { format!("{digits}.{left}") }
}

/// Without the zeros at the end of its decimals.
pub(crate) fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_nine_items_of_2023_add_up_to_one_wan_too_much() {
        let items = ["10.93", "53.97", "81.03", "1.58", "24.86", "48.14", "45", "1", "约79.4"];
        let sum: Balance = items.iter().map(|item| Printed::parse(&format!("{item}万元")).unwrap().amount).sum();
        let stated = Balance::from(Printed::parse("344.91万元").unwrap().amount);

        assert_eq!((sum.to_string(), stated.to_string()), ("3459100.00".into(), "3449100.00".into()));
        assert_eq!(((sum - stated).to_string(), sum.in_wan()), ("10000.00".into(), "345.91".into()));
        assert_eq!(sum.in_yi(), "0.034591");
    }

    #[test]
    fn printed_amounts_are_read_in_their_unit() {
        for (text, amount, decimals, approximate) in [
            ("344.91万元", "3449100.00", 2, false),
            ("约79.4万元", "794000.00", 1, true),
            ("45万元", "450000.00", 0, false),
            ("1.29亿元", "129000000.00", 2, false),
            ("0.000001万元", "0.01", 6, false),
            ("12千元", "12000.00", 0, false),
            ("7.50", "7.50", 2, false),
            ("100余万元", "1000000.00", 0, true),
        ] {
            let printed = Printed::parse(text).unwrap();
            assert_eq!(
                (printed.amount.to_string().as_str(), printed.decimals, printed.approximate),
                (amount, decimals, approximate),
                "{text}"
            );
        }
    }

    #[test]
    fn amounts_that_cannot_be_held_are_refused() {
        for (text, code) in [
            ("0.0000001万元", "too_precise"),
            ("-1万元", "negative_money"),
            ("-0.01", "negative_money"),
            ("-0", "negative_money"),
            ("99999999亿元", "too_large"),
            ("很多万元", "not_a_number"),
            ("万元", "not_a_number"),
            ("1,000元", "not_a_number"),
        ] {
            assert_eq!(Printed::parse(text).map_err(|wrong| wrong.code), Err(code), "{text}");
        }
    }

    proptest! {
        #[test]
        fn money_prints_and_reads_back(fen in 0_i64..=99_999_999_999_999_999) {
            let money = Money::of_fen(fen);
            prop_assert_eq!(money.to_string().parse(), Ok(money));
        }

        #[test]
        fn a_wan_is_ten_thousand_yuan(fen in 0_i64..=9_999_999_999) {
            let yuan = Money::of_fen(fen);
            let wan = Printed::parse(&format!("{yuan}万元")).unwrap().amount;
            prop_assert_eq!(wan.fen(), fen * 10_000);
        }
    }
}
