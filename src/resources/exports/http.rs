//! How exports are asked for.

use std::future::{Ready, ready};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, get};
use deserr::Deserr;
use utoipa::IntoParams;

use super::export;
use crate::domain::codes::UnitCode;
use crate::domain::export::ExportFormat;
use crate::domain::kept::Resource;
use crate::domain::violation::{Violations, Wrong};
use crate::http::Context;
use crate::http::answer::{Answer, ListErrors};
use crate::http::error::ApiError;
use crate::http::file::FileBytes;
use crate::http::identity::{Caller, Read};
use crate::http::mount::Mount;
use crate::http::query::Query;

/// Which rows.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportOptions {
    /// Only those of this unit and those below it.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_export_ndjson).service(list_export_csv);
}

/// Export a collection as JSON lines
///
/// All rows the caller may see, as they stand at one number of the journal, a row a line: `id`, `revision`, `facts`. The last
/// line is `{"end": {"rows", "at", "digest"}}`; without it the file is not whole.
#[utoipa::path(
    tag = "exports",
    operation_id = "list_export_ndjson",
    params(("resource" = Resource, Path, description = "The collection; webhooks are not exported"), ExportOptions),
    responses((status = 200, description = "A row a line, the oldest revision first", body = FileBytes, content_type = "application/x-ndjson"), ListErrors),
    security(("bearer" = ["read"])),
)]
#[get("/exports/{resource}.ndjson")]
async fn list_export_ndjson(
    caller: Caller<Read>,
    context: Data<Context>,
    collection: Collection,
    options: Query<ExportOptions>,
) -> Answer {
    send(context, caller, collection, options.0, ExportFormat::Ndjson).await
}

/// Export a collection as CSV
///
/// The same as a table in UTF-8 with the mark that Excel knows it by: `id`, `revision`, then the fields by their names,
/// amounts in 元, lists as JSON. Text that a spreadsheet would compute is preceded by an apostrophe. The last line is
/// `# rows=… at=… digest=…`; without it the file is not whole.
#[utoipa::path(
    tag = "exports",
    operation_id = "list_export_csv",
    params(("resource" = Resource, Path, description = "The collection; webhooks are not exported"), ExportOptions),
    responses((status = 200, description = "A row a line, the oldest revision first", body = FileBytes, content_type = "text/csv"), ListErrors),
    security(("bearer" = ["read"])),
)]
#[get("/exports/{resource}.csv")]
async fn list_export_csv(
    caller: Caller<Read>,
    context: Data<Context>,
    collection: Collection,
    options: Query<ExportOptions>,
) -> Answer {
    send(context, caller, collection, options.0, ExportFormat::Csv).await
}

async fn send(
    context: Data<Context>,
    caller: Caller<Read>,
    collection: Collection,
    options: ExportOptions,
    format: ExportFormat,
) -> Answer {
    let Collection(resource) = collection;
    let media = match format {
        ExportFormat::Ndjson => "application/x-ndjson",
        ExportFormat::Csv => "text/csv; charset=utf-8",
    };
    let rows = export(context, caller.scope, (resource, format, options.unit)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{resource}.{format}\"")))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .streaming(Box::pin(rows)))
}

/// The `{resource}` of a path. Who is told of changes is no row to be exported.
struct Collection(Resource);

impl FromRequest for Collection {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("resource");
        let read = text.parse::<Resource>().and_then(|resource| match resource {
            Resource::Webhooks => Err(Wrong::new("not_exported", "推送订阅不能导出", "webhooks are not exported")),
            other => Ok(other),
        });
        ready(read.map(Self).map_err(|wrong| ApiError::parameter("resource", wrong, text)))
    }
}
