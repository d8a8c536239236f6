//! What happens when the database goes away and servers are killed: nobody is told a lie, and nothing that was
//! acknowledged is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jixiao::store::{Error, Store};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::harness::{Kind, OwnServer, Replicas, Service};

/// Writers that put rows of their own, one after the other, until told to stop; what was acknowledged, and the answers that
/// were neither that nor a request to come again.
#[derive(Default)]
struct Written {
    acknowledged: Mutex<BTreeMap<String, String>>,
    strange: Mutex<Vec<String>>,
    turned_away: AtomicUsize,
}

async fn write(replicas: &Replicas, token: &str, writer: usize, done: &AtomicBool, written: &Written) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let mut number = 0;
    while !done.load(Ordering::Relaxed) {
        let id = format!("w{writer}:{}-{:02}:i{}", 2000 + number / 12 % 50, number % 12 + 1, number / 600);
        let facts = json!({ "value": number.to_string() });
        // The next replica each time it did not work out, as a balancer would.
        for tries in 0_usize.. {
            let address = replicas.addresses[(writer + tries) % replicas.addresses.len()];
            let put = client.put(format!("http://{address}/v1/progress/{id}")).bearer_auth(token).json(&facts);
            match put.send().await {
                Ok(reply) if reply.status().is_success() => {
                    written.acknowledged.lock().unwrap().insert(id, number.to_string());
                    break;
                }
                Ok(reply) if reply.status() == 503 && reply.headers().contains_key("retry-after") => {
                    written.turned_away.fetch_add(1, Ordering::Relaxed);
                }
                Ok(reply) => {
                    let told = format!("{} {}", reply.status(), reply.text().await.unwrap_or_default());
                    written.strange.lock().unwrap().push(told);
                }
                // It was killed while it worked, or is not there.
                Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        number += 1;
    }
}

#[actix_web::test]
async fn nothing_acknowledged_is_lost_when_servers_are_killed_and_the_database_crashes() {
    const WRITERS: usize = 32;
    let Some(server) = OwnServer::start_new() else { return };
    let replicas = Replicas::new(server.url(), 2);
    let token = replicas.token();
    replicas.start(0);
    replicas.start(1);
    replicas.ready(0, true).await;
    replicas.ready(1, true).await;
    let client = reqwest::Client::new();
    let put = async |path: String, facts: Value| {
        let put = client.put(format!("http://{}/v1/{path}", replicas.addresses[0])).bearer_auth(&token).json(&facts);
        assert_eq!(put.send().await.unwrap().status().as_u16(), 201);
    };
    put("units/u".into(), json!({ "name": "县", "kind": "county" })).await;
    for writer in 0..WRITERS {
        put(format!("units/w{writer}"), json!({ "name": "镇", "kind": "township", "parent": "u" })).await;
    }
    for number in 0..5 {
        let facts = json!({ "name": "指标", "measure_unit": "个", "category": "output", "subcategory": "quantity", "direction": "at_least", "cumulative": false });
        put(format!("indicators/i{number}"), facts).await;
    }

    let (done, written) = (AtomicBool::new(false), Written::default());
    let writing =
        futures_util::future::join_all((0..WRITERS).map(|one| write(&replicas, &token, one, &done, &written)));
    let harming = async {
        let wait = async |millis| tokio::time::sleep(Duration::from_millis(millis)).await;
        wait(1500).await;
        replicas.kill(0);
        wait(700).await;
        replicas.start(0);
        replicas.ready(0, true).await;
        server.crash();
        // Who cannot work says so, and to whoever asks to send nobody here.
        replicas.ready(1, false).await;
        wait(1500).await;
        server.start();
        // Nobody started them again.
        replicas.ready(0, true).await;
        replicas.ready(1, true).await;
        wait(1500).await;
        replicas.kill(1);
        wait(500).await;
        done.store(true, Ordering::Relaxed);
    };
    futures_util::join!(writing, harming);

    let strange = written.strange.into_inner().unwrap();
    assert!(strange.is_empty(), "{strange:?}");
    assert!(written.turned_away.into_inner() > 0);
    let acknowledged = written.acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 50, "{}", acknowledged.len());
    let store = Store::open(&server.url(), &"430922".parse().unwrap()).await.unwrap();
    let entries = store.view().journal_after(0, 1_000_000).await.unwrap();
    // One entry after the other, none twice, and one for everything that was acknowledged.
    assert!(entries.iter().zip(1..).all(|(entry, number)| entry.sequence == number));
    let noted: BTreeSet<String> =
        entries.into_iter().filter(|one| one.resource == "progress").map(|one| one.id).collect();
    let lost: Vec<_> = acknowledged.keys().filter(|id| !noted.contains(*id)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    // And the row is as it was acknowledged.
    let rows = client.get(format!("http://{}/v1/exports/progress.ndjson", replicas.addresses[0])).bearer_auth(&token);
    let rows = rows.send().await.unwrap().text().await.unwrap();
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let kept: BTreeMap<String, String> = rows
        .filter_map(|row| Some((row["id"].as_str()?.to_owned(), row["facts"]["value"].as_str()?.to_owned())))
        .collect();
    let others: Vec<_> = acknowledged.iter().filter(|(id, value)| kept.get(*id) != Some(value)).collect();
    assert!(others.is_empty(), "{others:?}");
    store.close().await;
}

/// Somebody at the database holds the county's journal, and lets go of it only when told.
async fn hold(url: &str) -> (tokio_postgres::Client, tokio::task::JoinHandle<()>) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let running = tokio::spawn(async move { drop(connection.await) });
    client.batch_execute("BEGIN; SELECT * FROM journal_head FOR UPDATE").await.unwrap();
    (client, running)
}

/// Takes a minute and more: nobody waits longer for the journal, and nobody who holds it for nothing holds it longer.
#[actix_web::test]
async fn nobody_waits_for_the_journal_without_end() {
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let facts = json!({ "name": "桃江县", "kind": "county" });
    service.admin().put("/v1/units/430922", &facts).await.expect(201);
    let (holder, _running) = hold(&service.database.url).await;
    let begun = Instant::now();
    let refused = service.admin().put("/v1/units/u1", &facts).await.expect(503);
    assert_eq!(refused.body["code"], "busy");
    assert!(!refused.header("retry-after").is_empty());
    let waited = begun.elapsed();
    assert!((Duration::from_secs(55)..Duration::from_secs(90)).contains(&waited), "{waited:?}");
    // Whoever reads was never kept waiting.
    service.admin().get("/v1/units").await.expect(200);
    holder.batch_execute("ROLLBACK").await.unwrap();
    service.admin().put("/v1/units/u1", &facts).await.expect(201);
}

#[actix_web::test]
async fn a_writer_that_does_nothing_is_let_go_of() {
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let other = service.replica().await;
    let idle = other.store.begin(other.own_stamp()).await.unwrap();
    let begun = Instant::now();
    // Another server comes to its turn, though this one never says that it has gone.
    let facts = json!({ "name": "桃江县", "kind": "county" });
    service.admin().put("/v1/units/430922", &facts).await.expect(201);
    let waited = begun.elapsed();
    assert!((Duration::from_secs(40)..Duration::from_secs(59)).contains(&waited), "{waited:?}");
    drop(idle);
}

/// Takes half a minute: no read takes longer.
#[actix_web::test]
async fn a_read_that_takes_too_long_is_ended() {
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let (holder, _running) = hold(&service.database.url).await;
    holder.batch_execute("LOCK TABLE unit IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let begun = Instant::now();
    let ended = service.admin().get("/v1/units").await.expect(503);
    let waited = begun.elapsed();
    assert_eq!(ended.body["code"], "too_slow");
    assert!(!ended.header("retry-after").is_empty());
    assert!((Duration::from_secs(28)..Duration::from_secs(45)).contains(&waited), "{waited:?}");
    holder.batch_execute("ROLLBACK").await.unwrap();
    service.admin().get("/v1/units").await.expect(200);
}

/// A server that says nothing, as one whose machine has lost its power, until this is dropped.
struct Silence<'a>(&'a OwnServer);

impl<'a> Silence<'a> {
    fn of(server: &'a OwnServer) -> Self {
        server.run(&format!("kill -STOP {0}; pkill -STOP -P {0}", server.process()));
        Self(server)
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        self.0.run(&format!("pkill -CONT -P {0}; kill -CONT {0}", self.0.process()));
    }
}

/// Takes a minute and more.
#[actix_web::test]
async fn a_database_that_says_nothing_is_given_up_and_found_again() {
    let Some(server) = OwnServer::start_new() else { return };
    let service = Service::at(&server).await;
    let facts = json!({ "name": "桃江县", "kind": "county" });
    service.admin().put("/v1/units/430922", &facts).await.expect(201);
    // More who read, in the middle of it, than there are connections; and one who writes.
    let admin = service.admin();
    let reads = (0..20).map(|number| {
        let admin = admin.clone();
        async move {
            loop {
                // The one asks where the journal stands, together with others; the other asks for itself.
                let list = if number % 2 == 0 { "units" } else { "changes" };
                let reply = admin.get(&format!("/v1/{list}?limit={}", number + 1)).await;
                if reply.status != 200 {
                    return reply;
                }
            }
        }
    });
    let falling_silent = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (silence, begun) = (Silence::of(&server), Instant::now());
        (admin.put("/v1/units/u1", &facts).await, silence, begun)
    };
    let (mut refused, (written, silence, begun)) =
        futures_util::join!(futures_util::future::join_all(reads), falling_silent);
    refused.push(written);
    for refused in refused {
        let refused = refused.expect(503);
        assert!(["database_away", "busy"].contains(&refused.body["code"].as_str().unwrap()), "{:#}", refused.body);
        assert!(!refused.header("retry-after").is_empty() && !refused.header("x-request-id").is_empty());
    }
    assert!(begun.elapsed() < Duration::from_secs(90), "{:?}", begun.elapsed());
    drop(silence);
    service.admin().get("/v1/units").await.expect(200);
    service.admin().put("/v1/units/u2", &facts).await.expect(201);
}

#[actix_web::test]
async fn connections_that_do_not_answer_are_done_away_with() {
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let store = &service.context.store;
    let waits = (0..8).map(async |_| {
        let view = store.view();
        let asked = async { Ok::<_, Error>(view.db().execute_unprepared("SELECT pg_sleep(25)").await?) };
        store.in_time(Duration::from_secs(1), asked).await
    });
    for given_up in futures_util::future::join_all(waits).await {
        assert!(matches!(given_up, Err(Error::Away(_))), "{given_up:?}");
    }
    // All there were; they would be waited for as long as the database sleeps.
    let begun = Instant::now();
    service.admin().get("/v1/units").await.expect(200);
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}

#[actix_web::test]
async fn what_was_kept_of_entries_that_are_gone_is_not_given_again() {
    let Some(server) = OwnServer::start_new() else { return };
    let service = Service::at(&server).await;
    let admin = service.admin();
    let facts = |name: &str| json!({ "name": name, "kind": "county" });
    admin.put("/v1/units/430922", &facts("一")).await.expect(201);
    // A copy that followed asynchronously and was cut off before the last entry.
    server.follow();
    server.run("pg_ctl -D \"$D/copy\" -m fast -w stop >/dev/null 2>&1");
    let changing = admin.clone().with("if-match", "*");
    changing.put("/v1/units/430922", &facts("二")).await.expect(200);
    for _ in 0..2 {
        let lost = admin.get("/v1/units").await.expect(200).body;
        assert_eq!((&lost["items"][0]["facts"]["name"], &lost["items"][0]["revision"]), (&json!("二"), &json!(2)));
    }
    server.crash();
    server.run(
        "pg_ctl -D \"$D/copy\" -w -l \"$D/copy-log\" -o \"-c listen_addresses= -c unix_socket_directories=$D -c max_connections=200\" \
         start >/dev/null 2>&1 && pg_ctl -D \"$D/copy\" -w promote >/dev/null",
    );
    // The number is given again.
    changing.put("/v1/units/430922", &facts("三")).await.expect(200);
    let now = admin.get("/v1/units").await.expect(200).body;
    assert_eq!((&now["items"][0]["facts"]["name"], &now["items"][0]["revision"]), (&json!("三"), &json!(2)));
}

/// Each waits for the journal; if each did so on a connection of its own, there would be none for small changes.
#[actix_web::test]
async fn large_changes_wait_without_a_connection() {
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let context = &service.context;
    let first = context.store.begin(context.own_stamp()).await.unwrap();
    let others: Vec<_> = (0..12)
        .map(|_| {
            let context = context.clone();
            actix_web::rt::spawn(async move { context.store.begin(context.own_stamp()).await.map(drop) })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let busy = context.store.connections().into_iter().filter(|(pool, ..)| *pool == "writing");
    let busy: Vec<_> = busy.map(|(_, open, idle)| open as usize - idle).collect();
    assert_eq!(busy, [1]);
    drop(first);
    for other in others {
        other.await.unwrap().unwrap();
    }
}
