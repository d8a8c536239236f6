//! Uploads (上报): files of rows, each taken once, as a whole, with a receipt.
//!
//! | file | does |
//! | --- | --- |
//! | [`http`], [`asked`] | how files are sent and receipts read; what is said beside a file |
//! | `reader` | reads a file away from the workers, row by row |
//! | `formats` | what a CSV, a workbook or JSON has in it |
//! | [`county`] | what rows may refer to |
//! | `intake`, `kinds` | what an upload must know of a kind of row; what each kind is checked by |
//! | `judge` | judges rows |
//! | `take` | reads, judges and writes, side by side |
//! | `record` | makes the receipt and keeps it with the file |
//! | `undo` | takes an upload back |
//! | `files` | rows back to whoever sent them |
//! | [`store`] | how receipts are kept |

pub mod asked;
pub mod county;
mod files;
mod formats;
pub mod http;
mod intake;
mod judge;
mod kinds;
mod reader;
mod record;
pub mod store;
mod take;
mod undo;

use std::fs::File;

use actix_web::http::StatusCode;
use sea_orm::Condition;

use self::http::UploadFilter;
use self::intake::Intake;
use self::record::{Parcel, Recorded};
use self::store::Uploads;
use self::take::take;
use crate::domain::kept::{Kept, Resource, dangling};
use crate::domain::upload::item::{Upload as UploadItem, UploadFacts, UploadId};
use crate::domain::upload::kind::UploadKind;
use crate::domain::upload::reading::CellError;
use crate::domain::upload::receipt::{ReceiptError, UploadState};
use crate::http::Context;
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Scope, Upload};
use crate::http::once::Turn;
use crate::http::page::Listing;
use crate::resources::budget_lines::store::BudgetLines;
use crate::resources::evaluations::store::Evaluations;
use crate::resources::expenditures::store::Expenditures;
use crate::resources::indicators::store::Indicators;
use crate::resources::progress::store::Progresses;
use crate::resources::projects::store::Projects;
use crate::resources::targets::store::Targets;
use crate::resources::units;
use crate::resources::units::store::Units;
use crate::store::View;

/// An upload as it is kept.
pub type Item = Kept<UploadId, UploadFacts>;

/// What became of a file.
#[derive(Debug)]
pub enum Received {
    /// It was taken now.
    Now(Box<Item>),
    /// The same file was taken before, and this is what became of it then.
    Before(Box<Item>),
}

/// A page of the uploads a caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<UploadFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = visible(view, scope).await?.add(store::matching(&listing.filter));
    Ok(view.list::<Uploads>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, id: &UploadId) -> Result<Item, ApiError> {
    let found = view.find::<Uploads>(id).await?.ok_or(ApiError::NotFound)?;
    if let Scope::Subtree(_) = scope {
        let sender = found.facts.receipt.scope.as_ref().and_then(|unit| unit.parse().ok()).ok_or(ApiError::NotFound)?;
        units::require_visible(view, scope, &sender).await?;
    }
    Ok(found)
}

/// Those sent by tokens that are bound to a unit the caller may see.
async fn visible(view: &View<'_>, scope: &Scope) -> Result<Condition, ApiError> {
    Ok(match scope {
        Scope::County => Condition::all(),
        Scope::Subtree(top) => store::sent_by(units::store::subtree(view, top).await?),
    })
}

/// Takes a file: what is right in it is written, or nothing, and a receipt is kept either way.
///
/// # Errors
/// [`ApiError::Forbidden`]; a unit that is not the caller's to see; the database's. What is wrong in the file is in its
/// receipt.
pub async fn receive(
    context: &Context,
    caller: &Caller<Upload>,
    parcel: Parcel,
    file: File,
    turn: &Turn,
) -> Result<Received, ApiError> {
    let kind = parcel.order.kind;
    let received = match kind {
        UploadKind::Units => receive_rows::<Units>(context, caller, parcel, file, turn).await,
        UploadKind::Projects => receive_rows::<Projects>(context, caller, parcel, file, turn).await,
        UploadKind::BudgetLines => receive_rows::<BudgetLines>(context, caller, parcel, file, turn).await,
        UploadKind::Indicators => receive_rows::<Indicators>(context, caller, parcel, file, turn).await,
        UploadKind::Targets => receive_rows::<Targets>(context, caller, parcel, file, turn).await,
        UploadKind::Progress => receive_rows::<Progresses>(context, caller, parcel, file, turn).await,
        UploadKind::Expenditures => receive_rows::<Expenditures>(context, caller, parcel, file, turn).await,
        UploadKind::Evaluations => receive_rows::<Evaluations>(context, caller, parcel, file, turn).await,
    }?;
    count(kind, &received);
    Ok(received)
}

/// Counts what became of a file and its rows, for `/metrics`.
fn count(kind: UploadKind, received: &Received) {
    let Received::Now(item) = received else { return };
    let receipt = &item.facts.receipt;
    metrics::counter!("jixiao_uploads_total", "kind" => kind.code(), "state" => receipt.state.code()).increment(1);
    let rows = [
        ("created", receipt.created),
        ("updated", receipt.updated),
        ("unchanged", receipt.unchanged),
        ("rejected", receipt.rejected),
    ];
    for (outcome, rows) in rows {
        let rows = u64::try_from(rows).unwrap_or(0);
        metrics::counter!("jixiao_upload_rows_total", "kind" => kind.code(), "outcome" => outcome).increment(rows);
    }
}

async fn receive_rows<K: Intake>(
    context: &Context,
    caller: &Caller<Upload>,
    mut parcel: Parcel,
    file: File,
    turn: &Turn,
) -> Result<Received, ApiError> {
    K::admit(caller)?;
    parcel.order.together = K::TOGETHER;
    parcel.order.joined = K::JOINED;
    let id = UploadId::of(uuid::Uuid::now_v7());
    let mut write = context.begin_for(caller, Some(id.to_string())).await?;
    parcel.settle_unit(&write.view(), &caller.scope).await?;
    if !parcel.again
        && !parcel.dry_run
        && let Some(before) = known(&write.view(), &caller.scope, &parcel, context).await?
    {
        // A retry of this request is given the same answer, whatever becomes of that upload in between.
        let body = serde_json::to_string(&UploadItem::from(before.clone())).unwrap_or_default();
        turn.remember(&write, context, StatusCode::OK, None, &body).await?;
        write.commit().await?;
        return Ok(Received::Before(Box::new(before)));
    }
    let first = write.position() + 1;
    let (mut taken, file) = take::<K>(&mut write, caller, parcel.order.clone(), parcel.manner, file).await?;
    for (id, field, wrong) in K::look_around(&write.view(), &taken.touched, first - 1).await? {
        let (row, head) = (taken.seen.row(&id), &taken.head);
        let odd = CellError::at(head.place(field), wrong, None);
        taken.tally.warnings.push(ReceiptError::of(row, odd, head));
    }
    taken.tally.require_rows(&taken.head);
    taken.tally.sort();
    let outcome = taken.tally.outcome(parcel.manner.mode, taken.readable);
    let stays = outcome != UploadState::Rejected && !parcel.dry_run;
    let entries = Some((first, write.position())).filter(|(first, last)| stays && first <= last);
    let findings = record::findings::<K>(&write.view(), &taken, context).await?;
    if !stays {
        // What was written was to see what it would come to.
        drop(write);
        write = context.begin_for(caller, Some(id.to_string())).await?;
    }
    let recorded = Recorded { id, outcome, entries, findings };
    let kept = record::keep(context, caller, write, &parcel, taken, recorded, file, turn).await?;
    Ok(Received::Now(Box::new(kept)))
}

/// Takes an upload back: its rows become what they were before it, but for those that changed since or may not change.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::Forbidden`], [`ApiError::AlreadyDone`], or the database's.
pub async fn reverse(context: &Context, caller: &Caller<Upload>, id: &UploadId, turn: &Turn) -> Result<Item, ApiError> {
    let kind = get(&context.store.view(), &caller.scope, id).await?.facts.receipt.kind;
    match kind {
        UploadKind::Units => undo::reverse::<Units>(context, caller, id, turn).await,
        UploadKind::Projects => undo::reverse::<Projects>(context, caller, id, turn).await,
        UploadKind::BudgetLines => undo::reverse::<BudgetLines>(context, caller, id, turn).await,
        UploadKind::Indicators => undo::reverse::<Indicators>(context, caller, id, turn).await,
        UploadKind::Targets => undo::reverse::<Targets>(context, caller, id, turn).await,
        UploadKind::Progress => undo::reverse::<Progresses>(context, caller, id, turn).await,
        UploadKind::Expenditures => undo::reverse::<Expenditures>(context, caller, id, turn).await,
        UploadKind::Evaluations => undo::reverse::<Evaluations>(context, caller, id, turn).await,
    }
}

/// The upload of the same file this year whose rows are all in, if the caller may see it. One that was taken in part is
/// none: what kept its other rows out may be mended by now.
async fn known(view: &View<'_>, scope: &Scope, parcel: &Parcel, context: &Context) -> Result<Option<Item>, ApiError> {
    let year = context.today()?.month().year().number();
    let same = visible(view, scope).await?.add(store::same(&parcel.fingerprint(), year));
    let in_force = |item: &Item| item.facts.receipt.state == UploadState::Accepted && item.facts.reversals.is_empty();
    Ok(view.list::<Uploads>(same, None, None).await?.into_iter().find(in_force))
}

impl Parcel {
    /// A token of one unit speaks for that unit where neither file nor caller names another.
    async fn settle_unit(&mut self, view: &View<'_>, scope: &Scope) -> Result<(), ApiError> {
        if let Some(unit) = &self.order.defaults.unit {
            let bad = |wrong| ApiError::parameter("unit", wrong, unit);
            let code = unit.parse().map_err(bad)?;
            let known = units::get(view, scope, &code).await.map(drop);
            return known.map_err(|error| match error {
                ApiError::NotFound => bad(dangling("", Resource::Units, &code).into()),
                other => other,
            });
        }
        self.order.defaults.unit = scope.top().map(ToString::to_string);
        Ok(())
    }
}
