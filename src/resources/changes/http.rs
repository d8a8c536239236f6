//! How changes are followed, and snapshots read.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use deserr::Deserr;
use utoipa::IntoParams;

use super::{changes, snapshot};
use crate::domain::chain::Digest;
use crate::domain::codes::UnitCode;
use crate::domain::entry::{Change, Changes, SnapshotPage};
use crate::domain::kept::Resource;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{Answer, ListErrors};
use crate::http::error::ApiError;
use crate::http::file::FileBytes;
use crate::http::identity::{Caller, Read, Scope};
use crate::http::mount::Mount;
use crate::http::query::{Limit, Query, Sequence, Whole};

/// How often it is looked whether there is something new while a caller waits.
const LOOK: Duration = Duration::from_millis(200);

/// The header with the number to go on after, where the body has no place for it.
const NEXT: &str = "jixiao-next";
const DIGEST: &str = "jixiao-digest";

/// Which changes.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeOptions {
    /// Only those after this number of the journal: the `next` of the answer before, or the `at` of a snapshot.
    #[deserr(default)]
    #[param(value_type = Option<i64>, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub after: Option<Sequence>,
    /// The `digest` that came with that number: 400 `other_journal` where the journal is not the one it came from.
    #[deserr(default)]
    pub digest: Option<Digest>,
    /// How many, 100 where nothing is said.
    #[deserr(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<Limit>,
    /// Only those of this resource.
    #[deserr(default)]
    pub resource: Option<Resource>,
    /// Only those of this unit and those below it.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// How many seconds to wait for a change where there is none yet.
    #[deserr(default)]
    #[param(value_type = Option<i64>, minimum = 0, maximum = 30, default = 0)]
    pub wait: Option<Whole<0, 30>>,
}

/// Which rows of a snapshot.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SnapshotOptions {
    /// The number of the journal to stand at; the newest where nothing is said. Further pages say the `at` of the first.
    #[deserr(default)]
    #[param(value_type = Option<i64>, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub at: Option<Sequence>,
    /// Only rows after this revision: the `next` of the page before.
    #[deserr(default)]
    #[param(value_type = Option<i64>, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub after: Option<Sequence>,
    /// How many, 100 where nothing is said.
    #[deserr(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<Limit>,
    /// Only those of this resource.
    #[deserr(default)]
    pub resource: Option<Resource>,
    /// Only those of this unit and those below it.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_changes_ndjson).service(list_changes).service(list_snapshot_rows);
    super::history::mount(config);
}

/// Follow changes
///
/// Every change the caller may see, in the order in which they became true, each once. With `wait` the answer comes as
/// soon as there is one. `next` is where to go on, also after an empty answer.
#[utoipa::path(
    tag = "changes",
    operation_id = "list_changes",
    params(ChangeOptions),
    responses((status = 200, description = "The changes, oldest first", body = Changes), ListErrors),
    security(("bearer" = ["read"])),
)]
#[get("/changes")]
async fn list_changes(caller: Caller<Read>, context: Data<Context>, options: Query<ChangeOptions>) -> Answer {
    let found = followed(&context, &caller.scope, options.0).await?;
    Ok(fresh().json(found))
}

/// Follow changes as JSON lines
///
/// The same, a change a line; the headers `Jixiao-Next` and `Jixiao-Digest` say where to go on.
#[utoipa::path(
    tag = "changes",
    operation_id = "list_changes_ndjson",
    params(ChangeOptions),
    responses(
        (status = 200, description = "A change a line, oldest first", body = FileBytes, content_type = "application/x-ndjson",
            headers(("Jixiao-Next" = i64, description = "The number to go on after"), ("Jixiao-Digest" = String, description = "The digest of that entry"))),
        ListErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/changes/ndjson")]
async fn list_changes_ndjson(caller: Caller<Read>, context: Data<Context>, options: Query<ChangeOptions>) -> Answer {
    let Changes { items, next, digest } = followed(&context, &caller.scope, options.0).await?;
    let line = |change: &Change| serde_json::to_string(change).map(|line| line + "\n");
    let text = items.iter().map(line).collect::<Result<String, _>>();
    let text = text.map_err(|error| ApiError::internal(error.to_string()))?;
    let mut response = fresh();
    response.insert_header((CONTENT_TYPE, "application/x-ndjson")).insert_header((NEXT, next.to_string()));
    if let Some(digest) = digest {
        response.insert_header((DIGEST, digest.to_string()));
    }
    Ok(response.body(text))
}

/// Read a snapshot
///
/// All rows the caller may see, as they stood at one number of the journal, page by page, whatever is written
/// meanwhile. A copy begins with it, and goes on with the changes after `at`.
#[utoipa::path(
    tag = "changes",
    operation_id = "list_snapshot_rows",
    params(SnapshotOptions),
    responses((status = 200, description = "Rows, the oldest revision first", body = SnapshotPage), ListErrors),
    security(("bearer" = ["read"])),
)]
#[get("/snapshots")]
async fn list_snapshot_rows(caller: Caller<Read>, context: Data<Context>, options: Query<SnapshotOptions>) -> Answer {
    Ok(fresh().json(snapshot(&context.store.view(), &caller.scope, &options.0).await?))
}

/// An answer that nobody may keep for another.
fn fresh() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "private, no-cache"));
    response
}

/// The changes that are asked for, waited for if that is wanted. Nothing is held while waiting, and a service that leaves
/// does not wait: whoever asks again is answered by another.
async fn followed(context: &Context, scope: &Scope, mut options: ChangeOptions) -> Result<Changes, ApiError> {
    let looks = options.wait.map_or(0, |wait| wait.0 * 1000) / i64::try_from(LOOK.as_millis()).unwrap_or(i64::MAX);
    let view = context.store.view();
    let mut found = changes(&view, scope, &options).await?;
    for _ in 0..looks {
        if !found.items.is_empty() || context.is_leaving() {
            break;
        }
        actix_web::rt::time::sleep(LOOK).await;
        if view.journal_position().await? > found.next {
            (options.after, options.digest) = (Some(Whole(found.next)), found.digest);
            found = changes(&view, scope, &options).await?;
        }
    }
    Ok(found)
}
