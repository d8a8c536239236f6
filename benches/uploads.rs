//! How fast an upload is, beside the database's own bulk road: `cargo bench --bench uploads`.
//!
//! One upload of 100,000 progress rows with all checks, the journal and the receipt, against `sqlite3 .import` of the
//! same rows into the same table of the same schema, taken in turn, the median of several. Ratios within one run are
//! what counts: machines differ, and are shared. Then the memory that the service needs for a file of 50 MB.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on has failed")]
#![expect(clippy::cast_precision_loss, reason = "a ratio is looked at, not reckoned with")]

mod service;

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use self::service::{Service, median, rows};

const ROWS: usize = 100_000;
const ROUNDS: usize = 5;

/// `sqlite3 .import` of the same rows into a database with the same schema, units and indicators.
fn import(service: &Service, text: &Path) -> Duration {
    let copy = service.directory.path().join("copy.db");
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", copy.display()));
    }
    let sqlite = |database: &Path, script: &str| {
        let mut child =
            Command::new("sqlite3").arg(database).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("sqlite3");
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    };
    let database = service.directory.path().join("jixiao.db");
    sqlite(&database, &format!("PRAGMA wal_checkpoint(TRUNCATE);\nVACUUM INTO '{}';\n", copy.display()));
    sqlite(&copy, "PRAGMA journal_mode=WAL;\nDELETE FROM progress;\n");
    let begun = Instant::now();
    sqlite(
        &copy,
        &format!(
            "PRAGMA foreign_keys=ON;\nPRAGMA synchronous=FULL;\n.mode csv\n.import '{}' progress\n",
            text.display()
        ),
    );
    let took = begun.elapsed();
    let counted = Command::new("sqlite3").arg(&copy).arg("SELECT count(*) FROM progress").output().unwrap().stdout;
    assert_eq!(String::from_utf8(counted).unwrap().trim(), ROWS.to_string());
    took
}

/// The memory a service grows by while it takes a file.
fn growth(note: usize, count: usize) -> (usize, u64, Duration) {
    let service = Service::start();
    let padding = "备".repeat(note / 3);
    let mut text = String::from("unit,month,indicator,value,note\n");
    for (unit, month, indicator, value) in rows(count) {
        writeln!(text, "{unit},{month},{indicator},{value},{padding}").unwrap();
    }
    let (idle, done, most) = (service.memory(), Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let took = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                most.fetch_max(service.memory(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let took = service.upload("progress", text.as_bytes());
        done.store(true, Ordering::Relaxed);
        watch.join().unwrap();
        took
    });
    (text.len(), most.load(Ordering::Relaxed).saturating_sub(idle), took)
}

fn main() {
    let scratch = tempfile::tempdir().unwrap();
    let plain: PathBuf = scratch.path().join("rows.csv");
    let mut sheet = String::from("unit,month,indicator,value\n");
    let mut table = fs::File::create(&plain).unwrap();
    for (number, (unit, month, indicator, value)) in rows(ROWS).enumerate() {
        writeln!(sheet, "{unit},{month},{indicator},{value}").unwrap();
        let micros = value.replace('.', "") + "0000";
        writeln!(table, "430922,{unit},{month},{indicator},{micros},,,{number}").unwrap();
    }
    drop(table);
    let (mut uploads, mut imports) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let service = Service::start();
        let upload = service.upload("progress", sheet.as_bytes());
        let import = import(&service, &plain);
        // The first round only warms up.
        if round > 0 {
            uploads.push(upload);
            imports.push(import);
        }
    }
    let (upload, import) = (median(uploads), median(imports));
    let rate = |seconds: f64| ROWS as f64 / seconds;
    println!("| 100,000 progress rows on SQLite | s | rows a second | of the bulk road |");
    println!("| --- | --- | --- | --- |");
    println!("| `sqlite3 .import`, no checks, no journal | {import:.2} | {:.0} | 1.00 |", rate(import));
    println!("| an upload: checks, journal, receipt | {upload:.2} | {:.0} | {:.2} |", rate(upload), import / upload);
    println!();
    println!("| a file of | rows | memory grows by | s |");
    println!("| --- | --- | --- | --- |");
    for (note, count) in [(480, 100_000), (0, 1_900_000)] {
        let (bytes, growth, took) = growth(note, count);
        let mib = |bytes: f64| bytes / 1024.0 / 1024.0;
        println!(
            "| {:.0} MiB | {count} | {:.0} MiB | {:.1} |",
            mib(bytes as f64),
            mib(growth as f64),
            took.as_secs_f64()
        );
    }
}
