//! What callers may ask of webhooks.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::webhooks;
use crate::domain::codes::{UnitCode, WebhookCode};
use crate::domain::kept::Resource;
use crate::domain::violation::Violations;
use crate::domain::webhook::{Webhook, WebhookFacts};
use crate::http::Context;
use crate::http::answer::{self, Answer, DeleteErrors, GetErrors, PutErrors, TaggedErrors};
use crate::http::body::Facts;
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Subscribe, Watch};
use crate::http::moment::AsOf;
use crate::http::mount::Mount;
use crate::http::page::{Paging, Present};
use crate::http::path::Id;

crate::page! {
    /// A page of webhooks.
    WebhookPage of Webhook
}

/// Which webhooks.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhookFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_webhooks).service(get_webhook).service(put_webhook).service(delete_webhook);
}

/// List webhooks
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "list_webhooks",
    params(
        WebhookFilter, Paging,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = WebhookPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["watch"])),
)]
#[get("/webhooks")]
async fn list_webhooks(
    caller: Caller<Watch>,
    context: Data<Context>,
    listing: Present<WebhookFilter>,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(AsOf::Now).await?;
    let tag = sight.tag(&[Resource::Webhooks]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = webhooks::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = WebhookPage { items: found.into_iter().map(Webhook::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a webhook
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "get_webhook",
    params(
        ("id" = WebhookCode, Path, description = "What it is called"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses(
        (status = 200, description = "The webhook", body = Webhook, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["watch"])),
)]
#[get("/webhooks/{id}")]
async fn get_webhook(
    caller: Caller<Watch>,
    context: Data<Context>,
    id: Id<WebhookCode>,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(AsOf::Now).await?;
    let item = Webhook::from(webhooks::get(&sight.view(), &caller.scope, &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State a webhook
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
/// Nothing is sent before it has a secret; from then on it is told of every change after its creation.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "put_webhook",
    params(
        ("id" = WebhookCode, Path, description = "What it is called"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = WebhookFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Webhook, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Webhook, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["subscribe"])),
)]
#[put("/webhooks/{id}")]
async fn put_webhook(
    caller: Caller<Subscribe>,
    context: Data<Context>,
    id: Id<WebhookCode>,
    conditions: Conditions,
    facts: Facts<WebhookFacts>,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    let (kept, outcome) =
        webhooks::put(&mut write, &caller, &context.outgoing, id.0, facts.0, conditions.expected()).await?;
    write.commit().await?;
    let item = Webhook::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/webhooks/{}", item.id)))
}

/// Take a webhook away
///
/// With its secrets and the log of its deliveries. Nothing more is sent.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "delete_webhook",
    params(
        ("id" = WebhookCode, Path, description = "What it is called"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["subscribe"])),
)]
#[delete("/webhooks/{id}")]
async fn delete_webhook(
    caller: Caller<Subscribe>,
    context: Data<Context>,
    id: Id<WebhookCode>,
    conditions: Conditions,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    webhooks::delete(&mut write, &caller.scope, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
