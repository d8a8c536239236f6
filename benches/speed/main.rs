//! How fast the service is beside the limit of the machine: `cargo bench --bench speed`.
//!
//! The limit is a server of its own (`limit/`) on the same database and rows. Both are asked in turn, over as many
//! connections, by a generator on the same machine; bytes are compared first. What counts is the ratio of processor time,
//! service and database together, for it holds on a shared machine; requests a second stand beside it. Prints Markdown,
//! which `docs/performance.md` carries.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on has failed")]

mod data;
mod limit;
mod load;
mod machine;
#[path = "../../tests/it/harness/own_server.rs"]
#[expect(dead_code, unreachable_pub, reason = "tests use all of it")]
mod own_server;
#[path = "../service.rs"]
mod service;
mod works;

use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;

use self::load::{Ask, Asked, Lasting, Line, press};
use self::own_server::OwnServer;
use self::service::Service;
use self::works::Work;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is measured, and for how long.
#[derive(Parser)]
struct Options {
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// Only works whose names contain one of these, `item,page`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// `sqlite`, `postgres`, or both.
    #[arg(long, value_delimiter = ',', default_value = "postgres,sqlite")]
    databases: Vec<String>,
    /// How often each is asked in turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// For how many seconds each time.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// More counties of the same size behind the one that is asked.
    #[arg(long, default_value_t = 0)]
    counties: usize,
    /// Jixiao keeps no answers: what everything costs that is asked for the first time.
    #[arg(long)]
    fresh: bool,
    /// The limit itself, on this port.
    #[arg(long, hide = true)]
    limit: Option<u16>,
    /// The database of the limit.
    #[arg(long, hide = true)]
    url: Option<String>,
}

/// A database with the two servers that are asked.
struct Site {
    database: &'static str,
    server: Option<OwnServer>,
    /// Where it is, if it is not in the directory.
    url: Option<String>,
    jixiao: Service,
    limit: Child,
    limit_port: u16,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.limit.kill();
        let _ = self.limit.wait();
    }
}

impl Site {
    fn open(postgres: bool, options: &Options) -> Option<Self> {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let file = directory.path().join("jixiao.db");
        let server = if postgres { Some(OwnServer::start_new()?) } else { None };
        let url = server.as_ref().map_or_else(|| format!("sqlite://{}", file.display()), OwnServer::url);
        let mut settings: Vec<(&str, &str)> = if postgres { vec![("JIXIAO_DATABASE_URL", &url)] } else { Vec::new() };
        settings.extend(options.fresh.then_some(("JIXIAO_KEPT_ANSWERS", "0")));
        let jixiao = Service::start_in(directory, &settings);
        data::fill(&jixiao, &settings);
        match &server {
            Some(server) => data::more_on_postgres(server, options.counties),
            None => data::more_on_sqlite(&file, options.counties),
        }
        let limit_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let limit = Command::new(std::env::current_exe().unwrap())
            .args(["--limit", &limit_port.to_string(), "--url", &url])
            .spawn()
            .unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", limit_port)).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let database = if postgres { "PostgreSQL" } else { "SQLite" };
        let url = postgres.then_some(url);
        Some(Self { database, server, url, jixiao, limit, limit_port })
    }

    /// The processes that work for an answer of a service.
    fn processes(&self, service: u32) -> Vec<u32> {
        std::iter::once(service).chain(self.server.as_ref().map(OwnServer::process)).collect()
    }

    async fn measure(&self, options: &Options) {
        let works: Vec<Work> = works::all(self.jixiao.port, &self.jixiao.token, self.limit_port).await;
        let wanted =
            |work: &&Work| options.only.is_empty() || options.only.iter().any(|part| work.name.contains(part.as_str()));
        println!(
            "| {} | µs limit | µs Jixiao | **ratio** | wanted | a second | of limit | p50 ms | p99 ms |",
            self.database
        );
        println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for work in works.iter().filter(wanted) {
            let (mut limits, mut ours) = (Vec::new(), Vec::new());
            for round in 0..=options.rounds {
                let limit =
                    self.ask(self.limit_port, self.limit.id(), work, &work.limit, work.statuses.0, options).await;
                let before = self.journal().await;
                let own =
                    self.ask(self.jixiao.port, self.jixiao.process(), work, &work.ours, work.statuses.1, options).await;
                assert!(self.journal().await >= before + own.count * work.entries, "{}: nothing changed", work.name);
                // The first round warms up.
                if round > 0 {
                    limits.push(limit);
                    ours.push(own);
                }
            }
            let (limit, own) = (Sample::middle(limits), Sample::middle(ours));
            println!(
                "| {} | {:.0} | {:.0} | **{:.2}** | {} | {:.0} | {:.2} | {:.2} | {:.2} |",
                work.name,
                limit.cpu,
                own.cpu,
                limit.cpu / own.cpu,
                work.wanted[usize::from(self.server.is_none())],
                own.a_second,
                own.a_second / limit.a_second,
                own.middle,
                own.most
            );
        }
        println!();
        self.weigh();
    }

    /// The number of Jixiao's newest entry.
    async fn journal(&self) -> usize {
        let told = Line::open(self.jixiao.port).await.ask(&Ask::get("/metrics")).await;
        let text = String::from_utf8(told.body.into()).unwrap();
        let number = text.lines().find_map(|line| line.strip_prefix("jixiao_journal_position "));
        number.expect("the position is told").parse().unwrap()
    }

    /// Starts, and memory.
    fn weigh(&self) {
        let settings: Vec<_> = self.url.iter().map(|url| ("JIXIAO_DATABASE_URL", url.as_str())).collect();
        let starts = (0..5).map(|_| Service::start_in(self.jixiao.directory.clone(), &settings));
        let (mut firsts, idle): (Vec<_>, Vec<_>) =
            starts.map(|one| (one.first_answer, machine::memory(one.process()).0)).unzip();
        firsts.sort();
        #[expect(clippy::cast_precision_loss)]
        let mebibytes = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
        let (now, most) = machine::memory(self.jixiao.process());
        println!(
            "| {} | start to first answer ms | wanted | memory idle MiB | wanted | loaded | at most |",
            self.database
        );
        println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        println!(
            "| the service | {} | 100 | {:.0} | 30 | {:.0} | {:.0} |\n",
            firsts[firsts.len() / 2].as_millis(),
            mebibytes(idle[0]),
            mebibytes(now),
            mebibytes(most)
        );
    }

    async fn ask(
        &self,
        port: u16,
        process: u32,
        work: &Work,
        next: &works::Next,
        status: u16,
        options: &Options,
    ) -> Sample {
        let processes = self.processes(process);
        let before = machine::ran(&processes);
        let while_asked = Lasting::Time(Duration::from_secs_f64(options.seconds));
        let asked = press(port, work.lines, work.turns.map_or(while_asked, Lasting::Turns), status, next).await;
        Sample::of(&asked, before.until(&machine::ran(&processes)))
    }
}

/// One turn: microseconds of processor a request, requests a second, milliseconds of the middle and of nearly all.
#[derive(Clone, Copy)]
struct Sample {
    count: usize,
    cpu: f64,
    a_second: f64,
    middle: f64,
    most: f64,
}

impl Sample {
    fn of(asked: &Asked, ran: Duration) -> Self {
        #[expect(clippy::cast_precision_loss)]
        let count = asked.times.len() as f64;
        let milliseconds = |share| asked.within(share).as_secs_f64() * 1e3;
        Self {
            count: asked.times.len(),
            cpu: ran.as_secs_f64() * 1e6 / count,
            a_second: asked.a_second(),
            middle: milliseconds(0.5),
            most: milliseconds(0.99),
        }
    }

    fn middle(samples: Vec<Self>) -> Self {
        let of = |read: fn(&Self) -> f64| {
            let mut values: Vec<f64> = samples.iter().map(read).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Self {
            count: samples.iter().map(|one| one.count).sum(),
            cpu: of(|one| one.cpu),
            a_second: of(|one| one.a_second),
            middle: of(|one| one.middle),
            most: of(|one| one.most),
        }
    }
}

fn main() {
    let options = Options::parse();
    if let (Some(port), Some(url)) = (options.limit, &options.url) {
        return limit::serve(url, port);
    }
    println!("{}, {} counties.\n", machine::about(), options.counties + 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for database in &options.databases {
        let begun = Instant::now();
        let Some(site) = Site::open(database == "postgres", &options) else {
            eprintln!("no PostgreSQL on this machine");
            continue;
        };
        eprintln!("{database}: filled within {:.0?}", begun.elapsed());
        runtime.block_on(site.measure(&options));
    }
}
