//! Domain words as column values, so that rows hold words and the domain never hears of the ORM.

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, RuntimeErr, TryFromU64, TryGetError, TryGetable, Value};
use sqlx::{Decode, Postgres, Row, Sqlite, Type};

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
use crate::domain::upload::item::UploadId;

/// What a cell holds, without a copy: text is borrowed from the row, and a cell that is empty costs no words about it.
fn cell<'r, V, I: ColIdx>(row: &'r QueryResult, index: I) -> Result<V, TryGetError>
where
    V: Decode<'r, Postgres> + Type<Postgres> + Decode<'r, Sqlite> + Type<Sqlite>,
{
    let found = match (row.try_as_pg_row(), row.try_as_sqlite_row()) {
        (Some(row), _) => row.try_get::<Option<V>, _>(index.as_sqlx_postgres_index()),
        (_, Some(row)) => row.try_get::<Option<V>, _>(index.as_sqlx_sqlite_index()),
        _ => return Err(TryGetError::DbErr(DbErr::Type("a row of another database".into()))),
    };
    found
        .map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))?
        .ok_or_else(|| TryGetError::Null(String::new()))
}

/// Keeps a word in a column of another type, and reads it from there.
///
/// Reading what a column cannot hold is an error of the row, never a default.
macro_rules! column {
    ($base:ty, read as $cell:ty => $lend:expr, $column:expr, $array:expr, $value:ident, $to:expr, $from:expr; $($word:ty),+ $(,)?) => {$(
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
                let from: fn($cell) -> Option<Self> = $from;
                match value {
                    Value::$value(Some(base)) => from($lend(&base)).ok_or(ValueTypeErr),
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
                let from: fn($cell) -> Option<Self> = $from;
                let found = cell::<$cell, _>(row, index)?;
                let wrong = || TryGetError::DbErr(DbErr::Type(format!("{found:?} is not a {}", stringify!($word))));
                from(found).ok_or_else(wrong)
            }
        }

        impl TryFromU64 for $word {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($word)))
            }
        }
    )+};
}

column!(String, read as &str => String::as_str, ColumnType::Text, ArrayType::String, String, ToString::to_string, |text| text.parse().ok();
    AsPrinted, Assigner, Category, CreditCode, Direction, DivisionCode, DivisionLevel, EconomicCode, EvaluationKind,
    FunctionalCode, IndicatorCode, MaybeProject, Moment, Month, Name, ProjectCode, Prose, RectificationCode,
    RectificationState, ReviewState, SchemeCode,
    StatedDate, Subcategory, TargetKey, UnitCode, UnitKind, UploadId, WebhookCode, WebhookUrl,
);
column!(i32, read as i32 => i32::clone, ColumnType::Integer, ArrayType::Int, Int, |year| year.number(), |number| Year::new(number).ok(); Year);
column!(i32, read as i32 => i32::clone, ColumnType::Integer, ArrayType::Int, Int, |count| count.number(), |number| Count::new(number.into()); Count);
column!(i32, read as i32 => i32::clone, ColumnType::Integer, ArrayType::Int, Int, |count| count.number(), |number| EventCount::new(number.into()); EventCount);
column!(i64, read as i64 => i64::clone, ColumnType::BigInteger, ArrayType::BigInt, BigInt, |money| money.fen(), |fen| Some(Money::of_fen(fen)); Money);
column!(i64, read as i64 => i64::clone, ColumnType::BigInteger, ArrayType::BigInt, BigInt, |one| one.micros(), |micros| Some(Quantity::of_micros(micros)); Quantity);
column!(i64, read as i64 => i64::clone, ColumnType::BigInteger, ArrayType::BigInt, BigInt, |one| one.hundredths(), |hundredths| Some(Points::of_hundredths(hundredths)); Points);
column!(i64, read as i64 => i64::clone, ColumnType::BigInteger, ArrayType::BigInt, BigInt, |one| one.hundredths(), |hundredths| Some(Percent::of_hundredths(hundredths)); Percent);
