//! What the journal costs: `cargo bench --bench journal`.
//!
//! The same service twice, on SQLite: one as it is, and one whose database throws every entry away before it is kept
//! (a trigger), so that neither table nor index of the journal is written. Both in one run, taken in turn, the median
//! of several: single puts over one connection, and uploads of 100,000 rows. What is left of the journal in the second
//! is reckoning the chain; that is measured by itself.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on has failed")]

mod service;

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use jixiao::domain::chain::{Digest, Link};

use self::service::{Service, median, rows};

const ROUNDS: usize = 5;
const PUTS: usize = 500;
const ROWS: usize = 100_000;

/// Makes a database that keeps no journal.
fn forgetful(database: &Path) {
    let trigger = "CREATE TRIGGER forget BEFORE INSERT ON journal BEGIN SELECT RAISE(IGNORE); END";
    let done = Command::new("sqlite3").arg(database).arg(trigger).status().expect("this benchmark needs sqlite3");
    assert!(done.success());
}

/// Puts single rows, one after the other over one connection.
fn puts(service: &Service, round: usize) -> Duration {
    actix_web::rt::System::new().block_on(async {
        let client = reqwest::Client::new();
        let begun = Instant::now();
        for (number, (unit, month, indicator, _)) in rows(PUTS).enumerate() {
            let url = format!("{}/v1/progress/{unit}:{month}:{indicator}", service.url);
            let body = format!("{{\"value\": \"{}\"}}", round * PUTS + number + 1);
            let request = client.put(url).bearer_auth(&service.token).header("content-type", "application/json");
            let request = if round == 0 { request } else { request.header("if-match", "*") };
            let status = request.body(body).send().await.unwrap().status().as_u16();
            assert!([200, 201].contains(&status), "{status}");
        }
        begun.elapsed()
    })
}

/// A file of 100,000 rows, with other values in every round.
fn sheet(round: usize) -> String {
    let mut sheet = String::from("unit,month,indicator,value\n");
    for (unit, month, indicator, value) in rows(ROWS) {
        writeln!(sheet, "{unit},{month},{indicator},{}{value}", round + 1).unwrap();
    }
    sheet
}

/// Reckoning so many links of the chain.
fn links(count: i64) -> Duration {
    let begun = Instant::now();
    let mut digest = Digest::NONE;
    for sequence in 0..count {
        let link = Link {
            county: "430922",
            sequence,
            at: "2024-04-30T08:15:30.000000Z",
            actor: "clerk",
            role: "reporter",
            token: Some("019aba5e-9c00-7000-8000-000000000001"),
            address: Some("127.0.0.1"),
            request_id: "019aba5e-9c00-7000-8000-000000000002",
            upload: Some("019aba5e-9c00-7000-8000-000000000003"),
            operation: "created",
            resource: "progress",
            unit: Some("u001"),
            id: "u001:2023-12:i01",
            became: Some("{\"note\":null,\"value\":\"21\",\"value_as_printed\":null}"),
        };
        digest = black_box(link.digest(&digest));
    }
    begun.elapsed()
}

fn main() {
    let (with, without) = (Service::start(), Service::start_on(forgetful));
    let (mut times, mut names) = ([Vec::new(), Vec::new(), Vec::new(), Vec::new()], Vec::new());
    for round in 0..ROUNDS {
        times[0].push(puts(&without, round));
        times[1].push(puts(&with, round));
    }
    for round in 0..ROUNDS {
        let sheet = sheet(round);
        times[2].push(without.upload("progress", sheet.as_bytes()));
        times[3].push(with.upload("progress", sheet.as_bytes()));
    }
    names.extend([("single puts", PUTS), ("an upload", ROWS)]);
    println!("| | rows | without, s | with, s | with / without |");
    println!("| --- | --- | --- | --- | --- |");
    let [puts_without, puts_with, without, with] = times.map(median);
    for ((name, rows), (without, with)) in names.into_iter().zip([(puts_without, puts_with), (without, with)]) {
        println!("| {name} | {rows} | {without:.2} | {with:.2} | {:.2} |", with / without);
    }
    println!("\nThe chain of {ROWS} entries takes {:.2} s of either.", links(100_000).as_secs_f64());
}
