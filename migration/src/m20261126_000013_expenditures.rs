//! What was spent on projects, month by month.

use sea_orm_migration::prelude::*;

use crate::{create, key, required_integer, revision, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let unit = (&["county", "unit"][..], "unit", &["county", "code"][..]);
    let project = (&["county", "unit", "year", "project"][..], "project", &["county", "unit", "year", "code"][..]);
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        key(manager, "month"),
        key(manager, "project"),
        ColumnDef::new("executed").big_integer().not_null().take(),
        text("executed_as_printed"),
        text("note"),
        required_integer("year"),
        revision(),
    ];
    create(manager, "expenditure", &["county", "unit", "month", "project"], columns, &[unit, project]).await
}
