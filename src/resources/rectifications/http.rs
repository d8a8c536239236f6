//! What callers may ask of rectification.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{get, post};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::rectifications;
use crate::domain::codes::UnitCode;
use crate::domain::period::{Moment, Year};
use crate::domain::rectification::{
    NoticesInput, Rectification, RectificationInput, RectificationKey, RectificationState, Rectifications,
};
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, GetErrors, PutErrors, TaggedErrors};
use crate::http::body::Facts;
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Evaluate, Read, Review};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::once::{self, Key};
use crate::http::page::{Listing, Paging};
use crate::http::path::Id;

crate::page! {
    /// A page of notices.
    RectificationPage of Rectification
}

/// Which notices.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RectificationFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
    /// Only those in this state.
    #[deserr(default)]
    pub state: Option<RectificationState>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config
        .service(list_rectifications)
        .service(get_rectification)
        .service(create_rectifications)
        .service(create_rectification_action);
}

/// List notices
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "rectifications",
    operation_id = "list_rectifications",
    params(
        RectificationFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = RectificationPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/rectifications")]
async fn list_rectifications(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<RectificationFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let actor = caller.actor();
    let tag = answer::tag_for(&sight.computed_tag().await?, &actor);
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = rectifications::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = RectificationPage {
        items: found.into_iter().map(|kept| Rectification::of(kept, &actor, sight.today)).collect(),
        next,
    };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a rectification notice
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "rectifications",
    operation_id = "get_rectification",
    params(
        ("id" = RectificationKey, Path, description = "`unit:year:code`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The notice", body = Rectification, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/rectifications/{id}")]
async fn get_rectification(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<RectificationKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let (sight, actor) = (context.glance(as_of).await?, caller.actor());
    let found = rectifications::get(&sight.view(), &caller.scope, &id).await?;
    let tag = sight.dated_tag(found.revision);
    let item = Rectification::of(found, &actor, sight.today);
    Ok(answer::item(&item, &answer::tag_for(&tag, &actor), &conditions))
}

/// Give rectification notices
///
/// About findings, comments or anything else; with `every_finding` one for each finding of the unit and year that has none
/// yet.
#[utoipa::path(
    tag = "rectifications",
    operation_id = "create_rectifications",
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, so that a retry is answered alike", max_length = 200)),
    request_body = NoticesInput,
    responses((status = 201, description = "The new notices", body = Rectifications), PutErrors),
    security(("bearer" = ["review"])),
)]
#[post("/rectifications")]
async fn create_rectifications(
    caller: Caller<Review>,
    context: Data<Context>,
    key: Key,
    input: Facts<NoticesInput>,
) -> Answer {
    let when = (Moment((context.now)()), context.today()?);
    let work = async |write: &mut _| rectifications::give(write, &caller, &input.0, when).await;
    once::answered(&context, &caller, (key, &input.0), StatusCode::CREATED, work).await
}

/// Do something with a rectification notice
///
/// The unit answers, whoever decides closes it or opens it again; nobody closes what they answered.
#[utoipa::path(
    tag = "rectifications",
    operation_id = "create_rectification_action",
    params(
        ("id" = RectificationKey, Path, description = "`unit:year:code`"),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, so that a retry is answered alike", max_length = 200),
    ),
    request_body = RectificationInput,
    responses((status = 200, description = "The notice as it is now", body = Rectification), PutErrors),
    security(("bearer" = ["evaluate"])),
)]
#[post("/rectifications/{id}/actions")]
async fn create_rectification_action(
    caller: Caller<Evaluate>,
    context: Data<Context>,
    key: Key,
    id: Id<RectificationKey>,
    input: Facts<RectificationInput>,
) -> Answer {
    let when = (Moment((context.now)()), context.today()?);
    let work = async |write: &mut _| rectifications::perform(write, &caller, &id, &input.0, when).await;
    once::answered(&context, &caller, (key, &input.0), StatusCode::OK, work).await
}
