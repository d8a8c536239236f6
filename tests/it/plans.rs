//! The statements that the service sends, recorded while everything is asked for that it offers, on both databases: each
//! names the county, so that it goes to one shard, and finds its rows by an index.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::Method;
use sea_orm::{ConnectionTrait, Database as Connect, DatabaseConnection, DbBackend, Statement};

use crate::harness::{Database, Kind, Service};
use crate::recorded::{Recorded, everything, writes};

/// Tables that grow with the years, and are never to be read from end to end for one answer.
const LARGE: [&str; 8] =
    ["journal", "progress", "budget_line", "target", "expenditure", "attachment", "delivery", "remembered"];

/// Lets every later connection be told how its statements are run, where reading everything costs more than anything else;
/// whether this role may do that.
async fn tell_plans(db: &DatabaseConnection) -> bool {
    let superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, superuser)).await.unwrap().unwrap();
    if !row.try_get::<bool>("", "rolsuper").unwrap() {
        eprintln!("only a superuser is told the plans of what is sent");
        return false;
    }
    let name = "SELECT current_database() AS name";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, name)).await.unwrap().unwrap();
    let name: String = row.try_get("", "name").unwrap();
    for setting in [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_level = 'notice'",
        "auto_explain.log_nested_statements = on",
        "enable_seqscan = off",
    ] {
        db.execute_unprepared(&format!("ALTER DATABASE {name} SET {setting}")).await.unwrap();
    }
    true
}

async fn plan(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let text = |rows: Vec<sea_orm::QueryResult>, column: &str| {
        rows.iter().map(|row| row.try_get("", column).unwrap()).collect()
    };
    if db.get_database_backend() == DbBackend::Sqlite {
        let rows =
            db.query_all_raw(Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"))).await;
        return text(rows.unwrap_or_else(|error| panic!("{sql}: {error}")), "detail");
    }
    // As a prepared statement of any parameters is planned, and where reading everything costs more than anything else.
    for setting in ["SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off"] {
        db.execute_unprepared(setting).await.unwrap();
    }
    db.execute_unprepared(&format!("PREPARE asked AS {sql}")).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let most = (1..200).rev().find(|number| sql.contains(&format!("${number}"))).unwrap_or(0);
    let nulls = vec!["NULL"; most].join(", ");
    let execute =
        if most == 0 { "EXPLAIN EXECUTE asked".to_owned() } else { format!("EXPLAIN EXECUTE asked({nulls})") };
    let plan = db.query_all_raw(Statement::from_string(DbBackend::Postgres, execute)).await.unwrap();
    db.execute_unprepared("DEALLOCATE asked").await.unwrap();
    text(plan, "QUERY PLAN")
}

/// Whether a line of a plan reads one of the large tables from end to end.
fn reads_all(line: &str) -> bool {
    let line = line.trim().trim_start_matches("->").trim();
    let aliased = line == "SCAN later" || line.starts_with("Seq Scan on") && line.contains(" later ");
    aliased
        || LARGE.iter().any(|table| {
            line.starts_with(&format!("Seq Scan on {table} "))
                || line == format!("SCAN {table}")
                || line.starts_with(&format!("SCAN {table} USING"))
        })
}

async fn statements_name_the_county_and_use_indexes(kind: Kind) {
    let directory = tempfile::tempdir().unwrap();
    let Some(database) = Database::fresh(kind, directory.path()).await else { return };
    let mut options = sea_orm::ConnectOptions::new(&database.url);
    let db = Connect::connect(options.max_connections(1).to_owned()).await.unwrap();
    let told = kind == Kind::Postgres && tell_plans(&db).await;
    let service = Recorded::start(&database, directory.path()).await;
    let statements = everything(&service).await;

    let plans = service.plans();
    assert!(!told || plans.len() > 200 && plans.iter().any(|plan| plan.contains("unnest(")), "{}", plans.len());
    let mut wrong: Vec<String> = plans.into_iter().filter(|plan| plan.lines().any(reads_all)).collect();
    // The same as any parameters are planned. An insert looks for nothing; what looks up a list of keys PostgreSQL cannot
    // prepare by a text without their types.
    let typeless = |sql: &str| kind == Kind::Postgres && (sql.contains("IN (VALUES (") || sql.contains("\"wanted\""));
    let planned = |sql: &&String| !writes(sql) && !typeless(sql);
    for sql in statements.iter().filter(planned) {
        let plan = plan(&db, sql).await;
        if plan.iter().any(|line| reads_all(line)) {
            wrong.push(format!("{sql}\n  {}", plan.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{} statements read a large table from end to end:\n{}", wrong.len(), wrong.join("\n"));
}

#[actix_web::test]
async fn statements_name_the_county_and_use_indexes_on_sqlite() {
    statements_name_the_county_and_use_indexes(Kind::Sqlite).await;
}

#[actix_web::test]
async fn statements_name_the_county_and_use_indexes_on_postgres() {
    statements_name_the_county_and_use_indexes(Kind::Postgres).await;
}

/// PostgreSQL joins a long list of keys with the whole table where it may.
#[actix_web::test]
async fn rows_of_a_file_are_looked_up_by_their_keys_on_postgres() {
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let service = service.with_case().await;
    let csv = service.admin().with("content-type", "text/csv");
    let upload = async |kind: &str, text: String| {
        csv.send(Method::POST, &format!("/v1/uploads/csv?kind={kind}"), Some(text.into_bytes())).await.expect(201)
    };
    let units: Vec<String> = (0..60).map(|number| format!("t{number},乡镇{number},township,430922")).collect();
    upload("units", format!("code,name,kind,parent\n{}", units.join("\n"))).await;
    let indicators = ["projects-signed", "projects-started", "projects-producing", "top500-projects"];
    let rows = |value: usize| {
        let mut text = String::from("unit,month,indicator,value\n");
        for (unit, month) in (0..60).flat_map(|unit| (1..13).map(move |month| (unit, month))) {
            for code in indicators {
                writeln!(text, "t{unit},2023-{month:02},{code},{value}").unwrap();
            }
        }
        text
    };
    let count = 60 * 12 * indicators.len();
    assert_eq!(upload("progress", rows(1)).await.body["receipt"]["created"], count);
    let db = Connect::connect(&service.database.url).await.unwrap();
    db.execute_unprepared("ANALYZE progress").await.unwrap();
    let read = async || {
        // Counts are told a second late.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let sql = "SELECT seq_tup_read AS count FROM pg_stat_user_tables WHERE relname = 'progress'";
        let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
        usize::try_from(row.try_get::<i64>("", "count").unwrap()).unwrap()
    };
    let before = read().await;
    assert_eq!(upload("progress", rows(2)).await.body["receipt"]["updated"], count);
    // What is asked once for the whole file may read them all.
    let read = read().await - before;
    assert!(read <= 2 * count, "{read} rows were read one after the other to find {count}");
}

#[test]
fn a_table_that_is_read_from_end_to_end_is_noticed() {
    assert!(
        reads_all("SCAN journal")
            && reads_all("  ->  Seq Scan on progress  (cost=1)")
            && reads_all("SCAN target USING COVERING INDEX x")
    );
    assert!(
        !reads_all("SEARCH journal USING PRIMARY KEY (county=?)")
            && !reads_all("Index Scan using journal_pkey on journal")
    );
}
