//! Takes an upload back, by what the journal says its rows were before it.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use actix_web::http::StatusCode;
use chrono::SecondsFormat;

use super::Item;
use super::county::County;
use super::intake::Intake;
use super::store::Uploads;
use crate::domain::kept::Kept;
use crate::domain::upload::item::{Reversal, Stay, Upload as UploadItem, UploadId};
use crate::domain::upload::receipt::MOST;
use crate::http::Context;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Upload};
use crate::http::once::Turn;
use crate::store::journal::entry;
use crate::store::write::{Expected, Write};

/// Rows that are put back at once.
const BATCH: u64 = 500;

/// How often rows that had to stay may be tried again.
const MOST_TRIES: usize = 100;

/// Takes an upload back.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::Forbidden`], [`ApiError::AlreadyDone`], or the database's.
pub(super) async fn reverse<K: Intake>(
    context: &Context,
    caller: &Caller<Upload>,
    id: &UploadId,
    turn: &Turn,
) -> Result<Item, ApiError> {
    K::admit(caller)?;
    let mut write = context.begin(caller).await?;
    let mut facts = super::get(&write.view(), &caller.scope, id).await?.facts;
    // What had to stay may be able to go by now; what is done is done.
    let done = facts.reversals.last().is_some_and(|last| last.kept + last.refused == 0);
    if done || facts.reversals.len() >= MOST_TRIES {
        return Err(ApiError::AlreadyDone);
    }
    let (county, _) = County::gather(&write.view(), &caller.scope, facts.receipt.kind).await?;
    let at = (context.now)().to_rfc3339_opts(SecondsFormat::Millis, true);
    let reversal = Reversal { at, by: caller.subject.clone(), reversed: 0, kept: 0, refused: 0, stay: Vec::new() };
    let mut undo = Undo::<K> { write: &mut write, caller, county, reversal, kind: std::marker::PhantomData };
    if let Some((first, mut last)) = facts.entries {
        while last >= first {
            let entries = undo.write.view().journal_between(K::RESOURCE.code(), first, last, BATCH).await?;
            let Some(oldest) = entries.last() else { break };
            last = oldest.sequence - 1;
            undo.put_back(entries, first).await?;
        }
    }
    facts.reversals.push(undo.reversal);
    let (kept, _) = write.put::<Uploads>(id.clone(), facts, Expected::Existing).await?;
    let body = serde_json::to_string(&UploadItem::from(kept.clone())).unwrap_or_default();
    turn.remember(&write, context, StatusCode::OK, None, &body).await?;
    write.commit().await?;
    Ok(kept)
}

struct Undo<'a, K: Intake> {
    write: &'a mut Write,
    caller: &'a Caller<Upload>,
    county: County,
    reversal: Reversal,
    kind: std::marker::PhantomData<K>,
}

impl<K: Intake> Undo<'_, K> {
    /// Puts the rows of some entries back, `first` being the first entry of the upload.
    async fn put_back(&mut self, entries: Vec<entry::Model>, first: i64) -> Result<(), ApiError> {
        let broken = |error: &dyn std::fmt::Display| ApiError::internal(format!("the journal: {error}"));
        let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        let view = self.write.view();
        let mut before: HashMap<String, Option<String>> = view.journal_before(K::RESOURCE.code(), &ids, first).await?;
        let keys = entries.iter().map(|entry| K::Key::from_str(&entry.id).map_err(|wrong| broken(&wrong)));
        let keys: Vec<K::Key> = keys.collect::<Result<_, _>>()?;
        let now = view.find_all::<K>(&keys.iter().collect::<Vec<_>>()).await?;
        let now: BTreeMap<K::Key, Kept<K::Key, K::Facts>> = now.into_iter().map(|row| (row.key.clone(), row)).collect();
        let (mut restored, mut removed) = (Vec::new(), Vec::new());
        for (entry, key) in entries.into_iter().zip(keys) {
            let facts = |json: Option<String>| {
                let read = json.map(|json| body::read::<K::Facts>(json.as_bytes()));
                read.transpose().map_err(|error| broken(&error))
            };
            let (was, made) = (facts(before.remove(&entry.id).flatten())?, facts(entry.became)?);
            let row = now.get(&key);
            let is = row.map(|row| &row.facts);
            if is == was.as_ref() {
                // Taken back before, or by hand.
                self.done(1);
            } else if is != made.as_ref() {
                self.stay(&key, "changed_since");
            } else if let Some(reason) = self.refusal(&key) {
                self.stay(&key, reason);
            } else if let Some(was) = was {
                if K::check(&self.county, self.caller, &key, &was, row).is_ok() {
                    K::learn(&mut self.county, &key, &was);
                    restored.push((key, was));
                } else {
                    self.stay(&key, "not_valid");
                }
            } else if K::TOGETHER {
                self.remove(key).await?;
            } else {
                removed.push(key);
            }
        }
        let wanted = removed.len();
        let done = self.write.put_all::<K>(restored, &now).await?;
        self.done(done.len());
        let in_use = self.write.delete_all::<K>(removed).await?;
        self.done(wanted - in_use.len());
        for key in &in_use {
            self.stay(key, "in_use");
        }
        Ok(())
    }

    /// Why the caller may not take a row back, if so: an undo may do no more than its caller could row by row.
    fn refusal(&self, key: &K::Key) -> Option<&'static str> {
        let unit = K::whose(key).map(|(unit, _)| unit);
        if unit.is_some_and(|unit| !self.county.visible(&self.caller.scope, unit))
            || K::permit(&self.county, self.caller, key, true).is_err()
        {
            return Some("forbidden");
        }
        K::frozen(&self.county, key).or_else(|| K::held(&self.county, key)).map(|_| "frozen")
    }

    /// Takes an item away that others may refer to, before it is looked whether those can be taken away.
    async fn remove(&mut self, key: K::Key) -> Result<(), ApiError> {
        if K::in_use(&self.county, &key) || !self.write.delete_all::<K>(vec![key.clone()]).await?.is_empty() {
            self.stay(&key, "in_use");
        } else {
            K::forget(&mut self.county, &key);
            self.done(1);
        }
        Ok(())
    }

    fn done(&mut self, rows: usize) {
        self.reversal.reversed += i32::try_from(rows).unwrap_or(i32::MAX);
    }

    fn stay(&mut self, key: &K::Key, reason: &str) {
        match reason {
            "changed_since" => self.reversal.kept += 1,
            _ => self.reversal.refused += 1,
        }
        if self.reversal.stay.len() < MOST {
            self.reversal.stay.push(Stay { id: key.to_string(), reason: reason.into() });
        }
    }
}
