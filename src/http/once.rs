//! Once is once: `Idempotency-Key` on every POST (draft-ietf-httpapi-idempotency-key-header).
//!
//! The answer is written in the transaction of the work. The same key and request again is given that answer; with
//! another request the key is refused; while the first is being worked on, the second is told to wait.

use std::collections::HashSet;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

use super::Context;
use super::error::ApiError;
use super::file::hexadecimal;
use super::identity::Caller;
use crate::domain::violation::Wrong;
use crate::store::remembered::{Remembered, Request};
use crate::store::write::Write;

/// The header with the key a caller chose.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that says that an answer was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The longest key, in characters.
const MOST: usize = 200;

/// The key of a request, and what the request is.
#[derive(Debug, Clone)]
pub struct Key {
    chosen: Option<String>,
    operation: String,
    query: String,
}

impl FromRequest for Key {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let operation = format!("{} {}", request.method(), request.path());
        let query = request.query_string().to_owned();
        let sent = request.headers().get(IDEMPOTENCY_KEY).map(|value| value.to_str().unwrap_or_default());
        let fits = |key: &str| (1..=MOST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        ready(match sent {
            Some(key) if !fits(key) => {
                let zh = format!("应为 1 至 {MOST} 个可见的 ASCII 字符");
                let en = format!("must be 1 to {MOST} visible ASCII characters");
                Err(ApiError::parameter("Idempotency-Key", Wrong::new("invalid_key", zh, en), key))
            }
            key => Ok(Self { chosen: key.map(str::to_owned), operation, query }),
        })
    }
}

/// The requests with a key that are being worked on in this process.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<Request>>>);

/// A request that is being worked on; when it is dropped, it no longer is.
#[derive(Debug)]
struct Flight {
    all: InFlight,
    request: Request,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.request);
    }
}

/// The right to do the work of a request, once.
#[derive(Debug)]
pub struct Turn {
    flight: Option<Flight>,
    fingerprint: String,
}

/// Whether there is work to do.
#[derive(Debug)]
pub enum Begin {
    /// Yes.
    Work(Turn),
    /// No: it was done, and this was the answer.
    Answered(Remembered),
}

impl Key {
    /// What is asked: method, path and query.
    pub fn asked(&self) -> String {
        let Self { operation, query, .. } = self;
        let asked = if query.is_empty() { operation.clone() } else { format!("{operation}?{query}") };
        asked.chars().take(400).collect()
    }

    /// Begins the work of a request whose body has this digest.
    ///
    /// # Errors
    /// [`ApiError::InFlight`], [`ApiError::KeyReused`], or the database's.
    pub async fn begin<P>(self, context: &Context, caller: &Caller<P>, body: &str) -> Result<Begin, ApiError> {
        let Self { chosen, operation, query } = self;
        let fingerprint = hexadecimal(digest(&SHA256, format!("{query}\n{body}").as_bytes()).as_ref());
        let Some(key) = chosen else { return Ok(Begin::Work(Turn { flight: None, fingerprint })) };
        let scope = caller.scope.top().map_or_else(String::new, ToString::to_string);
        let request = Request { caller: format!("{}:{scope}", caller.subject), operation, key };
        let all = context.in_flight.clone();
        if !all.0.lock().unwrap_or_else(PoisonError::into_inner).insert(request.clone()) {
            return Err(ApiError::InFlight);
        }
        // From here on it is taken out again, whatever happens.
        let flight = Flight { all, request };
        match context.store.view().remembered(&flight.request).await? {
            Some(answer) if answer.fingerprint == fingerprint => Ok(Begin::Answered(answer)),
            Some(_) => Err(ApiError::KeyReused),
            None => Ok(Begin::Work(Turn { flight: Some(flight), fingerprint })),
        }
    }
}

impl Turn {
    /// Remembers the answer, in the transaction of the work.
    ///
    /// # Errors
    /// [`ApiError::InFlight`] where another replica has done the same work; or the database's.
    pub async fn remember(
        &self,
        write: &Write,
        context: &Context,
        status: StatusCode,
        location: Option<&str>,
        body: &str,
    ) -> Result<(), ApiError> {
        let Some(flight) = &self.flight else { return Ok(()) };
        if write.view().remembered(&flight.request).await?.is_some() {
            return Err(ApiError::InFlight);
        }
        let answer = Remembered {
            fingerprint: self.fingerprint.clone(),
            status: status.as_u16(),
            location: location.map(str::to_owned),
            body: body.to_owned(),
        };
        Ok(write.remember(flight.request.clone(), answer, (context.now)()).await?)
    }
}

/// Does the work of a POST once: the same key and body again is given the same answer.
///
/// # Errors
/// Those of the work; [`ApiError::InFlight`], [`ApiError::KeyReused`], or the database's.
pub async fn answered<P, T: Serialize>(
    context: &Context,
    caller: &Caller<P>,
    (key, body): (Key, &impl Serialize),
    status: StatusCode,
    work: impl AsyncFnOnce(&mut Write) -> Result<T, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let text = |value: Result<String, serde_json::Error>| value.map_err(|error| ApiError::internal(error.to_string()));
    let turn = match key.begin(context, caller, &text(serde_json::to_string(body))?).await? {
        Begin::Answered(before) => return Ok(again(before)),
        Begin::Work(turn) => turn,
    };
    let mut write = context.begin(caller).await?;
    let done = text(serde_json::to_string(&work(&mut write).await?))?;
    turn.remember(&write, context, status, None, &done).await?;
    write.commit().await?;
    Ok(HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(done))
}

/// An answer that was given before, where it was no error.
pub fn again(answer: Remembered) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK));
    if let Some(location) = answer.location {
        response.insert_header((LOCATION, location));
    }
    response
        .insert_header((REPLAYED, "true"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(answer.body)
}
