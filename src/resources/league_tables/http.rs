//! What callers may ask of league tables.

use actix_web::get;
use actix_web::web::Data;
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::super::league_tables;
use crate::domain::codes::{SchemeCode, UnitCode};
use crate::domain::league::LeagueEntry;
use crate::domain::period::Month;
use crate::domain::unit::UnitKind;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, GetErrors};
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};

/// A page of a league table.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaguePage {
    /// The scheme.
    pub scheme: SchemeCode,
    /// The month.
    pub month: Month,
    /// How many units are ranked.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub total: i32,
    /// The units, the best first; equals in the order of their codes.
    #[schema(max_items = 1000)]
    pub items: Vec<LeagueEntry>,
    /// The cursor of the next page; null on the last.
    #[schema(max_length = 500)]
    pub next: Option<String>,
}

/// Which league table.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LeagueFilter {
    /// The scheme; the one of this code that is in force in the month's year.
    pub scheme: SchemeCode,
    /// The month: January through it, against the targets of the year.
    pub month: Month,
    /// The units right below this one are ranked; where nothing is said, those below the county's top, or, for a caller
    /// bound to a unit, those beside it.
    #[deserr(default)]
    pub parent: Option<UnitCode>,
    /// Only units of this kind are ranked.
    #[deserr(default)]
    pub kind: Option<UnitKind>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_league_tables);
}

/// Rank units
///
/// By their scores under a scheme, through a month: ranks that equals share, movement since the month before, red and
/// black lists by the standard of the year. A caller bound to a unit sees what is theirs, with its rank among all.
#[utoipa::path(
    tag = "league-tables",
    operation_id = "list_league_tables",
    params(
        LeagueFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, the best first", body = LeaguePage, headers(("ETag" = String, description = "The newest change of what it shows"))), GetErrors),
    security(("bearer" = ["read"])),
)]
#[get("/league-tables")]
async fn list_league_tables(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<LeagueFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.sight(as_of).await?;
    let tag = sight.computed_tag().await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let LeagueFilter { scheme, month, .. } = listing.filter.clone();
    let (total, items, next) = league_tables::page(&sight.view(), &caller.scope, &listing).await?;
    let page = LeaguePage { scheme, month, total, items, next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}
