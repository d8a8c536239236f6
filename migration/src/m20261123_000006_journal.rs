//! The journal: every accepted change, in order; and its head, whose row is the lock that keeps the order gapless.

use sea_orm_migration::prelude::*;

use crate::{create, index, key, required_text, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let sequence = || ColumnDef::new("sequence").big_integer().not_null().take();
    let columns = vec![
        key(manager, "county"),
        sequence(),
        ColumnDef::new("at").timestamp_with_time_zone().not_null().take(),
        required_text("actor"),
        required_text("role"),
        required_text("request_id"),
        required_text("operation"),
        required_text("resource"),
        key(manager, "id"),
        text("became"),
    ];
    create(manager, "journal", &["county", "sequence"], columns, &[]).await?;
    index(manager, "journal", &["county", "resource", "id", "sequence"]).await?;

    create(manager, "journal_head", &["county"], vec![key(manager, "county"), sequence()], &[]).await
}
