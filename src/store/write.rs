//! The one write path: a change and its journal entry, in one transaction, or neither.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, SqlErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};

use super::bulk::chunks;
use super::journal::{ACCESS, Entry, Position, Shared};
use super::table::{Follower, Followers, Table, with_key, with_one_of};
use super::{Error, Store, View, bulk, journal};
use crate::domain::chain::{Link, canonical};
use crate::domain::kept::Kept;

/// Who writes, when and because of which request.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// The clock: instants are taken when the lock is held, so that they are in the order of the numbers.
    pub now: fn() -> DateTime<Utc>,
    /// The token's subject.
    pub actor: String,
    /// The role it has.
    pub role: String,
    /// The token's id.
    pub token: Option<String>,
    /// The address the request came from.
    pub address: Option<String>,
    /// The request's id.
    pub request_id: String,
    /// The upload it belongs to.
    pub upload: Option<String>,
}

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

/// A transaction that holds the journal's lock. Dropped without [`Write::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Write {
    county: String,
    stamp: Stamp,
    /// When it was accepted, and the same as the chain writes it.
    at: DateTime<Utc>,
    instant: String,
    transaction: DatabaseTransaction,
    started_at: i64,
    position: Position,
    /// The newest change of each resource.
    newest: BTreeMap<&'static str, i64>,
}

/// An attempt that was refused.
#[derive(Debug, Clone, Default)]
pub struct Refusal {
    /// The token's subject; empty for a stranger.
    pub actor: String,
    /// The role it has; empty likewise.
    pub role: String,
    /// The token's id.
    pub token: Option<String>,
    /// The unit the token is bound to.
    pub unit: Option<String>,
    /// The address the request came from.
    pub address: Option<String>,
    /// The request's id.
    pub request_id: String,
    /// What was asked: method and path.
    pub asked: String,
    /// What was answered, and when.
    pub answer: serde_json::Value,
}

impl Store {
    /// Begins a change. Writers of one county wait for each other here, so that what a rule reads stays true.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&self, stamp: Stamp) -> Result<Write, Error> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.writing.begin_with_options(options).await?;
        let position = journal::lock(&transaction, &self.county).await?;
        // PostgreSQL keeps microseconds; what is written must be what is read back.
        let at = (stamp.now)().trunc_subsecs(6);
        Ok(Write {
            county: self.county.clone(),
            stamp,
            at,
            instant: journal::instant(at),
            transaction,
            started_at: position.sequence,
            position,
            newest: BTreeMap::new(),
        })
    }
}

impl Write {
    /// Reads inside the transaction.
    pub fn view(&self) -> View<'_> {
        View { db: (&self.transaction).into(), county: &self.county }
    }

    /// The number of the newest entry, this transaction's included.
    pub fn position(&self) -> i64 {
        self.position.sequence
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
        Ok(kept.filter(|kept| kept.facts == *facts && expected != Expected::Nothing))
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
        match self.view().find::<T>(&key).await? {
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
        let done = self.put_all::<T>(vec![(key.clone(), facts)], &before).await?;
        // What the row says is what is answered, not what was meant.
        match (done.first(), self.view().find::<T>(&key).await?) {
            (Some(outcome), Some(kept)) => Ok((kept, *outcome)),
            _ => Err(Error::Corrupt("a row was stated and is not there".into())),
        }
    }

    /// States the facts of many items, each key once, whatever is there: this is where every row is written.
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
        let mut done = Vec::with_capacity(items.len());
        let (mut entries, mut rows, mut followers) = (Vec::new(), Vec::new(), Followers::default());
        for (key, facts) in items {
            let outcome = match before.get(&key) {
                Some(kept) if kept.facts == facts => {
                    done.push(Outcome::Unchanged);
                    continue;
                }
                Some(_) => Outcome::Updated,
                None => Outcome::Created,
            };
            // In canonical form, so that whoever is told the facts can digest them.
            let became = canonical(&facts).map_err(|error| Error::Corrupt(error.to_string()))?;
            let operation = if outcome == Outcome::Created { "created" } else { "updated" };
            let entry = self.entry::<T>(&key, operation, Some((&facts, became)));
            let kept = Kept { key, facts, revision: self.position.sequence };
            T::follow(&mut followers, &self.county, &kept);
            done.push(outcome);
            rows.push(T::row(&self.county, kept));
            entries.push(entry);
        }
        // Everything is put together before anything is sent: the database need not wait in between.
        let mut statements = self.entries(T::RESOURCE.code(), entries);
        let backend = self.transaction.get_database_backend();
        statements.extend(chunks(rows).map(|rows| bulk::upsert::<T>(backend, rows)));
        for statement in statements {
            self.transaction.execute_raw(statement).await?;
        }
        for follower in followers.statements {
            match follower {
                Follower::Delete(statement) => self.transaction.execute(&statement).await?,
                Follower::Insert(statement) => self.transaction.execute(&statement).await?,
            };
        }
        Ok(done)
    }

    /// Takes an item away; `false` if there is none.
    ///
    /// # Errors
    /// [`Error::Stale`], [`Error::RevisionRequired`], [`Error::InUse`], or the database's.
    pub async fn delete<T: Table>(&mut self, key: &T::Key, expected: Expected) -> Result<bool, Error> {
        let Some(kept) = self.view().find::<T>(key).await? else { return Ok(false) };
        meets(expected, kept.revision)?;
        let delete = T::Entity::delete_many().filter(with_key::<T>(&self.county, key));
        delete.exec(&self.transaction).await.map_err(|error| match error.sql_err() {
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => Error::InUse,
            _ => Error::Database(error),
        })?;
        let entry = self.entry::<T>(key, "deleted", None);
        self.append::<T>(vec![entry]).await?;
        Ok(true)
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
            let attempt = self.transaction.begin().await?;
            let wanted = with_one_of::<T>(&self.county, &keys.iter().collect::<Vec<_>>());
            match T::Entity::delete_many().filter(wanted).exec(&attempt).await {
                Ok(_) => {
                    attempt.commit().await?;
                    let entries = keys.iter().map(|key| self.entry::<T>(key, "deleted", None)).collect();
                    self.append::<T>(entries).await?;
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
    pub async fn commit(self) -> Result<(), Error> {
        if self.position.sequence > self.started_at {
            journal::advance(&self.transaction, &self.county, self.position).await?;
        }
        if !self.newest.is_empty() {
            journal::note_newest(&self.transaction, &self.county, &self.newest).await?;
        }
        Ok(self.transaction.commit().await?)
    }

    /// Notes attempts that were refused: entries like others, but that no row changed.
    ///
    /// # Errors
    /// The database's.
    pub async fn refused(&mut self, refusals: Vec<Refusal>) -> Result<(), Error> {
        for refusal in refusals {
            let Refusal { actor, role, token, unit, address, request_id, asked, answer } = refusal;
            let stamp = Stamp { actor, role, token, address, request_id, ..self.stamp.clone() };
            let own = std::mem::replace(&mut self.stamp, stamp);
            let became = Some(answer.to_string());
            let entry = self.link(ACCESS, unit, asked, "refused", became);
            let statements = self.entries(ACCESS, vec![entry]);
            self.stamp = own;
            for statement in statements {
                self.transaction.execute_raw(statement).await?;
            }
        }
        Ok(())
    }

    /// The entry of a change.
    fn entry<T: Table>(&mut self, key: &T::Key, operation: &'static str, became: Option<(&T::Facts, String)>) -> Entry {
        let unit = T::unit(key, became.as_ref().map(|(facts, _)| *facts));
        let became = became.map(|(_, json)| json);
        let entry = self.link(T::RESOURCE.code(), unit, key.to_string(), operation, became);
        self.position.changed = entry.sequence;
        self.newest.insert(T::RESOURCE.code(), entry.sequence);
        entry
    }

    /// The next entry of the journal, the next link of its chain.
    fn link(
        &mut self,
        resource: &'static str,
        unit: Option<String>,
        id: String,
        operation: &'static str,
        became: Option<String>,
    ) -> Entry {
        let Stamp { now: _, actor, role, token, address, request_id, upload } = &self.stamp;
        let sequence = self.position.sequence + 1;
        let link = Link {
            county: &self.county,
            sequence,
            at: &self.instant,
            actor,
            role,
            token: token.as_deref(),
            address: address.as_deref(),
            request_id,
            upload: upload.as_deref(),
            operation,
            resource,
            unit: unit.as_deref(),
            id: &id,
            became: became.as_deref(),
        };
        let digest = link.digest(&self.position.digest);
        self.position = Position { sequence, digest, ..self.position };
        Entry { sequence, operation, unit, id, became, digest }
    }

    /// The statements that write entries.
    fn entries(&self, resource: &'static str, entries: Vec<Entry>) -> Vec<Statement> {
        let Self { county, stamp, at, .. } = self;
        let shared = Shared { county, stamp, at: *at, resource };
        let backend = self.transaction.get_database_backend();
        chunks(entries).map(|entries| bulk::journal(backend, &shared, entries)).collect()
    }

    async fn append<T: Table>(&self, entries: Vec<Entry>) -> Result<(), Error> {
        for statement in self.entries(T::RESOURCE.code(), entries) {
            self.transaction.execute_raw(statement).await?;
        }
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
