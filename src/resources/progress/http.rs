//! What callers may ask of progress rows.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::progress;
use crate::domain::codes::{IndicatorCode, UnitCode};
use crate::domain::kept::Resource;
use crate::domain::period::{Month, Year};
use crate::domain::progress::{Progress, ProgressFacts, ProgressKey};
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, DeleteErrors, GetErrors, PutErrors, TaggedErrors};
use crate::http::body::Facts;
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Read, Report};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};
use crate::http::path::Id;

crate::page! {
    /// A page of progress rows.
    ProgressPage of Progress
}

/// Which progress rows.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProgressFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
    /// Only those of this month.
    #[deserr(default)]
    pub month: Option<Month>,
    /// Only those of this indicator.
    #[deserr(default)]
    pub indicator: Option<IndicatorCode>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_progress).service(get_progress).service(put_progress).service(delete_progress);
}

/// List progress rows
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "progress",
    operation_id = "list_progress",
    params(
        ProgressFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = ProgressPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/progress")]
async fn list_progress(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<ProgressFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Progress]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = progress::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = ProgressPage { items: found.into_iter().map(Progress::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a progress row
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "progress",
    operation_id = "get_progress",
    params(
        ("id" = ProgressKey, Path, description = "`unit:month:indicator`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The progress row", body = Progress, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/progress/{id}")]
async fn get_progress(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<ProgressKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Progress::from(progress::get(&sight.view(), &caller.scope, &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State a progress row
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "progress",
    operation_id = "put_progress",
    params(
        ("id" = ProgressKey, Path, description = "`unit:month:indicator`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = ProgressFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Progress, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Progress, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["report"])),
)]
#[put("/progress/{id}")]
async fn put_progress(
    caller: Caller<Report>,
    context: Data<Context>,
    id: Id<ProgressKey>,
    conditions: Conditions,
    facts: Facts<ProgressFacts>,
) -> Answer {
    let change = context.change(&caller, async |write| {
        progress::put(write, &caller.scope, id.0.clone(), facts.0.clone(), conditions.expected()).await
    });
    let (kept, outcome) = change.await?;
    let item = Progress::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/progress/{}", item.id)))
}

/// Take a progress row away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "progress",
    operation_id = "delete_progress",
    params(
        ("id" = ProgressKey, Path, description = "`unit:month:indicator`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["report"])),
)]
#[delete("/progress/{id}")]
async fn delete_progress(
    caller: Caller<Report>,
    context: Data<Context>,
    id: Id<ProgressKey>,
    conditions: Conditions,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    progress::delete(&mut write, &caller.scope, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
