//! Exact decimals in integers: the arithmetic that money, quantities, points and percentages share.
//!
//! No floating point anywhere: `0.1 + 0.2` is what a report shows wrong.

use super::violation::Wrong;

/// Reads decimal text such as `344.91` as an integer of `10^-scale`, refusing whatever could not be held exactly.
///
/// # Errors
/// `not_a_number`, `too_precise` (more than `scale` decimals) or `too_large` (more than `digits` before the point).
pub(crate) fn parse(text: &str, scale: usize, digits: usize) -> Result<i64, Wrong> {
    let (negative, whole, decimals) = split(text)?;
    if decimals.len() > scale {
        return Err(Wrong::new(
            "too_precise",
            format!("最多 {scale} 位小数，否则无法精确保存"),
            format!("at most {scale} decimals can be held exactly"),
        ));
    }
    if whole.len() > digits {
        return Err(Wrong::new(
            "too_large",
            format!("整数部分最多 {digits} 位"),
            format!("at most {digits} digits before the decimal point"),
        ));
    }
    let digits = whole.bytes().chain(decimals.bytes()).chain(std::iter::repeat_n(b'0', scale - decimals.len()));
    let magnitude = digits
        .map(|digit| i64::from(digit - b'0'))
        .try_fold(0, |sum: i64, digit| sum.checked_mul(10)?.checked_add(digit))
        .ok_or_else(|| {
            Wrong::new("too_large", "数值过大，无法精确保存", "the number is too large to be held exactly")
        })?;
    Ok(if negative { -magnitude } else { magnitude })
}

/// The sign, the digits before the point and those behind it.
///
/// # Errors
/// `not_a_number`.
pub(crate) fn split(text: &str) -> Result<(bool, &str, &str), Wrong> {
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let pointed = unsigned.contains('.');
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if all_digits(whole) && !leading_zero && (!pointed || all_digits(decimals)) {
        return Ok((negative, whole, decimals));
    }
    Err(Wrong::new(
        "not_a_number",
        "不是十进制数，应形如 344.91（不带千分位、单位或指数）",
        "not a decimal number such as 344.91 (no thousands separators, unit or exponent)",
    ))
}

/// Prints an integer of `10^-scale` with all its decimals: `344.91`.
pub(crate) fn print(value: i128, scale: usize) -> String {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(value.unsigned_abs());
    let (whole, rest) = digits.split_at(digits.len().saturating_sub(scale));
    let mut text = String::with_capacity(digits.len() + scale + 3);
    text.push_str(if value < 0 { "-" } else { "" });
    text.push_str(if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        text.push('.');
        text.extend(std::iter::repeat_n('0', scale - rest.len()));
        text.push_str(rest);
    }
    text
}

/// Divides, rounding half away from zero (四舍五入), the rounding that reproduces all eight printed rates of 2023.
///
/// The denominator must not be zero: every caller has asked that first.
pub(crate) fn divide_half_up(numerator: i128, denominator: i128) -> i128 {
    let (n, d) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    let rounded = i128::try_from((n + d / 2) / d).unwrap_or(i128::MAX);
    // `n + d / 2` rounds halves up only if d is even; for odd d there are no halves.
    if (numerator < 0) == (denominator < 0) { rounded } else { -rounded }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        for (n, d, expected) in [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (1, 3, 0), (2, 3, 1), (5, -2, -3), (0, 7, 0)] {
            assert_eq!(divide_half_up(n, d), expected, "{n}/{d}");
        }
    }

    #[test]
    fn what_cannot_be_held_exactly_is_refused() {
        for (text, code) in [
            ("", "not_a_number"),
            ("-", "not_a_number"),
            (".5", "not_a_number"),
            ("5.", "not_a_number"),
            ("1,000", "not_a_number"),
            ("1e3", "not_a_number"),
            ("+1", "not_a_number"),
            ("007", "not_a_number"),
            ("１", "not_a_number"),
            ("1.234", "too_precise"),
            ("1234567", "too_large"),
        ] {
            assert_eq!(parse(text, 2, 6).map_err(|wrong| wrong.code), Err(code), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_the_same(value in -99_999_999_i64..=99_999_999) {
            prop_assert_eq!(parse(&print(value.into(), 2), 2, 6), Ok(value));
        }

        #[test]
        fn every_decimal_is_printed(value in proptest::num::i64::ANY, scale in 0..19_usize) {
            let (unit, magnitude) = (10_u64.pow(u32::try_from(scale).unwrap()), value.unsigned_abs());
            let sign = if value < 0 { "-" } else { "" };
            let decimals = format!(".{:0scale$}", magnitude % unit);
            let expected = format!("{sign}{}{}", magnitude / unit, if scale > 0 { decimals } else { String::new() });
            prop_assert_eq!(print(value.into(), scale), expected);
        }

        #[test]
        fn the_rounded_quotient_is_never_further_than_a_half(n in -1_000_000_i128..1_000_000, d in 1_i128..10_000) {
            let q = divide_half_up(n, d);
            prop_assert!((2 * (n - q * d)).abs() <= d);
        }
    }
}
