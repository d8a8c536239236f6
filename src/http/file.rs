//! A file that is sent: received to its end before anything is done with it, on disk and not in memory.
//!
//! A connection that breaks leaves nothing behind: the file has no name, and nothing was begun.

use std::fs::File;
use std::future::Future;
use std::io::{Seek, Write};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use aws_lc_rs::digest::{Context as Digest, SHA256};
use futures_util::StreamExt;

use super::Context;
use super::body::media_type;
use super::error::ApiError;

/// How long a sender may be silent: lines are bad, but nobody waits for ever.
pub(super) const SILENCE: Duration = Duration::from_mins(2);

/// The media type of an Excel workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The bytes of a file.
#[derive(Debug)]
pub struct FileBytes;

impl utoipa::PartialSchema for FileBytes {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl utoipa::ToSchema for FileBytes {}

/// A page of HTML, for the document: text, which some generators decode before anybody asks.
#[derive(Debug)]
pub struct PageText;

impl utoipa::PartialSchema for PageText {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(100_000_000)).into()
    }
}

impl utoipa::ToSchema for PageText {}

/// The media types of an endpoint.
pub trait Media: 'static {
    /// The one the document names.
    const NAMED: &'static str;
    /// Others that programs send the same files with.
    const ALSO: &'static [&'static str];
}

/// A file received whole.
#[derive(Debug)]
pub struct Sent<M> {
    /// The bytes, from the first on.
    pub file: File,
    /// How many.
    pub bytes: u64,
    /// Their SHA-256, hexadecimal.
    pub sha256: String,
    media: PhantomData<M>,
}

impl<M: Media> FromRequest for Sent<M> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let said = media_type(request).unwrap_or_default();
        let known = said == M::NAMED || M::ALSO.contains(&said.as_str());
        let most = request.app_data::<web::Data<Context>>().map(|context| context.longest_file);
        let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let payload = payload.take();
        Box::pin(async move {
            let most = most.ok_or_else(|| ApiError::internal("the context is not mounted".into()))?;
            if !known {
                return Err(ApiError::MediaType(M::NAMED));
            }
            if length.is_some_and(|length| length > most) {
                return Err(ApiError::TooLong(most));
            }
            receive(payload, most).await
        })
    }
}

async fn receive<M>(mut payload: Payload, most: u64) -> Result<Sent<M>, ApiError> {
    let failed = |error: std::io::Error| ApiError::internal(format!("the temporary file: {error}"));
    let mut file = tempfile::tempfile().map_err(failed)?;
    let (mut digest, mut bytes) = (Digest::new(&SHA256), 0);
    loop {
        let piece = match tokio::time::timeout(SILENCE, payload.next()).await {
            Err(_) => return Err(ApiError::Silent),
            Ok(None) => break,
            Ok(Some(piece)) => piece.map_err(|_| ApiError::CutOff)?,
        };
        bytes += piece.len() as u64;
        if bytes > most {
            return Err(ApiError::TooLong(most));
        }
        digest.update(&piece);
        file.write_all(&piece).map_err(failed)?;
    }
    file.rewind().map_err(failed)?;
    Ok(Sent { file, bytes, sha256: hexadecimal(digest.finish().as_ref()), media: PhantomData })
}

/// Bytes as hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
