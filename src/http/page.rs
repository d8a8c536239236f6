//! Pages by key: `?limit=&after=`, `{items, next}`, `Link: rel="next"`.
//!
//! A cursor is the last key of a page, bound to the filter it was made for: with another filter it is refused.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use aws_lc_rs::digest::{SHA256, digest};
use deserr::Deserr;
use utoipa::IntoParams;

use super::body::{pairs, read_pairs};
use super::error::ApiError;
use super::moment::AS_OF;
use crate::domain::violation::{Violations, Wrong};

/// How many items a page has where nothing was asked.
const USUAL: u64 = 100;
/// How many it has at most.
const MOST: u64 = 1000;

/// How much of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters; `Listing` reads them")]
pub struct Paging {
    /// Items on a page, 100 where nothing is said.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i32>,
    /// Cursor: the `next` of the page before.
    #[param(min_length = 1, max_length = 500)]
    after: Option<String>,
}

/// A filter, and how much of what it finds.
#[derive(Debug)]
pub struct Listing<F> {
    /// The filter.
    pub filter: F,
    /// Items on a page.
    pub limit: u64,
    after: Option<String>,
    fingerprint: String,
    address: String,
}

impl<F: Deserr<Violations> + 'static> FromRequest for Listing<F> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request, &[AS_OF]))
    }
}

/// A list that has no earlier moment: `as_of` is refused like any other parameter that is not known.
#[derive(Debug)]
pub struct Present<F>(pub Listing<F>);

impl<F> std::ops::Deref for Present<F> {
    type Target = Listing<F>;

    fn deref(&self) -> &Listing<F> {
        &self.0
    }
}

impl<F: Deserr<Violations> + 'static> FromRequest for Present<F> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Listing::of(request, &[]).map(Self))
    }
}

impl<F: Deserr<Violations>> Listing<F> {
    /// Reads the query; `others` are read elsewhere.
    fn of(request: &HttpRequest, others: &[&str]) -> Result<Self, ApiError> {
        let (paging, mut filters): (Vec<_>, Vec<_>) =
            pairs(request)?.into_iter().partition(|(name, _)| name == "limit" || name == "after");
        let paged = |name: &str| paging.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str());
        let limit = paged("limit").map_or(Ok(USUAL), limit)?;
        let of_the_filter: Vec<_> =
            filters.iter().filter(|(name, _)| !others.contains(&name.as_str())).cloned().collect();
        let filter = read_pairs(&of_the_filter)?;
        filters.sort();
        let text = serde_urlencoded::to_string(&filters).unwrap_or_default();
        let sum = digest(&SHA256, format!("{}?{text}", request.path()).as_bytes());
        let start: [u8; 4] = sum.as_ref().first_chunk().copied().unwrap_or_default();
        let fingerprint = format!("{:08x}", u32::from_be_bytes(start));
        let separator = if text.is_empty() { "" } else { "&" };
        let address = format!("{}?{text}{separator}limit={limit}", request.path());
        Ok(Self { filter, limit, after: paged("after").map(str::to_owned), fingerprint, address })
    }

    /// The key to go on after.
    ///
    /// # Errors
    /// A cursor that was made for another filter, or by nobody here.
    pub fn after<K: FromStr<Err = Wrong>>(&self) -> Result<Option<K>, ApiError> {
        let Some(cursor) = &self.after else { return Ok(None) };
        let bad = || invalid_cursor(cursor);
        let (fingerprint, key) = cursor.split_once('.').ok_or_else(bad)?;
        if fingerprint != self.fingerprint {
            return Err(bad());
        }
        key.parse().map(Some).map_err(|_| bad())
    }

    /// Cuts what was found, one more than a page, to a page and the cursor of the next.
    pub fn page<T>(&self, mut found: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        let size = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = found.len() > size;
        found.truncate(size);
        let next = found.last().filter(|_| more).map(|last| self.cursor(&key(last)));
        (found, next)
    }

    /// The cursor that goes on behind a key.
    pub fn cursor(&self, key: &impl std::fmt::Display) -> String {
        format!("{}.{key}", self.fingerprint)
    }

    /// The address of the next page.
    pub fn link(&self, next: &str) -> String {
        let cursor = serde_urlencoded::to_string([("after", next)]).unwrap_or_default();
        format!("<{}&{cursor}>; rel=\"next\"", self.address)
    }
}

/// That a cursor was made for another list, or by nobody here.
pub fn invalid_cursor(cursor: &str) -> ApiError {
    let (zh, en) = ("游标无效，或不属于这组筛选条件", "the cursor is not one of this list and filter");
    ApiError::parameter("after", Wrong::new("invalid_cursor", zh, en), cursor)
}

/// A number of the journal in a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(pub i64);

impl FromStr for Place {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        text.parse().map(Self).map_err(|_| Wrong::new("invalid_cursor", "游标无效", "not a cursor"))
    }
}

fn limit(text: &str) -> Result<u64, ApiError> {
    text.parse().ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
        let wrong = Wrong::new("out_of_range", format!("应为 1 至 {MOST}"), format!("must be 1 to {MOST}"));
        ApiError::parameter("limit", wrong, text)
    })
}

/// Declares the page of a resource: a concrete type, because generators make anonymous items of a generic one.
#[macro_export]
macro_rules! page {
    ($(#[$about:meta])* $page:ident of $item:ty) => {
        $(#[$about])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $page {
            /// The items, in the order of their keys.
            #[schema(max_items = 1000)]
            pub items: Vec<$item>,
            /// The cursor of the next page; null on the last.
            #[schema(max_length = 500)]
            pub next: Option<String>,
        }
    };
}
