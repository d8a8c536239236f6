//! The tables that migrations make are those the entities expect, on both databases.

use std::collections::BTreeMap;
use std::time::Duration;

use jixiao::resources;
use jixiao::store::Store;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database as Connect, DatabaseConnection, DbBackend, Statement, TransactionTrait};

use crate::harness::{Database, Kind};

/// Column name, type, whether it may be null, and its place in the primary key, for each table.
type Catalogue = BTreeMap<String, Vec<(String, String, bool, i64)>>;

async fn catalogue(db: &DatabaseConnection) -> Catalogue {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => {
            r#"SELECT t.name AS "table", c.name AS "column", lower(c.type) AS "type", c."notnull" = 0 AND c.pk = 0 AS "nullable", c.pk AS "place"
               FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"#
        }
        _ => {
            r#"SELECT c.table_name::text AS "table", c.column_name::text AS "column", c.data_type::text AS "type", c.is_nullable = 'YES' AS "nullable",
                 COALESCE((SELECT k.ordinal_position::bigint FROM information_schema.key_column_usage k
                   JOIN information_schema.table_constraints p USING (constraint_name, table_name, table_schema)
                   WHERE p.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name AND k.column_name = c.column_name), 0) AS "place"
               FROM information_schema.columns c WHERE c.table_schema = 'public'"#
        }
    };
    let mut catalogue = Catalogue::new();
    for row in db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap() {
        let table: String = row.try_get("", "table").unwrap();
        let column = (
            row.try_get("", "column").unwrap(),
            row.try_get("", "type").unwrap(),
            row.try_get("", "nullable").unwrap(),
            row.try_get("", "place").unwrap(),
        );
        catalogue.entry(table).or_default().push(column);
    }
    catalogue.remove("seaql_migrations");
    for columns in catalogue.values_mut() {
        columns.sort();
    }
    catalogue
}

async fn migrations_are_entities(kind: Kind) {
    let directory = tempfile::tempdir().unwrap();
    let Some(migrated) = Database::fresh(kind, directory.path()).await else { return };
    let migrated = Connect::connect(&migrated.url).await.unwrap();
    let declared = Database::empty(kind, directory.path()).await.unwrap();
    let declared = Connect::connect(&declared.url).await.unwrap();
    for table in resources::tables(declared.get_database_backend()) {
        declared.execute(&table).await.unwrap();
    }
    let (migrated, declared) = (catalogue(&migrated).await, catalogue(&declared).await);
    assert_eq!(migrated.len(), 30);
    assert_eq!(migrated, declared);
}

#[actix_web::test]
async fn migrations_are_entities_on_sqlite() {
    migrations_are_entities(Kind::Sqlite).await;
}

#[actix_web::test]
async fn migrations_are_entities_on_postgres() {
    migrations_are_entities(Kind::Postgres).await;
}

#[actix_web::test]
async fn replicas_that_start_together_migrate_once() {
    let directory = tempfile::tempdir().unwrap();
    let Some(database) = Database::empty(Kind::Postgres, directory.path()).await else { return };
    let county = "430922".parse().unwrap();
    let (one, other) =
        (Store::open(&database.url, &county).await.unwrap(), Store::open(&database.url, &county).await.unwrap());
    // As long as somebody migrates, the others wait.
    let third = Connect::connect(&database.url).await.unwrap();
    let holding = third.begin().await.unwrap();
    holding.execute_unprepared("SELECT pg_advisory_xact_lock(4309222023)").await.unwrap();
    let mut starting = Box::pin(futures_util::future::join(one.migrate(), other.migrate()));
    let seen = async |sql: &str| {
        let row = third.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<i64>("", "count").unwrap()
    };
    let wait = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        while seen(waiting).await < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = &mut starting => panic!("nobody waited"),
        () = wait => {}
    }
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(seen(tables).await, 0);
    holding.commit().await.unwrap();
    let (first, second) = starting.await;
    first.unwrap();
    second.unwrap();
    // Each was made once.
    let made = i64::try_from(Migrator::migrations().len()).unwrap();
    assert_eq!(seen("SELECT count(*) FROM seaql_migrations").await, made);
    assert!(seen(tables).await > 20);
}
