//! How fast a month of a whole county is: `cargo bench --bench monitoring`.
//!
//! Monitoring and a league table of 1,000 units × 50 indicators × 12 months, with the targets of the year, against the one
//! aggregate over the same rows that `sqlite3` needs for it, taken in turn, the median of several. Ratios within one run
//! are what counts: machines differ, and are shared.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on has failed")]

mod service;

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use self::service::{Service, jixiao, median};

const UNITS: usize = 1_000;
const INDICATORS: usize = 50;
const ROUNDS: usize = 7;

/// Units, indicators, targets of 2023, twelve months of progress of this year and the last, and of money.
fn fill(service: &Service) {
    let mut units = String::from("code,name,kind,parent\n");
    (0..UNITS).for_each(|n| writeln!(units, "m{n:04},乡镇{n},township,430922").unwrap());
    service.upload("units", units.as_bytes());
    let mut targets = String::from("unit,year,indicator,assigner,value\n");
    for n in 0..UNITS {
        (0..INDICATORS).for_each(|i| writeln!(targets, "m{n:04},2023,i{i:02},county,120").unwrap());
    }
    service.upload("targets", targets.as_bytes());
    for part in 0..10 {
        let mut progress = String::from("unit,month,indicator,value\n");
        for n in part * UNITS / 10..(part + 1) * UNITS / 10 {
            for (year, month) in [2022, 2023].into_iter().flat_map(|year| (1..=12).map(move |month| (year, month))) {
                (0..INDICATORS).for_each(|i| {
                    writeln!(progress, "m{n:04},{year}-{month:02},i{i:02},{}", month * 10 + (n + i) % 7).unwrap();
                });
            }
        }
        service.upload("progress", progress.as_bytes());
    }
    let heads =
        ["unit,year,code,name\n", "unit,year,project,economic_class,adjusted\n", "unit,month,project,executed\n"];
    let [mut projects, mut lines, mut spent] = heads.map(String::from);
    for n in 0..UNITS {
        writeln!(projects, "m{n:04},2023,p,招商").unwrap();
        writeln!(lines, "m{n:04},2023,p,30201,1200000").unwrap();
        (1..=12).for_each(|month| writeln!(spent, "m{n:04},2023-{month:02},p,{}", month * 90_000).unwrap());
    }
    assert!(jixiao(service.directory.path()).args(["codes", "--year", "2023"]).status().unwrap().success());
    service.upload("projects", projects.as_bytes());
    service.upload("budget_lines", lines.as_bytes());
    service.upload("expenditures", spent.as_bytes());
}

/// A scheme that looks at every indicator.
fn state_a_scheme(service: &Service) {
    let listed: Vec<_> = (0..INDICATORS).map(|i| format!(r#"{{"indicator": "i{i:02}"}}"#)).collect();
    let scheme = format!(
        r#"{{"name": "考核", "items": [{{"code": "all", "name": "全部", "points": "100", "method": "proportional", "indicators": [{}]}}]}}"#,
        listed.join(", ")
    );
    let sent = Command::new("curl")
        .args(["-sS", "-f", "-o", "/dev/null", "-X", "PUT", "-H", "content-type: application/json", "-d", &scheme])
        .args(["-H", &format!("authorization: Bearer {}", service.token)])
        .arg(format!("{}/v1/schemes/bench:2023", service.url))
        .status();
    assert!(sent.expect("this benchmark asks with curl").success());
}

/// How long an answer takes to its last byte, and how long it is.
fn ask(service: &Service, path: &str) -> (Duration, usize) {
    let begun = Instant::now();
    let reply = Command::new("curl")
        .args(["-sS", "-f", "-H", &format!("authorization: Bearer {}", service.token)])
        .arg(format!("{}{path}", service.url))
        .output()
        .unwrap();
    let took = begun.elapsed();
    assert!(reply.status.success(), "{}", String::from_utf8_lossy(&reply.stderr));
    (took, reply.stdout.len())
}

/// The one aggregate that the answers need: what each unit reached of each indicator, now, a month earlier and a year ago.
fn aggregate(service: &Service) -> Duration {
    let sql = "SELECT unit, indicator, sum(CASE WHEN month >= '2023-01' THEN value END), max(month),
            max(CASE WHEN month BETWEEN '2023-01' AND '2023-11' THEN value END),
            sum(CASE WHEN month < '2023-01' THEN value END), max(CASE WHEN month < '2023-01' THEN value END)
        FROM progress WHERE county = '430922' AND month BETWEEN '2022-01' AND '2023-12' GROUP BY unit, indicator";
    let begun = Instant::now();
    let done = Command::new("sqlite3")
        .args(["-readonly"])
        .arg(service.directory.path().join("jixiao.db"))
        .arg(sql)
        .stdout(Stdio::null())
        .status();
    assert!(done.expect("sqlite3").success());
    begun.elapsed()
}

fn main() {
    let service = Service::start();
    fill(&service);
    state_a_scheme(&service);
    let monitoring = "/v1/monitoring?month=2023-12&parent=430922&limit=1000";
    let league = "/v1/league-tables?scheme=bench&month=2023-12&parent=430922&limit=1000";
    let (mut times, mut lengths) = ([Vec::new(), Vec::new(), Vec::new()], [0, 0]);
    for _ in 0..ROUNDS {
        times[0].push(aggregate(&service));
        for (place, path) in [monitoring, league].into_iter().enumerate() {
            let (took, length) = ask(&service, path);
            times[place + 1].push(took);
            lengths[place] = length;
        }
    }
    let [limit, monitoring, league] = times.map(median);
    println!("| | units × indicators × months | MB answered | s | / the aggregate |");
    println!("| --- | --- | --- | --- | --- |");
    println!("| the aggregate alone | {UNITS} × {INDICATORS} × 12 | | {limit:.2} | 1 |");
    for (name, length, took) in [("monitoring", lengths[0], monitoring), ("a league table", lengths[1], league)] {
        println!("| {name} | {UNITS} × {INDICATORS} × 12 | {} | {took:.2} | {:.2} |", length / 1_000_000, took / limit);
    }
    println!("\nMemory afterwards: {} MiB.", service.memory() / (1024 * 1024));
}
