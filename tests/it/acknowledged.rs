//! Nothing that was acknowledged is lost, whoever is killed while 32 write: every acknowledged row is counted afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jixiao::store::Store;
use serde_json::{Value, json};

use crate::harness::{OwnServer, Replicas};

const WRITERS: usize = 32;

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

/// While all write, does harm; then everything that was acknowledged must be there. Tells how often somebody was asked to
/// come again.
async fn nothing_is_lost(replicas: &Replicas, harm: impl Future<Output = ()>) -> usize {
    let token = replicas.token();
    for place in 0..replicas.addresses.len() {
        replicas.start(place);
        replicas.ready(place, true).await;
    }
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
    let writing = futures_util::future::join_all((0..WRITERS).map(|one| write(replicas, &token, one, &done, &written)));
    let harming = async {
        harm.await;
        done.store(true, Ordering::Relaxed);
    };
    futures_util::join!(writing, harming);

    let strange = written.strange.into_inner().unwrap();
    assert!(strange.is_empty(), "{strange:?}");
    let acknowledged = written.acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 50, "{}", acknowledged.len());
    let store = Store::open(&replicas.database, &"430922".parse().unwrap()).await.unwrap();
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
    written.turned_away.into_inner()
}

async fn wait(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

#[actix_web::test]
async fn nothing_acknowledged_is_lost_when_servers_are_killed_and_the_database_crashes() {
    let Some(server) = OwnServer::start_new() else { return };
    let replicas = Replicas::new(server.url(), 2);
    let harm = async {
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
    };
    assert!(nothing_is_lost(&replicas, harm).await > 0);
}

#[actix_web::test]
async fn nothing_acknowledged_is_lost_when_the_server_of_an_embedded_database_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}?mode=rwc", directory.path().join("jixiao.db").display());
    let replicas = Replicas::new(database, 1);
    let harm = async {
        for _ in 0..3 {
            wait(1500).await;
            replicas.kill(0);
            wait(300).await;
            replicas.start(0);
            replicas.ready(0, true).await;
        }
        wait(500).await;
    };
    nothing_is_lost(&replicas, harm).await;
}
