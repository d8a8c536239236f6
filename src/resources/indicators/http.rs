//! What callers may ask of indicators.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::indicators;
use crate::domain::codes::{IndicatorCode, Name};
use crate::domain::indicator::{Category, Direction, Indicator, IndicatorFacts, Subcategory};
use crate::domain::kept::Resource;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, DeleteErrors, GetErrors, PutErrors, TaggedErrors};
use crate::http::body::Facts;
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Define, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};
use crate::http::path::Id;

crate::page! {
    /// A page of indicators.
    IndicatorPage of Indicator
}

/// Which indicators.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IndicatorFilter {
    /// Only those of this first level.
    #[deserr(default)]
    pub category: Option<Category>,
    /// Only those of this second level.
    #[deserr(default)]
    pub subcategory: Option<Subcategory>,
    /// Only those whose name contains this, whatever the case of its letters.
    #[deserr(default)]
    pub name: Option<Name>,
    /// Only those of this direction.
    #[deserr(default)]
    pub direction: Option<Direction>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_indicators).service(get_indicator).service(put_indicator).service(delete_indicator);
}

/// List indicators
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "indicators",
    operation_id = "list_indicators",
    params(
        IndicatorFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = IndicatorPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/indicators")]
async fn list_indicators(
    _caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<IndicatorFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Indicators]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = indicators::list(&sight.view(), &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = IndicatorPage { items: found.into_iter().map(Indicator::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read an indicator
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "indicators",
    operation_id = "get_indicator",
    params(
        ("id" = IndicatorCode, Path, description = "The indicator's code"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The indicator", body = Indicator, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/indicators/{id}")]
async fn get_indicator(
    _caller: Caller<Read>,
    context: Data<Context>,
    id: Id<IndicatorCode>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Indicator::from(indicators::get(&sight.view(), &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State an indicator
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "indicators",
    operation_id = "put_indicator",
    params(
        ("id" = IndicatorCode, Path, description = "The indicator's code"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = IndicatorFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Indicator, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Indicator, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["define"])),
)]
#[put("/indicators/{id}")]
async fn put_indicator(
    caller: Caller<Define>,
    context: Data<Context>,
    id: Id<IndicatorCode>,
    conditions: Conditions,
    facts: Facts<IndicatorFacts>,
) -> Answer {
    caller.require_whole_county()?;
    let change = context.change(&caller, async |write| {
        indicators::put(write, id.0.clone(), facts.0.clone(), conditions.expected()).await
    });
    let (kept, outcome) = change.await?;
    let item = Indicator::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/indicators/{}", item.id)))
}

/// Take an indicator away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "indicators",
    operation_id = "delete_indicator",
    params(
        ("id" = IndicatorCode, Path, description = "The indicator's code"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["define"])),
)]
#[delete("/indicators/{id}")]
async fn delete_indicator(
    caller: Caller<Define>,
    context: Data<Context>,
    id: Id<IndicatorCode>,
    conditions: Conditions,
) -> Answer {
    caller.require_whole_county()?;
    let mut write = context.begin(&caller).await?;
    indicators::delete(&mut write, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
