//! What was let go of: refused attempts whose time is over, and which the database lets go once it is written down that
//! they go.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::{create, key};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let number = |name: &'static str| ColumnDef::new(name).big_integer().not_null().take();
    let digest = ColumnDef::new("digest").blob().not_null().take();
    let columns = vec![key(manager, "county"), number("first"), number("last"), digest];
    create(manager, "journal_released", &["county", "first"], columns, &[]).await?;
    let statements: &[&str] = match manager.get_database_backend() {
        DbBackend::Postgres => &[
            "DROP TRIGGER journal_append_only ON journal",
            "CREATE TRIGGER journal_append_only BEFORE UPDATE OR TRUNCATE ON journal \
             FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()",
            "CREATE FUNCTION journal_keeps_what_is_not_released() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF OLD.operation = 'refused' AND (SELECT r.last FROM journal_released r WHERE r.county = OLD.county \
                AND r.first <= OLD.sequence ORDER BY r.first DESC LIMIT 1) >= OLD.sequence THEN RETURN OLD; END IF; \
             RAISE EXCEPTION 'the journal is append-only'; END $$",
            "CREATE TRIGGER journal_not_deleted BEFORE DELETE ON journal \
             FOR EACH ROW EXECUTE FUNCTION journal_keeps_what_is_not_released()",
            "CREATE TRIGGER journal_released_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_released \
             FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()",
        ],
        _ => &[
            "DROP TRIGGER journal_not_deleted",
            "CREATE TRIGGER journal_not_deleted BEFORE DELETE ON journal \
             WHEN NOT (OLD.operation = 'refused' AND coalesce((SELECT r.last FROM journal_released r \
                WHERE r.county = OLD.county AND r.first <= OLD.sequence ORDER BY r.first DESC LIMIT 1) >= OLD.sequence, 0)) \
             BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
            "CREATE TRIGGER journal_released_not_updated BEFORE UPDATE ON journal_released \
             BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
            "CREATE TRIGGER journal_released_not_deleted BEFORE DELETE ON journal_released \
             BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
        ],
    };
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
