//! What callers may ask of cycles.

use actix_web::get;
use actix_web::web::Data;

use super::super::cycles;
use crate::domain::cycle::Cycle;
use crate::domain::scorecard::ScorecardKey;
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
    config.service(get_cycle);
}

/// Read a cycle
///
/// Which of the five links (预算编制有目标、预算执行有监控、预算完成有评价、评价结果有反馈、反馈结果有应用) a unit has closed in a
/// year, with the rows that show it and what is missing.
#[utoipa::path(
    tag = "cycles",
    operation_id = "get_cycle",
    params(
        ("id" = ScorecardKey, Path, description = "`unit:year`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The cycle", body = Cycle, headers(("ETag" = String, description = "The journal position it was computed at"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/cycles/{id}")]
async fn get_cycle(
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
    let tag = sight.computed_tag_of(unit.revision).await?;
    if conditions.has(&tag) {
        return Ok(answer::item(&(), &tag, &conditions));
    }
    let cycle = cycles::of(&view, unit, id.year, today).await?;
    Ok(answer::item(&cycle, &tag, &conditions))
}
