//! Indicators, the targets set for them and the progress reported.

use sea_orm_migration::prelude::*;

use crate::{create, fixed, index, key, list, project_ref, required_integer, required_text, revision, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let cumulative = ColumnDef::new("cumulative").boolean().not_null().take();
    let columns = vec![
        key(manager, "county"),
        key(manager, "code"),
        required_text("name"),
        required_text("measure_unit"),
        required_text("category"),
        required_text("subcategory"),
        required_text("direction"),
        cumulative,
        ColumnDef::new("place").integer().null().take(),
        list("part_of"),
        revision(),
    ];
    create(manager, "indicator", &["county", "code"], columns, &[]).await?;

    let unit = (&["county", "unit"][..], "unit", &["county", "code"][..]);
    let project = (&["county", "unit", "year", "project_ref"][..], "project", &["county", "unit", "year", "code"][..]);
    let indicator = (&["county", "indicator"][..], "indicator", &["county", "code"][..]);
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        required_integer("year"),
        key(manager, "project"),
        key(manager, "indicator"),
        key(manager, "assigner"),
        fixed("value"),
        text("value_as_printed"),
        text("goal"),
        text("document"),
        project_ref(manager),
        revision(),
    ];
    let primary = ["county", "unit", "year", "project", "indicator", "assigner"];
    create(manager, "target", &primary, columns, &[unit, indicator, project]).await?;
    index(manager, "target", &["county", "indicator", "year"]).await?;

    let value = ColumnDef::new("value").big_integer().not_null().take();
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        key(manager, "month"),
        key(manager, "indicator"),
        value,
        text("value_as_printed"),
        text("note"),
        revision(),
    ];
    let primary = ["county", "unit", "month", "indicator"];
    create(manager, "progress", &primary, columns, &[unit, indicator]).await?;
    index(manager, "progress", &["county", "indicator", "month"]).await
}
