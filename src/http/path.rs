//! The id in a path, read as its key.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::error::ApiError;
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
