//! What callers may ask of deliveries.

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use deserr::Deserr;
use serde::Serialize;
use utoipa::IntoParams;

use super::{list, place, resend, rotate, status};
use crate::domain::codes::WebhookCode;
use crate::domain::delivery::{Delivery, WebhookSecret, WebhookStatus};
use crate::domain::period::Moment;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, ReversalErrors, RevisionErrors};
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Subscribe, Watch};
use crate::http::mount::Mount;
use crate::http::once::{self, Begin, Key, Turn};
use crate::http::page::{Paging, Present};
use crate::http::path::{Id, Number};
use crate::http::query::{Query, Sequence, Switch, Whole};
use crate::resources::webhooks;
use crate::store::write::Write;

crate::page! {
    /// A page of attempts.
    DeliveryPage of Delivery
}

/// Which attempts.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    /// Only those that were delivered, or only those that were not.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub delivered: Option<Switch>,
}

/// How a new secret follows the one before it.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RotationOptions {
    /// For how many hours messages are signed with the secret before it as well; 0 where that one became known.
    #[deserr(default)]
    #[param(value_type = Option<i64>, minimum = 0, maximum = 168, default = 24)]
    pub overlap_hours: Option<Whole<0, 168>>,
}

/// From where on it is told again: one of the two.
#[derive(Debug, Default, Clone, Copy, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecoveryOptions {
    /// What changed after this number of the journal.
    #[deserr(default)]
    #[param(value_type = Option<i64>, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub after: Option<Sequence>,
    /// What changed from this instant on.
    #[deserr(default)]
    pub since: Option<Moment>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config
        .service(get_webhook_status)
        .service(create_webhook_secret)
        .service(create_webhook_recovery)
        .service(list_webhook_deliveries)
        .service(create_webhook_resend);
}

/// Does the work of a POST about a webhook once, answers it, and notes it for the auditor.
async fn once<T: Serialize>(
    context: &Context,
    caller: &Caller<Subscribe>,
    (key, id): (Key, &WebhookCode),
    status: StatusCode,
    work: impl AsyncFnOnce(&Write) -> Result<T, ApiError>,
) -> Answer {
    let item = webhooks::get(&context.store.view(), &caller.scope, id).await?;
    let asked = key.asked();
    // A webhook of the same name that was made later is another.
    let turn: Turn = match key.begin(context, caller, &item.revision.to_string()).await? {
        Begin::Answered(before) => return Ok(once::again(before)),
        Begin::Work(turn) => turn,
    };
    let mut write = context.begin(caller).await?;
    let done = work(&write).await?;
    write.performed(item.facts.unit.map(|unit| unit.to_string()), asked).await?;
    let body = serde_json::to_string(&done).map_err(|error| ApiError::internal(error.to_string()))?;
    turn.remember(&write, context, status, None, &body).await?;
    write.commit().await?;
    Ok(HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(body))
}

/// Read the status of a webhook
///
/// How far it came, whether it fails, and when it is tried again.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "get_webhook_status",
    params(("id" = WebhookCode, Path, description = "What it is called")),
    responses((status = 200, description = "The status", body = WebhookStatus), RevisionErrors),
    security(("bearer" = ["watch"])),
)]
#[get("/webhooks/{id}/status")]
async fn get_webhook_status(caller: Caller<Watch>, context: Data<Context>, id: Id<WebhookCode>) -> Answer {
    let view = context.store.view();
    let item = webhooks::get(&view, &caller.scope, &id).await?;
    let status = status(&context, &view, &item).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, no-cache")).json(status))
}

/// Make a secret for a webhook
///
/// It is shown this once. Messages are signed with it from now on, and with those before it as well for a while, so
/// that the receiver can be told in between (Standard Webhooks).
#[utoipa::path(
    tag = "webhooks",
    operation_id = "create_webhook_secret",
    params(
        ("id" = WebhookCode, Path, description = "What it is called"),
        RotationOptions,
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, so that a retry is answered alike", max_length = 200),
    ),
    responses((status = 201, description = "The secret", body = WebhookSecret), ReversalErrors),
    security(("bearer" = ["subscribe"])),
)]
#[post("/webhooks/{id}/secrets")]
async fn create_webhook_secret(
    caller: Caller<Subscribe>,
    context: Data<Context>,
    key: Key,
    id: Id<WebhookCode>,
    options: Query<RotationOptions>,
) -> Answer {
    let hours = options.0.overlap_hours.map_or(24, |hours| hours.0);
    let work = async |write: &Write| rotate(write, &context, &caller, &id, hours).await;
    once(&context, &caller, (key, &id), StatusCode::CREATED, work).await
}

/// Tell a webhook again what changed
///
/// After a number of the journal, or since an instant: for a receiver that lost what it was told.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "create_webhook_recovery",
    params(
        ("id" = WebhookCode, Path, description = "What it is called"),
        RecoveryOptions,
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, so that a retry is answered alike", max_length = 200),
    ),
    responses((status = 202, description = "It will be; the status", body = WebhookStatus), ReversalErrors),
    security(("bearer" = ["subscribe"])),
)]
#[post("/webhooks/{id}/recovery")]
async fn create_webhook_recovery(
    caller: Caller<Subscribe>,
    context: Data<Context>,
    key: Key,
    id: Id<WebhookCode>,
    options: Query<RecoveryOptions>,
) -> Answer {
    // Looked up before the lock is taken: nobody waits for it.
    let after = place(&context.store.view(), &options.0).await;
    let work = async |write: &Write| {
        write.rewind_outbox(&id, after?).await?;
        status(&context, &write.view(), &webhooks::get(&write.view(), &caller.scope, &id).await?).await
    };
    once(&context, &caller, (key, &id), StatusCode::ACCEPTED, work).await
}

/// List attempts to deliver
///
/// The newest first; the last ten thousand are kept.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "list_webhook_deliveries",
    params(("id" = WebhookCode, Path, description = "What it is called"), DeliveryFilter, Paging),
    responses((status = 200, description = "A page, the newest first", body = DeliveryPage), RevisionErrors),
    security(("bearer" = ["watch"])),
)]
#[get("/webhooks/{id}/deliveries")]
async fn list_webhook_deliveries(
    caller: Caller<Watch>,
    context: Data<Context>,
    id: Id<WebhookCode>,
    listing: Present<DeliveryFilter>,
) -> Answer {
    let view = context.store.view();
    let item = webhooks::get(&view, &caller.scope, &id).await?;
    let (items, next) = listing.page(list(&view, &item, &listing).await?, |one| one.number.to_string());
    let page = DeliveryPage { items, next };
    Ok(answer::page(&page, page.next.as_deref(), &listing))
}

/// Send a message again
///
/// The message of an attempt, once more and at once, whatever became of it, as far as it is still wanted: then it has the
/// same `webhook-id`.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "create_webhook_resend",
    params(
        ("id" = WebhookCode, Path, description = "What it is called"),
        ("number" = i64, Path, description = "The attempt's number", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, so that a retry is answered alike", max_length = 200),
    ),
    responses((status = 202, description = "It will be; the status", body = WebhookStatus), ReversalErrors),
    security(("bearer" = ["subscribe"])),
)]
#[post("/webhooks/{id}/deliveries/{number}/resend")]
async fn create_webhook_resend(
    caller: Caller<Subscribe>,
    context: Data<Context>,
    key: Key,
    id: Id<WebhookCode>,
    number: Number,
) -> Answer {
    let work = async |write: &Write| {
        resend(write, &caller, &id, number.0).await?;
        status(&context, &write.view(), &webhooks::get(&write.view(), &caller.scope, &id).await?).await
    };
    once(&context, &caller, (key, &id), StatusCode::ACCEPTED, work).await
}
