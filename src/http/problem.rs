//! Problem details (RFC 9457) in the caller's language.
//!
//! Handlers return an [`ApiError`]; [`render`] makes a body of it, because only there the request is at hand.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use serde::Serialize;
use tracing_actix_web::RequestId;
use utoipa::ToSchema;

use super::Context;
use super::error::ApiError;
use super::language::prefers_english;
use crate::domain::upload::receipt::ReceiptError;
use crate::domain::violation::Violation;

/// The media type of a problem.
pub const PROBLEM: &str = "application/problem+json";

/// The header that carries the request's id, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// At most so many errors are spelled out; `errors_total` counts them all.
const MOST_ERRORS: usize = 100;

/// One thing that is wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemError {
    /// Stable code to match on.
    #[schema(max_length = 60)]
    pub code: String,
    /// JSON pointer to the wrong value in the body; empty for the body as a whole, null for a parameter.
    #[schema(max_length = 1000)]
    pub pointer: Option<String>,
    /// Name of the wrong path or query parameter; null for a value in the body.
    #[schema(max_length = 1000)]
    pub parameter: Option<String>,
    /// Row of an uploaded file as Excel numbers it; null elsewhere.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub row: Option<i32>,
    /// Letter of its column; null elsewhere.
    #[schema(max_length = 3)]
    pub column: Option<String>,
    /// Heading of its column; null elsewhere.
    #[schema(max_length = 100)]
    pub header: Option<String>,
    /// What was sent, shortened.
    #[schema(max_length = 100)]
    pub value: Option<String>,
    /// What is wrong, in Chinese.
    #[schema(max_length = 2000)]
    pub detail_zh: String,
    /// What is wrong, in English.
    #[schema(max_length = 2000)]
    pub detail_en: String,
}

/// A problem (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// A URI for the kind of problem; `about:blank` means that the status says it all.
    #[schema(max_length = 200, example = "about:blank")]
    pub r#type: String,
    /// The kind of problem in the caller's language.
    #[schema(max_length = 200)]
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: i32,
    /// This problem in the caller's language (`Accept-Language`, Chinese by default).
    #[schema(max_length = 2000)]
    pub detail: String,
    /// Stable code to match on.
    #[schema(max_length = 60)]
    pub code: String,
    /// The request's id; tell it to whoever runs the service.
    #[schema(max_length = 100)]
    pub request_id: String,
    /// Everything that is wrong with body or parameters, at most a hundred.
    #[schema(max_items = 100)]
    pub errors: Vec<ProblemError>,
    /// How many there are.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub errors_total: i32,
    /// The upload that was rejected, whose receipt and rows can be read; null elsewhere.
    #[schema(max_length = 36)]
    pub upload: Option<String>,
}

impl From<ReceiptError> for ProblemError {
    fn from(error: ReceiptError) -> Self {
        let ReceiptError { row, column, header, code, value, detail_zh, detail_en } = error;
        Self { code, pointer: None, parameter: None, row, column, header, value, detail_zh, detail_en }
    }
}

/// The request's id: the caller's own where it sent a sensible one, otherwise ours.
pub fn request_id(request: &HttpRequest) -> String {
    let sent = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let sensible = |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    sent.filter(sensible).map_or_else(
        || request.extensions().get::<RequestId>().map_or_else(String::new, ToString::to_string),
        str::to_owned,
    )
}

/// Middleware: gives every answer its request id, and every error its body.
///
/// # Errors
/// Those of the inner services that are no answers.
pub async fn render(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let id = request_id(request.request());
    let english = prefers_english(request.request());
    let called = next.call(request).await;
    let response = called.map_err(|error| given_up(error, &id, english))?.map_into_boxed_body();
    let answer = response.response().error().map(|error| match error.as_error::<ApiError>() {
        Some(error) => {
            let (status, code, ..) = error.row();
            if let Some(context) = response.request().app_data::<Data<Context>>() {
                context.refusals.note(response.request(), status, code, &id, (context.now)());
            }
            answer(error, &id, english)
        }
        None => answer(&ApiError::Internal(error.to_string()), &id, english),
    });
    let mut response = match answer {
        Some(answer) => response.into_response(answer),
        None => response,
    };
    name(response.headers_mut(), &id);
    Ok(response)
}

/// Gives an answer its request's id.
fn name(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
}

/// A request that was given up before it was answered is told so like others.
fn given_up(error: actix_web::Error, id: &str, english: bool) -> actix_web::Error {
    let Some(own) = error.as_error::<ApiError>() else { return error };
    let mut response = answer(own, id, english);
    name(response.headers_mut(), id);
    InternalError::from_response(own.to_string(), response).into()
}

fn answer(error: &ApiError, request_id: &str, english: bool) -> HttpResponse {
    let (status, code, title_zh, title_en) = error.row();
    if let ApiError::Internal(cause) | ApiError::Away(cause) = error {
        tracing::error!(cause, request_id, "request failed");
    }
    let in_body = !matches!(error, ApiError::Parameters(_));
    let describe = |one: &Violation| {
        let Violation { code, pointer, value, zh, en } = one.clone();
        let name = pointer.trim_start_matches('/').to_owned();
        let (pointer, parameter) = if in_body { (Some(pointer), None) } else { (None, Some(name)) };
        let (row, column, header) = (None, None, None);
        ProblemError { code: code.into(), pointer, parameter, row, column, header, value, detail_zh: zh, detail_en: en }
    };
    let violations = error.violations();
    let (errors, errors_total, upload) = if let ApiError::Rejected { receipt, .. } = error {
        let errors = receipt.errors.iter().cloned().map(ProblemError::from).collect();
        (errors, receipt.errors_total, Some(receipt.upload.to_string()))
    } else {
        let errors = violations.iter().take(MOST_ERRORS).map(describe).collect();
        (errors, i32::try_from(violations.len()).unwrap_or(i32::MAX), None)
    };
    let (zh, en) = error.detail();
    let problem = Problem {
        r#type: "about:blank".into(),
        title: if english { title_en } else { title_zh }.into(),
        status: status.as_u16().into(),
        detail: if english { en } else { zh },
        code: code.into(),
        request_id: request_id.into(),
        errors,
        errors_total,
        upload,
    };
    let mut response = HttpResponse::build(status);
    match error {
        ApiError::Unauthenticated(_) => {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"jixiao\""));
        }
        ApiError::Rejected { replayed: true, .. } => {
            response.insert_header((super::once::REPLAYED, "true"));
        }
        ApiError::InFlight | ApiError::Busy | ApiError::Outrun => {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        ApiError::Away(_) | ApiError::Slow => {
            response.insert_header((header::RETRY_AFTER, "5"));
        }
        ApiError::MethodNotAllowed(allowed) => {
            response.insert_header((header::ALLOW, allowed.as_str()));
        }
        _ => {}
    }
    response.insert_header((header::VARY, "Accept-Language"));
    response.content_type(PROBLEM).json(problem)
}
