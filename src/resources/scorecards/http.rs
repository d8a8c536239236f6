//! What callers may ask of scorecards.

use actix_web::get;
use actix_web::web::Data;

use super::super::scorecards;
use crate::domain::scorecard::{Scorecard, ScorecardKey};
use crate::http::Context;
use crate::http::answer::{self, Answer, GetErrors};
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::path::Id;
use crate::resources::units;

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(get_scorecard);
}

/// Read a scorecard
///
/// A unit's year on one page, all of one moment: its budget, its targets with what was reached of them, its
/// evaluations with the explained score, and what does not add up.
#[utoipa::path(
    tag = "scorecards",
    operation_id = "get_scorecard",
    params(
        ("id" = ScorecardKey, Path, description = "`unit:year`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The scorecard", body = Scorecard, headers(("ETag" = String, description = "The journal position it was computed at"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/scorecards/{id}")]
async fn get_scorecard(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<ScorecardKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.sight(as_of).await?;
    let today = sight.today;
    let view = sight.view();
    // Whether it is there and the caller may see it is asked even of those who have it already.
    let unit = units::get(&view, &caller.scope, &id.unit).await?;
    let actor = caller.actor();
    let tag = answer::tag_for(&sight.computed_tag_of(unit.revision).await?, &actor);
    if conditions.has(&tag) {
        return Ok(answer::item(&(), &tag, &conditions));
    }
    let scorecard = scorecards::of(&view, unit, id.year, &actor, today).await?;
    Ok(answer::item(&scorecard, &tag, &conditions))
}
