//! A service that is killed again and again while files come in: every file is in exactly once.
//!
//! The client tries again with the same key until it is answered, as a script does. How many files of how many rows is
//! said by `JIXIAO_KILL_FILES` and `JIXIAO_KILL_ROWS`; few where nothing is said.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jixiao::store::Store;
use serde_json::Value;

struct Server {
    child: Option<Child>,
    directory: tempfile::TempDir,
    address: std::net::SocketAddr,
}

fn jixiao(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jixiao"));
    command.env_clear().env("JIXIAO_DATA_DIR", directory).env("JIXIAO_LOG", "error");
    command
}

impl Server {
    fn start(&mut self) {
        let child = jixiao(self.directory.path()).env("JIXIAO_BIND", self.address.to_string()).arg("serve").spawn();
        self.child = Some(child.unwrap());
    }

    /// SIGKILL: nothing is finished, nothing is flushed.
    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
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

/// Sends a body until there is an answer; how often that took.
async fn send(client: &reqwest::Client, url: &str, token: &str, key: &str, body: &str) -> (Value, usize) {
    for tries in 1.. {
        let request =
            client.post(url).bearer_auth(token).header("content-type", "text/csv").header("idempotency-key", key);
        if let Ok(reply) = request.body(body.to_owned()).send().await {
            let status = reply.status().as_u16();
            if let Ok(text) = reply.text().await
                && ![408, 409].contains(&status)
                && status < 500
            {
                assert!([200, 201].contains(&status), "{status} {}", &text[..text.len().min(1000)]);
                return (serde_json::from_str(&text).unwrap(), tries);
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    unreachable!()
}

#[expect(clippy::disallowed_methods, reason = "tests have settings of their own")]
fn setting(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |value| value.parse().unwrap())
}

#[actix_web::test]
async fn every_file_is_in_exactly_once_however_often_the_service_is_killed() {
    let (files, rows) = (setting("JIXIAO_KILL_FILES", 24), setting("JIXIAO_KILL_ROWS", 300));
    let directory = tempfile::tempdir().unwrap();
    let token = jixiao(directory.path()).args(["token", "--role", "admin"]).output().unwrap().stdout;
    let token = String::from_utf8(token).unwrap().trim().to_owned();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut server = Server { child: None, directory, address };
    server.start();
    let client = reqwest::Client::new();
    let url = |kind: &str| format!("http://{address}/v1/uploads/csv?kind={kind}");
    let units: Vec<String> = (0..files).map(|file| format!("u{file},{file},township,u\n")).collect();
    let units = "code,name,kind,parent\nu,桃江县,county,\n".to_owned() + &units.concat();
    send(&client, &url("units"), &token, "units", &units).await;
    let indicators: Vec<String> = (0..100).map(|n| format!("i{n},{n},个,output,quantity,at_least,false\n")).collect();
    let indicators =
        "code,name,measure_unit,category,subcategory,direction,cumulative\n".to_owned() + &indicators.concat();
    send(&client, &url("indicators"), &token, "indicators", &indicators).await;

    let done = AtomicBool::new(false);
    let killing = async {
        let mut kills = 0_u64;
        while !done.load(Ordering::Relaxed) {
            // Uneven waits, so that the service dies in every stage of its work, its start included.
            tokio::time::sleep(Duration::from_millis(90 + kills * 211 % 1400)).await;
            server.kill();
            server.start();
            kills += 1;
        }
        kills
    };
    let sending = async {
        let mut tries = 0;
        for file in 0..files {
            // Each file is of a unit of its own, a month for every hundred rows.
            let row = |n: usize| format!("u{file},{}-{:02},i{},{file}\n", 2000 + n / 1200, n / 100 % 12 + 1, n % 100);
            let body = "unit,month,indicator,value\n".to_owned() + &(0..rows).map(row).collect::<Vec<_>>().concat();
            let (answer, again) = send(&client, &url("progress"), &token, &format!("file-{file}"), &body).await;
            assert_eq!(answer["receipt"]["created"], rows, "{}", answer["receipt"]);
            tries += again;
        }
        done.store(true, Ordering::Relaxed);
        tries
    };
    let (kills, tries) = futures_util::join!(killing, sending);
    eprintln!("{files} files of {rows} rows, {tries} tries, {kills} kills");
    assert!(kills > 3 && tries > files, "the service was not killed while it worked: {kills} kills, {tries} tries");
    server.kill();

    let url = format!("sqlite://{}/jixiao.db", server.directory.path().display());
    let store = Store::open(&url, &"430922".parse().unwrap()).await.unwrap();
    let entries = store.view().journal_after(0, 10_000_000).await.unwrap();
    let of = |resource: &str| entries.iter().filter(|entry| entry.resource == resource).count();
    assert_eq!((of("uploads"), of("progress")), (files + 2, files * rows), "each once");
    assert!(entries.iter().zip(1..).all(|(entry, number)| entry.sequence == number), "no gap");
}
