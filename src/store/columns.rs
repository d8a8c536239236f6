//! Domain words as column values, so that rows hold words and the domain never hears of the ORM.

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryFromU64, TryGetError, TryGetable, Value};

use crate::domain::code_list::DivisionLevel;
use crate::domain::codes::{
    AsPrinted, Assigner, Count, CreditCode, DivisionCode, EconomicCode, EventCount, FunctionalCode, IndicatorCode,
    MaybeProject, Name, ProjectCode, Prose, RectificationCode, SchemeCode, UnitCode, WebhookCode, WebhookUrl,
};
use crate::domain::evaluation::EvaluationKind;
use crate::domain::indicator::{Category, Direction, Subcategory};
use crate::domain::money::Money;
use crate::domain::period::{Moment, Month, StatedDate, Year};
use crate::domain::quantity::{Percent, Points, Quantity};
use crate::domain::rectification::RectificationState;
use crate::domain::review::ReviewState;
use crate::domain::target::TargetKey;
use crate::domain::unit::UnitKind;
use crate::domain::upload::receipt::UploadId;

/// Keeps a word in a column of another type.
///
/// Reading what a column cannot hold is an error of the row, never a default.
macro_rules! column {
    ($base:ty, $column:expr, $array:expr, $value:ident, $to:expr, $from:expr; $($word:ty),+ $(,)?) => {$(
        impl From<$word> for Value {
            fn from(word: $word) -> Self {
                let to: fn(&$word) -> $base = $to;
                Self::$value(Some(to(&word)))
            }
        }

        impl Nullable for $word {
            fn null() -> Value {
                Value::$value(None)
            }
        }

        impl ValueType for $word {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                let from: fn(&$base) -> Option<Self> = $from;
                match value {
                    Value::$value(Some(base)) => from(&base).ok_or(ValueTypeErr),
                    _ => Err(ValueTypeErr),
                }
            }

            fn type_name() -> String {
                stringify!($word).into()
            }

            fn array_type() -> ArrayType {
                $array
            }

            fn column_type() -> ColumnType {
                $column
            }
        }

        impl TryGetable for $word {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                let from: fn(&$base) -> Option<Self> = $from;
                let base = <$base>::try_get_by(row, index)?;
                let wrong = || TryGetError::DbErr(DbErr::Type(format!("{base:?} is not a {}", stringify!($word))));
                from(&base).ok_or_else(wrong)
            }
        }

        impl TryFromU64 for $word {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($word)))
            }
        }
    )+};
}

column!(String, ColumnType::Text, ArrayType::String, String, ToString::to_string, |text| text.parse().ok();
    AsPrinted, Assigner, Category, CreditCode, Direction, DivisionCode, DivisionLevel, EconomicCode, EvaluationKind,
    FunctionalCode, IndicatorCode, MaybeProject, Moment, Month, Name, ProjectCode, Prose, RectificationCode,
    RectificationState, ReviewState, SchemeCode,
    StatedDate, Subcategory, TargetKey, UnitCode, UnitKind, UploadId, WebhookCode, WebhookUrl,
);
column!(i32, ColumnType::Integer, ArrayType::Int, Int, |year| year.number(), |number| Year::new(*number).ok(); Year);
column!(i32, ColumnType::Integer, ArrayType::Int, Int, |count| count.number(), |number| Count::new((*number).into()); Count);
column!(i32, ColumnType::Integer, ArrayType::Int, Int, |count| count.number(), |number| EventCount::new((*number).into()); EventCount);
column!(i64, ColumnType::BigInteger, ArrayType::BigInt, BigInt, |money| money.fen(), |fen| Some(Money::of_fen(*fen)); Money);
column!(i64, ColumnType::BigInteger, ArrayType::BigInt, BigInt, |one| one.micros(), |micros| Some(Quantity::of_micros(*micros)); Quantity);
column!(i64, ColumnType::BigInteger, ArrayType::BigInt, BigInt, |one| one.hundredths(), |hundredths| Some(Points::of_hundredths(*hundredths)); Points);
column!(i64, ColumnType::BigInteger, ArrayType::BigInt, BigInt, |one| one.hundredths(), |hundredths| Some(Percent::of_hundredths(*hundredths)); Percent);
