//! Many write, some follow, and the service is killed in between: whoever follows misses nothing, sees nothing twice,
//! and never sees a change before an earlier one.
//!
//! How long is said by `JIXIAO_FEED_SECONDS`; a few where nothing is said. On PostgreSQL two processes serve one
//! database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::harness::{Database, Kind};

const WRITERS: usize = 16;
const READERS: usize = 4;

/// What happened, as those who wrote and those who followed saw it, and what is there in the end.
#[derive(Clone, Default)]
struct Seen {
    /// What each follower was told, in its order.
    feeds: Vec<Vec<Value>>,
    /// The revisions that writers were told, with their rows.
    told: BTreeSet<(i64, String)>,
    /// The units there are: revision and facts.
    units: BTreeMap<String, (i64, Value)>,
    /// The journal, as the auditor reads it.
    journal: Vec<Value>,
}

/// What does not hold.
fn check(seen: &Seen) -> Result<(), String> {
    if let Some((number, entry)) = (1..).zip(&seen.journal).find(|(number, entry)| entry["sequence"] != *number) {
        return Err(format!("the journal has {} in place of {number}", entry["sequence"]));
    }
    // Attempts that were refused are entries too, and no changes.
    let numbers = |list: &[Value]| list.iter().map(|one| one["sequence"].as_i64().unwrap()).collect::<Vec<_>>();
    let changes: Vec<Value> = seen.journal.iter().filter(|entry| entry["operation"] != "refused").cloned().collect();
    for (reader, feed) in seen.feeds.iter().enumerate() {
        if numbers(feed) != numbers(&changes) {
            return Err(format!("reader {reader} was told other numbers than the journal has"));
        }
        if feed != &seen.feeds[0] {
            return Err(format!("reader {reader} was told other things than the first"));
        }
        let mut copy = BTreeMap::new();
        for change in feed.iter().filter(|change| change["resource"] == "units") {
            let id = change["id"].as_str().unwrap().to_owned();
            match change["operation"].as_str().unwrap() {
                "deleted" => drop(copy.remove(&id)),
                _ => drop(copy.insert(id, (change["sequence"].as_i64().unwrap(), change["facts"].clone()))),
            }
        }
        if copy != seen.units {
            return Err(format!("reader {reader} has another copy than the database"));
        }
    }
    let changes: BTreeSet<(i64, String)> = seen.feeds[0]
        .iter()
        .map(|change| (change["sequence"].as_i64().unwrap(), change["id"].as_str().unwrap().to_owned()))
        .collect();
    match seen.told.difference(&changes).next() {
        Some(missed) => Err(format!("{missed:?} was answered and never told")),
        None => Ok(()),
    }
}

/// A process that serves, and is killed and started again.
struct Server {
    child: Mutex<Option<Child>>,
    address: std::net::SocketAddr,
    directory: PathBuf,
    database: String,
}

impl Server {
    fn new(directory: &Path, database: &str) -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let server = Self { child: Mutex::new(None), address, directory: directory.into(), database: database.into() };
        server.start();
        server
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jixiao"));
        command.env_clear().env("JIXIAO_DATA_DIR", &self.directory).env("JIXIAO_DATABASE_URL", &self.database);
        command.env("JIXIAO_BIND", self.address.to_string()).env("JIXIAO_LOG", "error");
        command
    }

    fn start(&self) {
        *self.child.lock().unwrap() = Some(self.command().arg("serve").spawn().unwrap());
    }

    fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks until there is an answer: services die here.
async fn ask(
    client: &Client,
    server: &Server,
    token: &str,
    method: Method,
    path: &str,
    body: Option<String>,
) -> (u16, Value) {
    loop {
        let mut request = client.request(method.clone(), format!("http://{}{path}", server.address)).bearer_auth(token);
        if method != Method::GET {
            request = request.header("if-match", "*");
        }
        if let Some(body) = &body {
            let media = if path.contains("csv") { "text/csv" } else { "application/json" };
            request = request.header("content-type", media).body(body.clone());
        }
        if let Ok(reply) = request.send().await {
            let status = reply.status().as_u16();
            if let Ok(text) = reply.text().await
                && status < 500
            {
                return (status, serde_json::from_str(&text).unwrap_or(Value::Null));
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "tests have settings of their own")]
fn seconds() -> u64 {
    std::env::var("JIXIAO_FEED_SECONDS").map_or(8, |value| value.parse().unwrap())
}

/// The whole journal.
async fn audited(client: &Client, server: &Server) -> Vec<Value> {
    // What was refused last is written a moment later.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let auditor = server.command().args(["token", "--role", "auditor"]).output().unwrap().stdout;
    let auditor = String::from_utf8(auditor).unwrap().trim().to_owned();
    let (mut journal, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/journal?limit=1000{after}");
        let (_, page) = ask(client, server, &auditor, Method::GET, &path, None).await;
        journal.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    journal
}

/// Lets many write and some follow, and tells what they saw.
async fn run(kind: Kind) -> Option<(Seen, u64)> {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::empty(kind, directory.path()).await?;
    let processes = if kind == Kind::Postgres { 2 } else { 1 };
    let servers: Vec<Server> = (0..processes).map(|_| Server::new(directory.path(), &database.url)).collect();
    let token = servers[0].command().args(["token", "--role", "admin"]).output().unwrap().stdout;
    let token = String::from_utf8(token).unwrap().trim().to_owned();
    let client = Client::new();
    let (end, done, kills) =
        (Instant::now() + Duration::from_secs(seconds()), AtomicBool::new(false), AtomicU64::new(0));
    let told = Mutex::new(BTreeSet::new());

    let (servers, token, client, done, told, kills) = (&servers, &token, &client, &done, &told, &kills);
    let write = |writer: usize| async move {
        let server = &servers[writer % servers.len()];
        for round in 0_usize.. {
            if Instant::now() > end {
                return;
            }
            let id = format!("w{writer}-{}", round * 7 % 5);
            let path = format!("/v1/units/{id}");
            let facts = json!({ "name": format!("甲{round}"), "kind": "other" }).to_string();
            match (writer + round) % 6 {
                0 => drop(ask(client, server, token, Method::DELETE, &path, None).await),
                1 if writer.is_multiple_of(4) => {
                    let rows: Vec<String> = (0..20).map(|row| format!("w{writer}-{row},乙{round},其他\n")).collect();
                    let text = format!("编码,名称,类型\n{}", rows.concat());
                    drop(ask(client, server, token, Method::POST, "/v1/uploads/csv?kind=units", Some(text)).await);
                }
                _ => {
                    let (status, unit) = ask(client, server, token, Method::PUT, &path, Some(facts.clone())).await;
                    if status == 200 {
                        told.lock().unwrap().insert((unit["revision"].as_i64().unwrap(), id));
                    } else {
                        // It is not there: it is stated without a condition.
                        let url = format!("http://{}{path}", server.address);
                        let new =
                            client.put(url).bearer_auth(token).header("content-type", "application/json").body(facts);
                        if let Ok(reply) = new.send().await
                            && reply.status() == 201
                            && let Ok(text) = reply.text().await
                        {
                            let unit: Value = serde_json::from_str(&text).unwrap();
                            told.lock().unwrap().insert((unit["revision"].as_i64().unwrap(), id));
                        }
                    }
                }
            }
        }
    };
    let read = |reader: usize| async move {
        let server = &servers[reader % servers.len()];
        let (mut feed, mut after) = (Vec::new(), 0);
        loop {
            let last = done.load(Ordering::Relaxed);
            let path = format!("/v1/changes?after={after}&limit=500&wait=1");
            let (status, page) = ask(client, server, token, Method::GET, &path, None).await;
            assert_eq!(status, 200, "{page}");
            let items = page["items"].as_array().unwrap();
            if last && items.is_empty() {
                return feed;
            }
            feed.extend(items.iter().cloned());
            after = page["next"].as_i64().unwrap();
        }
    };
    let writing = async {
        futures_util::future::join_all((0..WRITERS).map(write)).await;
        done.store(true, Ordering::Relaxed);
    };
    let killing = async {
        while !done.load(Ordering::Relaxed) {
            let kill = kills.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(1100 + kill * 331 % 900)).await;
            let server = &servers[usize::try_from(kill).unwrap() % servers.len()];
            server.kill();
            server.start();
        }
    };
    let reading = futures_util::future::join_all((0..READERS).map(read));
    let (feeds, (), ()) = futures_util::join!(reading, writing, killing);

    let mut units = BTreeMap::new();
    let mut after = String::new();
    loop {
        let (_, page) =
            ask(client, &servers[0], token, Method::GET, &format!("/v1/units?limit=1000{after}"), None).await;
        for unit in page["items"].as_array().unwrap() {
            units.insert(
                unit["id"].as_str().unwrap().to_owned(),
                (unit["revision"].as_i64().unwrap(), unit["facts"].clone()),
            );
        }
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let journal = audited(client, &servers[0]).await;
    let told = std::mem::take(&mut *told.lock().unwrap());
    Some((Seen { feeds, told, units, journal }, kills.load(Ordering::Relaxed)))
}

/// What a broken journal would look like to those who follow it.
fn broken(seen: &Seen) -> Vec<(&'static str, Seen)> {
    let middle = seen.feeds[1].len() / 2;
    let change = |change: &dyn Fn(&mut Seen)| {
        let mut other = seen.clone();
        change(&mut other);
        other
    };
    vec![
        ("a change that one reader missed", change(&|seen| drop(seen.feeds[1].remove(middle)))),
        (
            "a change that came twice",
            change(&|seen| {
                let again = seen.feeds[1][middle].clone();
                seen.feeds[1].insert(middle, again);
            }),
        ),
        ("a change that came before an earlier one", change(&|seen| seen.feeds[1].swap(middle, middle + 1))),
        (
            "a number that no reader saw",
            change(&|seen| seen.feeds.iter_mut().for_each(|feed| drop(feed.remove(middle)))),
        ),
        (
            "a change that was not made true",
            change(&|seen| {
                seen.feeds.iter_mut().for_each(|feed| feed.push(json!({ "sequence": feed.len() + 1, "resource": "units", "id": "ghost", "operation": "created", "facts": {} })));
            }),
        ),
        ("an end that was not told", change(&|seen| seen.feeds.iter_mut().for_each(|feed| drop(feed.pop())))),
        ("other facts than are there", change(&|seen| drop(seen.units.pop_last()))),
        ("an answer that came to nothing", change(&|seen| seen.told.extend([(1_000_000_000, "w0-0".to_owned())]))),
    ]
}

async fn nothing_is_missed_and_nothing_comes_twice(kind: Kind) {
    let Some((seen, kills)) = run(kind).await else { return };
    let (changes, answers) = (seen.feeds[0].len(), seen.told.len());
    eprintln!("{kind:?}: {changes} changes, {answers} single ones answered, {kills} kills");
    check(&seen).unwrap();
    // A slow machine gets through few; how many there are says nothing of what is checked.
    assert!(changes > 60 && answers > 20 && kills >= 3, "{changes} changes, {answers} answers, {kills} kills");
    // The checker is worth something: each of these is noticed.
    for (what, seen) in broken(&seen) {
        assert!(check(&seen).is_err(), "{what}");
    }
}

#[actix_web::test]
async fn sqlite() {
    nothing_is_missed_and_nothing_comes_twice(Kind::Sqlite).await;
}

#[actix_web::test]
async fn postgres() {
    nothing_is_missed_and_nothing_comes_twice(Kind::Postgres).await;
}
