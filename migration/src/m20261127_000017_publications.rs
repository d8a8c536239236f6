//! What was made public, as it was when it was made public.

use sea_orm_migration::prelude::*;

use crate::{create, key, required_text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![key(manager, "county"), key(manager, "evaluation"), required_text("body")];
    create(manager, "publication", &["county", "evaluation"], columns, &[]).await
}
