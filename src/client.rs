//! `jixiao upload`: sends files, waits out bad lines, and shows the receipts.
//!
//! Safe to interrupt and to repeat: a retry carries the same `Idempotency-Key`, and a file that was sent before is
//! recognised by its bytes.

use std::fs::File;
use std::io::{BufReader, IsTerminal, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Body, Client, Response, StatusCode};
use serde_json::Value;

use crate::domain::sheet::charset::recognise;
use crate::domain::sheet::workbook::Workbook;
use crate::domain::sheet::{Cell, Go, Row, objects, text};
use crate::domain::upload::guess::guess;
use crate::domain::upload::head::LOOKED_AT;
use crate::domain::upload::kind::UploadKind;
use crate::domain::upload::receipt::FileFormat;

/// What is to be sent, where, and how.
#[derive(Debug, Clone)]
pub struct Job {
    /// The files.
    pub files: Vec<PathBuf>,
    /// The service's address.
    pub server: String,
    /// The token.
    pub token: String,
    /// What the rows are; found out by the head where nothing is said.
    pub kind: Option<UploadKind>,
    /// Query parameters beside `kind` and `file_name`.
    pub options: Vec<(String, String)>,
    /// How often a file is tried.
    pub tries: u32,
    /// Where receipts are kept, if they are to be.
    pub save: Option<PathBuf>,
}

/// What became of a file, in the order of gravity; the exit code of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Everything is in.
    AllIn = 0,
    /// Some rows were rejected.
    SomeRejected = 1,
    /// Nothing is in.
    NothingIn = 2,
}

/// Sends the files one after the other, and tells the worst end.
pub async fn upload(job: &Job) -> End {
    let client = match client() {
        Ok(client) => client,
        Err(error) => {
            eprintln!("jixiao: {error}");
            return End::NothingIn;
        }
    };
    let mut worst = End::AllIn;
    for file in &job.files {
        let end = match send(&client, job, file).await {
            Ok(upload) => {
                if let Err(error) = keep(job, file, &upload) {
                    eprintln!("jixiao: {}: {error}", file.display());
                }
                print!("{}", shown(file, &upload));
                end_of(&upload)
            }
            Err(why) => {
                eprintln!("jixiao: {}: {why}", file.display());
                End::NothingIn
            }
        };
        worst = worst.max(end);
    }
    worst
}

/// A client that notices a line that has gone dead, whether it connects, sends or waits.
fn client() -> reqwest::Result<Client> {
    let dead = Duration::from_mins(1);
    Client::builder()
        .connect_timeout(Duration::from_secs(15))
        .tcp_keepalive(dead / 4)
        .tcp_user_timeout(dead)
        // The answer comes when every row is judged: that may take minutes.
        .read_timeout(Duration::from_mins(10))
        .build()
}

/// Keeps a receipt beside the others.
fn keep(job: &Job, file: &Path, upload: &Value) -> Result<(), String> {
    let Some(directory) = &job.save else { return Ok(()) };
    std::fs::create_dir_all(directory).map_err(|error| error.to_string())?;
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let id = upload["id"].as_str().unwrap_or_default();
    let path = directory.join(format!("{name}.{id}.receipt.json"));
    std::fs::write(&path, serde_json::to_vec_pretty(upload).unwrap_or_default()).map_err(|error| error.to_string())
}

fn end_of(upload: &Value) -> End {
    match upload["receipt"]["outcome"].as_str() {
        Some("accepted") => End::AllIn,
        Some("accepted_in_part") => End::SomeRejected,
        _ => End::NothingIn,
    }
}

/// What a file is, by its first bytes and its name.
fn format_of(file: &Path) -> Result<FileFormat, String> {
    let mut start = [0; 4];
    let mut open = File::open(file).map_err(|error| error.to_string())?;
    let length = open.read(&mut start).map_err(|error| error.to_string())?;
    let name = file.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    Ok(match (&start[..length], name.as_str()) {
        (b"PK\x03\x04" | b"\xd0\xcf\x11\xe0", _) => FileFormat::Xlsx,
        (_, "ndjson" | "jsonl") => FileFormat::Ndjson,
        (_, "json") => FileFormat::Json,
        _ => FileFormat::Csv,
    })
}

const fn media_type(format: FileFormat) -> &'static str {
    match format {
        FileFormat::Csv => "text/csv",
        FileFormat::Xlsx => crate::http::file::XLSX,
        FileFormat::Ndjson => "application/x-ndjson",
        FileFormat::Json => "application/json",
    }
}

/// What the rows of a file are, by their head.
fn kind_of(file: &Path, format: FileFormat) -> Result<UploadKind, String> {
    let mut open = File::open(file).map_err(|error| error.to_string())?;
    let mut guesses = Vec::new();
    let mut look = |rows: Vec<Row>| guesses.extend(guess(&rows));
    let take = |rows: &mut Vec<Row>, row: Row| {
        rows.push(row);
        Ok(if rows.len() < LOOKED_AT { Go::On } else { Go::Stop })
    };
    let read = match format {
        FileFormat::Csv => recognise(&open, None).and_then(|charset| {
            for delimiter in text::DELIMITERS {
                let mut rows = Vec::new();
                let again = open
                    .rewind()
                    .map_err(|error| crate::domain::sheet::Trouble::new("unreadable", "", error.to_string()));
                again.and_then(|()| text::rows(&open, charset, delimiter, |row| take(&mut rows, row)))?;
                look(rows);
            }
            Ok(())
        }),
        FileFormat::Xlsx => Workbook::open(open).and_then(|mut book| {
            for sheet in book.sheets() {
                let mut rows = Vec::new();
                book.rows(&sheet, |row| take(&mut rows, row))?;
                look(rows);
            }
            Ok(())
        }),
        FileFormat::Ndjson | FileFormat::Json => {
            let mut names_row = Row::new(1, Vec::new());
            let mut first = |names: &[String], _: Row| {
                names_row.cells = names.iter().map(|name| Cell::Text(name.clone())).collect();
                Ok(Go::Stop)
            };
            let read = if format == FileFormat::Json {
                objects::document(open, &mut first)
            } else {
                objects::lines(BufReader::new(open), &mut first)
            };
            look(vec![names_row]);
            read
        }
    };
    read.map_err(|trouble| format!("{}（{}）", trouble.wrong.zh, trouble.wrong.en))?;
    guesses.dedup();
    match guesses.as_slice() {
        [kind] => Ok(*kind),
        _ => Err("看不出是哪类数据，请用 --kind 指明（cannot tell what the rows are: say it with --kind）".into()),
    }
}

/// Sends a file until there is an answer, and returns the upload.
async fn send(client: &Client, job: &Job, file: &Path) -> Result<Value, String> {
    let format = format_of(file)?;
    let kind = job.kind.map_or_else(|| kind_of(file, format), Ok)?;
    let length = std::fs::metadata(file).map_err(|error| error.to_string())?.len();
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut query = vec![("kind".to_owned(), kind.to_string()), ("file_name".to_owned(), name.clone())];
    query.extend(job.options.iter().cloned());
    let query = serde_urlencoded::to_string(&query).map_err(|error| error.to_string())?;
    let url = format!("{}/v1/uploads/{format}?{query}", job.server.trim_end_matches('/'));
    let key = uuid::Uuid::now_v7().to_string();
    let bar = bar(length, &name);
    let mut wait = Duration::from_secs(1);
    for attempt in 1.. {
        bar.set_position(0);
        let request = client
            .post(&url)
            .header(AUTHORIZATION, format!("Bearer {}", job.token))
            .header(CONTENT_TYPE, media_type(format))
            .header(CONTENT_LENGTH, length)
            .header("idempotency-key", &key)
            .body(body(file, &bar)?);
        let failed = match request.send().await {
            Ok(reply) if !is_passing(reply.status()) => {
                bar.finish_and_clear();
                return answer(client, job, reply).await;
            }
            Ok(reply) => {
                let asked = reply.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
                wait = asked.map_or(wait, Duration::from_secs);
                reply.status().to_string()
            }
            Err(error) => innermost(&error),
        };
        if attempt >= job.tries {
            bar.finish_and_clear();
            return Err(format!("试了 {attempt} 次都没有成功（gave up after {attempt} tries）: {failed}"));
        }
        bar.suspend(|| eprintln!("jixiao: {name}: {failed}; {} 秒后重试（trying again in {0} s）", wait.as_secs()));
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(30));
    }
    Err("no try was allowed".into())
}

/// Answers that another try may change: the service restarts, the body stalled, the first try is still worked on.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS)
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn bar(length: u64, name: &str) -> ProgressBar {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}");
    let bar = ProgressBar::with_draw_target(Some(length), target).with_message(name.to_owned());
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// The file's bytes, a piece at a time, the bar going on with them.
fn body(file: &Path, bar: &ProgressBar) -> Result<Body, String> {
    const PIECE: usize = 64 * 1024;
    let file = File::open(file).map_err(|error| error.to_string())?;
    let bar = bar.clone();
    Ok(Body::wrap_stream(futures_util::stream::unfold(Some((file, bar)), async |state| {
        let (mut file, bar) = state?;
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                bar.inc(length as u64);
                piece.truncate(length);
                Some((Ok(piece), Some((file, bar))))
            }
            Err(error) => Some((Err(error), None)),
        }
    })))
}

/// The upload that an answer is about: that of a rejected file is fetched.
async fn answer(client: &Client, job: &Job, reply: Response) -> Result<Value, String> {
    let (status, text) = (reply.status(), reply.text().await.map_err(|error| innermost(&error))?);
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(body);
    }
    if let Some(upload) = body["upload"].as_str() {
        let url = format!("{}/v1/uploads/{upload}", job.server.trim_end_matches('/'));
        let got = client.get(url).header(AUTHORIZATION, format!("Bearer {}", job.token)).send().await;
        if let Ok(got) = got
            && let Ok(text) = got.text().await
            && let Ok(upload) = serde_json::from_str::<Value>(&text)
        {
            return Ok(upload);
        }
    }
    let detail = body["detail"].as_str().unwrap_or(&text);
    let each = body["errors"].as_array().into_iter().flatten().map(|error| {
        format!("\n  {}: {}（{}）", plain(&error["parameter"]), plain(&error["detail_zh"]), plain(&error["detail_en"]))
    });
    Err(format!("{status}: {detail}{}", each.collect::<String>()))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "—".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The receipt as a table.
fn shown(file: &Path, upload: &Value) -> String {
    let receipt = &upload["receipt"];
    let number = |name: &str| plain(&receipt[name]);
    let mut lines = vec![
        format!("{}  {} {}", file.display(), plain(&receipt["kind"]), plain(&receipt["state"])),
        format!("  回执 receipt   {}", plain(&upload["id"])),
        format!("  SHA-256        {}", plain(&receipt["sha256"])),
        format!(
            "  编码 charset   {}   工作表 sheet {}   表头 head row {}",
            number("charset"),
            number("sheet"),
            number("head_row")
        ),
        "  收到 received  新增 created  更新 updated  未变 unchanged  拒收 rejected".into(),
        format!(
            "  {:>13}  {:>12}  {:>12}  {:>14}  {:>13}",
            number("received"),
            number("created"),
            number("updated"),
            number("unchanged"),
            number("rejected")
        ),
    ];
    for (title, list, total) in
        [("错误 errors", "errors", "errors_total"), ("提醒 warnings", "warnings", "warnings_total")]
    {
        let all = receipt[list].as_array().cloned().unwrap_or_default();
        if !all.is_empty() {
            lines.push(format!("  {title}: {}", number(total)));
        }
        for one in all {
            let place = match (one["column"].as_str(), one["row"].as_i64()) {
                (column, Some(row)) => format!("{}{row}", column.unwrap_or("行 row ")),
                _ => "文件 file".into(),
            };
            let value = one["value"].as_str().map_or_else(String::new, |value| format!(" “{value}”"));
            let header = one["header"].as_str().map_or_else(String::new, |header| format!(" {header}"));
            lines.push(format!(
                "    {place}{header}{value}: {}（{}）",
                plain(&one["detail_zh"]),
                plain(&one["detail_en"])
            ));
        }
    }
    let findings = receipt["findings"].as_array().cloned().unwrap_or_default();
    if !findings.is_empty() {
        lines.push(format!("  疑点 findings: {}", number("findings_total")));
    }
    for finding in findings {
        lines.push(format!("    {}: {}", plain(&finding["rule"]), plain(&finding["detail_zh"])));
    }
    lines.join("\n") + "\n"
}
