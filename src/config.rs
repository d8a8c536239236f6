//! Settings: defaults, then the environment. All mistakes are told at once, and no secret is ever printed.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::TimeDelta;
use tracing_subscriber::EnvFilter;

use crate::domain::codes::{DivisionCode, Region};
use crate::domain::network::Networks;

/// Every setting.
#[derive(Clone)]
pub struct Config {
    /// `JIXIAO_BIND`: where to listen, `127.0.0.1:8080`.
    pub bind: SocketAddr,
    /// `JIXIAO_COUNTY`: the county's division code, `430922`.
    pub county: DivisionCode,
    /// `JIXIAO_REGION`: the widest region whose counties of the same database may be read here by whoever oversees them, `43`;
    /// none where left out.
    pub region: Option<Region>,
    /// `JIXIAO_DATA_DIR`: where the key and the embedded database are, `jixiao-data`.
    pub data_dir: PathBuf,
    /// `JIXIAO_DATABASE_URL`: `sqlite://…` or `postgres://…`; the embedded database in the data directory.
    pub database_url: String,
    /// `JIXIAO_DATABASE_READ_URL`: `postgres://…` of a copy that follows the database; what has come far enough in it is read
    /// there.
    pub database_read_url: Option<String>,
    /// `JIXIAO_LONGEST_UPLOAD`: the longest file that is taken, in MiB, `64`.
    pub longest_upload: u64,
    /// `JIXIAO_KEPT_ANSWERS`: how many MiB of answers are kept, to be given again while they are right, `32`; `0` for none.
    pub kept_answers: u64,
    /// `JIXIAO_WEBHOOK_NETWORKS`: networks that webhooks may be in beside the public internet, `10.0.0.0/8,192.168.1.7`.
    pub webhook_networks: Networks,
    /// `JIXIAO_PROXIES`: the proxies before the service, `10.0.0.5`: who they say they ask for (`X-Forwarded-For`) is who asks.
    pub proxies: Networks,
    /// `JIXIAO_WEBHOOK_PATIENCE`: how long a webhook may fail before it is disabled, `5d`.
    pub webhook_patience: TimeDelta,
    /// `JIXIAO_KEEP_ACCESS`: how long refused attempts stay in the journal before `jixiao release` may let go of them,
    /// `184d`: six months by the Cybersecurity Law (网络安全法) article 23; not less than 180 days.
    pub keep_access: TimeDelta,
    /// `JIXIAO_DRAIN`: how long after SIGTERM the service still answers and says that it is not ready, so that balancers
    /// send nobody here any more, `5s`.
    pub drain: std::time::Duration,
    /// `JIXIAO_LOG`: what is logged, such as `info` or `jixiao=debug`.
    pub log: String,
    /// `JIXIAO_LOG_FORMAT`: `text` or `json`.
    pub json_logs: bool,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the OpenTelemetry collector that traces go to, `http://collector:4318`; none where left
    /// out. The standard's name, like the other `OTEL_…` that the exporter reads itself.
    pub trace_collector: Option<String>,
    /// `OTEL_SERVICE_NAME`: what the service is called in traces, `jixiao`.
    pub service_name: Option<String>,
}

/// The settings that cannot be read, one a line.
#[derive(Debug, thiserror::Error)]
#[error("these settings cannot be read:\n  {}", .0.join("\n  "))]
pub struct Mistakes(Vec<String>);

/// One variable of the environment.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every setting that cannot be read.
    pub fn from_environment() -> Result<Self, Mistakes> {
        Self::from(setting)
    }

    /// Where the embedded database is; nothing where it is not embedded.
    pub fn embedded_database(&self) -> Option<PathBuf> {
        let path = self.database_url.strip_prefix("sqlite://").or_else(|| self.database_url.strip_prefix("sqlite:"))?;
        Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
    }

    /// Reads settings from anything that knows them by name.
    ///
    /// # Errors
    /// Every setting that cannot be read.
    pub fn from(setting: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let text = |name: &str, usual: &str| setting(name).unwrap_or_else(|| usual.to_owned());
        let mut read = Reading { text: &text, mistakes: &mut mistakes };
        let bind = read.word("JIXIAO_BIND", "127.0.0.1:8080", "address:port");
        let county = read.word("JIXIAO_COUNTY", "430922", "a division code such as 430922");
        let region = read.value("JIXIAO_REGION", "", |text| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| format!("`{text}` is not 2, 4 or 6 digits of a division code")),
        });
        let longest_upload = read.mebibytes("JIXIAO_LONGEST_UPLOAD", "64", 1);
        let kept_answers = read.mebibytes("JIXIAO_KEPT_ANSWERS", "32", 0);
        let webhook_networks = read.word("JIXIAO_WEBHOOK_NETWORKS", "", "a list of networks such as 10.0.0.0/8");
        let proxies = read.word("JIXIAO_PROXIES", "", "a list of networks such as 10.0.0.0/8");
        let webhook_patience = read.value("JIXIAO_WEBHOOK_PATIENCE", "5d", duration);
        let keep_access = read.value("JIXIAO_KEEP_ACCESS", "184d", |text| {
            let kept = duration(text).ok().filter(|keep| *keep >= TimeDelta::days(180));
            kept.ok_or_else(|| format!("`{text}` is not a duration of 180d or more"))
        });
        let drain =
            read.value("JIXIAO_DRAIN", "5s", |text| duration(text)?.to_std().map_err(|error| error.to_string()));
        let log = read.value("JIXIAO_LOG", "info", |text| match text.parse::<EnvFilter>() {
            Ok(_) => Ok(text.to_owned()),
            Err(_) => Err(format!("`{text}` is not a filter such as info or jixiao=debug")),
        });
        let json_logs = read.value("JIXIAO_LOG_FORMAT", "text", |text| match text {
            "text" => Ok(false),
            "json" => Ok(true),
            _ => Err(format!("`{text}` is neither text nor json")),
        });
        let data_dir = PathBuf::from(text("JIXIAO_DATA_DIR", "jixiao-data"));
        let embedded = format!("sqlite://{}?mode=rwc", data_dir.join("jixiao.db").display());
        // It may hold a password: a wrong one is not shown.
        let database_url = read.value("JIXIAO_DATABASE_URL", &embedded, |text| {
            let known = ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| text.starts_with(scheme));
            if known { Ok(text.to_owned()) } else { Err("must begin with sqlite:// or postgres://".into()) }
        });
        let database_read_url = read.value("JIXIAO_DATABASE_READ_URL", "", |text| match text {
            "" => Ok(None),
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => Ok(Some(url.to_owned())),
            _ => Err("must begin with postgres://".into()),
        });
        let trace_collector = read.value("OTEL_EXPORTER_OTLP_ENDPOINT", "", |text| match text {
            "" => Ok(None),
            url if url.starts_with("http://") || url.starts_with("https://") => Ok(Some(url.to_owned())),
            _ => Err("must begin with http:// or https://".into()),
        });
        let service_name = Some(text("OTEL_SERVICE_NAME", "")).filter(|name| !name.is_empty());
        let all_read = || {
            Some(Self {
                bind: bind?,
                county: county?,
                region: region?,
                data_dir,
                database_url: database_url?,
                database_read_url: database_read_url?,
                longest_upload: longest_upload?,
                kept_answers: kept_answers?,
                webhook_networks: webhook_networks?,
                proxies: proxies?,
                webhook_patience: webhook_patience?,
                keep_access: keep_access?,
                drain: drain?,
                log: log?,
                json_logs: json_logs?,
                trace_collector: trace_collector?,
                service_name,
            })
        };
        all_read().ok_or(Mistakes(mistakes))
    }
}

/// Reads settings, and notes which cannot be read.
struct Reading<'a> {
    text: &'a dyn Fn(&str, &str) -> String,
    mistakes: &'a mut Vec<String>,
}

impl Reading<'_> {
    fn value<T>(&mut self, name: &str, usual: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        read(&(self.text)(name, usual)).map_err(|wrong| self.mistakes.push(format!("{name}: {wrong}"))).ok()
    }

    fn word<T: std::str::FromStr>(&mut self, name: &str, usual: &str, meant: &str) -> Option<T> {
        self.value(name, usual, |text| text.parse().map_err(|_| format!("`{text}` is not {meant}")))
    }

    fn mebibytes(&mut self, name: &str, usual: &str, least: u64) -> Option<u64> {
        self.value(name, usual, |text| {
            let number = text.parse().ok().filter(|number| (least..=4096).contains(number));
            number.ok_or_else(|| format!("`{text}` is not a number of MiB from {least} to 4096"))
        })
    }
}

/// Reads a duration: `30s`, `15m`, `8h`, `7d`.
///
/// # Errors
/// What is wrong with it.
pub fn duration(text: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("`{text}` is not a duration such as 30s, 15m, 8h or 7d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: i32 = number.parse().ok().filter(|number| (1..=100_000).contains(number)).ok_or_else(wrong)?;
    match unit {
        "s" => Ok(TimeDelta::seconds(number.into())),
        "m" => Ok(TimeDelta::minutes(number.into())),
        "h" => Ok(TimeDelta::hours(number.into())),
        "d" => Ok(TimeDelta::days(number.into())),
        _ => Err(wrong()),
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address of the database may hold a password.
        f.debug_struct("Config")
            .field("bind", &self.bind)
            .field("county", &self.county)
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_need_be_set() {
        let config = Config::from(|_| None).unwrap();
        assert_eq!(config.bind.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database_url, "sqlite://jixiao-data/jixiao.db?mode=rwc");
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let error = Config::from(|_| Some("?".into())).unwrap_err().to_string();
        for name in [
            "JIXIAO_BIND",
            "JIXIAO_COUNTY",
            "JIXIAO_REGION",
            "JIXIAO_DATABASE_URL",
            "JIXIAO_DATABASE_READ_URL",
            "JIXIAO_LONGEST_UPLOAD",
            "JIXIAO_KEPT_ANSWERS",
            "JIXIAO_WEBHOOK_NETWORKS",
            "JIXIAO_PROXIES",
            "JIXIAO_WEBHOOK_PATIENCE",
            "JIXIAO_KEEP_ACCESS",
            "JIXIAO_DRAIN",
            "JIXIAO_LOG_FORMAT",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ] {
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = "postgres://jixiao:secret@db/jixiao";
        let config = Config::from(|name| (name == "JIXIAO_DATABASE_URL").then(|| url.into())).unwrap();
        assert!(!format!("{config:?}").contains("secret"));
    }
}
