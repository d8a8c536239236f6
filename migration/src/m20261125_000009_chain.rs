//! The journal becomes a chain, and append-only: the database refuses to change or to delete an entry.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::{create, key, text};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let digest = || ColumnDef::new("digest").blob().null().take();
    // Entries from before the chain have no digest; the first that has one begins it.
    for mut column in [text("token"), text("address"), digest()] {
        manager.alter_table(Table::alter().table("journal").add_column(&mut column).take()).await?;
    }
    let mut unit = key(manager, "unit");
    unit.null();
    manager.alter_table(Table::alter().table("journal").add_column(&mut unit).take()).await?;
    manager.alter_table(Table::alter().table("journal_head").add_column(digest()).take()).await?;
    // The newest entry that changed a row: attempts that were refused are entries too, and change nothing.
    let changed = ColumnDef::new("changed").big_integer().not_null().default(0).take();
    manager.alter_table(Table::alter().table("journal_head").add_column(changed).take()).await?;
    manager.get_connection().execute_unprepared("UPDATE journal_head SET changed = sequence").await?;
    let sequence = ColumnDef::new("sequence").big_integer().not_null().take();
    let columns = vec![key(manager, "county"), key(manager, "resource"), sequence];
    create(manager, "journal_newest", &["county", "resource"], columns, &[]).await?;
    let newest =
        "INSERT INTO journal_newest SELECT county, resource, max(sequence) FROM journal GROUP BY county, resource";
    manager.get_connection().execute_unprepared(newest).await?;

    let statements: &[&str] = match manager.get_database_backend() {
        DbBackend::Postgres => &[
            "CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$",
            "CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal \
             FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()",
        ],
        _ => &[
            "CREATE TRIGGER journal_not_updated BEFORE UPDATE ON journal \
             BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
            "CREATE TRIGGER journal_not_deleted BEFORE DELETE ON journal \
             BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
        ],
    };
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
