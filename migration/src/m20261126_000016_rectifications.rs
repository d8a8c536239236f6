//! Rectification notices.

use sea_orm_migration::prelude::*;

use crate::{create, index, key, list, required_integer, required_text, revision};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let unit = (&["county", "unit"][..], "unit", &["county", "code"][..]);
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        required_integer("year"),
        key(manager, "code"),
        required_text("state"),
        list("facts"),
        revision(),
    ];
    create(manager, "rectification", &["county", "unit", "year", "code"], columns, &[unit]).await?;
    index(manager, "rectification", &["county", "state", "year"]).await
}
