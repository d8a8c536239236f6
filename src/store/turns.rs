//! Turns: writers of a county come one after the other, and small changes that wait for one another share a transaction.
//!
//! Whoever is done and sees others waiting hands the open transaction on instead of ending it; the last ends it for all.
//! Nobody is answered before it is committed, so nothing that was acknowledged is lost; many changes cost one write to the
//! disk. A change that is given up before it sent anything leaves the transaction to the others; one that is given up
//! half-sent ends it, and the changes of whoever shared it are made once more.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbBackend, Statement};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard, oneshot};
use tracing::Instrument;

use super::Error;
use super::history::History;
use super::journal::Position;
use super::newest::Newest;
use super::outage::Doubt;

/// The most changes that share a transaction, and the longest it is handed on.
const MOST: usize = 64;
const LONGEST: Duration = Duration::from_millis(20);

/// Longer than this nobody waits for a turn, nor for the answer to what ends one.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// A transaction that is handed from writer to writer.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) transaction: DatabaseTransaction,
    /// Where the journal stands in it.
    pub(super) position: Position,
    /// The newest changes before it.
    pub(super) committed: Newest,
    /// The history that it reads; nothing where it cannot be said.
    history: Option<u64>,
    since: Instant,
    /// Those who wait for its end.
    done: Vec<oneshot::Sender<End>>,
    /// What those who gave up left it in.
    state: State,
}

/// What became of a transaction; one that is dropped is rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Committed,
    /// The database did not say.
    Unheard,
}

/// Whether a transaction can be handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Everything that was sent is whole.
    Sound,
    /// Somebody gave up before they sent anything: perhaps because of an error, after which PostgreSQL commits nothing.
    Doubtful,
    /// Somebody gave up half-sent.
    Spoiled,
}

impl Open {
    pub(super) fn new(transaction: DatabaseTransaction, position: Position, history: Option<u64>) -> Self {
        let committed = position.newest.clone();
        Self { transaction, position, committed, history, since: Instant::now(), done: Vec::new(), state: State::Sound }
    }

    /// Whether whoever comes next begins another.
    fn is_full(&self) -> bool {
        self.done.len() >= MOST || self.since.elapsed() >= LONGEST
    }

    /// Whether it can be gone on with.
    async fn is_sound(&mut self, doubt: &Doubt) -> bool {
        // Asked once: on SQLite the question itself begins a transaction where there is none any more.
        if self.state == State::Doubtful {
            self.state = State::Spoiled;
            let asked = async {
                match self.transaction.get_database_backend() {
                    DbBackend::Postgres => self.transaction.execute_unprepared("SELECT 1").await.is_ok(),
                    // An error may have ended it: only where it goes on, another cannot begin inside it.
                    _ => self.transaction.execute_unprepared("BEGIN").await.is_err(),
                }
            };
            match tokio::time::timeout(PATIENCE, asked).await {
                Ok(true) => self.state = State::Sound,
                Ok(false) => {}
                Err(_) => doubt.raise(),
            }
        }
        self.state == State::Sound
    }

    /// Ends it for all who share it; those of one that is dropped, and so rolled back, hear that, too.
    async fn end(mut self, doubt: &Doubt) -> Result<(), Error> {
        if self.done.is_empty() || !self.is_sound(doubt).await {
            return Ok(());
        }
        let Self { transaction, done, .. } = self;
        let ended = tokio::time::timeout(PATIENCE, transaction.commit()).await;
        if ended.is_err() {
            doubt.raise();
        }
        let ended = ended.map_err(|_| Error::Away("a commit was not answered".into())).and_then(|ended| Ok(ended?));
        for one in done {
            // Whoever is not there any more does not hear it.
            let _ = one.send(if ended.is_ok() { End::Committed } else { End::Unheard });
        }
        ended
    }
}

/// Who is next.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    turn: Arc<Mutex<Option<Open>>>,
    waiting: Arc<AtomicUsize>,
    left: Arc<std::sync::Mutex<Left>>,
    doubt: Doubt,
    history: History,
}

/// What is believed of the journal.
#[derive(Debug, Default)]
struct Left {
    /// Where the last attempt left it, in which history, and when.
    at: Option<(Instant, u64, Position)>,
    /// When it was believed last and that has not proved right.
    doubted: Option<Instant>,
}

impl Left {
    /// Where the journal stands, if that may be believed; until it has proved right, not again.
    fn believed(&mut self, history: u64) -> Option<Position> {
        let (.., position) = self.at.take().filter(|(when, of, _)| *of == history && when.elapsed() < BELIEVED)?;
        if self.doubted.is_some_and(|since| since.elapsed() < DOUBTED) {
            return None;
        }
        self.doubted = Some(Instant::now());
        Some(position)
    }
}

/// The turn of one writer: as long as it is held, no other small change is made by this process.
#[derive(Debug)]
pub(super) struct Turn {
    open: OwnedMappedMutexGuard<Option<Open>, Open>,
    turns: Turns,
    /// Whether something was sent, and whether all of it was.
    sent: AtomicBool,
    finished: bool,
}

/// Somebody who waits, also when they stop waiting.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Turns {
    /// Turns at a database whose connections may be doubted.
    pub(super) fn new(doubt: Doubt, history: History) -> Self {
        Self { turn: Arc::default(), waiting: Arc::default(), left: Arc::default(), doubt, history }
    }

    /// Waits for a turn, in the transaction that is handed on or in a new one.
    pub(super) async fn take(&self, begin: impl AsyncFnOnce() -> Result<Open, Error>) -> Result<Turn, Error> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let waiting = Waiting(&self.waiting);
        let held = tokio::time::timeout(PATIENCE, self.turn.clone().lock_owned()).await;
        let mut held = held.map_err(|_| Error::Busy)?;
        drop(waiting);
        let goes_on = match held.as_mut() {
            Some(open) => !open.is_full() && open.is_sound(&self.doubt).await,
            None => false,
        };
        if !goes_on {
            if let Some(before) = held.take() {
                // Those who share it hear whether it could be ended.
                let doubt = self.doubt.clone();
                let ended = tokio::spawn(async move { before.end(&doubt).await }.in_current_span()).await;
                if let Ok(Err(error)) = ended {
                    tracing::warn!(%error, "a transaction was not ended");
                }
            }
            *held = Some(begin().await?);
        }
        let open = OwnedMutexGuard::try_map(held, Option::as_mut);
        let open = open.map_err(|_| Error::Corrupt("a transaction was begun and is not there".into()))?;
        Ok(Turn { open, turns: self.clone(), sent: AtomicBool::new(false), finished: false })
    }

    /// Ends a transaction that nobody takes on.
    pub(super) async fn settle(&self) -> Result<(), Error> {
        match self.turn.clone().lock_owned().await.take() {
            Some(open) => open.end(&self.doubt).await,
            None => Ok(()),
        }
    }

    /// Waits for the end of a transaction, whoever ends it.
    async fn hear(&self, mut ended: oneshot::Receiver<End>) -> Result<(), Error> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            self.settle().await?;
        }
        loop {
            match tokio::time::timeout(LONGEST, &mut ended).await {
                Ok(Ok(End::Committed)) => return Ok(()),
                Ok(Ok(End::Unheard)) => return Err(Error::Away("a commit was not answered".into())),
                // Rolled back because of somebody who gave up half-sent: nothing of it is there.
                Ok(Err(_)) => return Err(Error::Outrun),
                Err(_) => self.settle().await?,
            }
        }
    }
}

/// What a change is made in.
#[derive(Debug)]
pub(super) enum Hold {
    /// A transaction that holds the journal's head.
    Turn(Turn),
    /// Nothing but where the journal was.
    Attempt(Attempt),
}

/// A change that holds nothing: it reads, and then does all it does in one statement, if the journal is still where it was, in
/// the same history. Then nothing it read has changed meanwhile, for whoever changes anything moves the journal.
#[derive(Debug)]
pub(super) struct Attempt {
    connection: DatabaseConnection,
    position: Position,
    /// In which history of the database, and what the database calls that.
    history: u64,
    pub(super) timeline: Arc<str>,
    /// Whether where the journal was is only believed.
    pub(super) believed: bool,
    /// Whether its statement was sent: from then on it may be there, though nobody says so.
    sent: AtomicBool,
    turns: Turns,
    /// Nobody else of this process changes anything meanwhile.
    _turn: OwnedMutexGuard<Option<Open>>,
}

/// So long it is believed that the journal stands where the last attempt left it. Who states one row after the other is
/// spared a question for each. Where others write too, an attempt that believed it comes to nothing, and for a while all ask.
const BELIEVED: Duration = Duration::from_millis(100);
const DOUBTED: Duration = Duration::from_secs(1);

impl Turns {
    /// An attempt, where nobody has a turn or waits for one.
    pub(super) async fn attempt(
        &self,
        connection: &DatabaseConnection,
        (history, timeline): (u64, Arc<str>),
        position: impl AsyncFnOnce() -> Result<Option<Position>, Error>,
    ) -> Result<Option<Attempt>, Error> {
        let free = self.waiting.load(Ordering::Acquire) == 0;
        let turn = self.turn.clone().try_lock_owned().ok().filter(|open| free && open.is_none());
        let Some(turn) = turn else { return Ok(None) };
        let known = self.left.lock().unwrap_or_else(PoisonError::into_inner).believed(history);
        let believed = known.is_some();
        let position = match known {
            Some(position) => Some(position),
            None => position().await?,
        };
        let (connection, turns, sent) = (connection.clone(), self.clone(), AtomicBool::new(false));
        let attempt =
            |position| Attempt { connection, position, history, timeline, believed, sent, turns, _turn: turn };
        Ok(position.map(attempt))
    }
}

impl Attempt {
    /// Sends its statement, which leaves the journal there.
    ///
    /// # Errors
    /// [`Error::Outrun`] where it did nothing, or the database's.
    pub(super) async fn send(&self, statement: Statement, position: Position) -> Result<(), Error> {
        self.sent.store(true, Ordering::Relaxed);
        let told = self.connection.query_one_raw(statement).await?.ok_or(Error::Outrun)?;
        if told.try_get::<i64>("", "done")? != 1 {
            // A standby that was promoted has another history, though no connection is new.
            self.turns.history.see(&told.try_get::<String>("", "timeline")?);
            return Err(Error::Outrun);
        }
        let mut left = self.turns.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.at = Some((Instant::now(), self.history, position));
        if self.believed {
            left.doubted = None;
        }
        Ok(())
    }
}

impl Hold {
    /// What its reads and statements run on.
    pub(super) fn executor(&self) -> DatabaseExecutor<'_> {
        match self {
            Self::Turn(turn) => turn.transaction().into(),
            Self::Attempt(attempt) => (&attempt.connection).into(),
        }
    }

    /// The newest changes before it.
    pub(super) fn committed(&self) -> &Newest {
        match self {
            Self::Turn(turn) => turn.committed(),
            Self::Attempt(attempt) => &attempt.position.newest,
        }
    }

    /// Where the journal stands in it.
    pub(super) fn position(&self) -> &Position {
        match self {
            Self::Turn(turn) => turn.position(),
            Self::Attempt(attempt) => &attempt.position,
        }
    }

    /// Whether it was sent in one statement, and may be there whatever became of the answer.
    pub(super) fn is_sent(&self) -> bool {
        matches!(self, Self::Attempt(attempt) if attempt.sent.load(Ordering::Relaxed))
    }

    /// The transaction, to send something in.
    ///
    /// # Errors
    /// [`Error::Outrun`] where there is none: what takes more than one statement is not attempted.
    pub(super) fn sending(&self) -> Result<&DatabaseTransaction, Error> {
        match self {
            Self::Turn(turn) => {
                turn.sending();
                Ok(turn.transaction())
            }
            Self::Attempt(_) => Err(Error::Outrun),
        }
    }
}

impl Turn {
    /// The transaction.
    pub(super) fn transaction(&self) -> &DatabaseTransaction {
        &self.open.transaction
    }

    /// The newest changes before the transaction.
    pub(super) fn committed(&self) -> &Newest {
        &self.open.committed
    }

    /// The history that the transaction reads; nothing where it cannot be said.
    pub(super) fn history(&self) -> Option<u64> {
        self.open.history
    }

    /// Where the journal stands in the transaction.
    pub(super) fn position(&self) -> &Position {
        &self.open.position
    }

    /// Notes that something is sent: until the turn is finished, giving it up spoils the transaction.
    pub(super) fn sending(&self) {
        self.sent.store(true, Ordering::Relaxed);
    }

    /// Ends a turn in which everything was sent, the journal standing where it stands now: then it is committed, by
    /// whoever is the last to share the transaction.
    ///
    /// # Errors
    /// The database's, and [`Error::Outrun`] where another who shared the transaction spoiled it, and nothing of it is there.
    pub(super) async fn finish(mut self, position: Position) -> Result<(), Error> {
        let (done, ended) = oneshot::channel();
        self.open.position = position;
        self.open.done.push(done);
        self.finished = true;
        let turns = self.turns.clone();
        drop(self);
        // A task of its own: others depend on it, also when the caller has gone.
        let hearing = tokio::spawn(async move { turns.hear(ended).await }.in_current_span());
        hearing.await.unwrap_or_else(|_| Err(Error::Away("a commit was not heard of".into())))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.finished {
            return; // It is heard of.
        }
        self.open.state = if self.sent.load(Ordering::Relaxed) { State::Spoiled } else { State::Doubtful };
        let turns = self.turns.clone();
        // Where nothing runs any more, it is settled when the store is closed.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { turns.settle().await });
        }
    }
}
