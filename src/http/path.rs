//! What stands in a path: the id, read as its key; a number.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::error::ApiError;
use crate::domain::violation::Wrong;
use crate::domain::word::Word;

/// The `{id}` of a path.
#[derive(Debug, Clone)]
pub struct Id<K>(pub K);

impl<K> Deref for Id<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.0
    }
}

impl<K: Word> FromRequest for Id<K> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("id");
        ready(text.parse().map(Self).map_err(|wrong| ApiError::parameter("id", wrong, text)))
    }
}

/// The `{number}` of a path, from 1.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub i64);

impl FromRequest for Number {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("number");
        let number = text.parse().ok().filter(|number| (1..=9_007_199_254_740_991).contains(number));
        ready(number.map(Self).ok_or_else(|| {
            let wrong = Wrong::new("out_of_range", "应为正整数", "must be a whole number from 1");
            ApiError::parameter("number", wrong, text)
        }))
    }
}
