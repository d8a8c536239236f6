//! Query parameters of operations that are no lists.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use deserr::{Deserr, IntoValue, ValuePointerRef};

use super::body::{pairs, read_pairs};
use super::error::ApiError;
use crate::domain::violation::{Violations, Wrong};

/// The query, read as a struct of words.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: Deserr<Violations> + 'static> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(pairs(request).and_then(|pairs| read_pairs(&pairs)).map(Self))
    }
}

/// `true` or `false` in a query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Switch(pub bool);

impl Deserr<Violations> for Switch {
    fn deserialize_from_value<V: IntoValue>(
        value: deserr::Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Violations> {
        let text = String::deserialize_from_value(value, location)?;
        match text.as_str() {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            _ => {
                let wrong = Wrong::new("not_a_flag", "应为 true 或 false", "must be true or false");
                Err(deserr::take_cf_content(<Violations as deserr::MergeWithError<Wrong>>::merge(
                    None, wrong, location,
                )))
            }
        }
    }
}

impl utoipa::PartialSchema for Switch {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::Boolean).default(Some(serde_json::json!(false))).into()
    }
}

impl utoipa::ToSchema for Switch {}

/// A whole number in a query, from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const LEAST: i64, const MOST: i64>(pub i64);

/// A number of the journal; every program of a browser can hold it.
pub type Sequence = Whole<0, 9_007_199_254_740_991>;

/// How many items.
pub type Limit = Whole<1, 1000>;

impl<const LEAST: i64, const MOST: i64> Deserr<Violations> for Whole<LEAST, MOST> {
    fn deserialize_from_value<V: IntoValue>(
        value: deserr::Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Violations> {
        let text = String::deserialize_from_value(value, location)?;
        text.parse().ok().filter(|number| (LEAST..=MOST).contains(number)).map(Self).ok_or_else(|| {
            let wrong =
                Wrong::new("out_of_range", format!("应为 {LEAST} 至 {MOST}"), format!("must be {LEAST} to {MOST}"));
            deserr::take_cf_content(<Violations as deserr::MergeWithError<Wrong>>::merge(None, wrong, location))
        })
    }
}
