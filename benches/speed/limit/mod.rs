//! The limit: a server that does the one query that an answer needs and nothing else. Nobody is asked who they are, nothing is
//! checked, nothing is logged, no journal is kept. Statements are prepared once a worker; requests of a worker to PostgreSQL
//! share a connection and are sent one behind the other without waiting.
//!
//! It reads Jixiao's own tables. What it writes goes to a copy, so that the journal stays true.

mod postgres;
mod sqlite;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use actix_web::web::{self, Bytes, Data, Path, Query};
use actix_web::{App, HttpResponse, HttpServer};
use jixiao::domain::quantity::Quantity;
use serde::{Deserialize, Serialize};

/// The county whose rows are read.
pub(crate) const COUNTY: &str = "430922";

/// The table that is written.
pub(crate) const TABLE: &str = "limit_progress";

/// A row of the table of progress.
#[derive(Debug, Clone)]
pub(super) struct Row {
    unit: String,
    month: String,
    indicator: String,
    value: i64,
    value_as_printed: Option<String>,
    note: Option<String>,
    revision: i64,
}

#[derive(Serialize)]
struct Item<'a> {
    id: String,
    unit: &'a str,
    month: &'a str,
    indicator: &'a str,
    facts: Facts<'a>,
    revision: i64,
}

#[derive(Serialize)]
struct Facts<'a> {
    value: Quantity,
    value_as_printed: Option<&'a str>,
    note: Option<&'a str>,
}

impl Row {
    fn id(&self) -> String {
        format!("{}:{}:{}", self.unit, self.month, self.indicator)
    }

    fn item(&self) -> Item<'_> {
        let facts = Facts {
            value: Quantity::of_micros(self.value),
            value_as_printed: self.value_as_printed.as_deref(),
            note: self.note.as_deref(),
        };
        let (unit, month, indicator) = (&*self.unit, &*self.month, &*self.indicator);
        Item { id: self.id(), unit, month, indicator, facts, revision: self.revision }
    }
}

#[derive(Serialize)]
struct Page<'a> {
    items: Vec<Item<'a>>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    unit: String,
    year: String,
    /// The number that cursors of this filter begin with.
    print: Option<String>,
}

/// A page that begins behind a key, of the whole county.
#[derive(Deserialize)]
struct Behind {
    unit: String,
    month: String,
    indicator: String,
    print: String,
}

#[derive(Deserialize)]
struct Stated {
    value: String,
}

/// The database's own road.
enum Road {
    Postgres(postgres::Road),
    Sqlite(RefCell<sqlite::Road>),
}

impl Road {
    async fn open(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            Self::Sqlite(RefCell::new(sqlite::Road::open(url)))
        } else {
            Self::Postgres(postgres::Road::open(url).await)
        }
    }

    async fn item(&self, key: [&str; 3]) -> Option<Row> {
        match self {
            Self::Postgres(road) => road.item(key).await,
            Self::Sqlite(road) => road.borrow().item(key),
        }
    }

    async fn page(&self, unit: &str, year: &str) -> Vec<Row> {
        match self {
            Self::Postgres(road) => road.page(unit, year).await,
            Self::Sqlite(road) => road.borrow().page(unit, year),
        }
    }

    async fn behind(&self, key: [&str; 3]) -> Vec<Row> {
        match self {
            Self::Postgres(road) => road.behind(key).await,
            Self::Sqlite(road) => road.borrow().behind(key),
        }
    }

    async fn unit(&self, unit: &str, year: i32) -> usize {
        match self {
            Self::Postgres(road) => road.unit(unit, year).await,
            Self::Sqlite(road) => road.borrow().unit(unit, year),
        }
    }

    async fn year(&self) -> usize {
        match self {
            Self::Postgres(road) => road.year().await,
            Self::Sqlite(road) => road.borrow().year(),
        }
    }

    async fn write(&self, rows: &[Row]) {
        match self {
            Self::Postgres(road) => road.write(rows).await,
            Self::Sqlite(road) => road.borrow_mut().write(rows),
        }
    }
}

/// Answers whose bytes are Jixiao's, sent behind the queries that they need.
type Kept = RefCell<HashMap<String, Bytes>>;

fn json(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(serde_json::to_vec(body).unwrap())
}

async fn item(road: Data<Rc<Road>>, key: Path<(String, String, String)>) -> HttpResponse {
    match road.item([&key.0, &key.1, &key.2]).await {
        Some(row) => json(&row.item()),
        None => HttpResponse::NotFound().finish(),
    }
}

/// One indexed row, and nothing of it sent.
async fn condition(road: Data<Rc<Road>>, key: Path<(String, String, String)>) -> HttpResponse {
    match road.item([&key.0, &key.1, &key.2]).await {
        Some(row) => HttpResponse::NotModified().insert_header(("etag", format!("\"{}\"", row.revision))).finish(),
        None => HttpResponse::NotFound().finish(),
    }
}

fn page_of(rows: &[Row], print: &str) -> HttpResponse {
    let shown = &rows[..rows.len().min(100)];
    let next = shown.last().filter(|_| rows.len() > 100).map(|last| format!("{print}.{}", last.id()));
    json(&Page { items: shown.iter().map(Row::item).collect(), next })
}

async fn page(road: Data<Rc<Road>>, asked: Query<Asked>) -> HttpResponse {
    page_of(&road.page(&asked.unit, &asked.year).await, asked.print.as_deref().unwrap_or_default())
}

async fn behind(road: Data<Rc<Road>>, asked: Query<Behind>) -> HttpResponse {
    page_of(&road.behind([&asked.unit, &asked.month, &asked.indicator]).await, &asked.print)
}

/// The rows that a unit's year needs.
async fn unit(road: Data<Rc<Road>>, kept: Data<Kept>, asked: Query<Asked>) -> HttpResponse {
    let rows = road.unit(&asked.unit, asked.year.parse().unwrap()).await;
    assert!(rows > 0);
    HttpResponse::Ok().content_type("application/json").body(kept.borrow().get("unit").cloned().unwrap_or_default())
}

/// The aggregate that monitoring a year needs.
async fn year(road: Data<Rc<Road>>, kept: Data<Kept>) -> HttpResponse {
    assert!(road.year().await > 0);
    HttpResponse::Ok().content_type("application/json").body(kept.borrow().get("year").cloned().unwrap_or_default())
}

async fn keep(kept: Data<Kept>, name: Path<String>, body: Bytes) -> HttpResponse {
    kept.borrow_mut().insert(name.into_inner(), body);
    HttpResponse::NoContent().finish()
}

async fn put(road: Data<Rc<Road>>, key: Path<(String, String, String)>, body: Bytes) -> HttpResponse {
    let stated: Stated = serde_json::from_slice(&body).unwrap();
    let (unit, month, indicator) = key.into_inner();
    let value = stated.value.parse::<Quantity>().unwrap().micros();
    let row = Row { unit, month, indicator, value, value_as_printed: None, note: None, revision: 1 };
    road.write(std::slice::from_ref(&row)).await;
    json(&row.item())
}

/// A sheet of unit, month, indicator and value.
async fn upload(road: Data<Rc<Road>>, body: Bytes) -> HttpResponse {
    let mut sheet = csv::Reader::from_reader(&body[..]);
    let rows: Vec<Row> = sheet
        .records()
        .map(|record| {
            let record = record.unwrap();
            let text = |place: usize| record[place].to_owned();
            let value = record[3].parse::<Quantity>().unwrap().micros();
            let (unit, month, indicator) = (text(0), text(1), text(2));
            Row { unit, month, indicator, value, value_as_printed: None, note: None, revision: 1 }
        })
        .collect();
    road.write(&rows).await;
    HttpResponse::Created().finish()
}

/// Serves on a port of this machine until it is killed.
pub(crate) fn serve(url: &str, port: u16) {
    let url = url.to_owned();
    let serving = async move {
        HttpServer::new(move || {
            let (url, kept) = (url.clone(), Data::new(Kept::default()));
            App::new()
                .app_data(kept)
                .app_data(web::PayloadConfig::new(64 * 1024 * 1024))
                .data_factory(move || {
                    let url = url.clone();
                    async move { Ok::<_, ()>(Rc::new(Road::open(&url).await)) }
                })
                .route("/item/{unit}/{month}/{indicator}", web::get().to(item))
                .route("/condition/{unit}/{month}/{indicator}", web::get().to(condition))
                .route("/page", web::get().to(page))
                .route("/behind", web::get().to(behind))
                .route("/unit", web::get().to(unit))
                .route("/year", web::get().to(year))
                .route("/keep/{name}", web::put().to(keep))
                .route("/put/{unit}/{month}/{indicator}", web::put().to(put))
                .route("/upload", web::post().to(upload))
        })
        .workers(2)
        .bind(("127.0.0.1", port))
        .unwrap()
        .run()
        .await
    };
    actix_web::rt::System::new().block_on(serving).unwrap();
}
