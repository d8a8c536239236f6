//! Words of the wire: types that are one string in JSON, in a path, in a column.
//!
//! A word carries its own parser, bounds, pattern and example; the [`word!`](crate::word) macro makes JSON and the
//! OpenAPI schema of them. Whatever exists as a word is valid.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use super::violation::Wrong;

/// A type that is one string outside.
pub trait Word: Sized + Display + FromStr<Err = Wrong> {
    /// The pattern of its text, without anchors.
    fn pattern() -> Cow<'static, str>;
    /// The longest text it may have, in characters.
    const MAX_LENGTH: usize;
    /// The shortest.
    const MIN_LENGTH: usize = 1;
    /// A real value, shown in the OpenAPI document.
    const EXAMPLE: &'static str;
}

/// Makes JSON, body reading and an OpenAPI schema of types that implement [`Word`].
#[macro_export]
macro_rules! word {
    ($($word:ident),+ $(,)?) => {$(
        impl serde::Serialize for $word {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl deserr::Deserr<$crate::domain::violation::Violations> for $word {
            fn deserialize_from_value<V: deserr::IntoValue>(
                value: deserr::Value<V>,
                location: deserr::ValuePointerRef<'_>,
            ) -> Result<Self, $crate::domain::violation::Violations> {
                $crate::domain::word::read(value, location)
            }
        }

        impl utoipa::PartialSchema for $word {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::domain::word::schema::<$word>()
            }
        }

        impl utoipa::ToSchema for $word {}
    )+};
}

/// Reads one word out of a JSON value.
pub(crate) fn read<W: Word, V: deserr::IntoValue>(
    value: deserr::Value<V>,
    location: deserr::ValuePointerRef<'_>,
) -> Result<W, super::violation::Violations> {
    use super::violation::Violations;
    use deserr::{ErrorKind, MergeWithError, Value, ValueKind, take_cf_content};
    match value {
        Value::String(text) => text.parse::<W>().map_err(|wrong| {
            let mut all = take_cf_content(<Violations as MergeWithError<Wrong>>::merge(None, wrong, location));
            if let Some(last) = all.0.pop() {
                all.0.push(last.showing(&text));
            }
            all
        }),
        actual => Err(take_cf_content(<Violations as deserr::DeserializeError>::error(
            None,
            ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] },
            location,
        ))),
    }
}

/// The OpenAPI schema of a word: a bounded string with a pattern, never `format: decimal` (generators make floats of it).
pub(crate) fn schema<W: Word>() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    use utoipa::openapi::schema::{ObjectBuilder, Type};
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(W::MIN_LENGTH))
        .max_length(Some(W::MAX_LENGTH))
        .pattern(Some(format!("^(?:{})$", W::pattern())))
        .examples([W::EXAMPLE])
        .into()
}

/// Declares an enumeration whose values are lower-snake ASCII on the wire and carry their Chinese name.
///
/// Chinese enum values do not compile in half of the client generators; the names travel in `x-enum-descriptions`.
#[macro_export]
macro_rules! choice {
    (
        $(#[$about:meta])*
        pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal, $zh:literal;)+ }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the official form.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code on the wire and in the database.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The Chinese name.
            pub const fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::violation::Wrong;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|one| one.code() == text).ok_or_else(|| {
                    $crate::domain::violation::unknown_name("unknown_value", ("取值", "value"), text, &[$($code),+])
                })
            }
        }

        impl $crate::domain::word::Word for $name {
            fn pattern() -> std::borrow::Cow<'static, str> {
                [$($code),+].join("|").into()
            }
            const MAX_LENGTH: usize = 40;
            const EXAMPLE: &'static str = [$($code),+][0];
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl deserr::Deserr<$crate::domain::violation::Violations> for $name {
            fn deserialize_from_value<V: deserr::IntoValue>(
                value: deserr::Value<V>,
                location: deserr::ValuePointerRef<'_>,
            ) -> Result<Self, $crate::domain::violation::Violations> {
                $crate::domain::word::read(value, location)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::{extensions::ExtensionsBuilder, schema::{ObjectBuilder, Type}};
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some(concat!($($code, " ", $zh, "; "),+)))
                    .enum_values(Some([$($code),+]))
                    .extensions(Some(
                        ExtensionsBuilder::new().add("x-enum-descriptions", serde_json::json!([$($zh),+])).build(),
                    ))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

/// Declares the key of a resource: its parts joined by colons are the item's `id`.
#[macro_export]
macro_rules! key {
    (
        $(#[$about:meta])*
        pub struct $name:ident { $($(#[$doc:meta])* $part:ident: $word:ty,)+ }
        example $example:literal
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name { $($(#[$doc])* pub $part: $word,)+ }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut separator = "";
                $(
                    write!(f, "{separator}{}", self.$part)?;
                    separator = ":";
                )+
                let _ = separator;
                Ok(())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::violation::Wrong;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut parts = text.split(':');
                $(
                    let $part = $crate::domain::word::part::<$word>(parts.next(), stringify!($part), $example)?;
                )+
                if parts.next().is_some() {
                    return Err($crate::domain::word::bad_id($example));
                }
                Ok(Self { $($part),+ })
            }
        }

        impl $crate::domain::word::Word for $name {
            fn pattern() -> std::borrow::Cow<'static, str> {
                [$(<$word as $crate::domain::word::Word>::pattern()),+].join(":").into()
            }
            const MAX_LENGTH: usize = 0 $(+ 1 + <$word as $crate::domain::word::Word>::MAX_LENGTH)+;
            const EXAMPLE: &'static str = $example;
        }

        $crate::word!($name);
    };
}

/// Reads one part of a key.
pub(crate) fn part<W: Word>(text: Option<&str>, name: &str, example: &str) -> Result<W, Wrong> {
    let text = text.ok_or_else(|| bad_id(example))?;
    text.parse().map_err(|Wrong { code, zh, en }| Wrong {
        code,
        zh: format!("编号中的 {name}：{zh}"),
        en: format!("in the id, {name}: {en}"),
    })
}

/// An id with too many or too few parts.
pub(crate) fn bad_id(example: &str) -> Wrong {
    Wrong::new("invalid_id", format!("编号应形如 {example}"), format!("an id looks like {example}"))
}
