//! What callers may ask of templates.

use std::future::{Ready, ready};

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev::Payload, get};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::upload_templates;
use crate::domain::period::Year;
use crate::domain::upload::kind::UploadKind;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, FileErrors};
use crate::http::error::ApiError;
use crate::http::file::{FileBytes, XLSX};
use crate::http::identity::{Caller, Read};
use crate::http::mount::Mount;
use crate::http::query::Query;

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(get_upload_template_csv).service(get_upload_template_xlsx);
}

/// Which year's lists a template offers.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TemplateOptions {
    /// The year whose economic classes are offered; this year where nothing is said.
    #[deserr(default)]
    pub year: Option<Year>,
}

/// Get a template as CSV
///
/// The head and one example row, which is recognised and left out if it is sent back.
#[utoipa::path(
    tag = "upload-templates",
    operation_id = "get_upload_template_csv",
    params(("kind" = UploadKind, Path, description = "What the rows are")),
    responses((status = 200, description = "The template", body = FileBytes, content_type = "text/csv"), FileErrors),
    security(("bearer" = ["read"])),
)]
#[get("/upload-templates/{kind}.csv")]
async fn get_upload_template_csv(_: Caller<Read>, kind: Kind) -> Answer {
    let bytes = upload_templates::csv(kind.0)?;
    Ok(answer::bytes(bytes, "text/csv; charset=utf-8", &format!("{}.csv", kind.0)))
}

/// Get a template as an Excel workbook
///
/// The head, one example row, and drop-down lists of units, indicators, classes and choices.
#[utoipa::path(
    tag = "upload-templates",
    operation_id = "get_upload_template_xlsx",
    params(("kind" = UploadKind, Path, description = "What the rows are"), TemplateOptions),
    responses((status = 200, description = "The template", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), FileErrors),
    security(("bearer" = ["read"])),
)]
#[get("/upload-templates/{kind}.xlsx")]
async fn get_upload_template_xlsx(
    caller: Caller<Read>,
    context: Data<Context>,
    kind: Kind,
    options: Query<TemplateOptions>,
) -> Answer {
    let year = options.0.year.map_or_else(|| context.today().map(|day| day.month().year()), Ok)?;
    let bytes = upload_templates::workbook(&context.store.view(), &caller.scope, kind.0, year).await?;
    Ok(answer::bytes(bytes, XLSX, &format!("{}.xlsx", kind.0)))
}

/// The `{kind}` of a path.
struct Kind(UploadKind);

impl FromRequest for Kind {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("kind");
        ready(text.parse().map(Self).map_err(|wrong| ApiError::parameter("kind", wrong, text)))
    }
}
