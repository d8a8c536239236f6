//! What went wrong, as problem details (RFC 9457) in the caller's language.
//!
//! Handlers return an [`ApiError`]; [`render`] makes a body of it, because only there the request is at hand.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use tracing_actix_web::RequestId;
use utoipa::ToSchema;

use super::Context;
use super::identity::{Lack, Role};
use super::language::prefers_english;
use crate::domain::frozen::Frozen;
use crate::domain::upload::receipt::{Receipt, ReceiptError};
use crate::domain::violation::{Violation, Violations, Wrong, shortened};
use crate::store;

/// The media type of a problem.
pub const PROBLEM: &str = "application/problem+json";

/// The header that carries the request's id, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// At most so many errors are spelled out; `errors_total` counts them all.
const MOST_ERRORS: usize = 100;

/// A failed request. A cause is for the log alone.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No token, or none that counts: `missing`, `expired`, `invalid`, `role`, `unit`.
    #[error("not authenticated: {0}")]
    Unauthenticated(&'static str),
    /// The role does not have the right.
    #[error("role {role} lacks the right to {}", needs.1)]
    Forbidden {
        /// The caller's role.
        role: Role,
        /// What it lacks.
        needs: Lack,
    },
    /// There is no such thing, or the caller may not see it.
    #[error("not found")]
    NotFound,
    /// The path has other methods; they are listed.
    #[error("method not allowed")]
    MethodNotAllowed(String),
    /// Path or query parameters that cannot be read; the pointer of each violation is the parameter's name.
    #[error("bad parameters")]
    Parameters(Violations),
    /// The body is not JSON.
    #[error("malformed JSON: {0}")]
    Malformed(String),
    /// The body is of another media type than this one.
    #[error("unsupported media type")]
    MediaType(&'static str),
    /// The body is too long.
    #[error("the body is longer than {0} bytes")]
    TooLong(u64),
    /// The body was cut off.
    #[error("the body did not arrive whole")]
    CutOff,
    /// The body stopped coming.
    #[error("the body stopped coming")]
    Silent,
    /// The body breaks rules.
    #[error("{} rules are broken", .0.0.len())]
    Invalid(Violations),
    /// The item is at another revision.
    #[error("stale")]
    Stale,
    /// The caller must say which revision they read.
    #[error("revision required")]
    RevisionRequired,
    /// Other rows refer to it.
    #[error("in use")]
    InUse,
    /// A request with the same `Idempotency-Key` is being worked on.
    #[error("in flight")]
    InFlight,
    /// The `Idempotency-Key` was used for another request.
    #[error("the key was used for another request")]
    KeyReused,
    /// Nothing of an upload is in; its receipt is kept.
    #[error("upload {} was rejected", receipt.upload)]
    Rejected {
        /// The receipt.
        receipt: Box<Receipt>,
        /// Whether this was answered before.
        replayed: bool,
    },
    /// The row belongs to a year that is closed.
    #[error("frozen: {0:?}")]
    Frozen(Frozen),
    /// What is asked for was done before.
    #[error("already done")]
    AlreadyDone,
    /// Other writers kept the database longer than anybody should wait.
    #[error("busy")]
    Busy,
    /// Something is in a state in which this is not done.
    #[error("`{}` is not done while it is `{}`", action.1, state.1)]
    WrongState {
        /// The state it is in, in Chinese and English.
        state: Lack,
        /// What was to be done, likewise.
        action: Lack,
    },
    /// The service failed.
    #[error("internal: {0}")]
    Internal(String),
}

impl ApiError {
    /// A failure of the service itself.
    pub fn internal(cause: String) -> Self {
        Self::Internal(cause)
    }

    /// A parameter that cannot be read.
    pub fn parameter(name: &str, wrong: Wrong, value: &str) -> Self {
        Self::Parameters(Violations(vec![wrong.at(format!("/{name}")).showing(value)]))
    }

    /// The one table of statuses, codes and titles.
    fn row(&self) -> (StatusCode, &'static str, &'static str, &'static str) {
        match self {
            Self::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthenticated", "未认证", "Not authenticated"),
            Self::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden", "没有权限", "Not allowed"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "不存在", "Not found"),
            Self::MethodNotAllowed(_) => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "不支持该方法", "Method not allowed")
            }
            Self::Parameters(_) => (StatusCode::BAD_REQUEST, "invalid_parameters", "参数有误", "Bad parameters"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed_json", "JSON 格式错误", "Malformed JSON"),
            Self::CutOff => (StatusCode::BAD_REQUEST, "incomplete_body", "请求体不完整", "Incomplete body"),
            Self::Silent => (StatusCode::REQUEST_TIMEOUT, "body_stopped", "请求体中断", "The body stopped"),
            Self::MediaType(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "媒体类型不对", "Unsupported media type")
            }
            Self::TooLong(_) => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_long", "请求体过长", "Body too long"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "内容有误", "Invalid content"),
            Self::Stale => (StatusCode::PRECONDITION_FAILED, "stale", "版本已变", "Changed meanwhile"),
            Self::RevisionRequired => {
                (StatusCode::PRECONDITION_REQUIRED, "revision_required", "须注明版本", "Revision required")
            }
            Self::InUse => (StatusCode::CONFLICT, "in_use", "仍被引用", "In use"),
            Self::InFlight => (StatusCode::CONFLICT, "in_flight", "正在处理", "Being worked on"),
            Self::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "key_reused", "幂等键已被使用", "Key used before"),
            Self::Rejected { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "upload_rejected", "未接收", "Upload rejected"),
            Self::Frozen(_) => (StatusCode::CONFLICT, "frozen", "已冻结", "Frozen"),
            Self::WrongState { .. } => (StatusCode::CONFLICT, "wrong_state", "状态不符", "Wrong state"),
            Self::AlreadyDone => (StatusCode::CONFLICT, "already_done", "已经办过", "Already done"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "服务繁忙", "Busy"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "服务内部错误", "Internal error"),
        }
    }

    /// The sentence for the caller, in Chinese and English.
    fn detail(&self) -> (String, String) {
        let fixed = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
        match self {
            Self::Unauthenticated("missing") => {
                fixed("请在 Authorization 头中提供 Bearer 令牌", "send a bearer token in the Authorization header")
            }
            Self::Unauthenticated("expired") => fixed("令牌已过期，请换新令牌", "the token has expired; get a new one"),
            Self::Unauthenticated(_) => fixed("令牌无效", "the token is not valid here"),
            Self::Forbidden { role, needs } => (
                format!("“{}”角色的这个令牌无权{}", role.zh(), needs.0),
                format!("this token of role `{role}` does not have the right to {}", needs.1),
            ),
            Self::NotFound => {
                fixed("没有这个资源，或不在您的权限范围内", "there is no such thing, or you may not see it")
            }
            Self::MethodNotAllowed(allowed) => {
                (format!("该路径只支持 {allowed}"), format!("this path has only {allowed}"))
            }
            Self::Parameters(broken) => {
                let number = broken.0.len();
                (format!("{number} 个参数有误"), format!("{number} parameter(s) cannot be read"))
            }
            Self::Malformed(why) => {
                let why = shortened(why);
                (format!("请求体不是合法的 JSON：{why}"), format!("the body is not valid JSON: {why}"))
            }
            Self::Silent => fixed("请求体长时间没有新内容，请重新发送", "the body stopped coming; send it again"),
            Self::CutOff => fixed("请求体没有传完", "the body did not arrive whole"),
            Self::MediaType(wanted) => {
                (format!("请使用 Content-Type: {wanted}"), format!("send Content-Type: {wanted}"))
            }
            Self::TooLong(most) => (format!("请求体超过 {most} 字节"), format!("the body is longer than {most} bytes")),
            Self::Invalid(broken) => {
                let number = broken.0.len();
                (format!("{number} 处内容有误"), format!("{number} thing(s) in the body are wrong"))
            }
            Self::Stale => fixed(
                "该条目已被他人修改，请重新读取后再试",
                "the item is not at the revision you expect; read it again",
            ),
            Self::RevisionRequired => fixed(
                "修改已有条目须带 If-Match，其值为读取时的 ETag",
                "to change an existing item send If-Match with the ETag you read",
            ),
            Self::InFlight => fixed(
                "同一个 Idempotency-Key 的请求正在处理，请稍后重试",
                "a request with this Idempotency-Key is being worked on; try again shortly",
            ),
            Self::KeyReused => fixed(
                "这个 Idempotency-Key 已用于内容不同的请求，请换一个",
                "this Idempotency-Key was used for another request; choose a new one",
            ),
            Self::Rejected { receipt, .. } => {
                let (rows, errors) = (receipt.received, receipt.errors_total);
                (
                    format!("{rows} 行均未接收，共 {errors} 处错误"),
                    format!("none of {rows} row(s) is in; {errors} error(s)"),
                )
            }
            Self::Frozen(why) => why.sentences(),
            Self::WrongState { state, action } => (
                format!("当前为“{}”，不能{}", state.0, action.0),
                format!("`{}` is not done while it is `{}`", action.1, state.1),
            ),
            Self::AlreadyDone => fixed("这个批次已经撤回过", "this upload was taken back before"),
            Self::InUse => fixed("其他数据仍引用它，请先处理", "other rows refer to it; deal with them first"),
            Self::Busy => fixed("数据库正忙，请稍后重试", "the database is busy; try again shortly"),
            Self::Internal(_) => fixed("服务出错，可稍后重试", "the service failed; the request may be repeated"),
        }
    }

    /// The sentence for the caller, in Chinese and English.
    pub fn sentences(&self) -> (String, String) {
        self.detail()
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Parameters(broken) | Self::Invalid(broken) => &broken.0,
            _ => &[],
        }
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Stale => Self::Stale,
            store::Error::RevisionRequired => Self::RevisionRequired,
            store::Error::InUse => Self::InUse,
            store::Error::Busy => Self::Busy,
            other => Self::Internal(format!("{other}")),
        }
    }
}

impl From<Violations> for ApiError {
    fn from(broken: Violations) -> Self {
        Self::Invalid(broken)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.row().0
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

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
pub(super) fn request_id(request: &HttpRequest) -> String {
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
    let response = next.call(request).await?.map_into_boxed_body();
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
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(response)
}

fn answer(error: &ApiError, request_id: &str, english: bool) -> HttpResponse {
    let (status, code, title_zh, title_en) = error.row();
    if let ApiError::Internal(cause) = error {
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
        ApiError::InFlight | ApiError::Busy => {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        ApiError::MethodNotAllowed(allowed) => {
            response.insert_header((header::ALLOW, allowed.as_str()));
        }
        _ => {}
    }
    response.insert_header((header::VARY, "Accept-Language"));
    response.content_type(PROBLEM).json(problem)
}
