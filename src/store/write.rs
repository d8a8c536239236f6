//! The one write path: a change and its journal entry, in one transaction, or neither.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, SqlErr, TransactionTrait};
use tokio::sync::OwnedSemaphorePermit;

use super::bulk::chunks;
use super::known::{Knowing, Known};
use super::pen::{Pen, Prepared};
use super::stamp::Refusal;
use super::table::{Follower, Table, with_one_of};
use super::turns::Hold;
use super::{Error, View};
use crate::domain::kept::{Kept, Resource};

/// What the caller expects to find before a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing was said.
    Unsaid,
    /// Any revision (`If-Match: *`).
    Existing,
    /// This revision (`If-Match: "17"`).
    Revision(i64),
    /// A revision that never was: an `ETag` this service does not give.
    Impossible,
    /// That there is nothing yet (`If-None-Match: *`).
    Nothing,
}

impl Expected {
    /// The same, said of an item of which so far only the shipped facts were there, at revision 0.
    #[must_use]
    pub fn over_shipped(self, only_shipped: bool) -> Self {
        match self {
            Self::Existing | Self::Revision(0) if only_shipped => Self::Unsaid,
            other => other,
        }
    }
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The item is new.
    Created,
    /// The item holds other facts now.
    Updated,
    /// The item held the same facts already; nothing was written.
    Unchanged,
}

/// A change that holds the journal's lock, or attempts to do without. Dropped without [`Write::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Write {
    pen: Pen,
    hold: Hold,
    known: Known,
    /// The newest entry that was sent, and the newest that the journal's head tells of.
    sent: i64,
    headed: i64,
    /// Whether several changes may be one statement: not where the rows lie on several machines.
    whole: bool,
    /// What was found under a key that is about to be stated.
    found: Mutex<Option<Found>>,
    /// The history of the database that it reads.
    history: u64,
    /// What keeps other large changes waiting.
    room: Option<OwnedSemaphorePermit>,
}

/// A key of a resource, and the item that was there.
type Found = (Resource, String, Box<dyn Any + Send>);

/// Sends what a [`Pen`] wrote down.
#[derive(Debug)]
pub struct Sender<'a> {
    hold: &'a Hold,
    sent: &'a mut i64,
}

impl Sender<'_> {
    /// Makes changes part of the transaction, in the order in which they were prepared; tells what became of each.
    ///
    /// # Errors
    /// The database's.
    pub async fn send(&mut self, prepared: Prepared) -> Result<Vec<Outcome>, Error> {
        let Prepared { numbers, outcomes, statements, followers } = prepared;
        if let Some((first, last)) = numbers {
            if first != *self.sent + 1 {
                return Err(Error::Corrupt(format!("entry {first} was to follow entry {}", *self.sent)));
            }
            *self.sent = last;
        }
        if statements.is_empty() && followers.statements.is_empty() {
            return Ok(outcomes);
        }
        let transaction = self.hold.sending()?;
        for statement in statements {
            transaction.execute_raw(statement).await?;
        }
        for follower in followers.statements {
            match follower {
                Follower::Delete(statement) => transaction.execute(&statement).await?,
                Follower::Insert(statement) => transaction.execute(&statement).await?,
            };
        }
        Ok(outcomes)
    }
}

impl Write {
    /// A change that was begun; `whole` where several changes may be one statement.
    pub(super) fn new(pen: Pen, hold: Hold, known: Known, history: u64, whole: bool) -> Self {
        let sent = pen.began.0;
        Self { pen, hold, known, sent, headed: sent, whole, found: Mutex::default(), history, room: None }
    }

    /// The same, while other large changes wait.
    pub(super) fn keeping(self, room: OwnedSemaphorePermit) -> Self {
        Self { room: Some(room), ..self }
    }

    /// Reads inside the transaction.
    pub fn view(&self) -> View<'_> {
        let (committed, now) = (self.hold.committed(), &self.pen.position.newest);
        let knowing = Knowing { known: &self.known, history: self.history, committed, now };
        View { db: self.hold.executor(), county: &self.pen.county, knowing: Some(knowing), live: None }
    }

    /// The same, to write beside the rows.
    ///
    /// # Errors
    /// [`Error::Outrun`] where the change is only attempted.
    pub(super) fn beside(&self) -> Result<View<'_>, Error> {
        self.hold.sending()?;
        Ok(self.view())
    }

    /// Whether it was sent in one statement and may be there, whatever was heard of it.
    pub fn is_sent(&self) -> bool {
        self.hold.is_sent()
    }

    /// The number of the newest entry, this transaction's included.
    pub fn position(&self) -> i64 {
        self.pen.position.sequence
    }

    /// What prepares changes and what sends them, so that the one need not wait for the other.
    pub fn hands(&mut self) -> (&mut Pen, Sender<'_>) {
        self.take_found();
        (&mut self.pen, Sender { hold: &self.hold, sent: &mut self.sent })
    }

    fn take_found(&self) -> Option<Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The item, if it holds these facts already: stating them again is no change, whatever became of what they
    /// refer to.
    ///
    /// # Errors
    /// The database's.
    pub async fn unchanged<T: Table>(
        &self,
        key: &T::Key,
        facts: &T::Facts,
        expected: Expected,
    ) -> Result<Option<Kept<T::Key, T::Facts>>, Error> {
        let kept = self.view().find::<T>(key).await?;
        let found = (T::RESOURCE, key.to_string(), Box::new(kept.clone()) as Box<dyn Any + Send>);
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok(kept.filter(|kept| kept.facts == *facts && expected != Expected::Nothing))
    }

    /// What is there under a key: what was just found, where nothing was written since.
    async fn before<T: Table>(&self, key: &T::Key) -> Result<Option<Kept<T::Key, T::Facts>>, Error> {
        if let Some((resource, id, item)) = self.take_found()
            && resource == T::RESOURCE
            && id == key.to_string()
            && let Ok(item) = item.downcast()
        {
            return Ok(*item);
        }
        self.view().find::<T>(key).await
    }

    /// States facts: creates the item, changes it, or finds that nothing changes.
    ///
    /// # Errors
    /// [`Error::Stale`], [`Error::RevisionRequired`], or the database's.
    pub async fn put<T: Table>(
        &mut self,
        key: T::Key,
        facts: T::Facts,
        expected: Expected,
    ) -> Result<(Kept<T::Key, T::Facts>, Outcome), Error> {
        let mut before = BTreeMap::new();
        match self.before::<T>(&key).await? {
            // A retry whose first answer was lost states the same facts again: that is no conflict.
            Some(kept) if kept.facts == facts && expected != Expected::Nothing => {
                return Ok((kept, Outcome::Unchanged));
            }
            Some(kept) => {
                meets(expected, kept.revision)?;
                before.insert(kept.key.clone(), kept);
            }
            None if matches!(expected, Expected::Unsaid | Expected::Nothing) => {}
            None => return Err(Error::Stale),
        }
        let outcome = if before.is_empty() { Outcome::Created } else { Outcome::Updated };
        let whole = self.whole;
        let (pen, mut sender) = self.hands();
        let prepared = pen.put_all::<T>(vec![(key.clone(), facts.clone())], &before)?;
        match sender.hold {
            Hold::Turn(_) => {
                let prepared = prepared.with(pen.head());
                sender.send(if whole { prepared.at_once() } else { prepared }).await?;
            }
            Hold::Attempt(attempt) => {
                let statement = prepared.if_at(&pen.began, &attempt.timeline, pen.head()).ok_or(Error::Outrun)?;
                attempt.send(statement, pen.position.clone()).await?;
                self.sent = self.pen.position.sequence;
            }
        }
        self.headed = self.pen.position.sequence;
        // What the row says is what is answered, not what was meant.
        let kept = T::kept(T::row(&self.pen.county, Kept { key, facts, revision: self.headed }))?;
        Ok((kept, outcome))
    }

    /// States the facts of many items, each key once, whatever is there.
    ///
    /// `before` is what was there under these keys, read in this transaction. Outcomes come in the order of the items.
    ///
    /// # Errors
    /// The database's.
    pub async fn put_all<T: Table>(
        &mut self,
        items: Vec<(T::Key, T::Facts)>,
        before: &BTreeMap<T::Key, Kept<T::Key, T::Facts>>,
    ) -> Result<Vec<Outcome>, Error> {
        let (pen, mut sender) = self.hands();
        let prepared = pen.put_all::<T>(items, before)?;
        sender.send(prepared).await
    }

    /// Takes an item away; `false` if there is none.
    ///
    /// # Errors
    /// [`Error::Stale`], [`Error::RevisionRequired`], [`Error::InUse`], or the database's.
    pub async fn delete<T: Table>(&mut self, key: &T::Key, expected: Expected) -> Result<bool, Error> {
        let Some(kept) = self.view().find::<T>(key).await? else { return Ok(false) };
        meets(expected, kept.revision)?;
        let in_use = self.delete_all::<T>(vec![key.clone()]).await?;
        if in_use.is_empty() { Ok(true) } else { Err(Error::InUse) }
    }

    /// Takes away what can be taken away of these items, which are all there; tells which other rows refer to.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete_all<T: Table>(&mut self, keys: Vec<T::Key>) -> Result<Vec<T::Key>, Error> {
        let mut in_use = Vec::new();
        let mut batches: Vec<Vec<T::Key>> = chunks(keys).collect();
        while let Some(mut keys) = batches.pop() {
            // A refused statement would spoil the transaction; inside a savepoint it spoils nothing.
            let attempt = self.hold.sending()?.begin().await?;
            let wanted = with_one_of::<T>(&self.pen.county, &keys.iter().collect::<Vec<_>>());
            match T::Entity::delete_many().filter(wanted).exec(&attempt).await {
                Ok(_) => {
                    attempt.commit().await?;
                    self.deleted::<T>(&keys).await?;
                }
                Err(error) if matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))) => {
                    attempt.rollback().await?;
                    // One of them is in use: look for it in the halves.
                    let rest = keys.split_off(keys.len() / 2);
                    if keys.is_empty() {
                        in_use.extend(rest);
                    } else {
                        batches.extend([rest, keys]);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(in_use)
    }

    /// Makes it all true at once.
    ///
    /// # Errors
    /// The database's; then nothing of it is true.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn commit(self) -> Result<(), Error> {
        let Self { pen, hold, sent, headed, room, .. } = self;
        if pen.position.sequence != sent {
            return Err(Error::Corrupt("entries were numbered and not sent".into()));
        }
        if pen.position.sequence > headed {
            hold.sending()?.execute_raw(pen.head()).await?;
        }
        let done = match hold {
            Hold::Turn(turn) => turn.finish(pen.position).await,
            // What was only looked at was looked at from where the journal was believed to stand.
            Hold::Attempt(attempt) if attempt.believed && sent == pen.began.0 => Err(Error::Outrun),
            Hold::Attempt(_) => Ok(()),
        };
        drop(room);
        done
    }

    /// Notes attempts that were refused: entries like others, but that no row changed.
    ///
    /// # Errors
    /// The database's.
    pub async fn refused(&mut self, refusals: Vec<Refusal>) -> Result<(), Error> {
        let (pen, mut sender) = self.hands();
        for refusal in refusals {
            sender.send(pen.refused(refusal)).await?;
        }
        Ok(())
    }

    /// Notes something that was done and changed no row, for the auditor.
    ///
    /// # Errors
    /// The database's.
    pub async fn performed(&mut self, unit: Option<String>, what: String) -> Result<(), Error> {
        let (pen, mut sender) = self.hands();
        sender.send(pen.performed(unit, what)).await?;
        Ok(())
    }

    async fn deleted<T: Table>(&mut self, keys: &[T::Key]) -> Result<(), Error> {
        let (pen, mut sender) = self.hands();
        sender.send(pen.deleted::<T>(keys)).await?;
        Ok(())
    }
}

/// Whether an existing item at this revision is what the caller expects.
fn meets(expected: Expected, revision: i64) -> Result<(), Error> {
    match expected {
        Expected::Unsaid => Err(Error::RevisionRequired),
        Expected::Existing => Ok(()),
        Expected::Revision(wanted) if wanted == revision => Ok(()),
        Expected::Revision(_) | Expected::Impossible | Expected::Nothing => Err(Error::Stale),
    }
}
