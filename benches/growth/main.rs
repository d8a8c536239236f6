//! What reads cost as the rows grow: `cargo bench --bench growth`.
//!
//! A county of 120 units with 10⁴ to 10⁷ rows of progress (`--rows`), in both databases. Each read is asked by one caller, one
//! behind the other, of a service that keeps no answers; what counts is how the middle of the times grows from the first
//! size to the last. Then a county of each of the first sizes is uploaded and exported whole, and the memory of the service
//! is looked at. Prints Markdown, which `docs/performance.md` carries.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on has failed")]

#[path = "../speed/load.rs"]
#[expect(dead_code, reason = "the other benchmark uses all of it")]
mod load;
#[path = "../speed/machine.rs"]
mod machine;
#[path = "../../tests/it/harness/own_server.rs"]
#[expect(dead_code, unreachable_pub, reason = "tests use all of it")]
mod own_server;
#[path = "../service.rs"]
mod service;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use rusqlite::Connection;

use self::load::{Ask, Lasting, Line, press};
use self::own_server::OwnServer;
use self::service::Service;

/// What is measured.
#[derive(Parser)]
struct Options {
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// Rows of progress, one size behind the other.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000,10000000")]
    rows: Vec<usize>,
    /// Rows that are uploaded and exported.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    exports: Vec<usize>,
    /// `sqlite`, `postgres`, or both.
    #[arg(long, value_delimiter = ',', default_value = "postgres,sqlite")]
    databases: Vec<String>,
    /// For how many seconds each read is asked.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
}

/// As a server of its own would have, so that what is measured is not the memory of the default.
const MEMORY: &str = "-c shared_buffers=2GB";

const COUNTY: &str = "430922";
const UNITS: usize = 120;
const MOST_INDICATORS: usize = 200;

/// A county of so many rows: indicators, and years before 2024.
fn shape(rows: usize) -> (usize, usize) {
    let pairs = (rows / (UNITS * 12)).max(1);
    let years = pairs.div_ceil(MOST_INDICATORS);
    (pairs / years, years)
}

/// Where the rows are put.
enum Database {
    Postgres(OwnServer),
    Sqlite(Arc<tempfile::TempDir>),
}

impl Database {
    fn run(&self, sql: &str) {
        match self {
            Self::Postgres(server) => {
                server.run(&format!("psql -q -v ON_ERROR_STOP=1 -h \"$D\" -U postgres postgres <<'END'\n{sql}\nEND"));
            }
            Self::Sqlite(directory) => {
                let connection = Connection::open(directory.path().join("jixiao.db")).unwrap();
                connection.busy_timeout(Duration::from_mins(1)).unwrap();
                connection.execute_batch(sql).unwrap();
            }
        }
    }

    /// The server's process, where it is one of its own.
    fn process(&self) -> Option<u32> {
        match self {
            Self::Postgres(server) => Some(server.process()),
            Self::Sqlite(_) => None,
        }
    }

    /// The numbers from one to another, as a table `n`.
    fn numbers(&self, name: &str, from: usize, to: usize) -> String {
        match self {
            Self::Postgres(_) => format!("generate_series({from}, {to}) AS {name}(n)"),
            Self::Sqlite(_) => format!(
                "(WITH RECURSIVE s(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM s WHERE n < {to}) SELECT n FROM s) AS {name}"
            ),
        }
    }

    /// Rows of progress for years and indicators; what is there stays.
    fn fill(&self, indicators: usize, years: usize) {
        let padded = |name: &str, width: usize| match self {
            Self::Postgres(_) => format!("lpad({name}.n::text, {width}, '0')"),
            Self::Sqlite(_) => format!("printf('%0{width}d', {name}.n)"),
        };
        let codes = self.numbers("i", 0, indicators - 1);
        let (unit, indicator, month) = (padded("u", 3), padded("i", 3), padded("m", 2));
        self.run(&format!(
            "INSERT INTO indicator SELECT county, 'g' || {indicator}, name, measure_unit, category, subcategory, direction,
                 cumulative, place, part_of, revision FROM indicator, {codes} WHERE county = '{COUNTY}' AND code = 'i00'
             ON CONFLICT DO NOTHING"
        ));
        let units = self.numbers("u", 0, UNITS - 1);
        let months = self.numbers("m", 1, 12);
        for year in 2024 - years..2024 {
            // References are right, and would be looked up for each row.
            let unchecked = match self {
                Self::Postgres(_) => "SET session_replication_role = replica;",
                Self::Sqlite(_) => "PRAGMA foreign_keys = off;",
            };
            self.run(&format!(
                "{unchecked} INSERT INTO progress (county, unit, month, indicator, value, revision)
                 SELECT '{COUNTY}', 'u' || {unit}, '{year}-' || {month}, 'g' || {indicator}, 1000000 * (m.n + u.n), 1
                 FROM {units}, {months}, {codes} WHERE true ORDER BY 2, 3, 4 ON CONFLICT DO NOTHING"
            ));
        }
    }
}

/// What a read is called, and its address at each turn.
type Read = (&'static str, Box<dyn Fn(usize) -> String + Sync>);

/// What a read is called, and at each size milliseconds of the middle and microseconds of processor.
type Measured = (&'static str, Vec<Option<(f64, f64)>>);

/// The reads.
fn reads(indicators: usize, years: usize) -> Vec<Read> {
    let unit = |turn: usize| format!("u{:03}", turn * 7_919 % UNITS);
    let year = move |turn: usize| 2023 - turn % years;
    let item = move |turn: usize| {
        format!("/v1/progress/{}:{}-{:02}:g{:03}", unit(turn), year(turn), turn % 12 + 1, turn * 31 % indicators)
    };
    let page = move |turn: usize| format!("/v1/progress?unit={}&year={}&limit=100", unit(turn), year(turn));
    let of_one = move |turn: usize| {
        format!("/v1/progress?indicator=g{:03}&year={}&limit=100", turn * 31 % indicators, year(turn))
    };
    let card = move |turn: usize| format!("/v1/scorecards/{}:2023", unit(turn));
    vec![
        ("one item by id", Box::new(item)),
        ("a page of 100 of a unit's year", Box::new(page)),
        ("a page of 100 of an indicator's year", Box::new(of_one)),
        ("the first page of all", Box::new(|_| "/v1/progress?limit=100".into())),
        ("a scorecard", Box::new(card)),
    ]
}

/// The cursor of a page far behind, made of that of the first page and of the key before it.
async fn deep(line: &mut Line, bearer: &str, indicators: usize, years: usize, page: usize) -> Option<String> {
    let row = page * 100 - 1;
    let of_a_unit = years * 12 * indicators;
    let (unit, rest) = (row / of_a_unit, row % of_a_unit);
    if unit >= UNITS {
        return None;
    }
    let (month, indicator) = (rest / indicators, rest % indicators);
    let key = format!("u{unit:03}:{}-{:02}:g{indicator:03}", 2024 - years + month / 12, month % 12 + 1);
    let first = line.ask(&Ask::get("/v1/progress?limit=100").with("authorization", bearer)).await;
    let first: serde_json::Value = serde_json::from_slice(&first.body).unwrap();
    let print = first["next"].as_str()?.split_once('.')?.0.to_owned();
    Some(format!("/v1/progress?limit=100&after={print}.{key}"))
}

/// Milliseconds of the middle, and microseconds of processor a request, of the service and its database.
async fn middle(
    service: &Service,
    database: &Database,
    options: &Options,
    next: &(impl Fn(usize) -> String + Sync),
) -> (f64, f64) {
    let bearer = format!("Bearer {}", service.token);
    let ask = |turn| Ask::get(next(turn)).with("authorization", bearer.clone());
    press(service.port, 1, Lasting::Time(Duration::from_secs_f64(options.seconds / 2.0)), 200, &ask).await;
    let processes: Vec<_> = std::iter::once(service.process()).chain(database.process()).collect();
    let before = machine::ran(&processes);
    let asked = press(service.port, 1, Lasting::Time(Duration::from_secs_f64(options.seconds)), 200, &ask).await;
    let ran = before.until(&machine::ran(&processes));
    #[expect(clippy::cast_precision_loss)]
    let count = asked.times.len() as f64;
    (asked.within(0.5).as_secs_f64() * 1e3, ran.as_secs_f64() * 1e6 / count)
}

async fn grow(postgres: bool, options: &Options) {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let server = if postgres { OwnServer::start_with(MEMORY) } else { None };
    let url = server.as_ref().map(OwnServer::url);
    let mut settings = vec![("JIXIAO_KEPT_ANSWERS", "0")];
    settings.extend(url.as_deref().map(|url| ("JIXIAO_DATABASE_URL", url)));
    Service::start_in(directory.clone(), &settings).fill();
    let database = server.map_or_else(|| Database::Sqlite(directory.clone()), Database::Postgres);
    let mut table: Vec<Measured> = Vec::new();
    for rows in &options.rows {
        let (indicators, years) = shape(*rows);
        database.fill(indicators, years);
        if postgres {
            database.run("VACUUM ANALYZE");
        }
        let service = Service::start_in(directory.clone(), &settings);
        let mut measured = Vec::new();
        for (name, read) in reads(indicators, years) {
            measured.push((name, Some(middle(&service, &database, options, &read).await)));
        }
        let mut line = Line::open(service.port).await;
        let bearer = format!("Bearer {}", service.token);
        for (name, page) in [("page 90 of all", 90), ("page 9,000 of all", 9_000)] {
            let address = deep(&mut line, &bearer, indicators, years, page).await;
            let time = match address {
                Some(address) => Some(middle(&service, &database, options, &|_| address.clone()).await),
                None => None,
            };
            measured.push((name, time));
        }
        for (place, (name, time)) in measured.into_iter().enumerate() {
            if table.len() <= place {
                table.push((name, Vec::new()));
            }
            table[place].1.push(time);
        }
        eprintln!("{rows} rows");
    }
    let sizes: Vec<_> = options.rows.iter().map(|rows| format!("{rows} rows")).collect();
    let name = if postgres { "PostgreSQL" } else { "SQLite" };
    show(&format!("{name}, p50 in ms"), &sizes, &table, |(time, _)| *time);
    show(&format!("{name}, µs of processor"), &sizes, &table, |(_, cpu)| *cpu);
}

/// A table of what was measured, a column a size.
fn show(title: &str, sizes: &[String], table: &[Measured], of: impl Fn(&(f64, f64)) -> f64) {
    println!("| {title} | {} | last / first |", sizes.join(" | "));
    println!("| --- |{} ---: |", " ---: |".repeat(sizes.len()));
    for (name, measured) in table {
        let shown: Vec<_> =
            measured.iter().map(|one| one.as_ref().map_or_else(String::new, |one| format!("{:.2}", of(one)))).collect();
        let known: Vec<f64> = measured.iter().flatten().map(&of).collect();
        let ratio = known.last().zip(known.first()).filter(|_| known.len() > 1).map(|(last, first)| last / first);
        println!(
            "| {name} | {} | {} |",
            shown.join(" | "),
            ratio.map_or_else(String::new, |ratio| format!("**{ratio:.2}**"))
        );
    }
    println!();
}

/// What the memory of a service is before and after all of a county is exported.
async fn export(postgres: bool, options: &Options) {
    let server = if postgres { OwnServer::start_with(MEMORY) } else { None };
    let url = server.as_ref().map(OwnServer::url);
    let settings: Vec<_> = url.as_deref().map(|url| ("JIXIAO_DATABASE_URL", url)).into_iter().collect();
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let filling = Service::start_in(directory.clone(), &settings);
    filling.fill();
    println!(
        "| {}, an export of | MiB sent | s | memory before MiB | at most |",
        if postgres { "PostgreSQL" } else { "SQLite" }
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut sent = 0;
    for rows in &options.exports {
        let all: Vec<_> = service::rows(*rows).skip(sent).collect();
        for part in all.chunks(500_000) {
            let mut text = String::from("unit,month,indicator,value\n");
            for (unit, month, indicator, value) in part {
                writeln!(text, "{unit},{month},{indicator},{value}").unwrap();
            }
            filling.upload("progress", text.as_bytes());
        }
        sent = *rows;
        let service = Service::start_in(directory.clone(), &settings);
        let before = machine::memory(service.process()).0;
        let mut line = Line::open(service.port).await;
        let bearer = format!("Bearer {}", service.token);
        let begun = std::time::Instant::now();
        let ask = Ask::get("/v1/exports/progress.ndjson").with("authorization", bearer);
        let (bytes, end) = line.length(&ask).await;
        assert!(end.contains(&rows.to_string()), "{end}");
        #[expect(clippy::cast_precision_loss)]
        let mebibytes = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
        println!(
            "| {rows} rows | {:.0} | {:.1} | {:.0} | {:.0} |",
            mebibytes(bytes as u64),
            begun.elapsed().as_secs_f64(),
            mebibytes(before),
            mebibytes(machine::memory(service.process()).1)
        );
    }
    println!();
}

fn main() {
    let options = Options::parse();
    println!("{}.\n", machine::about());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for database in &options.databases {
        runtime.block_on(grow(database == "postgres", &options));
        runtime.block_on(export(database == "postgres", &options));
    }
}
