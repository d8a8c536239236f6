//! Code lists by year: economic classes and divisions.

use sea_orm_migration::prelude::*;

use crate::{create, key, required_integer, required_text, revision, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let retired = ColumnDef::new("retired").boolean().not_null().take();
    let columns = vec![
        key(manager, "county"),
        required_integer("year"),
        key(manager, "code"),
        required_text("name"),
        text("parent"),
        retired,
        revision(),
    ];
    create(manager, "economic_class", &["county", "year", "code"], columns, &[]).await?;

    let columns = vec![
        key(manager, "county"),
        required_integer("year"),
        key(manager, "code"),
        required_text("name"),
        required_text("level"),
        text("parent"),
        revision(),
    ];
    create(manager, "division", &["county", "year", "code"], columns, &[]).await
}
