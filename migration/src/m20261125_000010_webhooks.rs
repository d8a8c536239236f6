//! Webhooks, and what their sender must know: how far it came, what it signs with, what it tried.

use sea_orm_migration::prelude::*;

use crate::{create, create_following, index, key, list, required_integer, required_text, revision, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let county = || key(manager, "county");
    let unit = key(manager, "unit").null().take();
    let number = |name: &'static str| ColumnDef::new(name).big_integer().not_null().take();
    let instant = |name: &'static str| ColumnDef::new(name).timestamp_with_time_zone().null().take();
    let maybe = |name: &'static str| ColumnDef::new(name).integer().null().take();
    let flag = |name: &'static str| ColumnDef::new(name).boolean().not_null().take();
    let columns = vec![
        county(),
        key(manager, "id"),
        required_text("url"),
        list("resources"),
        unit,
        maybe("most_events"),
        flag("paused"),
        text("disabled_at"),
        text("note"),
        revision(),
    ];
    let of_unit = (&["county", "unit"][..], "unit", &["county", "code"][..]);
    create(manager, "webhook", &["county", "id"], columns, &[of_unit]).await?;

    // These go with their webhook.
    let of_webhook = [(&["county", "webhook"][..], "webhook", &["county", "id"][..])];
    let columns = vec![
        county(),
        key(manager, "webhook"),
        number("through"),
        number("last_event"),
        ColumnDef::new("until").big_integer().null().take(),
        required_integer("failures"),
        instant("failing_since"),
        instant("next_at"),
        text("holder"),
        instant("held_until"),
        number("generation"),
    ];
    create_following(manager, "outbox", &["county", "webhook"], columns, &of_webhook, Some("webhook")).await?;
    let columns = vec![
        county(),
        key(manager, "webhook"),
        number("number"),
        ColumnDef::new("secret").blob().not_null().take(),
        instant("valid_until"),
    ];
    create_following(
        manager,
        "webhook_secret",
        &["county", "webhook", "number"],
        columns,
        &of_webhook,
        Some("webhook"),
    )
    .await?;
    let columns = vec![
        county(),
        key(manager, "webhook"),
        number("number"),
        required_text("message"),
        ColumnDef::new("at").timestamp_with_time_zone().not_null().take(),
        number("first_event"),
        number("last_event"),
        number("previous"),
        required_integer("events"),
        maybe("attempt"),
        flag("delivered"),
        maybe("status"),
        text("failure"),
        required_integer("took_ms"),
        flag("again"),
    ];
    create_following(manager, "delivery", &["county", "webhook", "number"], columns, &of_webhook, Some("webhook"))
        .await?;
    // It is looked twice a second whether something is to be sent again.
    index(manager, "delivery", &["county", "webhook", "again"]).await
}
