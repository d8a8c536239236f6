//! The rows as they stood at an entry of the journal, in a database of their own: everything that reads the present
//! reads the past by the same queries.
//!
//! It is made from the journal when somebody asks, held in memory, and never written again.

use std::collections::VecDeque;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use deserr::Deserr;
use migration::{Migrator, MigratorTrait};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, SqlxSqliteConnector, Statement, TransactionTrait,
};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::bulk::{self, chunks};
use super::feed::Part;
use super::journal::{ACCESS, entry, head};
use super::newest::Newest;
use super::table::Table;
use super::text::Sending;
use super::{Error, Store, View};
use crate::domain::kept::{Kept, Resource};
use crate::domain::violation::{Violations, Wrong};

/// Entries that are read at once.
const BATCH: u64 = 2_000;

/// Moments that are held at once.
const MOST: usize = 4;

/// How entries of one resource are read.
#[derive(Debug, Clone, Copy)]
pub struct Replay {
    /// Puts rows, as their entries tell them, into statements.
    rows: fn(&str, Vec<entry::Model>) -> Result<Vec<Statement>, Error>,
    /// Reads the facts of an entry as this version states them: every field in its place, whichever version wrote them.
    pub facts: fn(&entry::Model) -> Result<serde_json::Value, Error>,
}

impl Replay {
    /// That of a table.
    pub const fn of<T>() -> Self
    where
        T: Table<Key: FromStr<Err = Wrong>, Facts: Deserr<Violations>>,
    {
        Self { rows: rows::<T>, facts: facts::<T> }
    }
}

/// How the rows of each resource are put back.
pub type Replays = Vec<(Resource, Replay)>;

/// The rows of a table, as its entries tell them.
///
/// # Errors
/// An entry that this version cannot read.
fn rows<T>(county: &str, entries: Vec<entry::Model>) -> Result<Vec<Statement>, Error>
where
    T: Table<Key: FromStr<Err = Wrong>, Facts: Deserr<Violations>>,
{
    let rows = entries.into_iter().map(|entry| {
        let key = entry.id.parse().map_err(|wrong: Wrong| corrupt(&entry, &wrong.en))?;
        Ok(T::row(county, Kept { key, facts: read::<T>(&entry)?, revision: entry.sequence }))
    });
    let rows = rows.collect::<Result<Vec<_>, Error>>()?;
    Ok(chunks(rows).map(|rows| bulk::upsert::<T>(Sending::Each(DbBackend::Sqlite), rows, false)).collect())
}

fn corrupt(entry: &entry::Model, why: &str) -> Error {
    Error::Corrupt(format!("entry {}: {why}", entry.sequence))
}

/// The facts that an entry tells.
fn read<T: Table<Facts: Deserr<Violations>>>(entry: &entry::Model) -> Result<T::Facts, Error> {
    let json: serde_json::Value = serde_json::from_str(entry.became.as_deref().unwrap_or("null"))
        .map_err(|error| corrupt(entry, &error.to_string()))?;
    deserr::deserialize(known(json)).map_err(|broken: Violations| {
        corrupt(entry, &broken.0.into_iter().map(|one| one.en).collect::<Vec<_>>().join("; "))
    })
}

fn facts<T: Table<Facts: Deserr<Violations>>>(entry: &entry::Model) -> Result<serde_json::Value, Error> {
    serde_json::to_value(read::<T>(entry)?).map_err(|error| corrupt(entry, &error.to_string()))
}

/// Facts as they are stated: what is not known is left out.
fn known(json: serde_json::Value) -> serde_json::Value {
    match json {
        serde_json::Value::Object(mut fields) => {
            fields.retain(|_, value| *value != serde_json::Value::Null);
            serde_json::Value::Object(fields)
        }
        other => other,
    }
}

/// The rows as they stood at an entry.
#[derive(Debug)]
pub struct Past {
    county: String,
    /// The history of the database that it was made of.
    history: u64,
    sequence: i64,
    /// When that entry was accepted; nothing before the first.
    pub at: Option<DateTime<Utc>>,
    database: DatabaseConnection,
}

impl Past {
    /// Reads of that moment.
    pub fn view(&self) -> View<'_> {
        View { db: (&self.database).into(), county: &self.county, knowing: None, live: None }
    }
}

/// The moments asked for last.
#[derive(Debug, Clone, Default)]
pub struct Recent {
    held: Arc<Mutex<VecDeque<Arc<Past>>>>,
    /// One is made at a time: it takes memory.
    making: Arc<tokio::sync::Mutex<()>>,
}

impl Recent {
    fn held(&self, history: u64, sequence: i64) -> Option<Arc<Past>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let place = held.iter().position(|past| (past.history, past.sequence) == (history, sequence))?;
        let past = held.remove(place)?;
        held.push_front(past.clone());
        Some(past)
    }

    fn hold(&self, past: &Arc<Past>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push_front(past.clone());
        held.truncate(MOST);
    }
}

impl View<'_> {
    /// The newest entry that was accepted at or before an instant; 0 where there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_position_at(&self, instant: DateTime<Utc>) -> Result<i64, Error> {
        let newest = entry::Entity::find()
            .select_only()
            .column_as(Expr::col(entry::Column::Sequence).max(), "newest")
            .filter(entry::Column::County.eq(self.county()))
            .filter(entry::Column::At.lte(instant));
        Ok(newest.into_tuple::<Option<i64>>().one(&self.db).await?.flatten().unwrap_or(0))
    }
}

impl View<'_> {
    /// The entry before the first that was accepted at or after an instant: whoever goes on from it misses none of them,
    /// even if the clocks of replicas did not agree.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_position_before(&self, instant: DateTime<Utc>) -> Result<i64, Error> {
        let first = entry::Entity::find()
            .select_only()
            .column_as(Expr::col(entry::Column::Sequence).min(), "first")
            .filter(entry::Column::County.eq(self.county()))
            .filter(entry::Column::At.gte(instant));
        match first.into_tuple::<Option<i64>>().one(&self.db).await?.flatten() {
            Some(first) => Ok(first - 1),
            None => Ok(self.journal_head().await?.0),
        }
    }
}

impl Store {
    /// The rows as they stood at an entry.
    ///
    /// # Errors
    /// The database's, or an entry that this version cannot read.
    pub async fn as_of(&self, sequence: i64, replays: &Replays) -> Result<Arc<Past>, Error> {
        // Before anything is waited for: the number was one of this history.
        let history = self.history();
        if let Some(past) = self.recent.held(history, sequence) {
            return Ok(past);
        }
        let _turn = self.recent.making.lock().await;
        if let Some(past) = self.recent.held(history, sequence) {
            return Ok(past);
        }
        let past = Arc::new(self.remade(history, sequence, replays).await?);
        self.recent.hold(&past);
        Ok(past)
    }

    async fn remade(&self, history: u64, sequence: i64, replays: &Replays) -> Result<Past, Error> {
        // References were checked when the rows were written, in another order than they are put back in.
        let options = SqliteConnectOptions::from_str("sqlite::memory:")?.foreign_keys(false);
        let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let database = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.connect_with(options).await?);
        Migrator::up(&database, None).await?;
        let view = self.view();
        let transaction = database.begin().await?;
        for (resource, replay) in replays {
            let mut after = 0;
            loop {
                let part = Part { after, until: sequence, limit: BATCH };
                let of = Condition::all().add(entry::Column::Resource.eq(resource.code()));
                let entries = view.standing(part, of).await?;
                let Some(last) = entries.last() else { break };
                after = last.sequence;
                for statement in (replay.rows)(&self.county, entries)? {
                    transaction.execute_raw(statement).await?;
                }
            }
        }
        let of_moment = || {
            entry::Entity::find()
                .filter(entry::Column::County.eq(self.county.as_str()))
                .filter(entry::Column::Sequence.lte(sequence))
                .filter(entry::Column::Resource.ne(ACCESS))
        };
        // The tags of lists, too, are those of that moment.
        let of_each = of_moment().select_only().column(entry::Column::Resource);
        let of_each = of_each.column_as(Expr::col(entry::Column::Sequence).max(), "newest");
        let of_each: Vec<(String, i64)> = of_each.group_by(entry::Column::Resource).into_tuple().all(&view.db).await?;
        let of_each: Newest = of_each.into_iter().collect();
        let newest = of_moment().order_by_desc(entry::Column::Sequence);
        let newest = newest.one(&view.db).await?;
        let (changed, at) = newest.map_or((0, None), |entry| (entry.sequence, Some(entry.at)));
        let head = head::ActiveModel {
            county: Set(self.county.clone()),
            sequence: Set(sequence),
            digest: Set(None),
            changed: Set(changed),
            newest: Set(of_each.to_string()),
        };
        head::Entity::insert(head).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        Ok(Past { county: self.county.clone(), history, sequence, at, database })
    }
}
