//! Answers: items with their tag, pages with their link, and what the document says of both.

use std::collections::BTreeMap;

use std::fs::File;
use std::io::Read;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, LINK, LOCATION};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::again::Made;
use super::condition::Conditions;
use super::error::ApiError;
use super::page::Listing;
use super::problem::PROBLEM;
use crate::domain::chain::Digest;
use crate::domain::day::Day;
use crate::domain::review::Actor;
use crate::store::write::Outcome;

/// What a handler returns.
pub type Answer = Result<HttpResponse, ApiError>;

/// The tag of an answer, and what it was made of where that is known: then the answer is kept, to be given again.
#[derive(Debug, Clone)]
pub struct Tag {
    text: String,
    made: Option<Made>,
}

impl std::ops::Deref for Tag {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl Tag {
    /// A tag of an answer that was made so.
    #[must_use]
    pub fn made(self, made: Option<Made>) -> Self {
        Self { made, ..self }
    }
}

/// The tag of an item that shows only its own facts.
pub fn tag(revision: i64) -> Tag {
    Tag { text: format!("\"{revision}\""), made: None }
}

/// The tag of a list of rows, `newest` being the newest change of one of them.
pub fn list_tag(newest: i64) -> Tag {
    Tag { text: format!("\"{newest}-{}\"", env!("CARGO_PKG_VERSION")), made: None }
}

/// The tag of an answer that also shows what was computed from other rows.
pub fn computed_tag(revision: i64, position: i64, today: Day) -> Tag {
    // The day, for what is overdue; the version, for a rule that is new in it.
    Tag { text: format!("\"{revision}-{position}-{today}-{}\"", env!("CARGO_PKG_VERSION")), made: None }
}

/// The tag of an answer that says what its caller may do. It is the same for all who have the same rights; of those who
/// decide it also matters who they are and what they see, for nobody decides on their own.
pub fn tag_for(tag: &Tag, actor: &Actor) -> Tag {
    let rights = [actor.speaks_for_units, actor.speaks_for_those_above, actor.decides].map(u8::from);
    let who = if actor.decides { format!("{:?} {}", actor.top, actor.subject) } else { String::new() };
    let seen = Digest::of(&format!("{rights:?} {who}")).to_string();
    Tag { text: format!("{}-{}\"", tag.trim_end_matches('"'), &seen[..8]), made: tag.made.clone() }
}

/// An item, or 304 where the caller has it.
pub fn item<T: Serialize>(item: &T, tag: &Tag, conditions: &Conditions) -> HttpResponse {
    if conditions.has(tag) {
        return unchanged(tag);
    }
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, &**tag)).insert_header((CACHE_CONTROL, "private, no-cache"));
    noting(response.json(item), tag)
}

/// Notes what an answer was made of.
fn noting(mut response: HttpResponse, tag: &Tag) -> HttpResponse {
    if let Some(made) = &tag.made {
        response.extensions_mut().insert(made.clone());
    }
    response
}

/// What became of a put: 201 with its address where it is new, 200 otherwise.
pub fn put<T: Serialize>(item: &T, tag: &Tag, outcome: Outcome, address: &str) -> HttpResponse {
    let mut response = match outcome {
        Outcome::Created => HttpResponse::Created(),
        Outcome::Updated | Outcome::Unchanged => HttpResponse::Ok(),
    };
    if outcome == Outcome::Created {
        response.insert_header((LOCATION, address));
    }
    response.insert_header((ETAG, &**tag)).json(item)
}

/// That the caller has it already.
pub fn unchanged(tag: &Tag) -> HttpResponse {
    HttpResponse::NotModified()
        .insert_header((ETAG, &**tag))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .finish()
}

/// A page with its tag and the address of the next.
pub fn tagged<T: Serialize, F>(body: &T, next: Option<&str>, listing: &Listing<F>, tag: &Tag) -> HttpResponse
where
    F: deserr::Deserr<crate::domain::violation::Violations>,
{
    let mut response = page(body, next, listing);
    if let Ok(tag) = tag.parse() {
        response.headers_mut().insert(ETAG, tag);
    }
    noting(response, tag)
}

/// A page, with the address of the next.
pub fn page<T: Serialize, F>(page: &T, next: Option<&str>, listing: &Listing<F>) -> HttpResponse
where
    F: deserr::Deserr<crate::domain::violation::Violations>,
{
    let mut response = HttpResponse::Ok();
    if let Some(next) = next {
        response.insert_header((LINK, listing.link(next)));
    }
    response.insert_header((CACHE_CONTROL, "private, no-cache")).json(page)
}

/// A file for somebody to keep, a piece at a time.
pub fn file(file: File, media: &str, name: &str) -> HttpResponse {
    /// Bytes sent at once.
    const PIECE: usize = 64 * 1024;
    let pieces = futures_util::stream::unfold(Some(file), async |file| {
        let mut file = file?;
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some((Ok(Bytes::from(piece)), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    attachment(media, name).streaming(pieces)
}

/// Bytes for somebody to keep.
pub fn bytes(bytes: Vec<u8>, media: &str, name: &str) -> HttpResponse {
    attachment(media, name).body(bytes)
}

fn attachment(media: &str, name: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, media))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((CACHE_CONTROL, "private, no-cache"));
    response
}

/// Declares a set of errors for the document, each a reference to the one problem schema.
macro_rules! errors {
    ($($(#[$about:meta])* $name:ident: $($status:literal)+;)+) => {$(
        $(#[$about])*
        #[derive(Debug)]
        pub enum $name {}

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$($status),+].into_iter().map(|status| (status.to_string(), problem(status))).collect()
            }
        }
    )+};
}

errors! {
    /// Errors of a list.
    ListErrors: 400 401 403 500 503;
    /// Errors of a list that has a tag.
    TaggedErrors: 304 400 401 403 500 503;
    /// Errors of reading an item.
    GetErrors: 304 400 401 403 404 500 503;
    /// Errors of reading the revisions of an item.
    RevisionErrors: 400 401 403 404 500 503;
    /// Errors of a list that everybody may read.
    PublicErrors: 304 400 500 503;
    /// Errors of reading an item that everybody may read.
    PublicItemErrors: 304 400 404 500 503;
    /// Errors of stating facts.
    PutErrors: 400 401 403 404 408 409 412 413 415 422 428 500 503;
    /// Errors of an upload.
    UploadErrors: 400 401 403 408 409 413 415 422 500 503;
    /// Errors of taking an upload back.
    ReversalErrors: 400 401 403 404 409 422 500 503;
    /// Errors of reading a file.
    FileErrors: 400 401 403 404 500 503;
    /// Errors of taking an item away.
    DeleteErrors: 400 401 403 404 409 412 428 500 503;
}

fn problem(status: u16) -> RefOr<Response> {
    let description = match status {
        304 => return ResponseBuilder::new().description("Not modified: the caller has it already").build().into(),
        400 => "A parameter or the JSON cannot be read",
        401 => "No valid bearer token",
        403 => "The role does not have the right",
        404 => "There is no such thing, or the caller may not see it",
        408 => "The body stopped coming",
        409 => {
            "Other rows refer to it, its year is closed, or a request with the same Idempotency-Key is being worked on"
        }
        412 => "It is not at the revision the caller expects",
        413 => "The body is too long",
        415 => "The body is of another media type",
        422 => "The body breaks rules; every one of them is listed",
        428 => "Changing an existing item needs If-Match",
        503 => "The database is busy, with a large upload for one; Retry-After says when to try again",
        _ => "The service failed",
    };
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content(PROBLEM, content).build().into()
}
