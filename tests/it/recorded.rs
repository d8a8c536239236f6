//! A service whose statements are recorded while everything is asked for and changed that it offers.

use std::collections::BTreeSet;
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jixiao::server;
use reqwest::Method;
use serde_json::{Value, json};

use crate::guards::{NO_UPLOAD, existing};
use crate::harness::Database;

/// A service with the reference case that logs its statements.
pub struct Recorded {
    child: Child,
    log: std::path::PathBuf,
    address: std::net::SocketAddr,
    token: String,
    /// Of somebody else, who judges.
    officer: String,
    client: reqwest::Client,
}

impl Recorded {
    pub async fn start(database: &Database, directory: &std::path::Path) -> Self {
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
    pub fn plans(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        let told = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let told = told.filter(|line| line["target"] == "sqlx::postgres::notice");
        told.filter_map(|line| Some(line["message"].as_str()?.split_once("plan:")?.1.to_owned())).collect()
    }

    /// The statements about rows that were sent so far.
    pub fn statements(&self) -> BTreeSet<String> {
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
                "pg_class",
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

/// The statements that are sent when everything is asked for and changed; each must name the county.
pub async fn everything(service: &Recorded) -> BTreeSet<String> {
    ask_for_everything(service).await;
    change_everything(service).await;
    let statements = service.statements();
    assert!(statements.len() > 60, "{}", statements.len());
    let nameless: Vec<_> = statements.iter().filter(|sql| !names_the_county(sql)).collect();
    assert!(nameless.is_empty(), "these would go to every shard: {nameless:#?}");
    statements
}

/// Whether a statement only writes, alone or together with others.
pub fn writes(sql: &str) -> bool {
    ["INSERT", "WITH part0 AS (INSERT", "WITH at AS (UPDATE"].iter().any(|one| sql.starts_with(one))
}

/// Whether a statement says which county it is about; that it shows the county is not enough.
fn names_the_county(sql: &str) -> bool {
    let plain = sql.replace('"', "");
    let into_a_county = |one: &str| {
        let columns = one.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
        columns.is_some_and(|(columns, _)| columns.split(',').any(|column| column.trim() == "county"))
    };
    if !plain.split("INSERT INTO ").skip(1).all(into_a_county) {
        return false;
    }
    // What is read or changed beside must say it outside the lists of what is inserted.
    let listless =
        |(place, part)| if place == 0 { part } else { str::split_once(part, ')').map_or("", |(_, rest)| rest) };
    let outside: String = plain
        .replace("ON CONFLICT (county, ", "ON CONFLICT (")
        .split("INSERT INTO ")
        .enumerate()
        .map(listless)
        .collect();
    let said = ["county = ", "county=", "county IN", "county) IN", "(county, "];
    let only_inserts = sql.starts_with("INSERT INTO ") && !sql.contains("FROM \"");
    only_inserts || said.iter().any(|one| outside.contains(one))
}

#[test]
fn a_statement_without_its_county_is_found() {
    for (sql, named) in [
        (r#"SELECT "id" FROM "unit" WHERE "county" = $1"#, true),
        (r#"SELECT "county", "id" FROM "unit" WHERE "id" = $1"#, false),
        (r#"INSERT INTO "unit" ("county","id") VALUES ($1,$2)"#, true),
        (r#"INSERT INTO "unit" ("id") VALUES ($1) ON CONFLICT ("county","id") DO NOTHING"#, false),
        (
            r#"WITH part0 AS (INSERT INTO "journal" ("id") VALUES ($1)) UPDATE "unit" SET "id"=$2 WHERE "county"=$3"#,
            false,
        ),
        (r#"WITH at AS (UPDATE "journal_head" SET "digest"=$1 RETURNING 1) SELECT count(*) FROM at"#, false),
        (r#"DELETE FROM "unit" WHERE "id" = $1"#, false),
        (r#"INSERT INTO "unit" ("county") SELECT "county" FROM "unit" WHERE "id" = $1"#, false),
        (
            r#"WITH part0 AS (INSERT INTO "unit" ("county", "id") VALUES ($1,$2)) DELETE FROM "unit" WHERE "id"=$3"#,
            false,
        ),
    ] {
        assert_eq!(names_the_county(sql), named, "{sql}");
    }
}
