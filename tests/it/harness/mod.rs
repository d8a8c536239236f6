//! Starts a service on a database of its own, and asks it things.

pub mod databases;
pub mod own_server;
pub mod receiver;
pub mod replicas;

use std::net::TcpListener;
use std::path::Path;

use actix_web::web::Data;
use chrono::TimeDelta;
use jixiao::http::Context;
use jixiao::http::identity::{Bounds, Role};
use jixiao::http::keys::{Claims, Keys};
use jixiao::store::Store;
use jixiao::{demo, server};
use reqwest::Method;
use serde_json::Value;

pub use self::databases::{Database, Kind};
pub use self::own_server::OwnServer;
pub use self::replicas::Replicas;

/// Makes a test of each function, once on SQLite and once on PostgreSQL.
macro_rules! on_both {
    ($($(#[$about:meta])* async fn $name:ident($service:ident: Service) $body:block)+) => {$(
        $(#[$about])*
        async fn $name($service: crate::harness::Service) $body

        mod $name {
            use crate::harness::{Kind, Service};

            #[actix_web::test]
            async fn sqlite() {
                super::$name(Service::start(Kind::Sqlite).await.unwrap()).await;
            }

            #[actix_web::test]
            async fn postgres() {
                if let Some(service) = Service::start(Kind::Postgres).await {
                    super::$name(service).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both;

/// What a service on a database works with.
async fn context(database: &Database, directory: &Path) -> Data<Context> {
    let county = "430922".parse().unwrap();
    Data::new(Context {
        store: Store::open(&database.url, &county).await.unwrap(),
        keys: Keys::open(directory, &county).unwrap(),
        now: Context::system_clock,
        longest_file: 8 * 1024 * 1024,
        replays: jixiao::resources::replays(),
        refusals: jixiao::http::refusals::Refusals::default(),
        in_flight: jixiao::http::once::InFlight::default(),
        instance: uuid::Uuid::now_v7().to_string(),
        outgoing: jixiao::http::outgoing::Outgoing::new("127.0.0.1".parse().unwrap()).unwrap(),
        proxies: "127.0.0.1".parse().unwrap(),
        patience: TimeDelta::seconds(1),
        region: Some("43".parse().unwrap()),
        requests: tokio_util::task::TaskTracker::new(),
        again: jixiao::http::again::Again::keeping(1024 * 1024),
    })
}

/// A running service.
pub struct Service {
    pub url: String,
    pub context: Data<Context>,
    pub database: Database,
    client: reqwest::Client,
    server: actix_web::dev::ServerHandle,
    directory: tempfile::TempDir,
}

impl Service {
    /// Starts a service on a fresh database; nothing where there is no PostgreSQL.
    pub async fn start(kind: Kind) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        Some(Self::on(Database::fresh(kind, directory.path()).await?, directory).await)
    }

    /// Another service on the same database, as another of its roles.
    pub async fn as_role(&self, role: &str, password: &str) -> Self {
        let server = self.database.url.split_once('@').unwrap().1;
        let url = format!("postgres://{role}:{password}@{server}");
        Self::on(Database { kind: self.database.kind, url }, tempfile::tempdir().unwrap()).await
    }

    /// Starts a service on a test's own server.
    pub async fn at(server: &OwnServer) -> Self {
        let database = Database { kind: Kind::Postgres, url: server.url() };
        let service = Self::on(database, tempfile::tempdir().unwrap()).await;
        service.context.store.migrate().await.unwrap();
        service
    }

    async fn on(database: Database, directory: tempfile::TempDir) -> Self {
        let context = context(&database, directory.path()).await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let running = server::serve(listener, context.clone()).unwrap();
        let server = running.handle();
        actix_web::rt::spawn(running);
        let client = reqwest::Client::new();
        Self { url, context, database, client, server, directory }
    }

    /// Another service on the same database, with keys of its own.
    pub async fn beside(&self) -> Self {
        let database = Database { kind: self.database.kind, url: self.database.url.clone() };
        Self::on(database, tempfile::tempdir().unwrap()).await
    }

    /// What another replica of this service works with.
    pub async fn replica(&self) -> Data<Context> {
        context(&self.database, self.directory.path()).await
    }

    /// The command line, with this service's keys and database.
    pub fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jixiao"));
        command
            .env_clear()
            .env("JIXIAO_DATA_DIR", self.directory.path())
            .env("JIXIAO_DATABASE_URL", &self.database.url)
            .env("JIXIAO_REGION", "43");
        command
    }

    /// The same, with the reference case in it.
    pub async fn with_case(self) -> Self {
        demo::load(&self.context).await.unwrap();
        self
    }

    /// Somebody with a token for the whole county.
    pub fn caller(&self, role: Role) -> Caller<'_> {
        self.caller_of(role, None)
    }

    /// Somebody with a token for a unit's subtree.
    pub fn caller_of(&self, role: Role, unit: Option<&str>) -> Caller<'_> {
        self.caller_named("tester", role, unit)
    }

    /// Somebody of that name.
    pub fn caller_named(&self, name: &str, role: Role, unit: Option<&str>) -> Caller<'_> {
        let unit = unit.map(|unit| unit.parse().unwrap());
        let (now, lasting) = (Context::system_clock(), TimeDelta::hours(1));
        let token = self.context.keys.issue(name, role, &Bounds::of(unit), now, lasting).unwrap();
        Caller { service: self, token: Some(token), headers: Vec::new() }
    }

    /// A token for a unit's subtree, or for the whole county.
    pub fn token(&self, role: Role, unit: Option<&str>) -> String {
        self.caller_of(role, unit).token.unwrap_or_default()
    }

    /// Somebody with any claims.
    pub fn caller_claiming(&self, claims: &Claims) -> Caller<'_> {
        let token = self.context.keys.sign(claims).unwrap();
        Caller { service: self, token: Some(token), headers: Vec::new() }
    }

    /// Somebody with any token at all.
    pub fn caller_with(&self, token: &str) -> Caller<'_> {
        Caller { service: self, token: Some(token.into()), headers: Vec::new() }
    }

    /// A stranger.
    pub fn nobody(&self) -> Caller<'_> {
        Caller { service: self, token: None, headers: Vec::new() }
    }

    /// Who may do everything.
    pub fn admin(&self) -> Caller<'_> {
        self.caller(Role::Admin)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Dropping the future would do nothing; asking is enough, the runtime of the test ends with it.
        drop(self.server.stop(false));
    }
}

/// Somebody who asks.
#[derive(Clone)]
pub struct Caller<'a> {
    service: &'a Service,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    /// A header's text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The reply, if it has the status; otherwise the test fails and shows it.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    /// The codes of all errors with where they are, in order.
    pub fn errors(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| (text(&error["code"]), text(&error["pointer"]) + &text(&error["parameter"])))
            .collect()
    }
}

impl Caller<'_> {
    /// The same caller, sending a header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    /// A file, whatever its bytes are.
    pub async fn get_bytes(&self, path: &str) -> Vec<u8> {
        let request = self.service.client.get(format!("{}{path}", self.service.url));
        let reply = request.bearer_auth(self.token.as_deref().unwrap_or_default()).send().await.unwrap();
        assert_eq!(reply.status().as_u16(), 200, "{path}");
        reply.bytes().await.unwrap().to_vec()
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body.to_string().into_bytes())).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some(body.to_string().into_bytes())).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Sends bytes that may be anything.
    pub async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Reply {
        let mut request = self.service.client.request(method, format!("{}{path}", self.service.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            if !self.headers.iter().any(|(name, _)| *name == "content-type") {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Reply { status, headers, body }
    }
}

/// A file of the reference case: ids and facts.
pub fn case(name: &str) -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/taojiang-2023/{name}.json"));
    let items: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    items.into_iter().map(|item| (item["id"].as_str().unwrap().to_owned(), item["facts"].clone())).collect()
}
