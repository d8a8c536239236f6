//! What went wrong: what handlers return. [`super::problem`] makes a body of it.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use super::identity::{Lack, Role};
use crate::domain::frozen::Frozen;
use crate::domain::upload::receipt::Receipt;
use crate::domain::violation::{Violation, Violations, Wrong, shortened};
use crate::store;

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
    /// Others were quicker, or spoiled what was shared; nothing of the change is there.
    #[error("others were quicker")]
    Outrun,
    /// The database is not there, or is going.
    #[error("the database is away: {0}")]
    Away(String),
    /// It took longer than anything should.
    #[error("too slow")]
    Slow,
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
    pub(super) fn row(&self) -> (StatusCode, &'static str, &'static str, &'static str) {
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
            Self::Busy | Self::Outrun => (StatusCode::SERVICE_UNAVAILABLE, "busy", "服务繁忙", "Busy"),
            Self::Away(_) => (StatusCode::SERVICE_UNAVAILABLE, "database_away", "数据库不可用", "Database away"),
            Self::Slow => (StatusCode::SERVICE_UNAVAILABLE, "too_slow", "处理超时", "Took too long"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "服务内部错误", "Internal error"),
        }
    }

    /// The sentence for the caller, in Chinese and English.
    pub(super) fn detail(&self) -> (String, String) {
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
            Self::Busy | Self::Outrun => fixed("数据库正忙，请稍后重试", "the database is busy; try again shortly"),
            Self::Away(_) => {
                fixed("数据库暂时不可用，请稍后重试", "the database is away for a while; try again shortly")
            }
            Self::Slow => fixed("处理超时，请缩小范围后重试", "it took too long; ask for less, or try again"),
            Self::Internal(_) => fixed("服务出错，可稍后重试", "the service failed; the request may be repeated"),
        }
    }

    /// The sentence for the caller, in Chinese and English.
    pub fn sentences(&self) -> (String, String) {
        self.detail()
    }

    pub(super) fn violations(&self) -> &[Violation] {
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
            store::Error::Outrun => Self::Outrun,
            store::Error::Away(cause) => Self::Away(cause),
            store::Error::Slow => Self::Slow,
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
