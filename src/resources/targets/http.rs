//! What callers may ask of targets.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::targets;
use crate::domain::codes::{Assigner, IndicatorCode, UnitCode};
use crate::domain::kept::Resource;
use crate::domain::period::Year;
use crate::domain::target::{Target, TargetFacts, TargetKey};
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
    /// A page of targets.
    TargetPage of Target
}

/// Which targets.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TargetFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
    /// Only those of this indicator.
    #[deserr(default)]
    pub indicator: Option<IndicatorCode>,
    /// Only those set by this one.
    #[deserr(default)]
    pub assigner: Option<Assigner>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_targets).service(get_target).service(put_target).service(delete_target);
}

/// List targets
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "targets",
    operation_id = "list_targets",
    params(
        TargetFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = TargetPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/targets")]
async fn list_targets(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<TargetFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Targets]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = targets::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = TargetPage { items: found.into_iter().map(Target::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a target
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "targets",
    operation_id = "get_target",
    params(
        ("id" = TargetKey, Path, description = "`unit:year:project:indicator:assigner`, the project empty for a target of the unit as a whole"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The target", body = Target, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/targets/{id}")]
async fn get_target(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<TargetKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Target::from(targets::get(&sight.view(), &caller.scope, &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State a target
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "targets",
    operation_id = "put_target",
    params(
        ("id" = TargetKey, Path, description = "`unit:year:project:indicator:assigner`, the project empty for a target of the unit as a whole"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = TargetFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Target, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Target, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["report"])),
)]
#[put("/targets/{id}")]
async fn put_target(
    caller: Caller<Report>,
    context: Data<Context>,
    id: Id<TargetKey>,
    conditions: Conditions,
    facts: Facts<TargetFacts>,
) -> Answer {
    let change = context.change(&caller, async |write| {
        targets::put(write, &caller, id.0.clone(), facts.0.clone(), conditions.expected()).await
    });
    let (kept, outcome) = change.await?;
    let item = Target::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/targets/{}", item.id)))
}

/// Take a target away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "targets",
    operation_id = "delete_target",
    params(
        ("id" = TargetKey, Path, description = "`unit:year:project:indicator:assigner`, the project empty for a target of the unit as a whole"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["report"])),
)]
#[delete("/targets/{id}")]
async fn delete_target(
    caller: Caller<Report>,
    context: Data<Context>,
    id: Id<TargetKey>,
    conditions: Conditions,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    targets::delete(&mut write, &caller, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
