//! The statements that the service sends, recorded while everything is asked for that it offers, on both databases: each
//! names the county, so that it goes to one shard, and finds its rows by an index.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jixiao::server;
use reqwest::Method;
use sea_orm::{ConnectionTrait, Database as Connect, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};

use crate::guards::{NO_UPLOAD, existing};
use crate::harness::{Database, Kind, Service};

/// Tables that grow with the years, and are never to be read from end to end for one answer.
const LARGE: [&str; 8] =
    ["journal", "progress", "budget_line", "target", "expenditure", "attachment", "delivery", "remembered"];

/// A service with the reference case that logs its statements.
struct Recorded {
    child: Child,
    log: std::path::PathBuf,
    address: std::net::SocketAddr,
    token: String,
    /// Of somebody else, who judges.
    officer: String,
    client: reqwest::Client,
}

impl Recorded {
    async fn start(database: &Database, directory: &std::path::Path) -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = directory.join("log");
        let jixiao = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_jixiao"));
            command.env_clear().env("JIXIAO_DATA_DIR", directory).env("JIXIAO_DATABASE_URL", &database.url);
            command.env("JIXIAO_BIND", address.to_string());
            command
        };
        let token = |role: &str| {
            let printed = jixiao().args(["token", "--role", role, "--subject", role]).output().unwrap().stdout;
            String::from_utf8(printed).unwrap().trim().to_owned()
        };
        let (token, officer) = (token("admin"), token("reviewer"));
        let mut command = jixiao();
        command
            .env("JIXIAO_LOG", "sqlx::query=debug,sqlx::postgres::notice=info")
            .env("JIXIAO_LOG_FORMAT", "json")
            .arg("demo");
        let child = command.stdout(Stdio::null()).stderr(File::create(&log).unwrap()).spawn().unwrap();
        let client = reqwest::Client::new();
        let recorded = Self { child, log, address, token, officer, client };
        let begun = Instant::now();
        while !reqwest::get(format!("http://{address}/readyz")).await.is_ok_and(|reply| reply.status().is_success()) {
            assert!(begun.elapsed() < Duration::from_mins(1), "{}", std::fs::read_to_string(&recorded.log).unwrap());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        recorded
    }

    fn ask(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.ask_as(&self.token, method, path)
    }

    fn ask_as(&self, token: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address)).bearer_auth(token)
    }

    /// Asks as one of two people, and answers what was answered; the test fails where it is no success.
    async fn change(&self, who: &str, method: Method, path: &str, body: Value) -> Value {
        let token = if who == "officer" { &self.officer } else { &self.token };
        let mut request = self.ask_as(token, method.clone(), &format!("/v1/{path}"));
        if method == Method::DELETE || (method == Method::PUT && self.exists(path).await) {
            request = request.header("if-match", "*");
        }
        let request = if body.is_null() { request } else { request.json(&body) };
        let reply = request.send().await.unwrap();
        let (status, text) = (reply.status(), reply.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn exists(&self, path: &str) -> bool {
        self.ask(Method::GET, &format!("/v1/{path}")).send().await.unwrap().status().is_success()
    }

    /// Uploads a sheet; the id of its receipt.
    async fn upload(&self, kind: &str, csv: String) -> String {
        let request = self.ask(Method::POST, &format!("/v1/uploads/csv?kind={kind}&fill_down=true"));
        let reply = request.header("content-type", "text/csv").body(csv).send().await.unwrap();
        let (status, receipt) = (reply.status(), reply.json::<Value>().await.unwrap());
        assert!(status.is_success(), "{kind}: {receipt:#}");
        receipt["id"].as_str().unwrap().to_owned()
    }

    /// The plans that PostgreSQL told of, each with its statement.
    fn plans(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        let told = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let told = told.filter(|line| line["target"] == "sqlx::postgres::notice");
        told.filter_map(|line| Some(line["message"].as_str()?.split_once("plan:")?.1.to_owned())).collect()
    }

    /// The statements about rows that were sent so far.
    fn statements(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        let told = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let sql = told.filter_map(|line| {
            // A short one is its own summary.
            let whole = line["db.statement"].as_str().map(str::trim).filter(|text| !text.is_empty());
            Some(whole.or(line["summary"].as_str())?.split_whitespace().collect::<Vec<_>>().join(" "))
        });
        let about_rows =
            |sql: &String| ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].iter().any(|one| sql.starts_with(one));
        // The schema is made and asked about before there is a county, and a session is begun with its limits.
        let of_schema = |sql: &String| {
            [
                "seaql_migrations",
                "sqlite_master",
                "information_schema",
                "pg_catalog",
                "pg_advisory",
                "pg_extension",
                "pragma_",
                "set_config",
            ]
            .iter()
            .any(|one| sql.contains(one))
        };
        sql.filter(|sql| about_rows(sql) && !of_schema(sql)).collect()
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks for everything the document offers to read, filtered and not, and changes a row of each kind.
async fn ask_for_everything(service: &Recorded) {
    let document = server::document();
    let get = async |path: String| {
        let request = service.ask(Method::GET, &path);
        let request = if path.contains("/public/") { request.header("if-none-match", "\"0\"") } else { request };
        let status = request.send().await.unwrap().status();
        assert!(!status.is_server_error(), "{path}: {status}");
    };
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(operation) = item.get("get") else { continue };
        let collection = path.trim_start_matches("/v1/").split('/').next().unwrap();
        let path = path.replace("{resource}", "progress").replace("{kind}", "progress").replace("{number}", "1");
        let path = path.replace(
            "{id}",
            match collection {
                "public" => existing("evaluations"),
                "uploads" => NO_UPLOAD,
                other => existing(other),
            },
        );
        let known = [
            ("month", "2023-12"),
            ("year", "2023"),
            ("unit", "209002"),
            ("scheme", "national_2020"),
            ("parent", "430922"),
            ("resource", "progress"),
            ("county", "430922"),
            ("limit", "2"),
        ];
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let names: Vec<&str> =
            parameters.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str()).collect();
        let filters: Vec<_> = known
            .iter()
            .filter(|(name, _)| names.contains(name))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let required: Vec<_> = filters
            .iter()
            .filter(|one| {
                one.starts_with("month=")
                    || one.starts_with("scheme=")
                    || (collection == "county-rows" && one.starts_with("resource="))
                    || (collection == "result-uses" && one.starts_with("year="))
            })
            .cloned()
            .collect();
        get(format!("{path}?{}", required.join("&"))).await;
        get(format!("{path}?{}", filters.join("&"))).await;
    }
    let of_an_indicator = "/v1/progress?indicator=fdi&year=2023&limit=2";
    get(of_an_indicator.into()).await;
}

/// Changes what there is in every way that the document offers.
async fn change_everything(service: &Recorded) {
    let asked =
        async |who: &str, method: Method, path: &str, body: Value| service.change(who, method, path, body).await;
    let put = async |path: &str, body: Value| asked("admin", Method::PUT, path, body).await;
    let post = async |path: &str, body: Value| asked("admin", Method::POST, path, body).await;
    let delete = async |path: &str| asked("admin", Method::DELETE, path, Value::Null).await;

    // Sheets of every kind, as they are in already; one that changes something, and its reversal.
    for kind in ["units", "projects", "indicators", "budget-lines", "targets", "progress", "evaluations"] {
        let csv = std::fs::read_to_string(format!("examples/taojiang-2023/csv/{kind}.csv")).unwrap();
        service.upload(&kind.replace('-', "_"), csv).await;
    }
    let spent = "unit,month,project,executed\n209002,2023-06,209002-2023-01,12.00\n";
    service.upload("expenditures", spent.into()).await;
    let upload = service.upload("progress", "unit,month,indicator,value\n430922,2023-12,fdi,23\n".into()).await;
    post(&format!("uploads/{upload}/reversal"), Value::Null).await;

    // Rows, stated and taken away.
    put("units/xiushan", json!({ "name": "修山镇", "kind": "township", "parent": "430922" })).await;
    put("divisions/2023:430922", json!({ "name": "桃江", "level": "county" })).await;
    put("economic-classes/2023:30200", json!({ "name": "其他", "parent": "302" })).await;
    put("expenditures/209002:2023-07:209002-2023-01", json!({ "executed": "1.00" })).await;
    for shipped in ["standards/2020", "schemes/own:2020"] {
        let facts = asked("admin", Method::GET, shipped, Value::Null).await["facts"].clone();
        put(&shipped.replace("2020", "2031"), facts).await;
    }
    put("progress/430922:2023-12:fdi", json!({ "value": "22" })).await;
    for code in ["209002:2024:209002-2024-01:top500-projects:unit", "209002:2024:209002-2024-01:projects-over-50m:unit"]
    {
        delete(&format!("targets/{code}")).await;
    }
    for row in
        ["progress/430922:2023-12:fdi", "expenditures/209002:2023-07:209002-2023-01", "economic-classes/2023:30200"]
    {
        delete(row).await;
    }

    // The year's cycle.
    let part = json!({ "allocations": [{ "unit": "xiushan", "value": "320" }] });
    post("targets/430922:2023::fdi:city/allocations", part).await;
    put("approvals/209002:2031", json!({})).await;
    delete("approvals/209002:2031").await;
    post("rollovers", json!({ "unit": "430922", "year": "2024" })).await;
    post("evaluations/209002:2023:209002-2023-01:self/what-if", json!({})).await;
    let review = "evaluations/209002:2023:209002-2023-01:self/actions";
    for (who, action) in [
        ("admin", json!({ "action": "submit" })),
        ("officer", json!({ "action": "return", "opinion": "请核实" })),
        ("admin", json!({ "action": "submit" })),
        ("officer", json!({ "action": "accept", "opinion": "同意" })),
        ("officer", json!({ "action": "publish" })),
        ("officer", json!({ "action": "apply", "decision": "保持" })),
    ] {
        asked(who, Method::POST, review, action).await;
    }
    let notices = json!({ "unit": "209002", "year": "2023", "every_finding": true });
    let notice = asked("officer", Method::POST, "rectifications", notices).await["items"][0]["id"].clone();
    let path = format!("rectifications/{}/actions", notice.as_str().unwrap());
    asked("admin", Method::POST, &path, json!({ "action": "answer", "text": "已整改" })).await;
    asked("officer", Method::POST, &path, json!({ "action": "close" })).await;
    put("closings/209002:2031", json!({})).await;
    delete("closings/209002:2031").await;

    // Whoever is told.
    put("webhooks/platform", json!({ "url": "https://example.org/hook" })).await;
    for action in ["secrets", "recovery?after=0"] {
        post(&format!("webhooks/platform/{action}"), Value::Null).await;
    }
    delete("webhooks/platform").await;
}

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

/// Whether a statement only writes, alone or together with others.
fn writes(sql: &str) -> bool {
    ["INSERT", "WITH part0 AS (INSERT", "WITH at AS (UPDATE"].iter().any(|one| sql.starts_with(one))
}

/// Whether a statement says which county it is about; that it shows the county is not enough.
fn names_the_county(sql: &str) -> bool {
    let plain = sql.replace('"', "");
    let said = ["county = ", "county=", "county IN", "county) IN", "(county, "];
    writes(sql) && plain.contains("county") || said.iter().any(|one| plain.contains(one))
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
    ask_for_everything(&service).await;
    change_everything(&service).await;
    let statements = service.statements();
    assert!(statements.len() > 60, "{}", statements.len());
    let nameless: Vec<_> = statements.iter().filter(|sql| !names_the_county(sql)).collect();
    assert!(nameless.is_empty(), "these would go to every shard: {nameless:#?}");

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
