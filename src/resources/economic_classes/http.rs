//! What callers may ask of economic classes.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::economic_classes;
use crate::domain::code_list::{EconomicClass, EconomicClassFacts, EconomicClassKey};
use crate::domain::codes::EconomicCode;
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
    /// A page of economic classes.
    EconomicClassPage of EconomicClass
}

/// Which economic classes.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EconomicClassFilter {
    /// Only the list of this year.
    #[deserr(default)]
    pub year: Option<Year>,
    /// Only those right below this class.
    #[deserr(default)]
    pub parent: Option<EconomicCode>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config
        .service(list_economic_classes)
        .service(get_economic_class)
        .service(put_economic_class)
        .service(delete_economic_class);
}

/// List economic classes
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "economic-classes",
    operation_id = "list_economic_classes",
    params(
        EconomicClassFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = EconomicClassPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/economic-classes")]
async fn list_economic_classes(
    _caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<EconomicClassFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::EconomicClasses]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = economic_classes::list(&sight.view(), &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = EconomicClassPage { items: found.into_iter().map(EconomicClass::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read an economic class
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "economic-classes",
    operation_id = "get_economic_class",
    params(
        ("id" = EconomicClassKey, Path, description = "`year:code`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The economic class", body = EconomicClass, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/economic-classes/{id}")]
async fn get_economic_class(
    _caller: Caller<Read>,
    context: Data<Context>,
    id: Id<EconomicClassKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = EconomicClass::from(economic_classes::get(&sight.view(), &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State an economic class
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "economic-classes",
    operation_id = "put_economic_class",
    params(
        ("id" = EconomicClassKey, Path, description = "`year:code`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = EconomicClassFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = EconomicClass, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = EconomicClass, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["administer"])),
)]
#[put("/economic-classes/{id}")]
async fn put_economic_class(
    caller: Caller<Administer>,
    context: Data<Context>,
    id: Id<EconomicClassKey>,
    conditions: Conditions,
    facts: Facts<EconomicClassFacts>,
) -> Answer {
    caller.require_whole_county()?;
    let mut write = context.begin(&caller).await?;
    let (kept, outcome) = economic_classes::put(&mut write, id.0, facts.0, conditions.expected()).await?;
    write.commit().await?;
    let item = EconomicClass::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/economic-classes/{}", item.id)))
}

/// Take an economic class away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "economic-classes",
    operation_id = "delete_economic_class",
    params(
        ("id" = EconomicClassKey, Path, description = "`year:code`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["administer"])),
)]
#[delete("/economic-classes/{id}")]
async fn delete_economic_class(
    caller: Caller<Administer>,
    context: Data<Context>,
    id: Id<EconomicClassKey>,
    conditions: Conditions,
) -> Answer {
    caller.require_whole_county()?;
    let mut write = context.begin(&caller).await?;
    economic_classes::delete(&mut write, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
