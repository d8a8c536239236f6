//! What callers may ask of rollovers.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};

use super::super::rollovers;
use crate::domain::rollover::{Rollover, RolloverInput};
use crate::http::Context;
use crate::http::answer::{Answer, PutErrors};
use crate::http::body::Facts;
use crate::http::identity::{Caller, Report};
use crate::http::mount::Mount;
use crate::http::once::{self, Key};

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(create_rollover);
}

/// Roll targets over
///
/// A unit's targets of a year become those of the next, as far as they are not there yet, with the difference target by
/// target: its own, or those of the assigners that are named. A lower one is a finding of the year.
#[utoipa::path(
    tag = "rollovers",
    operation_id = "create_rollover",
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, so that a retry is answered alike", max_length = 200)),
    request_body = RolloverInput,
    responses((status = 200, description = "What was done, or would be", body = Rollover), PutErrors),
    security(("bearer" = ["report"])),
)]
#[post("/rollovers")]
async fn create_rollover(
    caller: Caller<Report>,
    context: Data<Context>,
    key: Key,
    input: Facts<RolloverInput>,
) -> Answer {
    if input.0.dry_run {
        let mut write = context.begin(&caller).await?;
        let shown = rollovers::roll_over(&mut write, &caller, &input.0).await?;
        return Ok(HttpResponse::Ok().json(shown));
    }
    let work = async |write: &mut _| rollovers::roll_over(write, &caller, &input.0).await;
    once::answered(&context, &caller, (key, &input.0), StatusCode::OK, work).await
}
