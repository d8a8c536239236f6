//! Units, a tree by `parent`.

use sea_orm_migration::prelude::*;

use crate::{create, index, key, list, required_text, revision, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut parent = key(manager, "parent");
    parent.null();
    let integer = |name: &'static str| ColumnDef::new(name).integer().null().take();
    let columns = vec![
        key(manager, "county"),
        key(manager, "code"),
        required_text("name"),
        required_text("kind"),
        parent,
        text("division_code"),
        text("social_credit_code"),
        text("established_on"),
        text("funding"),
        text("level"),
        integer("approved_posts"),
        integer("filled_posts"),
        list("leadership"),
        list("duties"),
        text("valid_from"),
        text("valid_to"),
        revision(),
    ];
    let parent = (&["county", "parent"][..], "unit", &["county", "code"][..]);
    create(manager, "unit", &["county", "code"], columns, &[parent]).await?;
    index(manager, "unit", &["county", "parent"]).await
}
