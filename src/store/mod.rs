//! Keeping: a [`Store`] for reading, a [`write::Write`] as the only way to change, and the journal that every change goes into.
//!
//! The connections are private, and those for reading are opened read-only: the database itself refuses a change
//! that does not come through [`write::Write`].

pub mod attachment;
mod attempt;
mod begin;
mod bulk;
mod columns;
pub mod copy;
pub mod counties;
pub mod feed;
mod finds;
mod history;
pub mod journal;
mod known;
pub mod newest;
mod outage;
pub mod outbox;
pub mod past;
pub mod pen;
mod pools;
pub mod publication;
pub mod release;
pub mod remembered;
mod replica;
mod scale;
pub mod stamp;
pub mod table;
mod text;
mod together;
mod turns;
pub mod write;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbErr, IsolationLevel, RuntimeErr,
    Statement, TransactionOptions, TransactionTrait,
};
use tokio::sync::Semaphore;

use self::history::History;
use self::outage::{Doubt, Outage};
use self::pools::Pools;
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

/// Longer than this nothing is waited for when everything is closed.
const LEAVE: Duration = Duration::from_secs(10);

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
    attempting: Option<DatabaseConnection>,
    /// A copy that follows the database, for reading.
    replica: Option<replica::Replica>,
    recent: past::Recent,
    doubt: Doubt,
    history: History,
    /// Who begins a large change: one at a time, so that none waits for the journal on a connection that small ones need.
    large: Arc<Semaphore>,
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
        let (county, doubt, history) = (county.to_string(), Doubt::default(), History::default());
        let Pools { reading, writing, sending, attempting } = if url.starts_with("sqlite:") {
            pools::sqlite(url).await?
        } else {
            pools::postgres(url, &doubt, &history).await?
        };
        let turns = turns::Turns::new(doubt.clone(), history.clone());
        Ok(Self {
            many_machines: scale::has_citus(&writing).await?,
            county,
            reading,
            writing,
            sending,
            attempting,
            replica: None,
            recent: past::Recent::default(),
            history,
            large: Arc::new(Semaphore::new(1)),
            question: Together::new(doubt.clone()),
            finds: finds::Finds::new(doubt.clone()),
            known: known::Known::default(),
            turns,
            doubt,
        })
    }

    /// Brings the schema up to date. Safe to run from several replicas at once.
    ///
    /// # Errors
    /// The database's.
    pub async fn migrate(&self) -> Result<(), Error> {
        /// Any number, the same everywhere: replicas that start together wait for each other here.
        const LOCK: &str = "SELECT pg_advisory_xact_lock(4309222023)";
        /// An index on a large table takes its time; meanwhile whoever holds the lock does nothing else.
        const PATIENT: &str = "SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
        if self.writing.get_database_backend() != sea_orm::DbBackend::Postgres {
            return Ok(Migrator::up(&self.writing, None).await?);
        }
        // A service whose role may not change the schema starts where there is nothing to change.
        let spread = !self.many_machines || scale::is_distributed(&self.writing).await?;
        if spread && self.is_newest().await.unwrap_or(false) {
            return Ok(());
        }
        let lock = self.writing.begin().await?;
        lock.execute_unprepared(PATIENT).await?;
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
        let pools = [&self.reading, &self.writing, &self.sending].into_iter().chain(&self.attempting).chain(copy);
        let closing = pools.map(|pool| tokio::time::timeout(LEAVE, pool.clone().close()));
        for closed in join_all(closing).await {
            match closed {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a connection did not close"),
                Err(_) => tracing::warn!("a connection was not given back"),
            }
        }
    }

    /// Does something with the database, and not for ever: one that says nothing is taken for gone.
    ///
    /// # Errors
    /// [`Error::Away`] where it took longer, and those of what was done.
    pub async fn in_time<V, E: From<Error>>(
        &self,
        longest: Duration,
        work: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let done = tokio::time::timeout(longest, work).await;
        done.unwrap_or_else(|_| {
            self.mistrust();
            Err(Error::Away(format!("no answer within {longest:?}")).into())
        })
    }

    /// Notes that the database does not answer: connections that are given back in the middle of something are done away with.
    pub fn mistrust(&self) {
        self.doubt.raise();
        self.replica.iter().for_each(replica::Replica::mistrust);
    }

    /// The history of the database that is read, for this process: what was learnt of another is not right any more.
    pub fn history(&self) -> u64 {
        self.history.number()
    }

    /// Takes leave of workers that have ended: a transaction that was shared has nobody else to end it, and connections that
    /// they opened are dead. New ones are made.
    pub async fn let_go(&self) {
        self.doubt.orphan();
        self.replica.iter().for_each(replica::Replica::orphan);
        match tokio::time::timeout(LEAVE, self.turns.settle()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a transaction was not ended"),
            Err(_) => tracing::warn!("a transaction is not ended"),
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
