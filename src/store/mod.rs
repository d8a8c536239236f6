//! Keeping: a [`Store`] for reading, a [`write::Write`] as the only way to change, and the journal that every change goes into.
//!
//! The connections are private, and those for reading are opened read-only: the database itself refuses a change
//! that does not come through [`write::Write`].

pub mod attachment;
mod bulk;
mod columns;
pub mod copy;
pub mod counties;
pub mod feed;
mod finds;
pub mod journal;
mod known;
pub mod newest;
mod outage;
pub mod outbox;
pub mod past;
pub mod pen;
pub mod publication;
pub mod release;
pub mod remembered;
mod replica;
mod scale;

pub mod table;
mod text;
mod together;
mod turns;
pub mod write;

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbErr, IsolationLevel, RuntimeErr,
    SqlxPostgresConnector, SqlxSqliteConnector, Statement, TransactionOptions, TransactionTrait,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use self::outage::{Doubt, Outage};
use self::together::Together;
use crate::domain::codes::DivisionCode;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The item was changed since the caller read it, or is not what the caller expects.
    #[error("the item is not at the expected revision")]
    Stale,
    /// The caller would overwrite other facts without saying which revision they read.
    #[error("changing an existing item needs the revision that was read")]
    RevisionRequired,
    /// Other rows refer to the item.
    #[error("other rows refer to this one")]
    InUse,
    /// Other writers kept the database longer than anybody should wait.
    #[error("the database is busy")]
    Busy,
    /// A change was attempted without holding the journal, and another was quicker, or it took more than one statement.
    #[error("another change was quicker")]
    Outrun,
    /// The database is not there, or is going: nothing that was not acknowledged is sure.
    #[error("the database is away: {0}")]
    Away(String),
    /// A statement took longer than any should.
    #[error("a statement took too long")]
    Slow,
    /// A row holds what this version cannot read.
    #[error("a row cannot be read: {0}")]
    Corrupt(String),
    /// The database failed.
    #[error(transparent)]
    Database(DbErr),
    /// The database could not be reached or opened.
    #[error(transparent)]
    Connection(#[from] sqlx::Error),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if matches!(error, DbErr::ConnectionAcquire(_)) {
            return Self::Busy;
        }
        let (DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))) = &error
        else {
            return Self::Database(error);
        };
        match outage::of(cause) {
            Some(Outage::Away) => Self::Away(error.to_string()),
            Some(Outage::Busy) => Self::Busy,
            Some(Outage::Slow) => Self::Slow,
            None => Self::Database(error),
        }
    }
}

/// One county's data.
#[derive(Debug, Clone)]
pub struct Store {
    county: String,
    reading: DatabaseConnection,
    writing: DatabaseConnection,
    /// Whether rows lie on several machines, by county.
    many_machines: bool,
    /// What the sender of webhooks keeps is written beside the writers, who may be waiting for one another.
    sending: DatabaseConnection,
    /// A copy that follows the database, for reading.
    replica: Option<replica::Replica>,
    recent: past::Recent,
    doubt: Doubt,
    question: Together<(), Arc<newest::Newest>>,
    finds: finds::Finds,
    known: known::Known,
    turns: turns::Turns,
}

/// Where reads look: a connection or a transaction, and the county whose rows they see.
#[derive(Debug)]
pub struct View<'a> {
    db: DatabaseExecutor<'a>,
    county: &'a str,
    /// What is known to a writer.
    knowing: Option<known::Knowing<'a>>,
    /// The store, where reads are of no one moment: single ones are put together.
    live: Option<&'a Store>,
}

impl<'a> View<'a> {
    /// What queries run on.
    pub fn db(&self) -> &(impl ConnectionTrait + use<'a>) {
        &self.db
    }

    /// The county whose rows are seen.
    pub fn county(&self) -> &'a str {
        self.county
    }
}

/// Several reads that see one moment.
#[derive(Debug)]
pub struct Snapshot {
    county: String,
    transaction: DatabaseTransaction,
}

impl Snapshot {
    /// Reads of that moment.
    pub fn view(&self) -> View<'_> {
        View { db: (&self.transaction).into(), county: &self.county, knowing: None, live: None }
    }
}

impl Store {
    /// Opens a database, `sqlite://…` or `postgres://…`, for a county.
    ///
    /// # Errors
    /// An address that cannot be read, a server that cannot be reached.
    pub async fn open(url: &str, county: &DivisionCode) -> Result<Self, Error> {
        let (county, doubt) = (county.to_string(), Doubt::default());
        let Pools { reading, writing, sending } =
            if url.starts_with("sqlite:") { sqlite(url).await? } else { postgres(url, &doubt).await? };
        Ok(Self {
            many_machines: scale::has_citus(&writing).await?,
            county,
            reading,
            writing,
            sending,
            replica: None,
            recent: past::Recent::default(),
            doubt,
            question: Together::default(),
            finds: finds::Finds::default(),
            known: known::Known::default(),
            turns: turns::Turns::default(),
        })
    }

    /// Brings the schema up to date. Safe to run from several replicas at once.
    ///
    /// # Errors
    /// The database's.
    pub async fn migrate(&self) -> Result<(), Error> {
        /// Any number, the same everywhere: replicas that start together wait for each other here.
        const LOCK: &str = "SELECT pg_advisory_xact_lock(4309222023)";
        if self.writing.get_database_backend() != sea_orm::DbBackend::Postgres {
            return Ok(Migrator::up(&self.writing, None).await?);
        }
        // A service whose role may not change the schema starts where there is nothing to change.
        if !self.many_machines && self.is_newest().await.unwrap_or(false) {
            return Ok(());
        }
        let lock = self.writing.begin().await?;
        lock.execute_unprepared(LOCK).await?;
        Migrator::up(&self.writing, None).await?;
        if self.many_machines {
            scale::distribute(&self.writing).await?;
        }
        Ok(lock.commit().await?)
    }

    /// Whether every migration was made.
    ///
    /// # Errors
    /// The database's, also where it has no schema at all.
    pub async fn is_newest(&self) -> Result<bool, Error> {
        let made = "SELECT version FROM seaql_migrations";
        let made = Statement::from_string(self.writing.get_database_backend(), made);
        let made = self.aside().query_all_raw(made).await?;
        let made: Vec<String> = made.iter().filter_map(|row| row.try_get("", "version").ok()).collect();
        Ok(Migrator::migrations().iter().all(|migration| made.iter().any(|one| one == migration.name())))
    }

    /// Single reads.
    pub fn view(&self) -> View<'_> {
        View { db: (&self.reading).into(), county: &self.county, knowing: None, live: Some(self) }
    }

    /// Several reads that see one moment: a scorecard must not show half of a change.
    ///
    /// # Errors
    /// The database's.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        let isolation_level = match self.reading.get_database_backend() {
            sea_orm::DbBackend::Postgres => Some(IsolationLevel::RepeatableRead),
            _ => None, // A transaction in WAL mode already sees one moment.
        };
        let options = TransactionOptions { isolation_level, ..TransactionOptions::default() };
        let begin = || async { Ok(self.reading.begin_with_options(options).await?) };
        let transaction = self.insisting(begin).await?;
        Ok(Snapshot { county: self.county.clone(), transaction })
    }

    /// Asks once more where the database was away: of a server that came back only the connections are dead, and from now
    /// on each is tried before it is used.
    async fn insisting<V, F: Future<Output = Result<V, Error>>>(&self, ask: impl Fn() -> F) -> Result<V, Error> {
        match ask().await {
            Err(Error::Away(_)) => {
                self.doubt.raise();
                ask().await
            }
            other => other,
        }
    }

    /// Closes every connection, when whoever has one gives it back. Nothing is read or written afterwards.
    pub async fn close(&self) {
        self.let_go().await;
        let copy = self.replica.iter().map(replica::Replica::pool);
        for pool in [&self.reading, &self.writing, &self.sending].into_iter().chain(copy) {
            match tokio::time::timeout(LEAVE, pool.clone().close()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a connection did not close"),
                Err(_) => tracing::warn!("a connection was not given back"),
            }
        }
    }

    /// Takes leave of workers that have ended: a transaction that was shared has nobody else to end it, and connections that
    /// they opened are dead. New ones are made.
    pub async fn let_go(&self) {
        self.doubt.orphan();
        self.replica.iter().for_each(replica::Replica::orphan);
        if let Err(error) = self.turns.settle().await {
            tracing::warn!(%error, "a transaction was not ended");
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// The database's.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.aside().ping().await?)
    }

    /// A connection that no request waits for: a long upload, or many readers, are no reason to call a database away.
    fn aside(&self) -> &DatabaseConnection {
        match self.writing.get_database_backend() {
            sea_orm::DbBackend::Postgres => &self.sending,
            // The one who writes to a file would be waited for.
            _ => &self.reading,
        }
    }
}

/// The connections of a store.
struct Pools {
    reading: DatabaseConnection,
    writing: DatabaseConnection,
    sending: DatabaseConnection,
}

/// SQLite: many readers and one writer, so that a writer never fails because another was quicker.
async fn sqlite(url: &str) -> Result<Pools, Error> {
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
    Ok(Pools { reading, sending: writing.clone(), writing })
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

/// Longer than this no connection is waited for when everything is closed.
const LEAVE: Duration = Duration::from_secs(10);

/// The longest that a statement may read. Writers wait for one another, and an upload may take its time.
const LONGEST_READ: &str = "30s";

/// A connection that rested this long is tried before it is used, so that a restart of the server costs nobody an error.
/// Under load no connection rests so long, and no round trip is lost.
const RESTED: Duration = Duration::from_millis(50);

/// PostgreSQL: the reading pool's transactions are read-only by default.
async fn postgres(url: &str, doubt: &Doubt) -> Result<Pools, Error> {
    let options = postgres_options(url)?;
    let writing = postgres_pool(8, doubt).connect_with(options.clone()).await?;
    let sending = postgres_pool(2, doubt).connect_with(options).await?;
    let reading = reading_pool(url, doubt)?;
    drop(reading.acquire().await?);
    Ok(Pools {
        reading: SqlxPostgresConnector::from_sqlx_postgres_pool(reading),
        writing: SqlxPostgresConnector::from_sqlx_postgres_pool(writing),
        sending: SqlxPostgresConnector::from_sqlx_postgres_pool(sending),
    })
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(url)?.application_name("jixiao").log_statements(log_level());
    Ok(options.options(NOBODY_FOR_EVER))
}

fn postgres_pool(most: u32, doubt: &Doubt) -> PgPoolOptions {
    let doubt = doubt.clone();
    let pool = PgPoolOptions::new().max_connections(most).acquire_timeout(Duration::from_secs(10));
    pool.test_before_acquire(false).before_acquire(move |connection, rest| {
        let (trusted, orphan) = (rest.idle_for < RESTED && !doubt.is_raised(), doubt.is_orphan(rest.age));
        Box::pin(async move { Ok(!orphan && (trusted || connection.ping().await.is_ok())) })
    })
}

/// Connections for reading alone; the first is made when it is needed.
fn reading_pool(url: &str, doubt: &Doubt) -> Result<sqlx::PgPool, Error> {
    let limits = [("default_transaction_read_only", "on"), ("statement_timeout", LONGEST_READ)];
    Ok(postgres_pool(8, doubt).connect_lazy_with(postgres_options(url)?.options(limits)))
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
