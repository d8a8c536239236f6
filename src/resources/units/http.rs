//! What callers may ask of units.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::units;
use crate::domain::codes::UnitCode;
use crate::domain::kept::Resource;
use crate::domain::unit::{Unit, UnitFacts, UnitKind};
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, DeleteErrors, GetErrors, PutErrors, TaggedErrors};
use crate::http::body::Facts;
use crate::http::condition::Conditions;
use crate::http::identity::{Administer, Caller, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};
use crate::http::path::Id;

crate::page! {
    /// A page of units.
    UnitPage of Unit
}

/// Which units.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnitFilter {
    /// Only those right below this unit.
    #[deserr(default)]
    pub parent: Option<UnitCode>,
    /// Only those of this kind.
    #[deserr(default)]
    pub kind: Option<UnitKind>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_units).service(get_unit).service(put_unit).service(delete_unit);
}

/// List units
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "units",
    operation_id = "list_units",
    params(
        UnitFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = UnitPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/units")]
async fn list_units(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<UnitFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Units]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = units::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = UnitPage { items: found.into_iter().map(Unit::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a unit
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "units",
    operation_id = "get_unit",
    params(
        ("id" = UnitCode, Path, description = "The unit's code"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The unit", body = Unit, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/units/{id}")]
async fn get_unit(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<UnitCode>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Unit::from(units::get(&sight.view(), &caller.scope, &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State a unit
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "units",
    operation_id = "put_unit",
    params(
        ("id" = UnitCode, Path, description = "The unit's code"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = UnitFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Unit, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Unit, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["administer"])),
)]
#[put("/units/{id}")]
async fn put_unit(
    caller: Caller<Administer>,
    context: Data<Context>,
    id: Id<UnitCode>,
    conditions: Conditions,
    facts: Facts<UnitFacts>,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    let (kept, outcome) = units::put(&mut write, &caller.scope, id.0, facts.0, conditions.expected()).await?;
    write.commit().await?;
    let item = Unit::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/units/{}", item.id)))
}

/// Take a unit away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "units",
    operation_id = "delete_unit",
    params(
        ("id" = UnitCode, Path, description = "The unit's code"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["administer"])),
)]
#[delete("/units/{id}")]
async fn delete_unit(
    caller: Caller<Administer>,
    context: Data<Context>,
    id: Id<UnitCode>,
    conditions: Conditions,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    units::delete(&mut write, &caller.scope, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
