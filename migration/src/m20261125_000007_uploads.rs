//! Uploads: their receipts, what was sent, the answers that are remembered, and the upload an entry came with.

use sea_orm_migration::prelude::*;

use crate::{create, create_following, index, key, list, required_integer, required_text, revision, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let upload = Table::alter().table("journal").add_column(text("upload")).take();
    manager.alter_table(upload).await?;

    let sequence = |name: &'static str| ColumnDef::new(name).big_integer().null().take();
    let columns = vec![
        key(manager, "county"),
        key(manager, "id"),
        text("scope"),
        required_text("kind"),
        required_text("state"),
        required_text("fingerprint"),
        required_integer("year"),
        list("receipt"),
        list("signature"),
        sequence("first_entry"),
        sequence("last_entry"),
        list("reversals"),
        revision(),
    ];
    create(manager, "upload", &["county", "id"], columns, &[]).await?;
    index(manager, "upload", &["county", "fingerprint", "year"]).await?;

    let whose = (&["county", "upload"][..], "upload", &["county", "id"][..]);
    let columns = vec![
        key(manager, "county"),
        key(manager, "upload"),
        key(manager, "name"),
        required_integer("number"),
        ColumnDef::new("bytes").blob().not_null().take(),
    ];
    let primary = ["county", "upload", "name", "number"];
    create_following(manager, "attachment", &primary, columns, &[whose], Some("upload")).await?;

    let columns = vec![
        key(manager, "county"),
        key(manager, "caller"),
        key(manager, "operation"),
        key(manager, "key"),
        ColumnDef::new("at").timestamp_with_time_zone().not_null().take(),
        required_text("fingerprint"),
        required_integer("status"),
        text("location"),
        required_text("body"),
    ];
    create(manager, "remembered", &["county", "caller", "operation", "key"], columns, &[]).await?;
    index(manager, "remembered", &["county", "at"]).await
}
