//! Codes, names and prose: the text words, each with its bounds.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::violation::Wrong;
use super::word::Word;

/// Declares a word kept as text, with the function that checks it.
macro_rules! text_word {
    ($($(#[$about:meta])* $name:ident, $check:expr, $pattern:expr, $min:literal to $max:literal, $example:literal;)+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Wrong;

            fn from_str(text: &str) -> Result<Self, Wrong> {
                $check(text, $max)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl Word for $name {
            fn pattern() -> Cow<'static, str> {
                $pattern.into()
            }
            const MIN_LENGTH: usize = $min;
            const MAX_LENGTH: usize = $max;
            const EXAMPLE: &'static str = $example;
        }

        crate::word!($name);
    )+};
}

const CODE: &str = "[A-Za-z0-9._-]{1,40}";
const LINE: &str = r"[^\u0000-\u001f\u007f-\u009f]+";
const PROSE: &str = r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]+";

text_word! {
    /// A unit's code (单位编码), unique in its county: `209002`.
    UnitCode, code, CODE, 1 to 40, "209002";
    /// A project's code (项目编码), unique in its unit and year: `209002-2023-01`.
    ProjectCode, code, CODE, 1 to 40, "209002-2023-01";
    /// An indicator's code, unique in its county: `fdi`.
    IndicatorCode, code, CODE, 1 to 40, "fdi";
    /// Who set a target (下达方): `city`, `county`, `unit` or any other code.
    Assigner, code, CODE, 1 to 40, "city";
    /// A class of the 部门预算支出经济分类: three digits, or five for the 款 below it.
    EconomicCode, economic, "[0-9]{3}([0-9]{2})?", 3 to 5, "30201";
    /// A class of the 支出功能分类 (类款项): three, five or seven digits.
    FunctionalCode, functional, "[0-9]{3}([0-9]{2}){0,2}", 3 to 7, "2011308";
    /// A division code of GB/T 2260, six digits, or nine for a township.
    DivisionCode, division, "[1-9][0-9]{5}([0-9]{3})?", 6 to 9, "430922";
    /// How the codes of a region's counties begin: two digits for a province, four for a city, six for a county.
    Region, region, "[1-9][0-9]([0-9]{2}([0-9]{2})?)?", 2 to 6, "4309";
    /// A name of at most 200 characters on one line.
    Name, line, LINE, 1 to 200, "桃江县投资促进服务中心";
    /// Something as it was printed, of at most 100 characters on one line.
    AsPrinted, line, LINE, 1 to 100, "约79.4万元";
    /// Prose of at most 4,000 characters.
    Prose, prose, PROSE, 1 to 4000, "招大商、招好商，发展桃江经济";
    /// Number of a rectification notice in its year.
    RectificationCode, code, CODE, 1 to 40, "1";
    /// Code of an assessment scheme.
    SchemeCode, code, CODE, 1 to 40, "national_2020";
    /// Code of an item of an assessment scheme.
    SchemeItemCode, code, CODE, 1 to 40, "output";
    /// What a webhook is called: `platform`.
    WebhookCode, code, CODE, 1 to 40, "platform";
    /// Where deliveries are sent: an `http` or `https` address without user, password or fragment.
    WebhookUrl, address, "https?://[\\x21\\x22\\x24-\\x7e]+", 10 to 500, "https://platform.example/jixiao";
    /// A unified social credit code (统一社会信用代码, GB 32100-2015), its check digit verified.
    CreditCode, credit, "[0-9A-HJ-NPQRTUWXY]{18}", 18 to 18, "124309220000000197";
}

fn code(text: &str, _: usize) -> Result<(), Wrong> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=40).contains(&text.len()) && text.bytes().all(legal) {
        return Ok(());
    }
    Err(Wrong::new(
        "invalid_code",
        "编码为 1 至 40 个字母、数字、点、下划线或连字符",
        "a code is 1 to 40 letters, digits, dots, underscores or hyphens",
    ))
}

fn digits(text: &str, lengths: &[usize], zh: &str, en: &str) -> Result<(), Wrong> {
    if lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(Wrong::new("invalid_code", zh, en))
}

fn economic(text: &str, _: usize) -> Result<(), Wrong> {
    digits(text, &[3, 5], "经济分类科目为 3 位（类）或 5 位（款）数字", "an economic class has 3 or 5 digits")
}

fn functional(text: &str, _: usize) -> Result<(), Wrong> {
    digits(text, &[3, 5, 7], "功能分类科目为 3、5 或 7 位数字", "a functional class has 3, 5 or 7 digits")
}

fn division(text: &str, _: usize) -> Result<(), Wrong> {
    let (zh, en) = ("行政区划代码为 6 位或 9 位数字，首位不为 0", "a division code has 6 or 9 digits, the first not 0");
    digits(if text.starts_with('0') { "" } else { text }, &[6, 9], zh, en)
}

fn region(text: &str, _: usize) -> Result<(), Wrong> {
    let (zh, en) = ("地区为行政区划代码的前 2、4 或 6 位", "a region is the first 2, 4 or 6 digits of a division code");
    digits(if text.starts_with('0') { "" } else { text }, &[2, 4, 6], zh, en)
}

impl Region {
    /// Whether a county lies in it.
    pub fn covers(&self, county: &str) -> bool {
        county.starts_with(&self.0)
    }
}

fn address(text: &str, most: usize) -> Result<(), Wrong> {
    let legal = text.len() <= most && text.bytes().all(|byte| byte.is_ascii_graphic());
    let url = url::Url::parse(text).ok().filter(|url| legal && url.as_str().len() <= most);
    let fits = |url: &url::Url| {
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        plain && matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())
    };
    if url.as_ref().is_some_and(fits) && (text.starts_with("http://") || text.starts_with("https://")) {
        return Ok(());
    }
    Err(Wrong::new(
        "invalid_url",
        format!("应为 http 或 https 地址，最多 {most} 个字符，不带用户名、密码和 #"),
        format!("must be an http or https address of at most {most} characters, without user, password or fragment"),
    ))
}

fn line(text: &str, most: usize) -> Result<(), Wrong> {
    bounded(text, most, char::is_control)
}

fn prose(text: &str, most: usize) -> Result<(), Wrong> {
    bounded(text, most, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn bounded(text: &str, most: usize, forbidden: impl Fn(char) -> bool) -> Result<(), Wrong> {
    if text.is_empty() {
        return Err(Wrong::new(
            "empty_text",
            "不能为空字符串；没有内容时填 null",
            "must not be empty; null means nothing",
        ));
    }
    if text.chars().count() > most {
        return Err(Wrong::new("text_too_long", format!("最多 {most} 个字符"), format!("at most {most} characters")));
    }
    if text.chars().any(forbidden) {
        return Err(Wrong::new("control_character", "含有控制字符", "contains control characters"));
    }
    Ok(())
}

/// GB 32100-2015: eighteen characters without I, O, S, V, Z; the last is a check digit, weights 3^(i-1) mod 31.
fn credit(text: &str, _: usize) -> Result<(), Wrong> {
    const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let values: Option<Vec<usize>> =
        text.bytes().map(|byte| CHARACTERS.iter().position(|known| *known == byte)).collect();
    let Some(values) = values.filter(|values| values.len() == 18) else {
        return Err(Wrong::new(
            "invalid_credit_code",
            "统一社会信用代码为 18 位数字或大写字母（不含 I、O、S、V、Z）",
            "a unified social credit code has 18 digits or capitals (without I, O, S, V, Z)",
        ));
    };
    let mut weight = 1;
    let mut sum = 0;
    for value in values.iter().take(17) {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    let expected = (31 - sum % 31) % 31;
    if values.last() == Some(&expected) {
        return Ok(());
    }
    let digit = char::from(CHARACTERS[expected]);
    Err(Wrong::new(
        "credit_code_check_digit",
        format!("统一社会信用代码校验位不符，按 GB 32100 应为 {digit}"),
        format!("the check digit does not fit; by GB 32100 it is {digit}"),
    ))
}

impl WebhookUrl {
    /// The address in its parts; there are always some.
    pub fn parts(&self) -> Option<url::Url> {
        url::Url::parse(&self.0).ok()
    }
}

impl Assigner {
    /// Who a unit hands targets down as: the county as `county`, whoever is below it by its own code.
    pub fn handing_down(unit: &UnitCode, is_the_county: bool) -> Self {
        Self(if is_the_county { "county".into() } else { unit.as_str().to_owned() })
    }
}

/// The project of a target, or nothing: a county's targets belong to no project and print as an empty part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaybeProject(pub Option<ProjectCode>);

impl fmt::Display for MaybeProject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref().map_or("", ProjectCode::as_str))
    }
}

impl FromStr for MaybeProject {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse().map(|code| Self(Some(code))) }
    }
}

impl Word for MaybeProject {
    fn pattern() -> Cow<'static, str> {
        "[A-Za-z0-9._-]{0,40}".into()
    }
    const MIN_LENGTH: usize = 0;
    const MAX_LENGTH: usize = 40;
    const EXAMPLE: &'static str = "209002-2023-01";
}

crate::word!(MaybeProject);

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Bounded<const LEAST: i32, const MOST: i32>(i32);

/// How many posts or people: 0 to 1,000,000.
pub type Count = Bounded<0, 1_000_000>;

/// Events of one delivery: 1 to 1,000.
pub type EventCount = Bounded<1, 1_000>;

impl<const LEAST: i32, const MOST: i32> Bounded<LEAST, MOST> {
    /// So many, if that is possible.
    pub fn new(number: i64) -> Option<Self> {
        i32::try_from(number).ok().filter(|number| (LEAST..=MOST).contains(number)).map(Self)
    }

    /// The least there is.
    pub const fn least() -> Self {
        Self(LEAST)
    }

    /// The number.
    pub const fn number(self) -> i32 {
        self.0
    }
}

impl<const LEAST: i32, const MOST: i32> deserr::Deserr<super::violation::Violations> for Bounded<LEAST, MOST> {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, super::violation::Violations> {
        use super::violation::Violations;
        let number = <i64 as deserr::Deserr<Violations>>::deserialize_from_value(value, location)?;
        Self::new(number).ok_or_else(|| {
            let wrong = Wrong::new(
                "out_of_range",
                format!("应为 {LEAST} 至 {MOST} 的整数"),
                format!("must be an integer from {LEAST} to {MOST}"),
            );
            deserr::take_cf_content(<Violations as deserr::MergeWithError<Wrong>>::merge(None, wrong, location))
        })
    }
}

impl<const LEAST: i32, const MOST: i32> utoipa::PartialSchema for Bounded<LEAST, MOST> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(LEAST))
            .maximum(Some(MOST))
            .examples([MOST.min(25)])
            .into()
    }
}

impl<const LEAST: i32, const MOST: i32> utoipa::ToSchema for Bounded<LEAST, MOST> {
    fn name() -> Cow<'static, str> {
        format!("From{LEAST}To{MOST}").into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn credit_codes_carry_their_check_digit() {
        for good in ["91350100M000100Y43", "91110000101623741K", "911101066976941872", "124309220000000197"] {
            assert!(good.parse::<CreditCode>().is_ok(), "{good}");
        }
        for (bad, digit) in [("91350211M0000XUF46", 'R'), ("91310115MA1H8R7C6D", '7')] {
            let wrong = bad.parse::<CreditCode>().unwrap_err();
            assert_eq!(wrong.code, "credit_code_check_digit");
            assert!(wrong.en.ends_with(digit), "{bad}: {}", wrong.en);
        }
        for bad in ["91350100M000100Y4", "91350100m000100y43", "9135010OM000100Y43", ""] {
            assert_eq!(bad.parse::<CreditCode>().map_err(|wrong| wrong.code), Err("invalid_credit_code"), "{bad}");
        }
    }

    #[test]
    fn a_remainder_of_nothing_gives_the_check_digit_nought() {
        // Several published programs fail here with an index out of range.
        assert!("000000000000000000".parse::<CreditCode>().is_ok());
    }

    #[test]
    fn codes_are_ascii_and_short() {
        for bad in ["", "a b", "桃江", "a:b", "a/b", &"a".repeat(41)] {
            assert_eq!(bad.parse::<UnitCode>().map_err(|wrong| wrong.code), Err("invalid_code"), "{bad}");
        }
        for bad in ["3020", "302011", "3020a", "３０２０１"] {
            assert_eq!(bad.parse::<EconomicCode>().map_err(|wrong| wrong.code), Err("invalid_code"), "{bad}");
        }
        assert_eq!("0430922".parse::<DivisionCode>().map_err(|wrong| wrong.code), Err("invalid_code"));
    }

    #[test]
    fn deliveries_are_sent_to_plain_addresses() {
        for good in ["https://platform.example/jixiao?a=1", "http://10.1.2.3:8080/", "https://[2001:db8::1]/x"] {
            assert!(good.parse::<WebhookUrl>().is_ok(), "{good}");
        }
        for bad in
            ["", "ftp://a/", "https://", "https://u:p@a/", "https://a/#b", "HTTPS:a", "https://桃江/", "a.example"]
        {
            assert_eq!(bad.parse::<WebhookUrl>().map_err(|wrong| wrong.code), Err("invalid_url"), "{bad}");
        }
    }

    #[test]
    fn text_is_bounded_and_clean() {
        assert_eq!("".parse::<Name>().map_err(|wrong| wrong.code), Err("empty_text"));
        assert_eq!("桃".repeat(201).parse::<Name>().map_err(|wrong| wrong.code), Err("text_too_long"));
        assert!("桃".repeat(200).parse::<Name>().is_ok());
        assert_eq!("a\0b".parse::<Prose>().map_err(|wrong| wrong.code), Err("control_character"));
        assert!("第一行\n第二行".parse::<Prose>().is_ok());
    }

    proptest! {
        #[test]
        fn exactly_one_check_digit_fits(body in "[0-9A-HJ-NPQRTUWXY]{17}") {
            let fits = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars()
                .filter(|digit| format!("{body}{digit}").parse::<CreditCode>().is_ok())
                .count();
            prop_assert_eq!(fits, 1);
        }
    }
}
