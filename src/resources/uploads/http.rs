//! How files are sent, and how receipts are read.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use deserr::Deserr;
use utoipa::IntoParams;

use super::asked::{Csv, Json, Ndjson, UploadOptions, UploadRows, Xlsx};
use super::files::{self, Back};
use super::record::answer;
use super::{Received, get, list, receive, reverse};
use crate::domain::upload::item::{Upload, UploadId};
use crate::domain::upload::kind::UploadKind;
use crate::domain::upload::receipt::{FileFormat, UploadState};
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self as answers, Answer, FileErrors, GetErrors, ListErrors, ReversalErrors, UploadErrors};
use crate::http::condition::Conditions;
use crate::http::error::ApiError;
use crate::http::file::{FileBytes, Sent, XLSX};
use crate::http::identity::{Caller, Read, Upload as MayUpload};
use crate::http::mount::Mount;
use crate::http::once::{self, Begin, Key};
use crate::http::page::{Paging, Present};
use crate::http::path::Id;
use crate::http::query::Query;

/// The longest that is done with a file, once it is there: one of two million rows takes two minutes and a half.
const LONGEST: Duration = Duration::from_mins(10);

crate::page! {
    /// A page of uploads.
    UploadPage of Upload
}

/// Which uploads.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadFilter {
    /// Only those of this kind.
    #[deserr(default)]
    pub kind: Option<UploadKind>,
    /// Only those that came to this.
    #[deserr(default)]
    pub state: Option<UploadState>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config
        .service(create_upload_csv)
        .service(create_upload_xlsx)
        .service(create_upload_ndjson)
        .service(create_upload_json)
        .service(list_uploads)
        .service(get_upload)
        .service(create_upload_reversal)
        .service(get_upload_rejected_csv)
        .service(get_upload_annotated_xlsx);
}

macro_rules! media_type {
    (Csv) => {
        "text/csv"
    };
    (Xlsx) => {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    };
    (Ndjson) => {
        "application/x-ndjson"
    };
    (Json) => {
        "application/json"
    };
}

/// Declares an endpoint that takes files of one format.
macro_rules! endpoint {
    ($(#[$about:meta])* $name:ident, $path:literal, $media:ident, $format:ident, $body:ty) => {
        $(#[$about])*
        #[utoipa::path(
            tag = "uploads",
            operation_id = stringify!($name),
            params(
                UploadOptions,
                ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, so that a retry is no second upload", max_length = 200),
            ),
            request_body(content = $body, content_type = media_type!($media)),
            responses(
                (status = 200, description = "A dry run, or the same file was taken before: its receipt", body = Upload),
                (status = 201, description = "It was taken, all of it or the right rows: the receipt", body = Upload, headers(("Location" = String, description = "Its address"))),
                UploadErrors,
            ),
            security(("bearer" = ["upload"])),
        )]
        #[post($path)]
        async fn $name(
            caller: Caller<MayUpload>,
            context: Data<Context>,
            key: Key,
            options: Query<UploadOptions>,
            sent: Sent<$media>,
        ) -> Answer {
            upload(caller, context, key, options.0, sent, FileFormat::$format).await
        }
    };
}

endpoint! {
    /// Upload a CSV file
    ///
    /// Commas, tabs or semicolons; UTF-8, GB18030 or UTF-16; the head in Chinese or English, in any order, under title rows.
    create_upload_csv, "/uploads/csv", Csv, Csv, FileBytes
}

endpoint! {
    /// Upload an Excel workbook
    ///
    /// The sheet with a head of the kind, or the one named; numbers as the cells show them.
    create_upload_xlsx, "/uploads/xlsx", Xlsx, Xlsx, FileBytes
}

endpoint! {
    /// Upload JSON lines
    ///
    /// An object a line, with the names of columns, or with `id` and `facts` as the API answers them.
    create_upload_ndjson, "/uploads/ndjson", Ndjson, Ndjson, FileBytes
}

endpoint! {
    /// Upload a JSON document
    ///
    /// The same rows in one document.
    create_upload_json, "/uploads/json", Json, Json, UploadRows
}

async fn upload<M>(
    caller: Caller<MayUpload>,
    context: Data<Context>,
    key: Key,
    options: UploadOptions,
    sent: Sent<M>,
    format: FileFormat,
) -> Answer {
    let turn = match key.begin(&context, &caller, &sent.sha256).await? {
        Begin::Work(turn) => turn,
        Begin::Answered(before) if before.status == StatusCode::UNPROCESSABLE_ENTITY.as_u16() => {
            let id = before.body.parse::<UploadId>().map_err(|wrong| ApiError::internal(wrong.en))?;
            let kept = get(&context.store.view(), &caller.scope, &id).await?;
            return Err(ApiError::Rejected { receipt: Box::new(kept.facts.receipt), replayed: true });
        }
        Begin::Answered(before) => return Ok(once::again(before)),
    };
    let parcel = options.parcel(&sent, format);
    let received = Box::pin(receive(&context, &caller, parcel, sent.file, &turn));
    match context.store.in_time(LONGEST, received).await? {
        Received::Before(kept) => {
            let mut response = HttpResponse::Ok();
            Ok(response.insert_header((once::REPLAYED, "true")).json(Upload::from(*kept)))
        }
        Received::Now(kept) if kept.facts.receipt.state == UploadState::Rejected => {
            Err(ApiError::Rejected { receipt: Box::new(kept.facts.receipt), replayed: false })
        }
        Received::Now(kept) => {
            let (status, location, body) = answer(&kept);
            let mut response = HttpResponse::build(status);
            if let Some(location) = location.filter(|_| status == StatusCode::CREATED) {
                response.insert_header((LOCATION, location));
            }
            Ok(response.content_type("application/json").body(body))
        }
    }
}

/// List uploads
///
/// Those sent by tokens of units that the caller may see, page by page, the oldest first.
#[utoipa::path(
    tag = "uploads",
    operation_id = "list_uploads",
    params(UploadFilter, Paging),
    responses((status = 200, description = "A page, in the order of the ids", body = UploadPage), ListErrors),
    security(("bearer" = ["read"])),
)]
#[get("/uploads")]
async fn list_uploads(caller: Caller<Read>, context: Data<Context>, listing: Present<UploadFilter>) -> Answer {
    let found = list(&context.store.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = UploadPage { items: found.into_iter().map(Upload::from).collect(), next };
    Ok(answers::page(&page, page.next.as_deref(), &listing))
}

/// Read an upload
///
/// Its signed receipt, and whether it was taken back.
#[utoipa::path(
    tag = "uploads",
    operation_id = "get_upload",
    params(
        ("id" = UploadId, Path, description = "The upload's id"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses(
        (status = 200, description = "The upload", body = Upload, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/uploads/{id}")]
async fn get_upload(
    caller: Caller<Read>,
    context: Data<Context>,
    request: HttpRequest,
    conditions: Conditions,
) -> Answer {
    // The endpoints that files are sent to look like ids.
    let text = request.match_info().query("id");
    if FileFormat::ALL.iter().any(|format| format.code() == text) {
        return Err(ApiError::MethodNotAllowed("POST".into()));
    }
    let id: UploadId = text.parse().map_err(|wrong| ApiError::parameter("id", wrong, text))?;
    let found = get(&context.store.view(), &caller.scope, &id).await?;
    let item = Upload::from(found);
    Ok(answers::item(&item, &answers::tag(item.revision), &conditions))
}

/// Take an upload back
///
/// Its rows become what they were before it. Those that somebody changed since, or that are frozen or in use, stay.
#[utoipa::path(
    tag = "uploads",
    operation_id = "create_upload_reversal",
    params(
        ("id" = UploadId, Path, description = "The upload's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, so that a retry is answered alike", max_length = 200),
    ),
    responses((status = 200, description = "It was taken back: the upload, with what stays", body = Upload), ReversalErrors),
    security(("bearer" = ["upload"])),
)]
#[post("/uploads/{id}/reversal")]
async fn create_upload_reversal(
    caller: Caller<MayUpload>,
    context: Data<Context>,
    key: Key,
    id: Id<UploadId>,
) -> Answer {
    match key.begin(&context, &caller, "").await? {
        Begin::Answered(before) => Ok(once::again(before)),
        Begin::Work(turn) => {
            let kept = context.store.in_time(LONGEST, reverse(&context, &caller, &id, &turn)).await?;
            Ok(HttpResponse::Ok().json(Upload::from(kept)))
        }
    }
}

/// Get rejected rows back as CSV
///
/// The rows that are not in, in their own columns, with 错误 saying why; UTF-8 with a byte order mark. Of an upload that
/// was rejected as a whole every row comes back.
#[utoipa::path(
    tag = "uploads",
    operation_id = "get_upload_rejected_csv",
    params(("id" = UploadId, Path, description = "The upload's id")),
    responses((status = 200, description = "The rows", body = FileBytes, content_type = "text/csv"), FileErrors),
    security(("bearer" = ["read"])),
)]
#[get("/uploads/{id}/rejected.csv")]
async fn get_upload_rejected_csv(caller: Caller<Read>, context: Data<Context>, id: Id<UploadId>) -> Answer {
    let view = context.store.view();
    let item = get(&view, &caller.scope, &id).await?;
    let file = files::back(&view, &item, Back::Rejected).await?;
    Ok(answers::file(file, "text/csv; charset=utf-8", &format!("rejected-{}.csv", id.0)))
}

/// Get the sheet back with errors marked
///
/// The sheet that was sent, at the same rows, with wrong cells coloured and 错误 saying why.
#[utoipa::path(
    tag = "uploads",
    operation_id = "get_upload_annotated_xlsx",
    params(("id" = UploadId, Path, description = "The upload's id")),
    responses((status = 200, description = "The workbook", body = FileBytes, content_type = media_type!(Xlsx)), FileErrors),
    security(("bearer" = ["read"])),
)]
#[get("/uploads/{id}/annotated.xlsx")]
async fn get_upload_annotated_xlsx(caller: Caller<Read>, context: Data<Context>, id: Id<UploadId>) -> Answer {
    let view = context.store.view();
    let item = get(&view, &caller.scope, &id).await?;
    let file = files::back(&view, &item, Back::Annotated).await?;
    Ok(answers::file(file, XLSX, &format!("annotated-{}.xlsx", id.0)))
}
