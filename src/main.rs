//! The command line.

use std::process::ExitCode;

use actix_web::web::Data;
use chrono::TimeDelta;
use clap::{Parser, Subcommand};
use jixiao::config::Config;
use jixiao::domain::codes::UnitCode;
use jixiao::domain::period::Year;
use jixiao::http::Context;
use jixiao::http::identity::{Keys, Role};
use jixiao::http::once::InFlight;
use jixiao::store::Store;
use jixiao::{demo, server, telemetry};

/// 绩效: what a county's units were given, spent, promised, delivered and scored.
///
/// Settings are read from the environment: `JIXIAO_BIND`, `JIXIAO_COUNTY`, `JIXIAO_DATA_DIR`, `JIXIAO_DATABASE_URL`,
/// `JIXIAO_LONGEST_UPLOAD`, `JIXIAO_LOG`, `JIXIAO_LOG_FORMAT`.
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
    Demo,
    /// Bring the schema of the database up to date.
    Migrate,
    /// Load the national economic classification as the list of a year.
    Codes {
        /// The year.
        #[arg(long)]
        year: Year,
    },
    /// Print a token.
    Token {
        /// What it may do: reader, reporter, reviewer or admin.
        #[arg(long)]
        role: Role,
        /// The unit whose subtree it may see; the whole county where left out.
        #[arg(long)]
        unit: Option<UnitCode>,
        /// How long it lasts: 30m, 8h, 7d.
        #[arg(long, default_value = "8h", value_parser = duration)]
        ttl: TimeDelta,
        /// Who it is for; what the journal will name.
        #[arg(long, default_value = "cli")]
        subject: String,
    },
    /// Print the OpenAPI document.
    Openapi,
}

type Failure = Box<dyn std::error::Error>;

#[actix_web::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("jixiao: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Failure> {
    if let Command::Openapi = command {
        print!("{}", server::document_text());
        return Ok(());
    }
    let mut config = Config::from_environment()?;
    match command {
        Command::Openapi => {}
        Command::Token { role, unit, ttl, subject } => {
            std::fs::create_dir_all(&config.data_dir)?;
            let keys = Keys::open(&config.data_dir, &config.county)?;
            println!("{}", keys.issue(&subject, role, unit.as_ref(), Context::system_clock(), ttl)?);
        }
        Command::Migrate => drop(open(&config).await?),
        Command::Codes { year } => {
            let context = open(&config).await?;
            let loaded = demo::load_codes(&context, year).await?;
            println!("{loaded} classes of {year} are new");
        }
        Command::Serve => {
            telemetry::start(&config)?;
            let context = open(&config).await?;
            let listener = server::listen(config.bind).map_err(|error| unusable(&config, &error))?;
            tracing::info!(bind = %config.bind, county = %config.county, "serving");
            server::serve(listener, context)?.await?;
        }
        Command::Demo => {
            // People read this: only what goes wrong is logged beside it.
            if config.log == "info" {
                config.log = "warn".into();
            }
            telemetry::start(&config)?;
            let listener = server::listen(config.bind).map_err(|error| unusable(&config, &error))?;
            let context = open(&config).await?;
            demo::load(&context).await?;
            print!("{}", demo::summary(&context, listener.local_addr()?).await?);
            server::serve(listener, context)?.await?;
        }
    }
    Ok(())
}

/// Opens keys and database, and brings the schema up to date.
async fn open(config: &Config) -> Result<Data<Context>, Failure> {
    std::fs::create_dir_all(&config.data_dir)?;
    let keys = Keys::open(&config.data_dir, &config.county)?;
    let store = Store::open(&config.database_url, &config.county).await?;
    store.migrate().await?;
    let longest_file = config.longest_upload * 1024 * 1024;
    Ok(Data::new(Context { store, keys, now: Context::system_clock, longest_file, in_flight: InFlight::default() }))
}

fn unusable(config: &Config, error: &std::io::Error) -> String {
    format!("cannot listen on {}: {error}; choose another address with JIXIAO_BIND", config.bind)
}

fn duration(text: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("`{text}` is not a duration such as 30m, 8h or 7d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: i32 = number.parse().ok().filter(|number| (1..=100_000).contains(number)).ok_or_else(wrong)?;
    match unit {
        "m" => Ok(TimeDelta::minutes(number.into())),
        "h" => Ok(TimeDelta::hours(number.into())),
        "d" => Ok(TimeDelta::days(number.into())),
        _ => Err(wrong()),
    }
}
