//! Running the service: ready or not, counted, kept and put back, restarted under load.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use jixiao::http::identity::Role;
use jixiao::store::Store;
use serde_json::{Value, json};

use crate::harness::{OwnServer, Replicas, on_both};

on_both! {
    async fn who_takes_leave_is_not_ready_and_still_answers(service: Service) {
        let ready = service.nobody().get("/readyz").await.expect(200);
        assert_eq!((ready.body, service.nobody().get("/livez").await.expect(204).status), (json!({ "ready": true, "missing": [] }), 204));
        service.context.leave();
        let leaving = service.nobody().get("/readyz").await.expect(503);
        assert_eq!((&leaving.body["missing"], leaving.header("connection")), (&json!(["leaving"]), "close"));
        let last = service.admin().get("/v1/units").await.expect(200);
        assert_eq!(last.header("connection"), "close");
        service.nobody().get("/livez").await.expect(204);
    }

    async fn a_long_write_is_no_reason_to_send_nobody(service: Service) {
        let write = service.context.store.begin(service.context.own_stamp()).await.unwrap();
        service.nobody().get("/readyz").await.expect(200);
        drop(write);
    }

    async fn a_schema_that_is_older_is_missed(service: Service) {
        let sql = "DELETE FROM seaql_migrations WHERE version LIKE 'm20261127%'";
        let db = sea_orm::Database::connect(&service.database.url).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&db, sql).await.unwrap();
        assert_eq!(service.nobody().get("/readyz").await.expect(503).body["missing"], json!(["schema"]));
    }

    async fn requests_are_counted_by_route_and_never_by_whose(service: Service) {
        jixiao::operations::metrics::start();
        let service = service.with_case().await;
        let clerk = service.caller(Role::Reporter);
        clerk.get("/v1/units/209002").await.expect(200);
        clerk.get("/v1/units/nobody").await.expect(404);
        let made_up = reqwest::Method::from_bytes(b"MADEUP").unwrap();
        clerk.send(made_up, "/v1/units/209002", None).await.expect(405);
        let sheet = "unit,month,indicator,value\n209002,2023-11,top500-projects,1\n".into();
        let csv = clerk.clone().with("content-type", "text/csv");
        csv.send(reqwest::Method::POST, "/v1/uploads/csv?kind=progress", Some(sheet)).await.expect(201);
        let text = reqwest::get(format!("{}/metrics", service.url)).await.unwrap().text().await.unwrap();
        for line in [
            r#"jixiao_http_requests_total{method="GET",route="/v1/units/{id}",status="200"}"#,
            r#"jixiao_http_requests_total{method="GET",route="/v1/units/{id}",status="404"}"#,
            r#"jixiao_http_requests_total{method="other",route="/v1/units/{id}",status="405"}"#,
            r#"jixiao_http_request_seconds_bucket{method="GET",route="/v1/units/{id}",le="+Inf"}"#,
            r#"jixiao_uploads_total{kind="progress",state="accepted"}"#,
            r#"jixiao_upload_rows_total{kind="progress",outcome="created"}"#,
            r#"jixiao_database_connections{pool="writing",state="idle"}"#,
            "jixiao_journal_position",
        ] {
            assert!(text.lines().any(|one| one.starts_with(line)), "{line} is not in\n{text}");
        }
        assert!(!["209002", "nobody", "MADEUP"].iter().any(|one| text.contains(one)), "{text}");
    }
}

fn jixiao(directory: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jixiao"));
    command.env_clear().env("JIXIAO_DATA_DIR", directory).env("JIXIAO_LOG", "off");
    command
}

#[actix_web::test]
async fn a_line_of_the_log_names_the_trace_and_the_request() {
    let directory = tempfile::tempdir().unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = jixiao(directory.path());
    command.env("JIXIAO_BIND", address.to_string()).env("JIXIAO_LOG", "info").env("JIXIAO_LOG_FORMAT", "json");
    let mut service = command.arg("serve").stderr(std::process::Stdio::piped()).spawn().unwrap();
    let client = reqwest::Client::new();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let ask = async || {
        let request = client.get(format!("http://{address}/v1/units")).header("x-request-id", "clerk-17");
        request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")).send().await
    };
    while ask().await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    service.kill().unwrap();
    let told = service.wait_with_output().unwrap().stderr;
    let lines: Vec<Value> =
        told.split(|one| *one == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let line = lines.iter().find(|line| line["message"] == "answered").unwrap();
    assert_eq!(
        (&line["status"], &line["id"], &line["span"]["trace"]),
        (&json!(401), &json!("clerk-17"), &json!(trace))
    );
    assert_eq!(line["span"]["http.route"], "/v1/units");
}

#[actix_web::test]
async fn a_backup_is_made_while_writing_goes_on_and_put_back() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let service = Replicas::new(format!("sqlite://{}?mode=rwc", data.join("jixiao.db").display()), 1);
    let run = |directory: &std::path::Path, arguments: &[&str]| {
        let done = jixiao(directory).args(arguments).output().unwrap();
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    // The service of this test keeps key and database in one directory, as the defaults do.
    std::fs::create_dir_all(&data).unwrap();
    let token = String::from_utf8(jixiao(&data).args(["token", "--role", "admin"]).output().unwrap().stdout).unwrap();
    service.start_in(0, &data);
    service.ready(0, true).await;
    let client = reqwest::Client::new();
    let (done, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    let put = async |number: usize| {
        let facts = json!({ "name": format!("单位{number}"), "kind": "county" });
        let url = format!("http://{}/v1/units/u{number}", service.addresses[0]);
        let reply = client.put(url).bearer_auth(token.trim()).json(&facts).send().await.unwrap();
        assert_eq!(reply.status().as_u16(), 201);
    };
    let writing = async {
        while !done.load(Ordering::Relaxed) {
            put(written.load(Ordering::Relaxed)).await;
            written.fetch_add(1, Ordering::Relaxed);
        }
    };
    let keeping = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let before = written.load(Ordering::Relaxed);
        let (data, copy) = (data.clone(), place.path().join("copy"));
        let kept = actix_web::rt::task::spawn_blocking(move || {
            jixiao(&data).args(["backup", copy.to_str().unwrap()]).output().unwrap()
        });
        let kept = kept.await.unwrap();
        assert!(kept.status.success(), "{}", String::from_utf8_lossy(&kept.stderr));
        let after = written.load(Ordering::Relaxed);
        done.store(true, Ordering::Relaxed);
        (before, after)
    };
    let ((), (before, after)) = futures_util::join!(writing, keeping);
    assert!(before > 0 && after > before, "nothing was written meanwhile: {before} {after}");
    let copy = place.path().join("copy");
    let (copy, other) = (copy.to_str().unwrap(), place.path().join("other"));

    // Nothing is overwritten.
    let (again, told) = run(&data, &["backup", copy]);
    assert!(!again && told.contains("nothing is overwritten"), "{told}");
    let (over, told) = run(&data, &["restore", copy]);
    assert!(!over && told.contains("nothing is overwritten"), "{told}");
    // What an old database left behind would be merged into the new one.
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("jixiao.db-wal"), b"old").unwrap();
    let (merged, told) = run(&other, &["restore", copy]);
    assert!(!merged && told.contains("jixiao.db-wal"), "{told}");
    std::fs::remove_file(other.join("jixiao.db-wal")).unwrap();
    // Nor is there another key; the same may be, where only the database was lost.
    let (key, kept_key) = (other.join("signing-key.der"), place.path().join("copy/signing-key.der"));
    std::fs::write(&key, b"another").unwrap();
    let (foreign, told) = run(&other, &["restore", copy]);
    assert!(!foreign && told.contains("signing-key.der") && !other.join("jixiao.db").exists(), "{told}");
    std::fs::copy(kept_key, &key).unwrap();
    let (back, told) = run(&other, &["restore", copy]);
    assert!(back, "{told}");
    let mode = |path: std::path::PathBuf| {
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
    };
    assert_eq!(
        (mode(copy.into()), mode(other.join("jixiao.db")), mode(other.join("signing-key.der"))),
        (0o700, 0o600, 0o600)
    );
    // There is nothing to be kept where nothing is, and nothing is made there.
    let (nothing, told) = run(&place.path().join("nowhere"), &["backup", place.path().join("none").to_str().unwrap()]);
    assert!(!nothing && !place.path().join("nowhere").exists() && !place.path().join("none").exists(), "{told}");
    // The chain holds, the key is the same, and it serves: what was written before the copy is in it.
    let (whole, told) = run(&other, &["verify"]);
    assert!(whole, "{told}");
    let restored = Replicas::new(format!("sqlite://{}?mode=rwc", other.join("jixiao.db").display()), 1);
    restored.start_in(0, &other);
    restored.ready(0, true).await;
    let url = format!("http://{}/v1/units?limit=1000", restored.addresses[0]);
    let units: Value = client.get(url).bearer_auth(token.trim()).send().await.unwrap().json().await.unwrap();
    let found = units["items"].as_array().unwrap().len();
    assert!((before..=after + 1).contains(&found), "{before} {found} {after}");
    // A damaged one is not put back.
    std::fs::write(place.path().join("copy/jixiao.db"), b"not a database").unwrap();
    let (damaged, told) = run(&place.path().join("third"), &["restore", copy]);
    assert!(!damaged && told.contains("is damaged"), "{told}");
}

/// As `docs/operations.md` says.
#[actix_web::test]
async fn a_postgres_database_is_kept_and_put_back() {
    let Some(server) = OwnServer::start_new() else { return };
    let replicas = Replicas::new(server.url(), 1);
    let token = replicas.token();
    replicas.start(0);
    replicas.ready(0, true).await;
    let client = reqwest::Client::new();
    for number in 0..20 {
        let url = format!("http://{}/v1/units/u{number}", replicas.addresses[0]);
        let facts = json!({ "name": "单位", "kind": "county" });
        assert_eq!(client.put(url).bearer_auth(&token).json(&facts).send().await.unwrap().status().as_u16(), 201);
    }
    server.run(&format!("pg_dump --format=custom --file=$D/jixiao.dump '{}'", server.url()));
    server.run(&format!("createdb --maintenance-db='{}' restored", server.url()));
    let restored = server.url().replace("/postgres?", "/restored?");
    server.run(&format!("pg_restore --exit-on-error --no-owner --dbname='{restored}' $D/jixiao.dump"));
    let verified = replicas.jixiao().env("JIXIAO_DATABASE_URL", &restored).arg("verify").output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let other = Replicas::new(restored, 1);
    other.start_in(0, replicas.directory.path());
    other.ready(0, true).await;
    let url = format!("http://{}/v1/units?limit=1000", other.addresses[0]);
    let units: Value = client.get(url).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
    assert_eq!(units["items"].as_array().unwrap().len(), 20);
    // The journal is append-only there as well.
    let db = sea_orm::Database::connect(&other.database).await.unwrap();
    let refused = sea_orm::ConnectionTrait::execute_unprepared(&db, "DELETE FROM journal").await;
    assert!(refused.unwrap_err().to_string().contains("append-only"));
}

#[actix_web::test]
async fn a_rolling_restart_fails_no_request() {
    let Some(server) = OwnServer::start_new() else { return };
    let replicas = Replicas::new(server.url(), 2);
    let token = replicas.token();
    for place in 0..2 {
        replicas.start(place);
        replicas.ready(place, true).await;
    }
    let ready = [AtomicBool::new(true), AtomicBool::new(true)];
    let (done, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    // A balancer: it asks who is ready five times a second, and sends to those.
    let asking = async {
        let asker = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        while !done.load(Ordering::Relaxed) {
            for (place, ready) in ready.iter().enumerate() {
                let reply = asker.get(format!("http://{}/readyz", replicas.addresses[place])).send().await;
                ready.store(reply.is_ok_and(|reply| reply.status().is_success()), Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let caller = async |number: usize| {
        let mut failed = Vec::new();
        for count in number.. {
            if done.load(Ordering::Relaxed) {
                break;
            }
            let place = if ready[count % 2].load(Ordering::Relaxed) { count % 2 } else { 1 - count % 2 };
            let url = format!("http://{}/v1/units", replicas.addresses[place]);
            let url = if number == 0 { format!("{url}/u{count}") } else { url };
            let facts = json!({ "name": "县", "kind": "county" });
            let request = if number == 0 { client.put(url).json(&facts) } else { client.get(url) };
            match request.bearer_auth(&token).send().await {
                Ok(reply) if reply.status().is_success() => {
                    served.fetch_add(1, Ordering::Relaxed);
                }
                Ok(reply) => failed.push(format!("{place}: {}", reply.status())),
                Err(error) => failed.push(format!("{place}: {error:?}")),
            }
        }
        failed
    };
    let restarting = async {
        for place in [0, 1, 0] {
            tokio::time::sleep(Duration::from_millis(700)).await;
            replicas.terminate(place).await;
            replicas.start(place);
            replicas.ready(place, true).await;
        }
        done.store(true, Ordering::Relaxed);
    };
    let callers = futures_util::future::join_all((0..8).map(caller));
    let ((), failed, ()) = futures_util::join!(asking, callers, restarting);
    let failed: Vec<_> = failed.into_iter().flatten().collect();
    let served = served.into_inner();
    assert!(failed.is_empty(), "{} beside {served} that were served: {failed:?}", failed.len());
    assert!(served > 50, "{served}");
}

/// Files that were being received when the service was told to leave are finished, whichever worker they came to.
#[actix_web::test]
async fn what_has_begun_is_finished() {
    let Some(server) = OwnServer::start_new() else { return };
    let replicas = Replicas::new(server.url(), 1);
    let token = replicas.token();
    replicas.start(0);
    replicas.ready(0, true).await;
    let client = reqwest::Client::builder().timeout(Duration::from_mins(1)).build().unwrap();
    let address = format!("http://{}", replicas.addresses[0]);
    // Each worker opens connections.
    let facts = json!({ "name": "县", "kind": "county" });
    let stated = (0..16)
        .map(|number| client.put(format!("{address}/v1/units/c{number}")).bearer_auth(&token).json(&facts).send());
    for stated in futures_util::future::join_all(stated).await {
        assert_eq!(stated.unwrap().status().as_u16(), 201);
    }
    // A slow line: the last rows come after the drain.
    let upload = async |number: usize| {
        let lines = (0..10).map(move |part| {
            let head = if part == 0 { "code,name,kind,parent\n" } else { "" };
            let rows = (0..200).map(|row| format!("u{number}-{part}-{row},单位,township,")).collect::<Vec<_>>();
            format!("{head}{}\n", rows.join("\n"))
        });
        let slowly = futures_util::stream::iter(lines).then(async |lines| {
            tokio::time::sleep(Duration::from_millis(250)).await;
            Ok::<_, std::io::Error>(lines)
        });
        let request = client.post(format!("{address}/v1/uploads/csv?kind=units")).bearer_auth(&token);
        let body = reqwest::Body::wrap_stream(slowly);
        let sent = request.header("content-type", "text/csv").body(body).send();
        sent.await.map(|reply| reply.status().as_u16())
    };
    let ending = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        replicas.terminate(0).await;
    };
    let (answered, ()) = futures_util::join!(futures_util::future::join_all((0..3).map(upload)), ending);
    let answered: Vec<_> = answered.into_iter().map(|one| one.map_err(|error| format!("{error:?}"))).collect();
    assert_eq!(answered, vec![Ok(201); 3]);
}

/// A connection to the database belongs to the worker that opened it, and does not outlive it.
#[actix_web::test]
async fn what_is_left_to_do_when_the_workers_are_gone_is_done() {
    let Some(server) = OwnServer::start_new() else { return };
    let store = Store::open(&server.url(), &"430922".parse().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    let many = async |store: &Store| {
        let asked = futures_util::future::join_all((0..8).map(|_| store.release(None, "nobody"))).await;
        asked.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let beside = store.clone();
    let worker = actix_web::rt::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let asked = many(&beside).await;
            // They are given back in the background.
            let kept =
                || beside.connections().iter().any(|(pool, open, idle)| *pool == "sending" && *open == 2 && *idle == 2);
            for _ in 0..200 {
                if kept() {
                    return asked;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            panic!("{:?}", beside.connections())
        })
    });
    worker.await.unwrap().unwrap();
    store.let_go().await;
    many(&store).await.unwrap();
    store.close().await;
}
