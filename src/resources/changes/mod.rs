//! Changes (变更): the journal for those who keep a copy, and the rows as they stood at one of its numbers.
//!
//! A copy begins with a snapshot at a number and goes on with the changes after it. Both are read off the journal, so
//! that nobody who writes is waited for or missed.

pub mod history;
pub mod http;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition};

use self::http::{ChangeOptions, SnapshotOptions};
use crate::domain::codes::UnitCode;
use crate::domain::entry::{Became, Change, Changes, SnapshotPage, SnapshotRow};
use crate::domain::kept::Resource;
use crate::domain::unit::UnitFacts;
use crate::domain::violation::Wrong;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::resources::units::store::subtree;
use crate::store::View;
use crate::store::feed::Part;
use crate::store::journal::{ACCESS, entry, instant};

/// Rows of a page where nothing was asked.
const USUAL: i64 = 100;

/// The changes after a number that a caller may see.
///
/// # Errors
/// The database's.
pub async fn changes(view: &View<'_>, scope: &Scope, options: &ChangeOptions) -> Result<Changes, ApiError> {
    // The end first: what is written while the entries are read comes with the next page.
    let until = view.journal_position().await?;
    let limit = options.limit.map_or(USUAL, |limit| limit.0);
    let after = options.after.map_or(0, |after| after.0);
    reached("after", after, view.journal_head().await?.0)?;
    if let (Some(said), Some(digest)) = (options.digest, view.digest_of(after).await?)
        && said != digest
    {
        let zh = "服务已恢复到较早的数据，之后的变更与当时不同：请重新建立副本";
        let en = "the service was put back to an earlier day and went on otherwise: begin again with a snapshot";
        return Err(ApiError::parameter("digest", Wrong::new("other_journal", zh, en), &said.to_string()));
    }
    let part = Part { after, until, limit: limit.unsigned_abs() };
    let entries =
        view.entries(part, wanted(view, scope, options.resource.as_slice(), options.unit.as_ref()).await?).await?;
    let whole = i64::try_from(entries.len()).is_ok_and(|length| length < limit);
    let next = entries.last().filter(|_| !whole).map_or(Ord::max(until, after), |last| last.sequence);
    let digest = view.digest_of(next).await?;
    Ok(Changes { items: entries.into_iter().map(change).collect::<Result<_, _>>()?, next, digest })
}

/// The rows that a caller may see, as they stood at a number: the newest where none was said.
///
/// # Errors
/// A number that is not reached yet, or the database's.
pub async fn snapshot(view: &View<'_>, scope: &Scope, options: &SnapshotOptions) -> Result<SnapshotPage, ApiError> {
    let newest = view.journal_position().await?;
    let at = options.at.map_or(newest, |at| at.0);
    reached("at", at, view.journal_head().await?.0)?;
    let limit = options.limit.map_or(USUAL, |limit| limit.0);
    let part = Part { after: options.after.map_or(0, |after| after.0), until: at, limit: limit.unsigned_abs() };
    let wanted = wanted(view, scope, options.resource.as_slice(), options.unit.as_ref()).await?;
    let Standing { entries, next } = standing(view, part, wanted).await?;
    let digest = view.digest_of(at).await?;
    Ok(SnapshotPage { at, digest, items: entries.into_iter().map(row).collect::<Result<_, _>>()?, next })
}

/// Entries that still stood at a number.
#[derive(Debug)]
pub struct Standing {
    /// The entries, the oldest first.
    pub entries: Vec<entry::Model>,
    /// Where to go on; nothing behind the last.
    pub next: Option<i64>,
}

/// The entries of a part that are wanted and still stand at its end.
///
/// # Errors
/// The database's.
pub async fn standing(view: &View<'_>, part: Part, wanted: Condition) -> Result<Standing, ApiError> {
    let entries = view.standing(part, wanted).await?;
    let whole = u64::try_from(entries.len()).is_ok_and(|length| length < part.limit);
    let next = entries.last().map(|last| last.sequence).filter(|_| !whole);
    Ok(Standing { entries, next })
}

/// Refuses a number that the journal has not reached: whoever names it has followed another journal, or one that was
/// put back to an earlier day.
fn reached(name: &'static str, number: i64, newest: i64) -> Result<(), ApiError> {
    if number <= newest { Ok(()) } else { Err(not_reached(name, number, newest)) }
}

/// That the journal has not reached a number.
pub fn not_reached(name: &'static str, number: i64, newest: i64) -> ApiError {
    let (zh, en) = (format!("流水账目前到第 {newest} 条"), format!("the journal is at entry {newest}"));
    ApiError::parameter(name, Wrong::new("not_reached", zh, en), &number.to_string())
}

/// The entries that somebody may see and wants: of these resources, or of all. Attempts that were refused change nothing,
/// and who is told of changes is for those who keep that.
///
/// # Errors
/// The database's.
pub async fn wanted(
    view: &View<'_>,
    scope: &Scope,
    resources: &[Resource],
    unit: Option<&UnitCode>,
) -> Result<Condition, ApiError> {
    let mut wanted = Condition::all().add(entry::Column::Resource.is_not_in([ACCESS, Resource::Webhooks.code()]));
    if !resources.is_empty() {
        wanted = wanted.add(entry::Column::Resource.is_in(resources.iter().map(|resource| resource.code())));
    }
    if let Scope::Subtree(top) = scope {
        // What belongs to the county is everybody's to see, but for files whose sender is bound to no unit.
        let common = entry::Column::Unit.is_null().and(entry::Column::Resource.ne(Resource::Uploads.code()));
        wanted = wanted.add(Condition::any().add(entry::Column::Unit.is_in(ever_below(view, top).await?)).add(common));
    }
    if let Some(unit) = unit {
        wanted = wanted.add(entry::Column::Unit.is_in(ever_below(view, unit).await?));
    }
    Ok(wanted)
}

/// A unit and all below it, those that are gone too: their end must be told to whoever has a copy of them.
async fn ever_below(view: &View<'_>, top: &UnitCode) -> Result<BTreeSet<UnitCode>, ApiError> {
    let mut below: BTreeSet<UnitCode> = subtree(view, top).await?.into_iter().collect();
    let mut gone: BTreeMap<UnitCode, Option<UnitCode>> = BTreeMap::new();
    for entry in view.last_of_the_gone(Resource::Units.code()).await? {
        let broken = |why: String| ApiError::internal(format!("the journal: {why}"));
        let facts: UnitFacts =
            body::read(entry.became.unwrap_or_default().as_bytes()).map_err(|error| broken(error.to_string()))?;
        gone.insert(entry.id.parse().map_err(|wrong: Wrong| broken(wrong.en))?, facts.parent);
    }
    if gone.contains_key(top) {
        below.insert(top.clone());
    }
    // Below one that is gone there may be others that are.
    loop {
        let more: Vec<UnitCode> = gone
            .iter()
            .filter(|(unit, parent)| !below.contains(*unit) && parent.as_ref().is_some_and(|one| below.contains(one)))
            .map(|(unit, _)| unit.clone())
            .collect();
        if more.is_empty() {
            return Ok(below);
        }
        below.extend(more);
    }
}

fn broken(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::internal(format!("the journal: {error}"))
}

/// The change that an entry tells of.
///
/// # Errors
/// An entry that this version cannot read.
pub fn change(entry: entry::Model) -> Result<Change, ApiError> {
    Ok(Change {
        sequence: entry.sequence,
        at: instant(entry.at),
        operation: entry.operation.parse().map_err(|_| broken(&entry.operation))?,
        resource: entry.resource.parse().map_err(|_| broken(&entry.resource))?,
        unit: entry.unit,
        id: entry.id,
        facts: Became::of(entry.became).map_err(|error| broken(&error))?,
    })
}

fn row(entry: entry::Model) -> Result<SnapshotRow, ApiError> {
    let Change { sequence, resource, unit, id, facts, .. } = change(entry)?;
    Ok(SnapshotRow { resource, unit, id, revision: sequence, facts })
}
