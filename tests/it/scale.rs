//! Several machines: what the service does and sends where the database has Citus.

use jixiao::store::Store;
use sea_orm::{ConnectionTrait, Database as Connect, DbBackend, Statement};

use crate::harness::{Database, Kind, OwnServer};
use crate::recorded::{Recorded, everything};

/// What distributes tables, and what it refuses, as Citus does; it only notes which they are. With it the service sends what it
/// sends to several machines.
const STAND_IN: &str = r"
    SET allow_system_table_mods = on;
    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        VALUES (99999, 'citus', 10, 'pg_catalog'::regnamespace, false, '13.0');
    CREATE TABLE pg_dist_partition (place serial, logicalrelid oid, beside text);
    CREATE FUNCTION create_distributed_table(one regclass, key text, colocate_with text DEFAULT 'default') RETURNS void
    LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = one AND NOT tgisinternal) THEN
            RAISE 'triggers are not supported on distributed tables';
        END IF;
        IF EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'f' AND conrelid = one AND confrelid <> one
                AND confrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition)) THEN
            RAISE '% refers to a table that is not distributed', one;
        END IF;
        IF EXISTS (SELECT 1 FROM pg_index i WHERE indrelid = one AND indisunique AND key NOT IN (
                SELECT attname FROM pg_attribute WHERE attrelid = one AND attnum = ANY (i.indkey))) THEN
            RAISE '% is unique without %', one, key;
        END IF;
        INSERT INTO pg_dist_partition (logicalrelid, beside) VALUES (one, colocate_with);
    END $$;
";

#[actix_web::test]
async fn statements_to_several_machines_name_the_county() {
    let Some(server) = OwnServer::start_new() else { return };
    let directory = tempfile::tempdir().unwrap();
    let database = Database { kind: Kind::Postgres, url: server.url() };
    let db = Connect::connect(&database.url).await.unwrap();
    db.execute_unprepared(STAND_IN).await.unwrap();
    let store = Store::open(&database.url, &"430922".parse().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;

    // Every table of counties is distributed, all beside the first.
    let sql = "SELECT string_agg(logicalrelid::regclass::text, ' ' ORDER BY place) AS names,
            bool_and(beside = CASE WHEN place = 1 THEN 'default' ELSE 'unit' END) AS together,
            (SELECT count(*) FROM information_schema.columns WHERE column_name = 'county') = count(*) AS every
        FROM pg_dist_partition";
    let told = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    let names: String = told.try_get("", "names").unwrap();
    assert!(names.starts_with("unit ") && names.contains(" journal"), "{names}");
    assert!(told.try_get::<bool>("", "together").unwrap() && told.try_get::<bool>("", "every").unwrap(), "{names}");

    let service = Recorded::start(&database, directory.path()).await;
    let statements = everything(&service).await;
    // Writes are one table each: no part of a statement goes to another machine.
    let parts: Vec<_> =
        statements.iter().filter(|sql| sql.starts_with("WITH part0") || sql.starts_with("WITH at")).collect();
    assert!(parts.is_empty(), "{parts:#?}");
    let arrays = statements.iter().filter(|sql| sql.starts_with("INSERT") && sql.contains("unnest(")).count();
    assert_eq!(arrays, 0);
}
