//! The newest change of each resource moves to the head of the journal: one row says all that changes with every change, and
//! whoever holds it knows all of it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let newest = ColumnDef::new("newest").text().not_null().default("{}").take();
    manager.alter_table(Table::alter().table("journal_head").add_column(newest).take()).await?;
    let object = match manager.get_database_backend() {
        DbBackend::Postgres => "json_object_agg(resource, sequence)::text",
        _ => "json_group_object(resource, sequence)",
    };
    let filled = format!(
        "UPDATE journal_head SET newest = COALESCE((SELECT {object} FROM journal_newest \
         WHERE journal_newest.county = journal_head.county), '{{}}')"
    );
    manager.get_connection().execute_unprepared(&filled).await?;
    manager.drop_table(Table::drop().table("journal_newest").take()).await
}
