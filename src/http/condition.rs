//! Conditions: `If-None-Match` on reads, `If-Match` on changes (RFC 9110 section 13).
//!
//! An item's `ETag` is its revision, `"17"`. Where an answer also shows what was computed from other rows, the tag
//! carries the journal's position and the year too, `"17-203-2026"`: it changes whenever the answer could.

use std::future::{Ready, ready};

use actix_web::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::error::ApiError;
use crate::domain::violation::Wrong;
use crate::store::write::Expected;

/// The longest header that is read, in characters.
const MOST: usize = 1000;

/// What a request says about the revision it knows.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl FromRequest for Conditions {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = |name: HeaderName| {
            let values: Vec<_> = request.headers().get_all(name).filter_map(|value| value.to_str().ok()).collect();
            (!values.is_empty()).then(|| values.join(","))
        };
        let known = Self { if_match: header(IF_MATCH), if_none_match: header(IF_NONE_MATCH) };
        let long = |(name, value): (&'static str, &Option<String>)| {
            let value = value.as_ref().filter(|value| value.chars().count() > MOST)?;
            let wrong =
                Wrong::new("text_too_long", format!("最多 {MOST} 个字符"), format!("at most {MOST} characters"));
            Some(ApiError::parameter(name, wrong, value))
        };
        let sent = [("If-Match", &known.if_match), ("If-None-Match", &known.if_none_match)];
        ready(sent.into_iter().find_map(long).map_or(Ok(known.clone()), Err))
    }
}

impl Conditions {
    /// Whether the caller already has the answer with this tag.
    pub fn has(&self, tag: &str) -> bool {
        self.if_none_match.as_ref().is_some_and(|known| {
            known.trim() == "*" || known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
        })
    }

    /// What a change expects to find.
    pub fn expected(&self) -> Expected {
        if self.if_none_match.as_deref().is_some_and(|value| value.trim() == "*") {
            return Expected::Nothing;
        }
        let Some(wanted) = self.if_match.as_deref().map(str::trim) else { return Expected::Unsaid };
        if wanted == "*" {
            return Expected::Existing;
        }
        // Only the first part is the item's own revision; the rest is for reads.
        let revision = wanted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let revision = revision.and_then(|tag| tag.split('-').next()).and_then(|number| number.parse().ok());
        revision.map_or(Expected::Impossible, Expected::Revision)
    }
}
