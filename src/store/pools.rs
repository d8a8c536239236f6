//! The connections of a store, and the limits of their sessions.

use std::str::FromStr;
use std::time::Duration;

use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, Row};

use super::Error;
use super::history::{History, TIMELINE};
use super::outage::Doubt;

/// The connections of a store.
pub(super) struct Pools {
    pub(super) reading: DatabaseConnection,
    pub(super) writing: DatabaseConnection,
    pub(super) sending: DatabaseConnection,
    /// Where changes of one item are attempted, one after the other; nothing where all write on one connection.
    pub(super) attempting: Option<DatabaseConnection>,
}

/// SQLite: many readers and one writer, so that a writer never fails because another was quicker.
pub(super) async fn sqlite(url: &str) -> Result<Pools, Error> {
    let options = SqliteConnectOptions::from_str(url)?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full) // An acknowledged write survives a power cut.
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("temp_store", "memory")
        .log_statements(log_level())
        .optimize_on_close(true, None);
    // A large upload stays in memory until it is committed, instead of being written twice.
    let one_writer = options.clone().pragma("cache_size", "-16384");
    let writing = SqlitePoolOptions::new().max_connections(1).connect_with(one_writer).await?;
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let readers = u32::try_from(cores * 2).unwrap_or(4);
    let reading = SqlitePoolOptions::new().max_connections(readers).connect_with(options.read_only(true)).await?;
    let writing = SqlxSqliteConnector::from_sqlx_sqlite_pool(writing);
    let reading = SqlxSqliteConnector::from_sqlx_sqlite_pool(reading);
    // The one who writes, writes for all.
    Ok(Pools { reading, sending: writing.clone(), writing, attempting: None })
}

/// A server that is cut off from the database holds the journal until the database notices: it looks after half a minute of
/// silence, and lets nobody sleep in a transaction. Nobody waits for a lock longer than a large upload takes, nor shorter than
/// somebody may sleep: who waits behind a sleeper comes to their turn.
const NOBODY_FOR_EVER: [(&str, &str); 6] = [
    ("lock_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "45s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "45s"),
];

/// The longest that a statement may read. Writers wait for one another, and an upload may take its time.
const LONGEST_READ: &str = "30s";

/// A connection that rested this long is tried before it is used, so that a restart of the server costs nobody an error.
/// Under load no connection rests so long, and no round trip is lost.
const RESTED: Duration = Duration::from_millis(50);

/// A connection that is tried and has not answered by then is dead.
const ANSWER: Duration = Duration::from_secs(5);

/// PostgreSQL: the reading pool's transactions are read-only by default.
pub(super) async fn postgres(url: &str, doubt: &Doubt, history: &History) -> Result<Pools, Error> {
    let options = postgres_options(url)?;
    let writing = postgres_pool(6, doubt, Some(history), &[]).connect_with(options.clone()).await?;
    let sending = postgres_pool(2, doubt, Some(history), &[]).connect_with(options.clone()).await?;
    // Two by turns, for one that is given back is looked after first. Of many each would be used seldom and be cold.
    let attempting = postgres_pool(2, doubt, Some(history), &[]).connect_lazy_with(options);
    let reading = reading_pool(url, doubt, Some(history))?;
    drop(reading.acquire().await?);
    Ok(Pools {
        reading: SqlxPostgresConnector::from_sqlx_postgres_pool(reading),
        writing: SqlxPostgresConnector::from_sqlx_postgres_pool(writing),
        sending: SqlxPostgresConnector::from_sqlx_postgres_pool(sending),
        attempting: Some(SqlxPostgresConnector::from_sqlx_postgres_pool(attempting)),
    })
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(url)?.application_name("jixiao").log_statements(log_level());
    // No number here is a float, and a pooler between does not know the parameter.
    Ok(options.extra_float_digits(None))
}

/// Connections whose sessions have these limits beside [`NOBODY_FOR_EVER`]. They are set by a statement: a pooler between lets
/// no parameters through at the start.
fn postgres_pool(
    most: u32,
    doubt: &Doubt,
    history: Option<&History>,
    limits: &[(&'static str, &'static str)],
) -> PgPoolOptions {
    let limits = NOBODY_FOR_EVER.iter().chain(limits);
    let set: Vec<_> = limits.map(|(name, limit)| format!("set_config('{name}', '{limit}', false)")).collect();
    let begin = format!("SELECT {}, {TIMELINE} AS timeline", set.join(", "));
    let (doubt, history, before) = (doubt.clone(), history.cloned(), doubt.clone());
    let pool = PgPoolOptions::new().max_connections(most).acquire_timeout(Duration::from_secs(10));
    let pool = pool.after_connect(move |connection, _| {
        let (begin, history, before) = (begin.clone(), history.clone(), before.clone());
        Box::pin(async move {
            let row = connection.fetch_one(sqlx::AssertSqlSafe(begin)).await?;
            if let Some(history) = history {
                history.see(row.try_get("timeline")?, &before);
            }
            Ok(())
        })
    });
    let doubted = doubt.clone();
    let pool = pool.after_release(move |connection, _| {
        let doubted = doubted.is_raised();
        Box::pin(async move {
            // The driver itself would wait without end for what was asked last.
            Ok(!doubted || tokio::time::timeout(ANSWER, connection.ping()).await.is_ok_and(|answer| answer.is_ok()))
        })
    });
    pool.test_before_acquire(false).before_acquire(move |connection, rest| {
        let (trusted, orphan) = (rest.idle_for < RESTED && !doubt.is_raised(), doubt.is_orphan(rest.age));
        Box::pin(async move {
            let answers =
                async { tokio::time::timeout(ANSWER, connection.ping()).await.is_ok_and(|answer| answer.is_ok()) };
            Ok(!orphan && (trusted || answers.await))
        })
    })
}

/// Connections for reading alone; the first is made when it is needed. Of copies, of which one address may lead to several, no
/// history is kept.
pub(super) fn reading_pool(url: &str, doubt: &Doubt, history: Option<&History>) -> Result<sqlx::PgPool, Error> {
    let limits = [("default_transaction_read_only", "on"), ("statement_timeout", LONGEST_READ)];
    Ok(postgres_pool(8, doubt, history, &limits).connect_lazy_with(postgres_options(url)?))
}

fn log_level() -> log::LevelFilter {
    log::LevelFilter::Debug
}

#[cfg(test)]
mod tests {
    use sea_orm::TransactionTrait as _;

    use super::*;

    #[actix_web::test]
    async fn who_waits_too_long_for_another_writer_is_told_so() {
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_millis(50));
        let pool = pool.connect("sqlite::memory:").await.unwrap();
        let database = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
        let first = database.begin().await.unwrap();
        let second = database.begin().await.map(drop).map_err(Error::from);
        assert!(matches!(second, Err(Error::Busy)), "{second:?}");
        drop(first);
        assert!(database.begin().await.is_ok());
    }
}
