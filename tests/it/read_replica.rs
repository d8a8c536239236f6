//! A copy of the database that follows it: what is read there is never older than what was committed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::harness::{OwnServer, Replicas};

/// How often rows of units were looked up in a database, as far as it has counted.
async fn looked_up(copy: &mut PgConnection) -> i64 {
    let sql = "SELECT sum(seq_scan + coalesce(idx_scan, 0))::bigint FROM pg_stat_user_tables WHERE relname = 'unit'";
    sqlx::query_scalar::<_, Option<i64>>(sql).fetch_one(copy).await.unwrap().unwrap_or(0)
}

#[actix_web::test]
async fn who_wrote_reads_what_they_wrote_whichever_database_they_are_sent_to() {
    let Some(server) = OwnServer::start_new() else { return };
    let mut replicas = Replicas::new(server.url(), 2);
    assert!(replicas.jixiao().arg("migrate").status().unwrap().success());
    let url = server.follow();
    replicas.copy = Some(url.clone());
    let token = replicas.token();
    for place in 0..2 {
        replicas.start(place);
        replicas.ready(place, true).await;
    }
    let client = reqwest::Client::new();
    let put = async |code: &str, name: &str| {
        let facts = json!({ "name": name, "kind": "township" });
        let url = format!("http://{}/v1/units/{code}", replicas.addresses[0]);
        let reply = client.put(url).bearer_auth(&token).header("if-match", "*").json(&facts).send().await.unwrap();
        assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
    };
    let create = async |code: &str| {
        let facts = json!({ "name": "乡", "kind": "township" });
        let url = format!("http://{}/v1/units/{code}", replicas.addresses[0]);
        assert_eq!(client.put(url).bearer_auth(&token).json(&facts).send().await.unwrap().status(), 201);
    };
    // The other server, which has heard of nothing.
    let get = async |path: &str| {
        let reply =
            client.get(format!("http://{}{path}", replicas.addresses[1])).bearer_auth(&token).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        reply.json::<Value>().await.unwrap()
    };
    let mut copy = PgConnection::connect(&url).await.unwrap();

    // Where the copy has come far enough, it is what is read.
    create("u1").await;
    let (begun, before, mut turn) = (Instant::now(), looked_up(&mut copy).await, 1);
    while looked_up(&mut copy).await == before {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing is read from the copy");
        turn = turn % 1000 + 1;
        get(&format!("/v1/units?limit={turn}")).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    // Where it is behind, it is not.
    sqlx::query("SELECT pg_wal_replay_pause()").execute(&mut copy).await.unwrap();
    for turn in 0..20 {
        let name = format!("第{turn}乡");
        put("u1", &name).await;
        assert_eq!(get("/v1/units/u1").await["facts"]["name"], json!(name));
        assert_eq!(get("/v1/units").await["items"][0]["facts"]["name"], json!(name));
    }
    let exported = async |count: &str| {
        let url = format!("http://{}/v1/exports/units.ndjson", replicas.addresses[1]);
        let text = client.get(url).bearer_auth(&token).send().await.unwrap().text().await.unwrap();
        assert!(text.contains("第19乡") && text.lines().last().unwrap().contains(count), "{text}");
    };
    exported("1").await;
    sqlx::query("SELECT pg_wal_replay_resume()").execute(&mut copy).await.unwrap();
    exported("1").await;
    copy.close().await.unwrap();

    // Where it is away, the database itself answers.
    server.run("pg_ctl -D \"$D/copy\" -m immediate stop >/dev/null 2>&1");
    for turn in 0..5 {
        put("u1", &format!("又{turn}乡")).await;
        assert_eq!(get("/v1/units/u1").await["facts"]["name"], json!(format!("又{turn}乡")));
    }
}
