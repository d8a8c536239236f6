//! What callers may ask of divisions.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::divisions;
use crate::domain::code_list::{Division, DivisionFacts, DivisionKey, DivisionLevel};
use crate::domain::codes::DivisionCode;
use crate::domain::kept::Resource;
use crate::domain::period::Year;
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
    /// A page of divisions.
    DivisionPage of Division
}

/// Which divisions.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DivisionFilter {
    /// Only the list of this year.
    #[deserr(default)]
    pub year: Option<Year>,
    /// Only those right below this division.
    #[deserr(default)]
    pub parent: Option<DivisionCode>,
    /// Only those of this level.
    #[deserr(default)]
    pub level: Option<DivisionLevel>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_divisions).service(get_division).service(put_division).service(delete_division);
}

/// List divisions
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "divisions",
    operation_id = "list_divisions",
    params(
        DivisionFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = DivisionPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/divisions")]
async fn list_divisions(
    _caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<DivisionFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Divisions]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = divisions::list(&sight.view(), &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = DivisionPage { items: found.into_iter().map(Division::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a division
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "divisions",
    operation_id = "get_division",
    params(
        ("id" = DivisionKey, Path, description = "`year:code`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The division", body = Division, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/divisions/{id}")]
async fn get_division(
    _caller: Caller<Read>,
    context: Data<Context>,
    id: Id<DivisionKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Division::from(divisions::get(&sight.view(), &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State a division
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "divisions",
    operation_id = "put_division",
    params(
        ("id" = DivisionKey, Path, description = "`year:code`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = DivisionFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Division, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Division, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["administer"])),
)]
#[put("/divisions/{id}")]
async fn put_division(
    caller: Caller<Administer>,
    context: Data<Context>,
    id: Id<DivisionKey>,
    conditions: Conditions,
    facts: Facts<DivisionFacts>,
) -> Answer {
    caller.require_whole_county()?;
    let mut write = context.begin(&caller).await?;
    let (kept, outcome) = divisions::put(&mut write, id.0, facts.0, conditions.expected()).await?;
    write.commit().await?;
    let item = Division::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/divisions/{}", item.id)))
}

/// Take a division away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "divisions",
    operation_id = "delete_division",
    params(
        ("id" = DivisionKey, Path, description = "`year:code`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["administer"])),
)]
#[delete("/divisions/{id}")]
async fn delete_division(
    caller: Caller<Administer>,
    context: Data<Context>,
    id: Id<DivisionKey>,
    conditions: Conditions,
) -> Answer {
    caller.require_whole_county()?;
    let mut write = context.begin(&caller).await?;
    divisions::delete(&mut write, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
