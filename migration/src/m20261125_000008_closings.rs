//! Closed years.

use sea_orm_migration::prelude::*;

use crate::{create, key, required_integer, revision, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let unit = (&["county", "unit"][..], "unit", &["county", "code"][..]);
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        required_integer("year"),
        text("reason"),
        text("document"),
        revision(),
    ];
    create(manager, "closing", &["county", "unit", "year"], columns, &[unit]).await
}
