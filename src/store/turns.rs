//! Turns: writers of a county come one after the other, and small changes that wait for one another share a transaction.
//!
//! Whoever is done and sees others waiting hands the open transaction on instead of ending it; the last ends it for all.
//! Nobody is answered before it is committed, so nothing that was acknowledged is lost; many changes cost one write to the
//! disk. A change that is given up before it sent anything leaves the transaction to the others; one that is given up
//! half-sent ends it, and the changes of whoever shared it are made once more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseExecutor, DatabaseTransaction, DbBackend};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard, oneshot};
use tracing::Instrument;

use super::Error;
use super::attempt::{Attempt, Left};
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
    /// The history that it reads.
    history: u64,
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
    pub(super) fn new(transaction: DatabaseTransaction, position: Position, history: u64) -> Self {
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
    async fn end(mut self, doubt: &Doubt, history: &History) -> Result<(), Error> {
        if self.done.is_empty() || !self.is_sound(doubt).await {
            return Ok(());
        }
        // What is committed on a server that was replaced is lost.
        if !history.is_still(self.history) {
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
    pub(super) turn: Arc<Mutex<Option<Open>>>,
    pub(super) waiting: Arc<AtomicUsize>,
    pub(super) left: Arc<std::sync::Mutex<Left>>,
    pub(super) doubt: Doubt,
    pub(super) history: History,
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
                let (doubt, history) = (self.doubt.clone(), self.history.clone());
                let ended = tokio::spawn(async move { before.end(&doubt, &history).await }.in_current_span()).await;
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
            Some(open) => open.end(&self.doubt, &self.history).await,
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
        matches!(self, Self::Attempt(attempt) if attempt.is_sent())
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

    /// The history that the transaction reads.
    pub(super) fn history(&self) -> u64 {
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
