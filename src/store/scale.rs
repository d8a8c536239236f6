//! Several machines: where the database has Citus, every table is distributed by county, all of them alike, so that the rows
//! of a county lie together on one machine and every statement and transaction about a county stays there.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use super::Error;

/// Whether the database has the extension.
pub(super) async fn has_citus(db: &DatabaseConnection) -> Result<bool, Error> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(false);
    }
    let asked = Statement::from_string(DbBackend::Postgres, "SELECT 1 FROM pg_extension WHERE extname = 'citus'");
    Ok(db.query_one_raw(asked).await?.is_some())
}

/// Whether every table of counties is distributed.
pub(super) async fn is_distributed(db: &DatabaseConnection) -> Result<bool, Error> {
    Ok(db.query_all_raw(Statement::from_string(DbBackend::Postgres, LEFT)).await?.is_empty())
}

/// The tables of counties that are not distributed yet.
const LEFT: &str = "SELECT c.relname::text AS name FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'county' AND NOT a.attisdropped
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_dist_partition d WHERE d.logicalrelid = c.oid) ORDER BY 1";

/// Which table refers to which.
const REFERENCES: &str = "SELECT f.relname::text AS name, t.relname::text AS other FROM pg_constraint k
    JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
    WHERE k.contype = 'f' AND f.relnamespace = current_schema()::regnamespace";

/// The triggers of a table.
const TRIGGERS: &str = "SELECT t.tgname::text AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relname = $1 AND c.relnamespace = current_schema()::regnamespace";

/// Distributes every table of counties that is not distributed yet; a schema that grew is distributed on.
///
/// Distributed tables have no triggers: there the journal is append-only by `Write` alone, and its chain of digests tells
/// whether anybody else changed it.
///
/// # Errors
/// The database's.
pub(super) async fn distribute(db: &DatabaseConnection) -> Result<(), Error> {
    let ask = async |sql: &str, values: Vec<sea_orm::Value>| {
        db.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await
    };
    let text = |row: &QueryResult, column: &str| row.try_get::<String>("", column);
    let left = ask(LEFT, Vec::new()).await?.iter().map(|row| text(row, "name")).collect::<Result<Vec<_>, DbErr>>()?;
    let references = ask(REFERENCES, Vec::new()).await?;
    let references = references.iter().map(|row| Ok((text(row, "name")?, text(row, "other")?)));
    let references = references.collect::<Result<Vec<_>, DbErr>>()?;
    for table in in_order(left, &references) {
        for trigger in ask(TRIGGERS, vec![table.as_str().into()]).await? {
            let trigger = text(&trigger, "name")?;
            db.execute_unprepared(&format!("DROP TRIGGER \"{trigger}\" ON \"{table}\"")).await?;
        }
        // The first makes the shards, the others lie with it.
        let distribute = match table.as_str() {
            FIRST => format!("SELECT create_distributed_table('{FIRST}', 'county')"),
            other => format!("SELECT create_distributed_table('{other}', 'county', colocate_with => '{FIRST}')"),
        };
        db.execute_unprepared(&distribute).await?;
    }
    Ok(())
}

/// The table that all others lie with: nearly all refer to it.
const FIRST: &str = "unit";

/// Tables so that each comes behind those it refers to, the first of all before any other.
fn in_order(mut left: Vec<String>, references: &[(String, String)]) -> Vec<String> {
    left.sort_by_key(|table| table != FIRST);
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waiting: BTreeSet<String> = left.iter().cloned().collect();
        let is_free = |table: &String| {
            let others = references.iter().filter(|(name, other)| name == table && other != table);
            others.clone().all(|(_, other)| !waiting.contains(other))
        };
        let (free, bound): (Vec<_>, Vec<_>) = left.into_iter().partition(is_free);
        if free.is_empty() {
            // A circle of references has no order; the database says what it thinks of it.
            ordered.extend(bound);
            break;
        }
        ordered.extend(free);
        left = bound;
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_behind_those_it_refers_to() {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let references = [("claim", "target"), ("target", "unit"), ("target", "indicator"), ("unit", "unit")];
        let references = references.map(|(name, other)| (name.to_owned(), other.to_owned()));
        let ordered = in_order(texts(&["claim", "indicator", "journal", "target", "unit"]), &references);
        assert_eq!(ordered, texts(&["unit", "indicator", "journal", "target", "claim"]));
        // What was distributed before is nothing to wait for.
        assert_eq!(in_order(texts(&["claim"]), &references), texts(&["claim"]));
    }
}
