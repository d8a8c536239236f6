//! What is wrong with a value, and where it stands.
//!
//! A [`Wrong`] is said by the word that could not be read; a [`Violation`] is the same at a place in a body.
//! Both speak Chinese and English at once, so that a raw log is enough.

use std::convert::Infallible;
use std::ops::ControlFlow;

use deserr::{DeserializeError, ErrorKind, IntoValue, MergeWithError, Value, ValueKind, ValuePointerRef};

/// Why one value cannot be taken: a stable code and a sentence in each language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{en} ({zh})")]
pub struct Wrong {
    /// Stable, lower snake case; callers match on it.
    pub code: &'static str,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

impl Wrong {
    /// A complaint with its code and both sentences.
    pub fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, zh: zh.into(), en: en.into() }
    }

    /// The same complaint at a place in the body, `pointer` being a JSON pointer such as `/executed`.
    pub fn at(self, pointer: impl Into<String>) -> Violation {
        let Self { code, zh, en } = self;
        Violation { code, pointer: pointer.into(), value: None, zh, en }
    }
}

/// One broken rule at one place of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Stable, lower snake case; callers match on it.
    pub code: &'static str,
    /// JSON pointer (RFC 6901) into the body; empty for the body as a whole.
    pub pointer: String,
    /// The value as it was sent, where there is one worth showing.
    pub value: Option<String>,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

impl Violation {
    /// The same violation, showing the value that caused it.
    #[must_use]
    pub fn showing(mut self, value: impl ToString) -> Self {
        self.value = Some(shortened(&value.to_string()));
        self
    }
}

impl From<Violation> for Wrong {
    fn from(violation: Violation) -> Self {
        let Violation { code, pointer: _, value: _, zh, en } = violation;
        Self { code, zh, en }
    }
}

/// Every violation of one body, in the order they were met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(pub Vec<Violation>);

impl Violations {
    /// Notes one more, unless all is well.
    pub fn require(&mut self, holds: bool, violation: impl FnOnce() -> Violation) {
        if !holds {
            self.0.push(violation());
        }
    }

    /// `Ok` when nothing was noted.
    ///
    /// # Errors
    /// The violations themselves.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

/// The nearest of the known names to what was written, if it is near enough to be a slip of the pen.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .min()
        .map(|(_, name)| name)
}

/// A name that is not known, with the nearest known one.
pub fn unknown_name(code: &'static str, what: (&str, &str), written: &str, known: &[&str]) -> Wrong {
    let (what_zh, what_en) = what;
    let written_short = shortened(written);
    let (hint_zh, hint_en) = match nearest(written, known.iter().copied()) {
        Some(near) => (format!("，是否为“{near}”"), format!("; did you mean `{near}`")),
        None if known.is_empty() => (String::new(), String::new()),
        None => (format!("，可用：{}", known.join("、")), format!("; known: {}", known.join(", "))),
    };
    let zh = format!("没有{what_zh}“{written_short}”{hint_zh}");
    let en = format!("there is no {what_en} `{written_short}`{hint_en}");
    Wrong::new(code, zh, en)
}

/// At most eighty characters of what was sent, all of them visible: an error must not echo a whole upload, nor what no
/// database keeps.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 80;
    let text = visible(text);
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain(['…']).collect() }
}

/// A text with pictures (␀) where it has control characters, and spaces where it has line breaks.
pub(crate) fn visible(text: &str) -> String {
    let seen = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(seen).collect()
}

// From here on: how `deserr`, which reads a body to its end instead of stopping at the first mistake, fills `Violations`.

impl MergeWithError<Violations> for Violations {
    fn merge(before: Option<Self>, other: Violations, _: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        let mut all = before.unwrap_or_default();
        all.0.extend(other.0);
        ControlFlow::Continue(all)
    }
}

impl MergeWithError<Wrong> for Violations {
    fn merge(before: Option<Self>, wrong: Wrong, location: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        let mut all = before.unwrap_or_default();
        all.0.push(wrong.at(pointer(location)));
        ControlFlow::Continue(all)
    }
}

impl DeserializeError for Violations {
    fn error<V: IntoValue>(
        before: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let here = pointer(location);
        let violation = match error {
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                let (zh, en) = (kinds(accepted, 0), kinds(accepted, 1));
                let (was_zh, was_en) = kind(actual.kind());
                Wrong::new(
                    "wrong_type",
                    format!("类型不对：应为{zh}，实为{was_zh}"),
                    format!("wrong type: expected {en}, got {was_en}"),
                )
                .at(here)
                .showing_json(actual)
            }
            ErrorKind::MissingField { field } => Wrong::new(
                "missing_field",
                format!("缺少必填字段“{field}”"),
                format!("the field `{field}` is required"),
            )
            .at(format!("{here}/{field}")),
            ErrorKind::UnknownKey { key, accepted } => {
                unknown_name("unknown_field", ("字段", "field"), key, accepted).at(format!("{here}/{}", escaped(key)))
            }
            ErrorKind::UnknownValue { value, accepted } => {
                unknown_name("unknown_value", ("取值", "value"), value, accepted).at(here)
            }
            ErrorKind::BadSequenceLen { expected, .. } => Wrong::new(
                "wrong_length",
                format!("数组应有 {expected} 项"),
                format!("the array must have {expected} items"),
            )
            .at(here),
            ErrorKind::Unexpected { msg } => Wrong::new("invalid_value", format!("取值无效：{msg}"), msg).at(here),
        };
        Self::merge(before, Violations(vec![violation]), ValuePointerRef::Origin)
    }
}

impl MergeWithError<Infallible> for Violations {
    fn merge(_: Option<Self>, never: Infallible, _: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        match never {}
    }
}

impl Violation {
    /// Shows the value that was sent where it is a scalar.
    fn showing_json<V: IntoValue>(self, value: Value<V>) -> Self {
        match value {
            Value::Boolean(b) => self.showing(b),
            Value::Integer(i) => self.showing(i),
            Value::NegativeInteger(i) => self.showing(i),
            Value::Float(f) => self.showing(f),
            Value::String(s) => self.showing(s),
            Value::Null | Value::Sequence(_) | Value::Map(_) => self,
        }
    }
}

/// Where a value stands, as a JSON pointer.
fn pointer(location: ValuePointerRef<'_>) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => format!("{}/{}", pointer(*prev), escaped(key)),
        ValuePointerRef::Index { index, prev } => format!("{}/{index}", pointer(*prev)),
    }
}

/// A key as RFC 6901 writes it.
fn escaped(key: &str) -> String {
    shortened(key).replace('~', "~0").replace('/', "~1")
}

fn kinds(accepted: &[ValueKind], language: usize) -> String {
    let words: Vec<&str> = accepted.iter().map(|one| if language == 0 { kind(*one).0 } else { kind(*one).1 }).collect();
    words.join(if language == 0 { "或" } else { " or " })
}

/// A JSON kind in Chinese and English.
fn kind(kind: ValueKind) -> (&'static str, &'static str) {
    match kind {
        ValueKind::Null => ("空值", "null"),
        ValueKind::Boolean => ("布尔值", "a boolean"),
        ValueKind::Integer | ValueKind::NegativeInteger => ("整数", "an integer"),
        ValueKind::Float => ("数字", "a number"),
        ValueKind::String => ("字符串", "a string"),
        ValueKind::Sequence => ("数组", "an array"),
        ValueKind::Map => ("对象", "an object"),
    }
}
