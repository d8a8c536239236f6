//! A service to measure, with units and indicators in it.

#![allow(dead_code, reason = "each benchmark uses its part")]

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

const UNITS: usize = 120;
const INDICATORS: usize = 70;
const MONTHS: usize = 12;

/// A running service on a database of its own.
pub(crate) struct Service {
    child: Child,
    pub(crate) url: String,
    pub(crate) port: u16,
    /// How long it took from its start to its first answer.
    pub(crate) first_answer: Duration,
    pub(crate) token: String,
    pub(crate) directory: Arc<tempfile::TempDir>,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn jixiao(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jixiao"));
    command.env_clear().env("JIXIAO_DATA_DIR", directory).env("JIXIAO_LOG", "warn");
    command
}

impl Service {
    /// Starts a service with units and indicators in it.
    pub(crate) fn start() -> Self {
        Self::start_on(|_| {})
    }

    /// The same, on a database that something was done to while it was empty.
    pub(crate) fn start_on(prepare: impl FnOnce(&Path)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        assert!(jixiao(directory.path()).arg("migrate").status().unwrap().success());
        prepare(&directory.path().join("jixiao.db"));
        let service = Self::start_in(Arc::new(directory), &[]);
        service.fill();
        service
    }

    /// Starts a service in a directory, with more settings.
    pub(crate) fn start_in(directory: Arc<tempfile::TempDir>, settings: &[(&str, &str)]) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let token = jixiao(directory.path())
            .envs(settings.iter().copied())
            .args(["token", "--role", "admin"])
            .output()
            .unwrap()
            .stdout;
        let begun = Instant::now();
        let child = jixiao(directory.path())
            .envs(settings.iter().copied())
            .env("JIXIAO_BIND", free.to_string())
            .arg("serve")
            .spawn()
            .unwrap();
        let token = String::from_utf8(token).unwrap().trim().to_owned();
        let ask = format!("GET /v1/units HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
        let answered = || {
            let mut line = std::net::TcpStream::connect(free).ok()?;
            line.write_all(ask.as_bytes()).ok()?;
            let mut start = [0; 12];
            line.read_exact(&mut start).ok()?;
            Some(start == *b"HTTP/1.1 200")
        };
        let mut well = answered();
        while well.is_none() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the service does not start");
            std::thread::sleep(Duration::from_millis(1));
            well = answered();
        }
        let first_answer = begun.elapsed();
        assert_eq!(well, Some(true), "the first answer is an error");
        Self { child, url: format!("http://{free}"), port: free.port(), token, directory, first_answer }
    }

    /// Units and indicators.
    pub(crate) fn fill(&self) {
        let mut units = String::from("code,name,kind,parent\n430922,桃江县,county,\n");
        (0..UNITS).for_each(|n| writeln!(units, "u{n:03},单位{n},township,430922").unwrap());
        let mut indicators = String::from("code,name,measure_unit,category,subcategory,direction,cumulative\n");
        (0..INDICATORS)
            .for_each(|n| writeln!(indicators, "i{n:02},指标{n},亿元,output,quantity,at_least,true").unwrap());
        self.upload("units", units.as_bytes());
        self.upload("indicators", indicators.as_bytes());
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends a file and waits for its receipt; how long that took.
    pub(crate) fn upload(&self, kind: &str, text: &[u8]) -> Duration {
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
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }
}

/// Progress rows: unit, month, indicator, value.
pub(crate) fn rows(count: usize) -> impl Iterator<Item = (String, String, String, String)> {
    (0..count).map(|n| {
        let (unit, rest) = (n / (MONTHS * INDICATORS), n % (MONTHS * INDICATORS));
        let (month, indicator) = (rest / INDICATORS, rest % INDICATORS);
        // Grows through the year, as cumulative figures do, and is different everywhere.
        let value = format!("{}.{:02}", 10 + month * 10 + n % 7, n % 100);
        let (unit, year) = (unit % UNITS, 2023 - unit / UNITS);
        (format!("u{unit:03}"), format!("{year}-{:02}", month + 1), format!("i{indicator:02}"), value)
    })
}

/// The middle of several times, in seconds.
pub(crate) fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}
