//! The document of what webhooks deliver: apart from that of the API, because a `webhooks` section beside operations
//! makes several client generators lose the operations.

use serde_json::{Value, json};
use utoipa::OpenApi;

use super::document::tidy;
use crate::domain::entry::{Change, Operation};
use crate::domain::event::Event;
use crate::domain::kept::Resource;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Jixiao webhooks",
        description = "推送: what a webhook is told of changes. Messages are signed as Standard Webhooks 1.0 says; answer \
            2xx once a message is kept, and 410 to be told nothing more. A message may come twice, with the same \
            `webhook-id`; events come in order, and the `previous` of each is the `sequence` of the one before it.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "Jixiao developers"),
    ),
    components(schemas(Event, Change, Operation, Resource))
)]
struct Base;

/// The document.
pub fn document() -> Value {
    let header = |name: &str, about: &str| json!({ "name": name, "in": "header", "required": true, "description": about, "schema": { "type": "string", "maxLength": 1000 } });
    let event = json!({ "$ref": "#/components/schemas/Event" });
    let mut document = serde_json::to_value(Base::openapi()).unwrap_or_default();
    if let Some(root) = document.as_object_mut() {
        root.shift_remove("paths");
        root.insert("servers".into(), json!([{ "url": "/", "description": "The receiver" }]));
        root.insert(
            "webhooks".into(),
            json!({ "changes": { "post": {
                "operationId": "receive_changes",
                "summary": "Changes",
                "description": "One event; or a list of them, oldest first, where the webhook states `most_events`.",
                "parameters": [
                    header("webhook-id", "The message; the same when it is sent again"),
                    header("webhook-timestamp", "When it was sent, seconds since 1970"),
                    header("webhook-signature", "`v1,` and the HMAC-SHA256 of id, timestamp and body; two during a rotation"),
                ],
                "requestBody": { "required": true, "content": {
                    "application/cloudevents+json": { "schema": event },
                    "application/cloudevents-batch+json": { "schema": { "type": "array", "maxItems": 1000, "items": event } },
                } },
                "responses": {
                    "204": { "description": "It is kept; any 2xx says so" },
                    "410": { "description": "The webhook is to be disabled" },
                    "default": { "description": "It is sent again later" },
                },
            } } }),
        );
    }
    tidy(&mut document);
    document
}
