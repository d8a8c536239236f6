//! How fast an upload is, beside the database's own bulk road: `cargo bench --bench uploads`.
//!
//! One upload of 100,000 progress rows with all checks, the journal and the receipt, against `sqlite3 .import` of the
//! same rows into the same table of the same schema, taken in turn, the median of several. Ratios within one run are
//! what counts: machines differ, and are shared. Then the memory that the service needs for a file of 50 MB.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on has failed")]
#![expect(clippy::cast_precision_loss, reason = "a ratio is looked at, not reckoned with")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const UNITS: usize = 120;
const INDICATORS: usize = 70;
const MONTHS: usize = 12;
const ROWS: usize = 100_000;
const ROUNDS: usize = 5;

/// A running service on a database of its own.
struct Service {
    child: Child,
    url: String,
    token: String,
    directory: tempfile::TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn jixiao(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jixiao"));
    command.env_clear().env("JIXIAO_DATA_DIR", directory).env("JIXIAO_LOG", "warn");
    command
}

impl Service {
    /// Starts a service with units and indicators in it.
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let token = jixiao(directory.path()).args(["token", "--role", "admin"]).output().unwrap().stdout;
        let child = jixiao(directory.path()).env("JIXIAO_BIND", free.to_string()).arg("serve").spawn().unwrap();
        let token = String::from_utf8(token).unwrap().trim().to_owned();
        let service = Self { child, url: format!("http://{free}"), token, directory };
        for _ in 0..200 {
            if std::net::TcpStream::connect(free).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut units = String::from("code,name,kind,parent\n430922,桃江县,county,\n");
        (0..UNITS).for_each(|n| writeln!(units, "u{n:03},单位{n},township,430922").unwrap());
        let mut indicators = String::from("code,name,measure_unit,category,subcategory,direction,cumulative\n");
        (0..INDICATORS)
            .for_each(|n| writeln!(indicators, "i{n:02},指标{n},亿元,output,quantity,at_least,true").unwrap());
        service.upload("units", units.as_bytes());
        service.upload("indicators", indicators.as_bytes());
        service
    }

    /// Sends a file and waits for its receipt; how long that took.
    fn upload(&self, kind: &str, text: &[u8]) -> Duration {
        let file = self.directory.path().join("upload.csv");
        fs::write(&file, text).unwrap();
        let begun = Instant::now();
        let reply = Command::new("curl")
            .args([
                "-sS",
                "-o",
                "-",
                "-w",
                "\n%{http_code}",
                "-X",
                "POST",
                "-H",
                "content-type: text/csv",
                "-H",
                "expect:",
            ])
            .args(["-H", &format!("authorization: Bearer {}", self.token), "--data-binary"])
            .arg(format!("@{}", file.display()))
            .arg(format!("{}/v1/uploads/csv?kind={kind}", self.url))
            .output()
            .expect("this benchmark sends files with curl");
        let took = begun.elapsed();
        let text = String::from_utf8(reply.stdout).unwrap();
        assert!(
            text.ends_with("201"),
            "{kind}: {}{}",
            String::from_utf8_lossy(&reply.stderr),
            &text[..text.len().min(2000)]
        );
        took
    }

    /// What the service holds in memory, in bytes.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }
}

/// Progress rows: unit, month, indicator, value.
fn rows(count: usize) -> impl Iterator<Item = (String, String, String, String)> {
    (0..count).map(|n| {
        let (unit, rest) = (n / (MONTHS * INDICATORS), n % (MONTHS * INDICATORS));
        let (month, indicator) = (rest / INDICATORS, rest % INDICATORS);
        // Grows through the year, as cumulative figures do, and is different everywhere.
        let value = format!("{}.{:02}", 10 + month * 10 + n % 7, n % 100);
        let (unit, year) = (unit % UNITS, 2023 - unit / UNITS);
        (format!("u{unit:03}"), format!("{year}-{:02}", month + 1), format!("i{indicator:02}"), value)
    })
}

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

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
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
