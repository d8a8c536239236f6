//! Progress of an indicator is read in the order of pages, unit by unit, whatever the number of years.

use sea_orm_migration::prelude::*;

use crate::index;

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    index(manager, "progress", &["county", "indicator", "unit", "month"]).await?;
    let mut old = Index::drop();
    old.name("progress_county_indicator_month").table("progress");
    manager.drop_index(old).await
}
