//! Exports: all rows of a collection at one moment, piece by piece, however many they are.
//!
//! They are read off the journal like a snapshot: no transaction stays open for somebody who reads slowly, nobody who
//! writes is waited for, and what is held in memory is two pieces: the next is read before one is written.

pub mod http;

use std::time::Duration;

use actix_web::web::{Bytes, Data};
use futures_util::Stream;
use sea_orm::Condition;

use crate::domain::codes::UnitCode;
use crate::domain::export::{ExportFormat, ExportRow, Exporter};
use crate::domain::kept::Resource;
use crate::http::Context;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::resources::changes::{Standing, standing, wanted};
use crate::store::Store;
use crate::store::feed::Part;
use crate::store::journal::entry;

/// Rows of a piece.
const PIECE: u64 = 1000;

/// The longest that a piece may take.
const LONGEST: Duration = Duration::from_mins(2);

/// What is exported, and how far it is.
struct Export {
    context: Data<Context>,
    /// What it is read from, to its end.
    store: Store,
    /// What the caller may see and wants, as it was when they asked: a unit that is moved meanwhile changes nothing.
    wanted: Condition,
    part: Part,
    resource: Resource,
    exporter: Exporter,
    /// The piece that was read and not written yet; nothing behind the last.
    piece: Option<Standing>,
}

/// All rows of a collection that a caller may see, as they are now, in their form. The first piece is read at once, so that
/// what cannot be read is refused and not cut off.
///
/// # Errors
/// The database's.
pub async fn export(
    context: Data<Context>,
    scope: Scope,
    (resource, format, unit): (Resource, ExportFormat, Option<UnitCode>),
) -> Result<impl Stream<Item = Result<Bytes, ApiError>>, ApiError> {
    let store = context.reading().await?;
    let view = store.view();
    let part = Part { after: 0, until: view.journal_position().await?, limit: PIECE };
    let wanted = wanted(&view, &scope, &[resource], unit.as_ref()).await?;
    let piece = Some(standing(&view, part, wanted.clone()).await?);
    let exporter = Exporter::new(format);
    let begun = Export { context: context.clone(), store, wanted, part, resource, exporter, piece };
    Ok(futures_util::stream::unfold(Some(begun), async |export| {
        let mut export = export?;
        let context = export.context.clone();
        match context.store.in_time(LONGEST, export.next()).await {
            Ok((bytes, true)) => Some((Ok(bytes), Some(export))),
            Ok((bytes, false)) => Some((Ok(bytes), None)),
            Err(error) => {
                tracing::error!(%error, "an export was cut off");
                Some((Err(error), None))
            }
        }
    }))
}

impl Export {
    /// The next bytes, and whether there are more.
    async fn next(&mut self) -> Result<(Bytes, bool), ApiError> {
        let unwritten = |error: csv::Error| ApiError::internal(error.to_string());
        if let Some(Standing { entries, next }) = self.piece.take() {
            let rows = entries.iter().map(|entry| self.row(entry)).collect::<Result<Vec<_>, _>>()?;
            if let Some(next) = next {
                self.part.after = next;
                self.piece = Some(standing(&self.store.view(), self.part, self.wanted.clone()).await?);
            }
            if !rows.is_empty() {
                return Ok((self.exporter.write(&rows).map_err(unwritten)?.into(), true));
            }
        }
        let at = self.part.until;
        let digest = self.store.view().digest_of(at).await?;
        let exporter = std::mem::replace(&mut self.exporter, Exporter::new(ExportFormat::Ndjson));
        Ok((exporter.end(at, digest).map_err(unwritten)?.into(), false))
    }

    /// A row as this version states it. Receipts are never changed: they are as they were written.
    fn row(&self, entry: &entry::Model) -> Result<ExportRow, ApiError> {
        let replay = self.context.replays.iter().find(|(resource, _)| *resource == self.resource);
        let facts = match replay {
            Some((_, replay)) => (replay.facts)(entry)?,
            None => serde_json::from_str(entry.became.as_deref().unwrap_or("null"))
                .map_err(|error| ApiError::internal(error.to_string()))?,
        };
        Ok(ExportRow { id: entry.id.clone(), revision: entry.sequence, facts })
    }
}
