//! What callers may ask of closings.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::closings;
use crate::domain::closing::{Closing, ClosingFacts, ClosingKey};
use crate::domain::codes::UnitCode;
use crate::domain::kept::Resource;
use crate::domain::period::Year;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, DeleteErrors, GetErrors, PutErrors, TaggedErrors};
use crate::http::body::Facts;
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Close, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};
use crate::http::path::Id;

crate::page! {
    /// A page of closings.
    ClosingPage of Closing
}

/// Which closings.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClosingFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_closings).service(get_closing).service(put_closing).service(delete_closing);
}

/// List closings
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "closings",
    operation_id = "list_closings",
    params(
        ClosingFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = ClosingPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/closings")]
async fn list_closings(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<ClosingFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Closings]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = closings::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = ClosingPage { items: found.into_iter().map(Closing::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a closing
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "closings",
    operation_id = "get_closing",
    params(
        ("id" = ClosingKey, Path, description = "`unit:year`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The closing", body = Closing, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/closings/{id}")]
async fn get_closing(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<ClosingKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Closing::from(closings::get(&sight.view(), &caller.scope, &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State a closing
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "closings",
    operation_id = "put_closing",
    params(
        ("id" = ClosingKey, Path, description = "`unit:year`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = ClosingFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Closing, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Closing, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["close"])),
)]
#[put("/closings/{id}")]
async fn put_closing(
    caller: Caller<Close>,
    context: Data<Context>,
    id: Id<ClosingKey>,
    conditions: Conditions,
    facts: Facts<ClosingFacts>,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    let (kept, outcome) = closings::put(&mut write, &caller.scope, id.0, facts.0, conditions.expected()).await?;
    write.commit().await?;
    let item = Closing::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/closings/{}", item.id)))
}

/// Take a closing away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "closings",
    operation_id = "delete_closing",
    params(
        ("id" = ClosingKey, Path, description = "`unit:year`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["close"])),
)]
#[delete("/closings/{id}")]
async fn delete_closing(
    caller: Caller<Close>,
    context: Data<Context>,
    id: Id<ClosingKey>,
    conditions: Conditions,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    closings::delete(&mut write, &caller.scope, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
