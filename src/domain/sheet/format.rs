//! Number formats: what a spreadsheet shows of the number it keeps.

use calamine::Style;

/// What the number format of a cell says about its number, for one sign of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) percent: bool,
    /// How many decimals it shows; nothing where it shows them all.
    pub(super) places: Option<usize>,
    /// Whether it shows thousands of the number, or writes 万 behind it.
    pub(super) scaled: bool,
}

/// What the number format of a cell says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Formats {
    /// Of numbers that are not negative.
    pub(super) plus: Format,
    /// Of negative ones.
    pub(super) minus: Format,
    pub(super) date: DateFormat,
}

/// How much of a date is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum DateFormat {
    #[default]
    Day,
    Month,
    Year,
    /// Month and day, or the month alone: of which year is not seen.
    YearlessDay,
    YearlessMonth,
}

impl Formats {
    pub(super) fn of(style: &Style) -> Self {
        let code = style.number_format.as_ref().map_or("", |format| format.format_code.as_str());
        let sections: Vec<&str> = code.split(';').collect();
        let plus = Format::of(sections[0]);
        let minus = sections.get(1).filter(|section| !section.is_empty()).map_or(plus, |section| Format::of(section));
        let date = DateFormat::of(&outside_quotes(sections[0]).collect::<String>());
        // A section with a condition, such as [>=10000], is for some numbers and not for others.
        if ["[>", "[<", "[="].iter().any(|condition| code.contains(condition)) {
            let all: Vec<Format> = sections.iter().take(3).map(|section| Format::of(section)).collect();
            let differ = all.iter().any(|one| one.scaled || one.percent != plus.percent);
            let places = all.iter().map(|one| one.places).reduce(|one, other| one.zip(other).map(|(a, b)| a.max(b)));
            let one = Format { percent: plus.percent, places: places.flatten(), scaled: differ };
            return Self { plus: one, minus: one, date };
        }
        Self { plus, minus, date }
    }
}

impl DateFormat {
    fn of(plain: &str) -> Self {
        let shows = |letter: char| plain.chars().any(|c| c.eq_ignore_ascii_case(&letter));
        match (shows('y'), shows('m'), shows('d')) {
            (true, true, false) => Self::Month,
            (true, false, false) => Self::Year,
            (false, true, true) => Self::YearlessDay,
            // Without a year m may also be the minutes of a time.
            (false, true, false) if !shows('h') && !shows('s') => Self::YearlessMonth,
            _ => Self::Day,
        }
    }
}

impl Format {
    fn of(code: &str) -> Self {
        let plain: String = outside_quotes(code).collect();
        let shows = |letter: char| plain.chars().any(|c| c.eq_ignore_ascii_case(&letter));
        let placeholder = |c: char| matches!(c, '0' | '#' | '?');
        let last = plain.rfind(placeholder).map_or("", |at| &plain[at + 1..]);
        let numeric = plain.contains('0') && !shows('e') && !plain.contains('/');
        let places =
            plain.split_once('.').map_or(0, |(_, decimals)| decimals.chars().filter(|c| placeholder(*c)).count());
        Self {
            percent: shows('%'),
            places: Some(places).filter(|_| numeric),
            scaled: last.starts_with(',') || (numeric && code.contains(['万', '亿', '千'])),
        }
    }
}

/// The characters of a number format that are not literal text.
fn outside_quotes(code: &str) -> impl Iterator<Item = char> {
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    code.chars().filter(move |c| {
        let literal = quoted || bracketed || escaped;
        match c {
            _ if escaped => escaped = false,
            '\\' | '!' if !quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => bracketed = true,
            ']' if !quoted => bracketed = false,
            _ => return !literal,
        }
        false
    })
}
