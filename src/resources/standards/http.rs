//! What callers may ask of standards.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::standards;
use crate::domain::kept::Resource;
use crate::domain::period::Year;
use crate::domain::standard::{Standard, StandardFacts, StandardKey};
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
    /// A page of standards.
    StandardPage of Standard
}

/// Which standards.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StandardFilter {
    /// Only the one in force in this year.
    #[deserr(default)]
    pub in_force: Option<Year>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_standards).service(get_standard).service(put_standard).service(delete_standard);
}

/// List standards
///
/// All of them, page by page, in the order of their ids.
#[utoipa::path(
    tag = "standards",
    operation_id = "list_standards",
    params(
        StandardFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = StandardPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/standards")]
async fn list_standards(
    _caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<StandardFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Standards]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = standards::list(&sight.view(), &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = StandardPage { items: found.into_iter().map(Standard::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a standard
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "standards",
    operation_id = "get_standard",
    params(
        ("id" = StandardKey, Path, description = "`year`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The standard", body = Standard, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/standards/{id}")]
async fn get_standard(
    _caller: Caller<Read>,
    context: Data<Context>,
    id: Id<StandardKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Standard::from(standards::get(&sight.view(), &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State a standard
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "standards",
    operation_id = "put_standard",
    params(
        ("id" = StandardKey, Path, description = "`year`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = StandardFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Standard, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Standard, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["administer"])),
)]
#[put("/standards/{id}")]
async fn put_standard(
    caller: Caller<Administer>,
    context: Data<Context>,
    id: Id<StandardKey>,
    conditions: Conditions,
    facts: Facts<StandardFacts>,
) -> Answer {
    caller.require_whole_county()?;
    let mut write = context.begin(&caller).await?;
    let (kept, outcome) = standards::put(&mut write, id.0, facts.0, conditions.expected()).await?;
    write.commit().await?;
    let item = Standard::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/standards/{}", item.id)))
}

/// Take a standard away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "standards",
    operation_id = "delete_standard",
    params(
        ("id" = StandardKey, Path, description = "`year`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["administer"])),
)]
#[delete("/standards/{id}")]
async fn delete_standard(
    caller: Caller<Administer>,
    context: Data<Context>,
    id: Id<StandardKey>,
    conditions: Conditions,
) -> Answer {
    caller.require_whole_county()?;
    let mut write = context.begin(&caller).await?;
    standards::delete(&mut write, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
