//! The journal (流水账) for the auditor: who did what, when, from where, and a head to be kept elsewhere.

pub mod http;

use chrono::SecondsFormat;
use sea_orm::{ColumnTrait, Condition};

use self::http::JournalFilter;
use crate::domain::chain::Digest;
use crate::domain::entry::{Became, JournalEntry, JournalHead, SignedHead};
use crate::http::Context;
use crate::http::error::ApiError;
use crate::http::seal;
use crate::store::View;
use crate::store::feed::Part;
use crate::store::journal::{entry, instant};

/// The entries that match a filter, from the oldest on, at most so many.
///
/// # Errors
/// The database's.
pub async fn list(
    view: &View<'_>,
    filter: &JournalFilter,
    after: i64,
    limit: u64,
) -> Result<Vec<JournalEntry>, ApiError> {
    let part = Part { after, until: i64::MAX, limit };
    let entries = view.entries(part, matching(filter)).await?;
    entries.into_iter().map(shown).collect()
}

/// The newest entry, signed.
///
/// # Errors
/// The database's.
pub async fn head(context: &Context) -> Result<SignedHead, ApiError> {
    let view = context.store.view();
    let (sequence, digest) = view.journal_head().await?;
    let at = (context.now)().to_rfc3339_opts(SecondsFormat::Micros, true);
    let head = JournalHead { county: view.county().to_owned(), sequence, digest: digest.to_string(), at };
    let signature = seal::sign(&context.keys, &head)?;
    Ok(SignedHead { head, signature })
}

fn matching(filter: &JournalFilter) -> Condition {
    let JournalFilter { actor, operation, unit, resource, request_id, upload, since, until } = filter;
    let mut wanted = Condition::all();
    if let Some(actor) = actor {
        wanted = wanted.add(entry::Column::Actor.eq(actor.as_str()));
    }
    if let Some(operation) = operation {
        wanted = wanted.add(entry::Column::Operation.eq(operation.code()));
    }
    if let Some(unit) = unit {
        wanted = wanted.add(entry::Column::Unit.eq(unit.as_str()));
    }
    if let Some(resource) = resource {
        wanted = wanted.add(entry::Column::Resource.eq(resource.code()));
    }
    if let Some(request_id) = request_id {
        wanted = wanted.add(entry::Column::RequestId.eq(request_id.as_str()));
    }
    if let Some(upload) = upload {
        wanted = wanted.add(entry::Column::Upload.eq(upload.as_str()));
    }
    if let Some(since) = since {
        wanted = wanted.add(entry::Column::At.gte(since.0));
    }
    if let Some(until) = until {
        wanted = wanted.add(entry::Column::At.lt(until.0));
    }
    wanted
}

/// An entry as callers see it.
///
/// # Errors
/// An entry that this version cannot read.
pub fn shown(entry: entry::Model) -> Result<JournalEntry, ApiError> {
    let broken = |what: &str| ApiError::internal(format!("entry {}: {what}", entry.sequence));
    Ok(JournalEntry {
        operation: entry.operation.parse().map_err(|_| broken("its operation"))?,
        resource: entry.resource,
        became: Became::of(entry.became).map_err(|_| broken("its row"))?,
        digest: entry.digest.as_deref().and_then(Digest::of_bytes).map(|digest| digest.to_string()),
        at: instant(entry.at),
        county: entry.county,
        sequence: entry.sequence,
        actor: entry.actor,
        role: entry.role,
        token: entry.token,
        address: entry.address,
        request_id: entry.request_id,
        upload: entry.upload,
        unit: entry.unit,
        id: entry.id,
    })
}
