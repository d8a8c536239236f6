//! What happens when the database goes away and servers are killed: nobody is told a lie, and nothing that was
//! acknowledged is lost.

use std::time::{Duration, Instant};

use jixiao::http::error::ApiError;
use jixiao::resources::indicators;
use jixiao::resources::units::store::Units;
use jixiao::store::Error;
use jixiao::store::write::{Expected, Outcome, Write};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::harness::{Kind, OwnServer, Service};

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

/// How many reads of a route were answered 503, as `/metrics` tells.
fn given_up(counts: &[u8], route: &str) -> usize {
    let series = format!(r#"jixiao_http_requests_total{{method="GET",route="{route}",status="503"}}"#);
    let text = std::str::from_utf8(counts).unwrap();
    text.lines().find_map(|line| line.strip_prefix(&series)).map_or(0, |count| count.trim().parse().unwrap())
}

/// Takes a minute and more.
#[actix_web::test]
async fn a_database_that_says_nothing_is_given_up_and_found_again() {
    let Some(server) = OwnServer::start_new() else { return };
    let service = Service::at(&server).await;
    let facts = json!({ "name": "桃江县", "kind": "county" });
    service.admin().put("/v1/units/430922", &facts).await.expect(201);
    // Counting begins when it is first asked for.
    let counts = async || service.nobody().get_bytes("/metrics").await;
    let before = counts().await;
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
        // Meanwhile it leaves: each answer is the last of its connection.
        service.context.leave();
        (admin.put("/v1/units/u1", &facts).await, silence, begun)
    };
    let (mut refused, (written, silence, begun)) =
        futures_util::join!(futures_util::future::join_all(reads), falling_silent);
    refused.push(written);
    for refused in refused {
        let refused = refused.expect(503);
        assert!(["database_away", "busy"].contains(&refused.body["code"].as_str().unwrap()), "{:#}", refused.body);
        assert!(!refused.header("retry-after").is_empty() && !refused.header("x-request-id").is_empty());
        assert_eq!(refused.header("connection"), "close");
    }
    assert!(begun.elapsed() < Duration::from_secs(90), "{:?}", begun.elapsed());
    drop(silence);
    service.admin().get("/v1/units").await.expect(200);
    let now = counts().await;
    assert!(given_up(&now, "/v1/units") > given_up(&before, "/v1/units"));
    assert_eq!(given_up(&now, "none"), given_up(&before, "none"));
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
    server.stop_copy();
    let changing = admin.clone().with("if-match", "*");
    changing.put("/v1/units/430922", &facts("二")).await.expect(200);
    for _ in 0..2 {
        let lost = admin.get("/v1/units").await.expect(200).body;
        assert_eq!((&lost["items"][0]["facts"]["name"], &lost["items"][0]["revision"]), (&json!("二"), &json!(2)));
    }
    server.crash();
    server.start_copy();
    server.promote();
    // The number is given again.
    changing.put("/v1/units/430922", &facts("三")).await.expect(200);
    let now = admin.get("/v1/units").await.expect(200).body;
    assert_eq!((&now["items"][0]["facts"]["name"], &now["items"][0]["revision"]), (&json!("三"), &json!(2)));
}

fn indicator() -> Value {
    json!({ "name": "引进资金", "measure_unit": "万元", "category": "output", "subcategory": "quantity",
        "direction": "at_least", "cumulative": true })
}

/// A failover may lose the newest entry, so that the journal ends where it ended before, and begin to count there again: neither
/// an attempt nor a turn decides by what was read of the entry that is lost.
#[actix_web::test]
async fn what_was_read_before_a_failover_decides_nothing_after_it() {
    let Some(server) = OwnServer::start_new() else { return };
    let service = Service::at(&server).await;
    service.admin().put("/v1/indicators/fdi", &indicator()).await.expect(201);
    server.follow();
    server.stop_copy();
    let unit = json!({ "name": "桃江县", "kind": "county" });
    service.admin().put("/v1/units/lost", &unit).await.expect(201);

    let context = &service.context;
    let known = indicators::get(&context.store.view(), &"fdi".parse().unwrap()).await.unwrap();
    let state = async |write: &mut Write| {
        indicators::put(write, "others".parse().unwrap(), known.facts.clone(), Expected::Unsaid).await
    };
    let lost = async |write: &Write| write.view().find_known::<Units>(&"lost".parse().unwrap()).await.unwrap();
    let mut attempt = context.store.attempt(context.own_stamp()).await.unwrap().unwrap();
    assert!(lost(&attempt).await.is_some());
    let waiting = context.clone();
    let turn = actix_web::rt::spawn(async move { waiting.store.begin_small(waiting.own_stamp()).await.unwrap() });
    server.crash();
    server.start_copy();
    server.promote();

    // The number is given again, to another unit, by another server.
    service.beside().await.admin().put("/v1/units/other", &unit).await.expect(201);
    let mut refused = state(&mut attempt).await;
    for _ in 0..20 {
        // The connections that it had are dead.
        if !matches!(refused, Err(ApiError::Away(_))) {
            break;
        }
        refused = state(&mut attempt).await;
    }
    assert!(matches!(refused, Err(ApiError::Outrun)), "{refused:?}");
    drop(attempt);
    let mut turn = turn.await.unwrap();
    assert!(lost(&turn).await.is_none());
    assert_eq!(state(&mut turn).await.unwrap().1, Outcome::Created);
    turn.commit().await.unwrap();
}

/// A standby is not known by what it will be: who connected to it before it was promoted finds that out by the first change.
#[actix_web::test]
async fn who_was_connected_to_a_standby_goes_on_when_it_is_promoted() {
    let Some(server) = OwnServer::start_new() else { return };
    Service::at(&server).await.admin().put("/v1/indicators/fdi", &indicator()).await.expect(201);
    server.follow();
    server.stop_copy();
    server.crash();
    server.start_copy();
    let service = Service::at(&server).await;
    let context = &service.context;
    let known = indicators::get(&context.store.view(), &"fdi".parse().unwrap()).await.unwrap();
    let stated = async || {
        let mut attempt = context.store.attempt(context.own_stamp()).await.unwrap().unwrap();
        indicators::put(&mut attempt, "others".parse().unwrap(), known.facts.clone(), Expected::Unsaid).await
    };
    let refused = stated().await;
    assert!(matches!(refused, Err(ApiError::Away(_))), "{refused:?}");
    server.promote();
    let refused = stated().await;
    assert!(matches!(refused, Err(ApiError::Outrun)), "{refused:?}");
    assert_eq!(stated().await.unwrap().1, Outcome::Created);
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
