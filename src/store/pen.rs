//! Writes changes down: numbers them, links them into the journal's chain, and puts them into statements.
//!
//! It sends nothing, so that the next changes are prepared while the database is busy with the last ones.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::Statement;

use super::Error;
use super::bulk::{self, chunks};
use super::journal::{self, ACCESS, Entry, Position, Shared};
use super::stamp::{Refusal, Stamp};
use super::table::{Followers, Table};
use super::text::Sending;
use super::write::Outcome;
use crate::domain::chain::{Digest, Link, canonical};
use crate::domain::kept::Kept;

/// Writes down the changes of one transaction.
#[derive(Debug)]
pub struct Pen {
    pub(super) county: String,
    stamp: Stamp,
    /// When it was accepted, and the same as the chain writes it.
    at: DateTime<Utc>,
    instant: String,
    sending: Sending,
    /// The newest entry before, and its digest.
    pub(super) began: (i64, Digest),
    pub(super) position: Position,
    /// Whether what is written is a part of [`bulk::if_at`].
    condition: bool,
}

/// Changes that have their numbers and are not yet sent. A transaction that left some out is not committed.
#[derive(Debug, Default)]
#[must_use = "numbers that were given must be used"]
pub struct Prepared {
    /// The first and the last of their numbers; nothing where nothing changes.
    pub(super) numbers: Option<(i64, i64)>,
    /// What became of each item, in order.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) statements: Vec<Statement>,
    pub(super) followers: Followers,
}

impl Prepared {
    /// And one statement more.
    pub(super) fn with(mut self, statement: Statement) -> Self {
        self.statements.push(statement);
        self
    }

    /// All of it as one statement that does nothing unless the journal still ends where it began, in the same history; nothing
    /// where it cannot be one.
    pub(super) fn if_at(self, began: &(i64, Digest), timeline: &str, head: Statement) -> Option<Statement> {
        let small = self.followers.statements.is_empty() && self.outcomes.len() == 1;
        small.then(|| bulk::if_at(began, timeline, head, self.statements))
    }

    /// Sent as one statement, where the database takes several in one.
    pub(super) fn at_once(self) -> Self {
        Self { statements: bulk::together(self.statements), ..self }
    }
}

impl Pen {
    /// A pen for a transaction that holds the journal's lock.
    pub(super) fn new(county: String, stamp: Stamp, sending: Sending, position: Position, condition: bool) -> Self {
        // PostgreSQL keeps microseconds; what is written must be what is read back.
        let at = (stamp.now)().trunc_subsecs(6);
        let (instant, began) = (journal::instant(at), (position.sequence, position.digest));
        Self { county, stamp, at, instant, sending, began, position, condition }
    }

    /// The facts of many items, each key once: this is where every row is written.
    ///
    /// `before` is what was there under these keys, read in this transaction.
    ///
    /// # Errors
    /// Facts that are no JSON.
    pub fn put_all<T: Table>(
        &mut self,
        items: Vec<(T::Key, T::Facts)>,
        before: &BTreeMap<T::Key, Kept<T::Key, T::Facts>>,
    ) -> Result<Prepared, Error> {
        let mut outcomes = Vec::with_capacity(items.len());
        let (mut entries, mut rows, mut followers) = (Vec::new(), Vec::new(), Followers::default());
        for (key, facts) in items {
            let outcome = match before.get(&key) {
                Some(kept) if kept.facts == facts => Outcome::Unchanged,
                Some(_) => Outcome::Updated,
                None => Outcome::Created,
            };
            outcomes.push(outcome);
            let operation = match outcome {
                Outcome::Unchanged => continue,
                Outcome::Updated => "updated",
                Outcome::Created => "created",
            };
            // In canonical form, so that whoever is told the facts can digest them.
            let became = canonical(&facts).map_err(|error| Error::Corrupt(error.to_string()))?;
            entries.push(self.entry::<T>(&key, operation, Some((&facts, became))));
            let kept = Kept { key, facts, revision: self.position.sequence };
            let before = before.get(&kept.key).map(|kept| &kept.facts);
            T::follow(&mut followers, &self.county, before, &kept);
            rows.push(T::row(&self.county, kept));
        }
        let mut prepared = self.prepared(T::RESOURCE.code(), entries);
        prepared.statements.extend(chunks(rows).map(|rows| bulk::upsert::<T>(self.sending, rows, self.condition)));
        Ok(Prepared { outcomes, followers, ..prepared })
    }

    /// Items that were taken away.
    pub(super) fn deleted<T: Table>(&mut self, keys: &[T::Key]) -> Prepared {
        let entries = keys.iter().map(|key| self.entry::<T>(key, "deleted", None)).collect();
        self.prepared(T::RESOURCE.code(), entries)
    }

    /// An attempt that was refused: an entry like others, but that no row changed.
    pub(super) fn refused(&mut self, refusal: Refusal) -> Prepared {
        let Refusal { actor, role, token, unit, address, request_id, asked, answer } = refusal;
        let stamp = Stamp { actor, role, token, address, request_id, ..self.stamp.clone() };
        let own = std::mem::replace(&mut self.stamp, stamp);
        let entry = self.link(ACCESS, unit, asked, "refused", Some(answer.to_string()));
        let prepared = self.prepared(ACCESS, vec![entry]);
        self.stamp = own;
        prepared
    }

    /// That attempts whose time was over were let go of.
    pub(super) fn released(&mut self, which: String, record: String) -> Prepared {
        let entry = self.link(ACCESS, None, which, "released", Some(record));
        self.prepared(ACCESS, vec![entry])
    }

    /// Something that was done and changed no row.
    pub(super) fn performed(&mut self, unit: Option<String>, what: String) -> Prepared {
        let entry = self.link(ACCESS, unit, what, "performed", None);
        self.prepared(ACCESS, vec![entry])
    }

    /// The statement that moves the journal's head to the newest entry.
    pub(super) fn head(&self) -> Statement {
        bulk::head(self.sending.backend(), &self.county, &self.position)
    }

    /// The entry of a change.
    fn entry<T: Table>(&mut self, key: &T::Key, operation: &'static str, became: Option<(&T::Facts, String)>) -> Entry {
        let unit = T::unit(key, became.as_ref().map(|(facts, _)| *facts));
        let became = became.map(|(_, json)| json);
        let entry = self.link(T::RESOURCE.code(), unit, key.to_string(), operation, became);
        self.position.changed = entry.sequence;
        self.position.newest.note(T::RESOURCE.code(), entry.sequence);
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
        (self.position.sequence, self.position.digest) = (sequence, digest);
        Entry { sequence, operation, unit, id, became, digest }
    }

    /// The statements that write entries.
    fn prepared(&self, resource: &'static str, entries: Vec<Entry>) -> Prepared {
        let numbers = entries.first().zip(entries.last()).map(|(first, last)| (first.sequence, last.sequence));
        let shared = Shared { county: &self.county, stamp: &self.stamp, at: self.at, resource };
        let statements =
            chunks(entries).map(|entries| bulk::journal(self.sending, &shared, entries, self.condition)).collect();
        Prepared { numbers, statements, ..Prepared::default() }
    }
}
