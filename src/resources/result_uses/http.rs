//! What callers may ask of result uses.

use actix_web::get;
use actix_web::web::Data;
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::result_uses;
use crate::domain::codes::UnitCode;
use crate::domain::period::Year;
use crate::domain::result_use::ResultUse;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, TaggedErrors};
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};

crate::page! {
    /// A page of result uses.
    ResultUsePage of ResultUse
}

/// Of which year.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResultUseFilter {
    /// The year evaluated.
    pub year: Year,
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_result_uses);
}

/// List what results suggest
///
/// For each unit and project whose evaluation was accepted: the grade, what it means (support, improve, cut) and the amount
/// it suggests for the next year, by the standard of the year.
#[utoipa::path(
    tag = "result-uses",
    operation_id = "list_result_uses",
    params(
        ResultUseFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of units and projects", body = ResultUsePage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/result-uses")]
async fn list_result_uses(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<ResultUseFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.sight(as_of).await?;
    let tag = sight.computed_tag().await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = result_uses::list(&sight.view(), &caller.scope, &listing).await?;
    let (items, next) = listing.page(found, |one| one.id.to_string());
    let page = ResultUsePage { items, next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}
