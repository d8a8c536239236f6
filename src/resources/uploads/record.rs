//! The receipt of an upload: made, signed and kept with the file and all that is wrong in it.

use std::fs::File;
use std::io::{Read, Seek};

use actix_web::http::StatusCode;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::SecondsFormat;

use super::Item;
use super::intake::Intake;
use super::judge::{Manner, Taken};
use super::reader::Order;
use super::store::Uploads;
use crate::domain::findings::{RowPointer, judge};
use crate::domain::sheet::letters;
use crate::domain::upload::item::{Upload as UploadItem, UploadFacts, UploadId};
use crate::domain::upload::receipt::{MOST, Receipt, ReceiptColumn, ReceiptFinding, UploadState, whole};
use crate::domain::violation::shortened;
use crate::http::Context;
use crate::http::error::ApiError;
use crate::http::file::hexadecimal;
use crate::http::identity::{Caller, Upload};
use crate::http::once::Turn;
use crate::http::seal;
use crate::resources::evaluations::gather;
use crate::store::View;
use crate::store::attachment::PART;
use crate::store::write::{Expected, Write};

/// A file and what was said beside it.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub(super) order: Order,
    pub(super) manner: Manner,
    pub(super) dry_run: bool,
    pub(super) again: bool,
    pub(super) file_name: Option<String>,
    pub(super) sha256: String,
    pub(super) bytes: u64,
}

impl Parcel {
    /// What makes two uploads the same: the bytes, what they are, and what was said beside them that makes other facts
    /// of them.
    pub(super) fn fingerprint(&self) -> String {
        let Order { kind, format, .. } = &self.order;
        let given = self.order.given().into_iter().map(|one| format!(" {}={}", one.name, one.value));
        let existing = self.manner.on_existing;
        let text = format!("{kind} {format} {existing} {}{}", self.sha256, given.collect::<String>());
        hexadecimal(digest(&SHA256, text.as_bytes()).as_ref())
    }
}

/// Units and years whose findings are looked at for a receipt; more would keep the caller waiting.
const MOST_CARDS: usize = 20;

/// What the new rows raise.
#[derive(Debug, Default)]
pub(super) struct Raised {
    findings: Vec<ReceiptFinding>,
    total: i32,
    left_out: i32,
}

/// The findings that point at rows of the file.
///
/// # Errors
/// The database's.
pub(super) async fn findings<K: Intake>(view: &View<'_>, taken: &Taken, context: &Context) -> Result<Raised, ApiError> {
    let today = context.today()?;
    let looked_at: Vec<_> = taken.touched.iter().take(MOST_CARDS).cloned().collect();
    let dossiers = gather::dossiers_of(view, &looked_at, today).await?;
    let left_out = i32::try_from(taken.touched.len() - dossiers.len()).unwrap_or(i32::MAX);
    let mut raised = Raised { left_out, ..Raised::default() };
    for dossier in dossiers {
        let resource = K::RESOURCE;
        let points =
            |rows: &[RowPointer]| rows.iter().any(|row| row.resource == resource && taken.seen.row(&row.id).is_some());
        for finding in judge(&dossier).into_iter().filter(|finding| points(&finding.rows)) {
            raised.total += 1;
            if raised.findings.len() < MOST {
                raised.findings.push(finding.into());
            }
        }
    }
    Ok(raised)
}

/// What an upload came to.
pub(super) struct Recorded {
    pub(super) id: UploadId,
    pub(super) outcome: UploadState,
    pub(super) entries: Option<(i64, i64)>,
    pub(super) findings: Raised,
}

/// Makes the receipt, keeps it with the file, remembers the answer, and makes all of it true at once.
///
/// # Errors
/// The database's.
#[expect(clippy::too_many_arguments, reason = "a receipt says who, what, how, what came of it and when")]
pub(super) async fn keep(
    context: &Context,
    caller: &Caller<Upload>,
    mut write: Write,
    parcel: &Parcel,
    taken: Taken,
    recorded: Recorded,
    file: File,
    turn: &Turn,
) -> Result<Item, ApiError> {
    let Recorded { id, outcome, entries, findings } = recorded;
    let receipt = receipt(context, caller, &write, parcel, &taken, &id, outcome, findings);
    let signature = seal::sign(&context.keys, &receipt)?;
    let facts = UploadFacts { receipt, signature, reversals: Vec::new(), fingerprint: parcel.fingerprint(), entries };
    let (kept, _) = write.put::<Uploads>(id.clone(), facts, Expected::Nothing).await?;
    attach(&write, &id, "file", file).await?;
    let errors = serde_json::to_vec(&taken.tally.errors.first).unwrap_or_default();
    attach(&write, &id, "errors", errors.as_slice()).await?;
    let rows = serde_json::to_vec(&taken.tally.wrong_rows).unwrap_or_default();
    attach(&write, &id, "wrong-rows", rows.as_slice()).await?;
    let (status, location, body) = answer(&kept);
    turn.remember(&write, context, status, location.as_deref(), &body).await?;
    write.commit().await?;
    Ok(kept)
}

/// The answer to an upload: its status, its address, its body. A rejected one is an error, made from the receipt.
pub(super) fn answer(kept: &Item) -> (StatusCode, Option<String>, String) {
    let status = match kept.facts.receipt.state {
        UploadState::Accepted | UploadState::AcceptedInPart => StatusCode::CREATED,
        UploadState::DryRun => StatusCode::OK,
        UploadState::Rejected => return (StatusCode::UNPROCESSABLE_ENTITY, None, kept.key.to_string()),
    };
    let body = serde_json::to_string(&UploadItem::from(kept.clone())).unwrap_or_default();
    (status, Some(address(&kept.key)), body)
}

/// The address of an upload.
pub(super) fn address(id: &UploadId) -> String {
    format!("/v1/uploads/{id}")
}

/// Keeps bytes in parts.
async fn attach(write: &Write, id: &UploadId, name: &str, mut bytes: impl Read + MaybeSeek) -> Result<(), ApiError> {
    let failed = |error: std::io::Error| ApiError::internal(format!("the temporary file: {error}"));
    bytes.begin().map_err(failed)?;
    for number in 0.. {
        let mut part = Vec::with_capacity(PART);
        bytes.by_ref().take(PART as u64).read_to_end(&mut part).map_err(failed)?;
        if part.is_empty() {
            break;
        }
        write.attach(id.as_str(), name, number, part).await?;
    }
    Ok(())
}

/// Files are read again from their beginning.
trait MaybeSeek {
    fn begin(&mut self) -> std::io::Result<()>;
}

impl MaybeSeek for File {
    fn begin(&mut self) -> std::io::Result<()> {
        self.rewind()
    }
}

impl MaybeSeek for &[u8] {
    fn begin(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[expect(clippy::too_many_arguments, reason = "a receipt says who, what, how, what came of it and when")]
fn receipt(
    context: &Context,
    caller: &Caller<Upload>,
    write: &Write,
    parcel: &Parcel,
    taken: &Taken,
    id: &UploadId,
    outcome: UploadState,
    raised: Raised,
) -> Receipt {
    let (tally, head) = (&taken.tally, &taken.head);
    let rejected = outcome == UploadState::Rejected;
    // Nothing of a rejected upload is in, not even what would have been right.
    let of = |number: i32| if rejected { 0 } else { number };
    let (created, updated, unchanged) = (of(tally.created), of(tally.updated), of(tally.unchanged));
    let columns = head.headings.iter().enumerate().map(|(place, heading)| ReceiptColumn {
        letter: (head.row > 0).then(|| letters(place)),
        heading: shortened(&heading.text),
        field: heading.column.map(|column| column.field.to_owned()),
        unit: heading.unit.as_deref().map(shortened),
    });
    Receipt {
        upload: id.clone(),
        county: write.view().county().to_owned(),
        kind: parcel.order.kind,
        received_at: (context.now)().to_rfc3339_opts(SecondsFormat::Millis, true),
        received_from: caller.subject.clone(),
        role: caller.role.to_string(),
        scope: caller.scope.top().map(ToString::to_string),
        file_name: parcel.file_name.clone(),
        sha256: parcel.sha256.clone(),
        bytes: i64::try_from(parcel.bytes).unwrap_or(i64::MAX),
        format: parcel.order.format,
        charset: taken.charset.map(|charset| charset.to_string()),
        sheet: taken.sheet.as_deref().map(shortened),
        head_row: Some(head.row).filter(|row| *row > 0).map(whole),
        mode: parcel.manner.mode,
        on_existing: parcel.manner.on_existing,
        given: parcel.order.given(),
        columns: columns.collect(),
        state: if parcel.dry_run { UploadState::DryRun } else { outcome },
        outcome,
        received: tally.received,
        created,
        updated,
        unchanged,
        rejected: tally.received - created - updated - unchanged,
        errors: tally.errors.spelled_out(),
        errors_total: tally.errors.total,
        warnings: tally.warnings.spelled_out(),
        warnings_total: tally.warnings.total,
        asides: tally.asides.spelled_out(),
        asides_total: tally.asides.total,
        findings: raised.findings,
        findings_total: raised.total,
        findings_left_out: raised.left_out,
    }
}
