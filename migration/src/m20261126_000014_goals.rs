//! Targets handed down, approved and adjusted.

use sea_orm_migration::prelude::*;

use crate::{create, create_following, index, key, required_integer, revision, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // SQLite adds one column a statement.
    for column in ["parent", "adjustment_reason", "adjustment_document"] {
        let mut alter = Table::alter();
        alter.table("target").add_column(text(column));
        manager.alter_table(alter).await?;
    }
    index(manager, "target", &["county", "parent"]).await?;

    // One row for each target that was handed down, so that the database refuses to delete the one it comes from.
    let target = ["county", "unit", "year", "project", "indicator", "assigner"];
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        required_integer("year"),
        key(manager, "project"),
        key(manager, "indicator"),
        key(manager, "assigner"),
        key(manager, "parent_unit"),
        key(manager, "parent_project"),
        key(manager, "parent_assigner"),
    ];
    let child = (&target[..], "target", &target[..]);
    let parent = (
        &["county", "parent_unit", "year", "parent_project", "indicator", "parent_assigner"][..],
        "target",
        &target[..],
    );
    create_following(manager, "handed_down", &target, columns, &[child, parent], Some("target")).await?;
    index(manager, "handed_down", &["county", "parent_unit", "year"]).await?;

    let unit = (&["county", "unit"][..], "unit", &["county", "code"][..]);
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        required_integer("year"),
        text("document"),
        text("approved_on"),
        text("note"),
        revision(),
    ];
    create(manager, "approval", &["county", "unit", "year"], columns, &[unit]).await
}
