//! Reviews of evaluations.

use sea_orm_migration::prelude::*;

use crate::{create, index, key, list, required_integer, required_text, revision};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let primary = ["county", "unit", "year", "project", "kind"];
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        required_integer("year"),
        key(manager, "project"),
        key(manager, "kind"),
        required_text("state"),
        list("facts"),
        revision(),
    ];
    let evaluation = (&primary[..], "evaluation", &primary[..]);
    create(manager, "review", &primary, columns, &[evaluation]).await?;
    index(manager, "review", &["county", "state", "year"]).await
}
