//! Attempts: changes that hold nothing, each made in one statement.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tokio::sync::OwnedMutexGuard;

use super::Error;
use super::journal::Position;
use super::turns::{Open, Turns};

/// So long it is believed that the journal stands where the last attempt left it. Who states one row after the other is
/// spared a question for each. Where others write too, an attempt that believed it comes to nothing, and for a while all ask.
const BELIEVED: Duration = Duration::from_millis(100);
const DOUBTED: Duration = Duration::from_secs(1);

/// What is believed of the journal.
#[derive(Debug, Default)]
pub(super) struct Left {
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

/// A change that holds nothing: it reads, and then does all it does in one statement, if the journal is still where it was, in
/// the same history. Then nothing it read has changed meanwhile, for whoever changes anything moves the journal.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) connection: DatabaseConnection,
    pub(super) position: Position,
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
            if self.turns.history.is_still(self.history) {
                self.turns.history.see(&told.try_get::<String>("", "timeline")?, &self.turns.doubt);
            }
            return Err(Error::Outrun);
        }
        let mut left = self.turns.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.at = Some((Instant::now(), self.history, position));
        if self.believed {
            left.doubted = None;
        }
        Ok(())
    }

    /// Whether its statement was sent.
    pub(super) fn is_sent(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }
}
