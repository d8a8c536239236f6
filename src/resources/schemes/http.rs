//! What callers may ask of schemes.

use actix_web::web::Data;
use actix_web::{get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::schemes;
use crate::domain::codes::SchemeCode;
use crate::domain::kept::Resource;
use crate::domain::period::Year;
use crate::domain::scheme::{Scheme, SchemeFacts, SchemeKey};
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, GetErrors, PutErrors, TaggedErrors};
use crate::http::body::Facts;
use crate::http::condition::Conditions;
use crate::http::identity::{Administer, Caller, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};
use crate::http::path::Id;

crate::page! {
    /// A page of schemes.
    SchemePage of Scheme
}

/// Which schemes.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SchemeFilter {
    /// Only those of this code.
    #[deserr(default)]
    pub code: Option<SchemeCode>,
    /// Only those in force in this year, one of each code.
    #[deserr(default)]
    pub in_force: Option<Year>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_schemes).service(get_scheme).service(put_scheme);
}

/// List schemes
///
/// All of them, page by page, in the order of their ids.
#[utoipa::path(
    tag = "schemes",
    operation_id = "list_schemes",
    params(
        SchemeFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = SchemePage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/schemes")]
async fn list_schemes(
    _caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<SchemeFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Schemes]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = schemes::list(&sight.view(), &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = SchemePage { items: found.into_iter().map(Scheme::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a scheme
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "schemes",
    operation_id = "get_scheme",
    params(
        ("id" = SchemeKey, Path, description = "`code:year`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The scheme", body = Scheme, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/schemes/{id}")]
async fn get_scheme(
    _caller: Caller<Read>,
    context: Data<Context>,
    id: Id<SchemeKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Scheme::from(schemes::get(&sight.view(), &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State a scheme
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "schemes",
    operation_id = "put_scheme",
    params(
        ("id" = SchemeKey, Path, description = "`code:year`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = SchemeFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Scheme, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Scheme, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["administer"])),
)]
#[put("/schemes/{id}")]
async fn put_scheme(
    caller: Caller<Administer>,
    context: Data<Context>,
    id: Id<SchemeKey>,
    conditions: Conditions,
    facts: Facts<SchemeFacts>,
) -> Answer {
    caller.require_whole_county()?;
    let mut write = context.begin(&caller).await?;
    let (kept, outcome) = schemes::put(&mut write, id.0, facts.0, conditions.expected()).await?;
    write.commit().await?;
    let item = Scheme::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/schemes/{}", item.id)))
}
