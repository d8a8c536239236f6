//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use actix_web::web::Data;
use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand};
use jixiao::client::Job;
use jixiao::config::{Config, duration, setting};
use jixiao::domain::codes::{ProjectCode, Region, UnitCode};
use jixiao::domain::money::AmountUnit;
use jixiao::domain::period::{Month, Year};
use jixiao::domain::sheet::charset::Charset;
use jixiao::domain::upload::kind::UploadKind;
use jixiao::domain::upload::receipt::OnExisting;
use jixiao::http::Context;
use jixiao::http::again::Again;
use jixiao::http::identity::{Bounds, Role};
use jixiao::http::keys::Keys;
use jixiao::http::once::InFlight;
use jixiao::http::outgoing::Outgoing;
use jixiao::http::refusals::Refusals;
use jixiao::operations::{backup, leaving, metrics};
use jixiao::store::Store;
use jixiao::{client, demo, release, resources, server, telemetry, verify};
use tokio_util::task::TaskTracker;

/// 绩效: what a county's units were given, spent, promised, delivered and scored.
///
/// Settings are read from the environment: `JIXIAO_BIND`, `JIXIAO_COUNTY`, `JIXIAO_REGION`, `JIXIAO_DATA_DIR`, `JIXIAO_DATABASE_URL`, `JIXIAO_DATABASE_READ_URL`,
/// `JIXIAO_LONGEST_UPLOAD`, `JIXIAO_KEPT_ANSWERS`, `JIXIAO_WEBHOOK_NETWORKS`, `JIXIAO_WEBHOOK_PATIENCE`, `JIXIAO_PROXIES`,
/// `JIXIAO_KEEP_ACCESS`, `JIXIAO_DRAIN`, `JIXIAO_LOG`, `JIXIAO_LOG_FORMAT`, `OTEL_EXPORTER_OTLP_ENDPOINT`.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API; the schema is brought up to date first.
    Serve,
    /// Serve the API with the reference case in it, and show what is wrong with it.
    Demo {
        /// How many counties are filled with it: that which is served, and made-up ones beside it in the same database.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3_000))]
        counties: u32,
    },
    /// Bring the schema of the database up to date.
    Migrate,
    /// Copy the embedded database and its key into a new directory; the service may go on meanwhile.
    Backup {
        /// The directory.
        directory: PathBuf,
    },
    /// Put a backup back where no database is.
    Restore {
        /// The directory of the backup.
        directory: PathBuf,
    },
    /// Load the national economic classification as the list of a year.
    Codes {
        /// The year.
        #[arg(long)]
        year: Year,
    },
    /// Print a token.
    Token {
        /// What it may do: reader, reporter, reviewer, auditor or admin.
        #[arg(long)]
        role: Role,
        /// The unit whose subtree it may see; the whole county where left out.
        #[arg(long)]
        unit: Option<UnitCode>,
        /// Of a reader: the counties it may read beside its own, by how their codes begin, `43` or `4309`.
        #[arg(long, conflicts_with = "unit")]
        region: Option<Region>,
        /// How long it lasts: 30m, 8h, 7d.
        #[arg(long, default_value = "8h", value_parser = duration)]
        ttl: TimeDelta,
        /// Who it is for; what the journal will name.
        #[arg(long, default_value = "cli")]
        subject: String,
    },
    /// Send files to a service: finds out what their rows are, tries again on a bad line, and shows the receipts.
    ///
    /// Ends with 0 when all rows are in, 1 when some were rejected, 2 when nothing is in.
    Upload(UploadArguments),
    /// Verify the signature of a receipt, without the service; or, where none is named, every entry of the journal.
    ///
    /// Ends with 0 when all is as it was, 1 when something was changed: the first entry that does not fit is named.
    Verify {
        /// The receipt, as the service gave it.
        receipt: Option<PathBuf>,
        /// The service's public key (JSON Web Key or key set); that of the data directory where left out.
        #[arg(long)]
        key: Option<PathBuf>,
        /// A head of the journal that was kept elsewhere (`GET /v1/journal/head`): nothing before it was changed.
        #[arg(long, conflicts_with = "receipt")]
        head: Option<PathBuf>,
        /// Files of entries that were let go of: they are walked along with the others.
        #[arg(long, conflicts_with = "receipt")]
        released: Vec<PathBuf>,
    },
    /// Write refused attempts whose time is over (`JIXIAO_KEEP_ACCESS`) to files, and let go of them.
    ///
    /// The journal says so; `verify --released` checks the files. Changes of rows are never let go of.
    Release {
        /// The directory the files go to.
        directory: PathBuf,
    },
    /// Print the OpenAPI document.
    Openapi {
        /// That of what webhooks deliver.
        #[arg(long)]
        webhooks: bool,
    },
}

#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
struct UploadArguments {
    /// The files: CSV, .xlsx, .ndjson or .json.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The service's address; `JIXIAO_SERVER` where left out.
    #[arg(long)]
    server: Option<String>,
    /// The token; `JIXIAO_TOKEN` where left out.
    #[arg(long)]
    token: Option<String>,
    /// What the rows are; found out by the head where left out.
    #[arg(long)]
    kind: Option<UploadKind>,
    /// Take the rows that are right though others are wrong.
    #[arg(long)]
    valid_rows: bool,
    /// What happens to rows that are there: update, skip or reject.
    #[arg(long)]
    on_existing: Option<OnExisting>,
    /// Only say what would become of it.
    #[arg(long)]
    dry_run: bool,
    /// Send it though the same file was sent this year.
    #[arg(long)]
    again: bool,
    /// Fill blank key cells from above, as merged cells mean it.
    #[arg(long)]
    fill_down: bool,
    /// The unit of rows that name none.
    #[arg(long)]
    unit: Option<UnitCode>,
    /// The year of rows that name none.
    #[arg(long)]
    year: Option<Year>,
    /// The month of rows that name none.
    #[arg(long)]
    month: Option<Month>,
    /// The project of rows that name none.
    #[arg(long)]
    project: Option<ProjectCode>,
    /// What amounts are in: `yuan`, `thousand_yuan`, `wan_yuan`, `yi_yuan`.
    #[arg(long)]
    amount_unit: Option<AmountUnit>,
    /// The encoding of a text: utf8, gb18030, utf16le, utf16be.
    #[arg(long)]
    charset: Option<Charset>,
    /// The sheet of a workbook, by name or number.
    #[arg(long)]
    sheet: Option<String>,
    /// How often a file is tried.
    #[arg(long, default_value_t = 10)]
    tries: u32,
    /// A directory to keep the receipts in.
    #[arg(long)]
    save: Option<PathBuf>,
}

impl UploadArguments {
    fn job(self, server: String, token: String) -> Job {
        let shown = |name: &str, value: Option<String>| value.map(|value| (name.to_owned(), value));
        let on = |name: &str, on: bool| on.then(|| (name.to_owned(), "true".to_owned()));
        let options = [
            self.valid_rows.then(|| ("mode".to_owned(), "valid_rows".to_owned())),
            shown("on_existing", self.on_existing.map(|one| one.to_string())),
            on("dry_run", self.dry_run),
            on("again", self.again),
            on("fill_down", self.fill_down),
            shown("unit", self.unit.map(|one| one.to_string())),
            shown("year", self.year.map(|one| one.to_string())),
            shown("month", self.month.map(|one| one.to_string())),
            shown("project", self.project.map(|one| one.to_string())),
            shown("amount_unit", self.amount_unit.map(|one| one.to_string())),
            shown("charset", self.charset.map(|one| one.to_string())),
            shown("sheet", self.sheet),
        ];
        let options = options.into_iter().flatten().collect();
        Job { files: self.files, server, token, kind: self.kind, options, tries: self.tries.max(1), save: self.save }
    }
}

/// Rows travel between threads, which glibc's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

#[actix_web::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("jixiao: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    let command = match command {
        Command::Openapi { webhooks } => {
            print!("{}", if webhooks { server::webhook_document_text() } else { server::document_text() });
            return Ok(ExitCode::SUCCESS);
        }
        Command::Upload(arguments) => {
            let server = arguments.server.clone().or_else(|| setting("JIXIAO_SERVER"));
            let token = arguments.token.clone().or_else(|| setting("JIXIAO_TOKEN"));
            let token = token.ok_or("no token: say --token or set JIXIAO_TOKEN (缺少令牌)")?;
            let job = arguments.job(server.unwrap_or_else(|| "http://127.0.0.1:8080".into()), token);
            return Ok(ExitCode::from(client::upload(&job).await as u8));
        }
        command => command,
    };
    let mut config = Config::from_environment()?;
    match command {
        Command::Openapi { .. } | Command::Upload(_) => {}
        Command::Verify { receipt, key, head, released } => {
            let fits = match receipt {
                Some(receipt) => verify::receipt(&config, &receipt, key.as_deref())?,
                None => verify::journal(&config, head.as_deref(), key.as_deref(), &released).await?,
            };
            return Ok(if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Token { role, unit, region, ttl, subject } => {
            let within = |region: &Region| config.region.as_ref().is_some_and(|widest| widest.covers(region.as_str()));
            if region.as_ref().is_some_and(|region| role != Role::Reader || !within(region)) {
                return Err("a token for a region is a reader's, and within JIXIAO_REGION".into());
            }
            std::fs::create_dir_all(&config.data_dir)?;
            let keys = Keys::open(&config.data_dir, &config.county)?;
            let bounds = Bounds { region, ..Bounds::of(unit) };
            println!("{}", keys.issue(&subject, role, &bounds, Context::system_clock(), ttl)?);
        }
        Command::Release { directory } => {
            let context = open(&config).await?;
            let files = release::run(&context, config.keep_access, &directory).await?;
            for (file, entries) in &files {
                println!("{}: {entries} 条（entries）", file.display());
            }
            if files.is_empty() {
                println!("没有到期的访问记录（no refused attempt is old enough）");
            }
        }
        Command::Migrate => drop(open(&config).await?),
        Command::Codes { year } => {
            let context = open(&config).await?;
            let loaded = demo::load_codes(&context, year).await?;
            println!("{loaded} classes of {year} are new");
        }
        Command::Backup { directory } => println!("{}", backup::keep(&config, &directory).await?.display()),
        Command::Restore { directory } => println!("{}", backup::put_back(&config, &directory).await?.display()),
        Command::Serve => {
            let traces = telemetry::start(&config)?;
            let context = open(&config).await?;
            let listener = server::listen(config.bind).map_err(|error| unusable(&config, &error))?;
            tracing::info!(bind = %config.bind, county = %config.county, "serving");
            let served = serve(listener, &context, &config).await;
            traces.finish();
            served?;
        }
        Command::Demo { counties } => {
            // People read this: only what goes wrong is logged beside it.
            if config.log == "info" {
                config.log = "warn".into();
            }
            let traces = telemetry::start(&config)?;
            let listener = server::listen(config.bind).map_err(|error| unusable(&config, &error))?;
            let context = open(&config).await?;
            demo::load(&context).await?;
            for number in 1..counties {
                // Codes of no county: 990001 and on.
                let county = format!("{}", 990_000 + number).parse().map_err(|_| "too many counties")?;
                let beside = Config { county, ..config.clone() };
                let beside = open(&beside).await?;
                demo::load(&beside).await?;
                beside.store.close().await;
            }
            print!("{}", demo::summary(&context, listener.local_addr()?).await?);
            let served = serve(listener, &context, &config).await;
            traces.finish();
            served?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Serves until told to stop, and does what is left to do when nobody is served any more.
async fn serve(listener: std::net::TcpListener, context: &Data<Context>, config: &Config) -> Result<(), Failure> {
    metrics::start();
    let server = server::serve(listener, context.clone())?;
    actix_web::rt::spawn(leaving::on_signal(context.clone(), server.handle(), config.drain));
    server.await?;
    context.store.let_go().await;
    // A database that is away, or busy for long, is no reason to stay.
    let written = tokio::time::timeout(leaving::LAST_WORDS, context.refusals.write(context)).await;
    // What it holds of the webhooks is let go of either way; then what works in the background ends.
    let released = tokio::time::timeout(leaving::LAST_WORDS, context.store.release(None, &context.instance)).await;
    context.store.close().await;
    written??;
    Ok(released??)
}

/// Opens keys and database, and brings the schema up to date.
async fn open(config: &Config) -> Result<Data<Context>, Failure> {
    std::fs::create_dir_all(&config.data_dir)?;
    let keys = Keys::open(&config.data_dir, &config.county)?;
    let store = Store::open(&config.database_url, &config.county).await?;
    store.migrate().await?;
    let store = match &config.database_read_url {
        Some(url) => store.with_replica(url)?,
        None => store,
    };
    let longest_file = config.longest_upload * 1024 * 1024;
    let (replays, refusals, in_flight) = (resources::replays(), Refusals::default(), InFlight::default());
    Ok(Data::new(Context {
        store,
        keys,
        now: Context::system_clock,
        longest_file,
        replays,
        refusals,
        in_flight,
        instance: uuid::Uuid::now_v7().to_string(),
        outgoing: Outgoing::new(config.webhook_networks.clone())?,
        proxies: config.proxies.clone(),
        patience: config.webhook_patience,
        region: config.region.clone(),
        requests: TaskTracker::new(),
        again: Again::keeping(config.kept_answers * 1024 * 1024),
    }))
}

fn unusable(config: &Config, error: &std::io::Error) -> String {
    format!("cannot listen on {}: {error}; choose another address with JIXIAO_BIND", config.bind)
}
