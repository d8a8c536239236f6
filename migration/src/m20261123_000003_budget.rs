//! Projects and their budget lines.

use sea_orm_migration::prelude::*;

use crate::{create, fixed, index, key, required_integer, required_text, revision, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        required_integer("year"),
        key(manager, "code"),
        required_text("name"),
        text("long_term_goal"),
        text("annual_goal"),
        text("functional_class"),
        revision(),
    ];
    let unit = (&["county", "unit"][..], "unit", &["county", "code"][..]);
    create(manager, "project", &["county", "unit", "year", "code"], columns, &[unit]).await?;
    index(manager, "project", &["county", "year"]).await?;

    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        required_integer("year"),
        key(manager, "project"),
        key(manager, "economic_class"),
        text("name_as_printed"),
        fixed("approved"),
        text("approved_as_printed"),
        fixed("adjusted"),
        text("adjusted_as_printed"),
        fixed("executed"),
        text("executed_as_printed"),
        revision(),
    ];
    let project = (&["county", "unit", "year", "project"][..], "project", &["county", "unit", "year", "code"][..]);
    let class = (&["county", "year", "economic_class"][..], "economic_class", &["county", "year", "code"][..]);
    let primary = ["county", "unit", "year", "project", "economic_class"];
    create(manager, "budget_line", &primary, columns, &[project, class]).await?;
    index(manager, "budget_line", &["county", "year", "economic_class"]).await
}
