//! What callers may ask of cascades.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{get, post};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::cascades;
use crate::domain::allocation::AllocationSet;
use crate::domain::cascade::Cascade;
use crate::domain::period::Month;
use crate::domain::target::TargetKey;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{Answer, PutErrors, RevisionErrors};
use crate::http::body::Facts;
use crate::http::identity::{Caller, Read, Report};
use crate::http::mount::Mount;
use crate::http::once::{self, Key};
use crate::http::path::Id;
use crate::http::query::Query;

/// Through which month.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CascadeOptions {
    /// What was reported through this month; the whole year where nothing is said.
    #[deserr(default)]
    pub month: Option<Month>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(get_cascade).service(create_target_allocations);
}

/// Read a cascade
///
/// A target with everything handed down from it: values, what is not covered, what was handed out twice, and what was
/// reached, rolled up without counting anything twice.
#[utoipa::path(
    tag = "cascades",
    operation_id = "get_cascade",
    params(
        ("id" = TargetKey, Path, description = "The target: `unit:year:project:indicator:assigner`"),
        CascadeOptions,
    ),
    responses((status = 200, description = "The cascade", body = Cascade), RevisionErrors),
    security(("bearer" = ["read"])),
)]
#[get("/cascades/{id}")]
async fn get_cascade(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<TargetKey>,
    options: Query<CascadeOptions>,
) -> Answer {
    let snapshot = context.store.snapshot().await?;
    let cascade = cascades::of(&snapshot.view(), &caller.scope, &id, options.0.month).await?;
    Ok(actix_web::HttpResponse::Ok().json(cascade))
}

/// Hand a target down
///
/// The whole set at once: each unit's target knows the one it comes from, and targets that the same assigner handed
/// down before and that are not in the set go. That the set adds up is not required; the cascade says what is not
/// covered.
#[utoipa::path(
    tag = "cascades",
    operation_id = "create_target_allocations",
    params(
        ("id" = TargetKey, Path, description = "The target: `unit:year:project:indicator:assigner`"),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, so that a retry is answered alike", max_length = 200),
    ),
    request_body = AllocationSet,
    responses((status = 200, description = "The cascade as it is now", body = Cascade), PutErrors),
    security(("bearer" = ["report"])),
)]
#[post("/targets/{id}/allocations")]
async fn create_target_allocations(
    caller: Caller<Report>,
    context: Data<Context>,
    key: Key,
    id: Id<TargetKey>,
    set: Facts<AllocationSet>,
) -> Answer {
    let work = async |write: &mut _| cascades::allocate(write, &caller, &id, &set.0).await;
    once::answered(&context, &caller, (key, &set.0), StatusCode::OK, work).await
}
