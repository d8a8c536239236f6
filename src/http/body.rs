//! What was sent: a JSON body or query parameters, read to the end so that every mistake is told at once.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use deserr::Deserr;
use serde_json::Value;

use super::error::ApiError;
use super::file::SILENCE;
use crate::domain::json::Once;
use crate::domain::violation::{Violations, Wrong, shortened};

/// The longest body of a single item, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;

/// The facts of an item, read from a JSON body.
#[derive(Debug)]
pub struct Facts<T>(pub T);

impl<T: Deserr<Violations> + 'static> FromRequest for Facts<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = media_type(request).is_some_and(|essence| essence == "application/json");
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            if !json {
                return Err(ApiError::MediaType("application/json"));
            }
            read(&received(payload.await.map_err(|_| ApiError::CutOff)?, SILENCE).await?).map(Self)
        })
    }
}

/// A body, whole within a time: it is short, so that a sender who takes longer has stopped.
async fn received(payload: web::Payload, within: Duration) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(within, payload.to_bytes_limited(MOST_BYTES)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(error))) => Err(cut_off(&error)),
        Ok(Err(_)) => Err(ApiError::TooLong(MOST_BYTES as u64)),
        Err(_) => Err(ApiError::Silent),
    }
}

/// The media type that a request says its body is of, without parameters.
pub(super) fn media_type(request: &HttpRequest) -> Option<String> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.and_then(|value| value.split(';').next()).map(|value| value.trim().to_lowercase())
}

fn cut_off(error: &actix_web::Error) -> ApiError {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => ApiError::TooLong(MOST_BYTES as u64),
        _ => ApiError::CutOff,
    }
}

/// Reads facts from JSON text.
///
/// # Errors
/// [`ApiError::Malformed`] or [`ApiError::Invalid`], the latter with everything that is wrong.
pub fn read<T: Deserr<Violations>>(json: &[u8]) -> Result<T, ApiError> {
    let Once(value) = serde_json::from_slice(json).map_err(|error| ApiError::Malformed(error.to_string()))?;
    deserr::deserialize::<T, _, Violations>(value).map_err(ApiError::Invalid)
}

/// The parameters as they stand in the address, each once.
pub(super) fn pairs(request: &HttpRequest) -> Result<Vec<(String, String)>, ApiError> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(request.query_string()).map_err(|error| {
        let wrong = Wrong::new("invalid_query", "查询串无法解析", format!("the query cannot be read: {error}"));
        ApiError::parameter("", wrong, request.query_string())
    })?;
    let mut broken = Violations::default();
    for (place, (name, _)) in pairs.iter().enumerate() {
        broken.require(!pairs[..place].iter().any(|(before, _)| before == name), || {
            Wrong::new("duplicate", "参数重复", "the parameter stands more than once")
                .at(format!("/{}", shortened(name)))
        });
    }
    broken.into_result().map(|()| pairs).map_err(ApiError::Parameters)
}

/// Reads parameters into a struct of words.
pub(super) fn read_pairs<T: Deserr<Violations>>(pairs: &[(String, String)]) -> Result<T, ApiError> {
    let map = pairs.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    deserr::deserialize(Value::Object(map)).map_err(ApiError::Parameters)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use futures_util::{StreamExt, stream};

    use super::*;

    #[actix_web::test]
    async fn a_body_that_stops_coming_is_not_waited_for() {
        let sent = |pieces: Vec<&'static [u8]>, stops: bool| {
            let silence = if stops { stream::pending().left_stream() } else { stream::empty().right_stream() };
            let pieces = stream::iter(pieces).map(|piece| Ok(Bytes::from_static(piece))).chain(silence);
            let mut payload = Payload::Stream { payload: pieces.boxed_local() };
            web::Payload::from_request(&TestRequest::default().to_http_request(), &mut payload).into_inner()
        };
        let within = Duration::from_millis(50);
        assert_eq!(
            received(sent(vec![b"{\"value\":", b"\"1\"}"], false).unwrap(), within).await.unwrap(),
            "{\"value\":\"1\"}"
        );
        let stopped = received(sent(vec![b"{\"value\":"], true).unwrap(), within).await.unwrap_err();
        assert!(matches!(stopped, ApiError::Silent), "{stopped}");
    }
}
