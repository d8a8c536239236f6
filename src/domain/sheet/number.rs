//! The decimal that a spreadsheet shows for the binary number it keeps.

/// Digits that spreadsheets keep of a number.
const DIGITS: usize = 15;

/// A binary number as the decimal a person typed: 7.000000000000001 is 7, 0.30000000000000004 is 0.3.
///
/// Beyond a quadrillion the digits are lost and the text says so with an exponent, which no word accepts.
pub fn decimal(number: f64) -> String {
    if !number.is_finite() {
        return number.to_string();
    }
    let scientific = format!("{number:.width$e}", width = DIGITS - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-12..=14).contains(&exponent) && number != 0.0 {
        return format!("{number:E}");
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    shifted(sign, &digits, 1 + exponent)
}

/// A binary number that was not typed into a sheet but told: every digit counts, unless it is plainly what arithmetic in
/// binary leaves behind. 0.30000000000000004 is 0.3, but 123456789.1234567 is not rounded.
pub fn told(number: f64) -> String {
    /// Digits that a number has of which the rest is noise.
    const PLAIN: usize = 12;
    let plain = decimal(number);
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    if digits <= PLAIN || plain.contains('E') { plain } else { number.to_string() }
}

/// A decimal in percent: 0.8667 is 86.67, without arithmetic that could round.
pub fn percent(decimal: &str) -> String {
    if decimal.contains('E') {
        return decimal.to_owned();
    }
    let (sign, unsigned) = decimal.strip_prefix('-').map_or(("", decimal), |rest| ("-", rest));
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let point = i32::try_from(whole.len()).unwrap_or(0) + 2;
    shifted(sign, &format!("{whole}{decimals}"), point)
}

/// A decimal with so many places, rounded half up as a spreadsheet shows it.
pub fn rounded(decimal: &str, places: usize) -> String {
    let (sign, unsigned) = decimal.strip_prefix('-').map_or(("", decimal), |rest| ("-", rest));
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let Some((kept, rest)) = decimals.split_at_checked(places) else { return decimal.to_owned() };
    let up = rest.bytes().next().is_some_and(|digit| digit >= b'5');
    let number = format!("{whole}{kept}").parse::<u128>().map(|number| number + u128::from(up));
    let Ok(number) = number else { return decimal.to_owned() };
    let digits = format!("{number:0width$}", width = places + 1);
    shifted(sign, &digits, i32::try_from(digits.len() - places).unwrap_or(0))
}

/// Digits with the point after so many of them, without needless zeros.
fn shifted(sign: &str, digits: &str, point: i32) -> String {
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let length = i32::try_from(digits.len()).unwrap_or(0);
    let digits = format!("{}{digits}{}", zeros(1 - point), zeros(point - length));
    let (whole, decimals) = digits.split_at(usize::try_from(point.max(1)).unwrap_or(1).min(digits.len()));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    let decimals = decimals.trim_end_matches('0');
    let sign = if whole == "0" && decimals.is_empty() { "" } else { sign };
    if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn binary_numbers_read_as_typed() {
        for (number, shown) in [
            (7.000_000_000_000_001, "7"),
            (0.1 + 0.2, "0.3"),
            (79.4, "79.4"),
            (0.0, "0"),
            (-0.0, "0"),
            (-3.5, "-3.5"),
            (430_922_101_000.0, "430922101000"),
            (999_999_999_999_999.0, "999999999999999"),
            (1e15, "1E15"),
            (0.000_001, "0.000001"),
            (1e-20, "1E-20"),
        ] {
            assert_eq!(decimal(number), shown);
        }
    }

    #[test]
    fn numbers_that_are_told_lose_no_digit() {
        for (number, text) in [
            (0.1 + 0.2, "0.3"),
            (123_456_789.123_456_7, "123456789.1234567"),
            (3_449_100.0, "3449100"),
            (1e15, "1E15"),
            (0.123_456_789_012_345_6, "0.1234567890123456"),
        ] {
            assert_eq!(told(number), text);
        }
    }

    #[test]
    fn percentages_move_the_point_and_round_nothing() {
        for (number, shown) in [
            ("0.8667", "86.67"),
            ("1", "100"),
            ("1.3056", "130.56"),
            ("0.065625", "6.5625"),
            ("-0.2", "-20"),
            ("0", "0"),
        ] {
            assert_eq!(percent(number), shown);
        }
    }

    #[test]
    fn what_is_shown_is_rounded_half_up() {
        for (number, places, shown) in [
            ("345.914999", 2, "345.91"),
            ("33.3333333333333", 2, "33.33"),
            ("0.995", 2, "1"),
            ("-0.005", 2, "-0.01"),
            ("79.4", 2, "79.4"),
            ("6.5625", 2, "6.56"),
            ("12.5", 0, "13"),
            ("0.4", 0, "0"),
        ] {
            assert_eq!(rounded(number, places), shown, "{number}");
        }
    }

    proptest! {
        #[test]
        fn any_amount_typed_comes_back(fen in -99_999_999_999_i64..=99_999_999_999) {
            let typed = super::super::super::fixed::print(fen.into(), 4);
            let trimmed = typed.trim_end_matches('0').trim_end_matches('.');
            let kept: f64 = typed.parse().unwrap();
            prop_assert_eq!(decimal(kept), if trimmed == "-0" { "0" } else { trimmed });
        }
    }
}
