//! The receipt (回执) of an upload: what came, how it was understood, what became of it.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::head::Head;
use super::kind::UploadKind;
use super::reading::CellError;
use crate::domain::findings::{Finding, Severity};
use crate::domain::kept::Kept;
use crate::domain::sheet::letters;
use crate::domain::violation::{Violations, Wrong, shortened, visible};
use crate::domain::word::Word;

/// Errors, warnings, findings and rows that are no data: at most so many are spelled out, all are counted.
pub const MOST: usize = 100;

/// The id of an upload, a UUID that sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(String);

impl UploadId {
    /// The id of a UUID.
    pub fn of(id: impl std::fmt::Display) -> Self {
        Self(id.to_string())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for UploadId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for UploadId {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let hyphen = |place: usize| matches!(place, 8 | 13 | 18 | 23);
        let fits = |(place, byte): (usize, u8)| match byte {
            b'-' => hyphen(place),
            b'0'..=b'9' | b'a'..=b'f' => !hyphen(place),
            _ => false,
        };
        if text.len() == 36 && text.bytes().enumerate().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        Err(crate::domain::word::bad_id(Self::EXAMPLE))
    }
}

impl Word for UploadId {
    fn pattern() -> std::borrow::Cow<'static, str> {
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}".into()
    }
    const MIN_LENGTH: usize = 36;
    const MAX_LENGTH: usize = 36;
    const EXAMPLE: &'static str = "019aba5e-9c00-7000-8000-000000000001";
}

crate::word!(UploadId);

crate::choice! {
    /// What a file is.
    pub enum FileFormat {
        /// CSV, TSV or semicolons
        Csv = "csv", "CSV";
        /// An Excel workbook
        Xlsx = "xlsx", "Excel 工作簿";
        /// A JSON object a line
        Ndjson = "ndjson", "NDJSON";
        /// A JSON document
        Json = "json", "JSON";
    }
}

crate::choice! {
    /// Whether a wrong row keeps the right ones out.
    pub enum UploadMode {
        /// All rows or none
        AllOrNothing = "all_or_nothing", "全部成功才写入";
        /// The rows that are right
        ValidRows = "valid_rows", "只写入正确的行";
    }
}

crate::choice! {
    /// What happens to a row whose item is there and holds other facts; the same facts are never a change.
    pub enum OnExisting {
        /// It is changed
        Update = "update", "更新";
        /// It stays, and counts as unchanged
        Skip = "skip", "保留原值";
        /// The row is rejected
        Reject = "reject", "拒绝";
    }
}

crate::choice! {
    /// What became of an upload.
    pub enum UploadState {
        /// Every row is in
        Accepted = "accepted", "已接收";
        /// The right rows are in
        AcceptedInPart = "accepted_in_part", "部分接收";
        /// Nothing is in
        Rejected = "rejected", "未接收";
        /// Nothing was to be in; the counts say what would have been
        DryRun = "dry_run", "试运行";
    }
}

/// Something that was said beside the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations)]
pub struct ReceiptGiven {
    /// The parameter: `unit`, `year`.
    #[schema(max_length = 40)]
    pub name: String,
    /// Its value.
    #[schema(max_length = 200)]
    pub value: String,
}

/// How a column was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations)]
pub struct ReceiptColumn {
    /// Its letter in the sheet; null for JSON.
    #[schema(max_length = 3)]
    pub letter: Option<String>,
    /// Its heading as sent.
    #[schema(max_length = 100)]
    pub heading: String,
    /// The field it is; null for a column that was left out of account.
    #[schema(max_length = 40)]
    pub field: Option<String>,
    /// The unit its numbers are in, where one is known.
    #[schema(max_length = 20)]
    pub unit: Option<String>,
}

/// Something wrong, or worth a look, in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations)]
pub struct ReceiptError {
    /// The row as Excel numbers it, or the place in the list; null for the file as a whole.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub row: Option<i32>,
    /// The column's letter; null for JSON or the row as a whole.
    #[schema(max_length = 3)]
    pub column: Option<String>,
    /// The column's heading; null for the row as a whole.
    #[schema(max_length = 100)]
    pub header: Option<String>,
    /// Stable code to match on.
    #[schema(max_length = 60)]
    pub code: String,
    /// What stands there, shortened.
    #[schema(max_length = 100)]
    pub value: Option<String>,
    /// What is wrong, in Chinese.
    #[schema(max_length = 2000)]
    pub detail_zh: String,
    /// What is wrong, in English.
    #[schema(max_length = 2000)]
    pub detail_en: String,
}

impl ReceiptError {
    /// An error of a cell, with the names a person knows the cell by.
    pub fn of(row: Option<u32>, error: CellError, head: &Head) -> Self {
        let heading = error.column.and_then(|place| head.headings.get(place));
        let letter = error.column.filter(|_| head.row > 0).map(letters);
        let Wrong { code, zh, en } = match error.wrong.code {
            // The word asks for a bare decimal; of a cell less is asked.
            "not_a_number" => Wrong::new("not_a_number", "不是数字", "not a number"),
            _ => error.wrong,
        };
        Self {
            row: row.map(whole),
            column: letter,
            header: heading.map(|heading| shortened(&heading.text)),
            code: code.into(),
            value: error.value.as_deref().map(shortened),
            detail_zh: visible(&zh),
            detail_en: visible(&en),
        }
    }
}

/// A row that was not taken for data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations)]
pub struct ReceiptAside {
    /// Its number.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub row: i32,
    /// `total`, `subtotal`, `note`, `example`, `nothing_stated`.
    #[schema(max_length = 20)]
    pub reason: String,
}

/// A finding that the new rows raise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations)]
pub struct ReceiptFinding {
    /// Its id.
    #[schema(max_length = 400)]
    pub id: String,
    /// The rule.
    #[schema(max_length = 60)]
    pub rule: String,
    /// How grave it is.
    pub severity: Severity,
    /// The sentence in Chinese.
    #[schema(max_length = 4000)]
    pub detail_zh: String,
    /// The sentence in English.
    #[schema(max_length = 4000)]
    pub detail_en: String,
}

impl From<Finding> for ReceiptFinding {
    fn from(finding: Finding) -> Self {
        let Finding { id, rule, severity, detail_zh, detail_en, .. } = finding;
        Self { id: id.to_string(), rule, severity, detail_zh, detail_en }
    }
}

/// The receipt of an upload. Every row that is data is counted once: received = created + updated + unchanged + rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations)]
pub struct Receipt {
    /// The upload's id.
    pub upload: UploadId,
    /// The county's division code.
    #[schema(max_length = 9)]
    pub county: String,
    /// What the rows are.
    pub kind: UploadKind,
    /// When it was received, UTC.
    #[schema(max_length = 30, example = "2024-04-30T08:15:30Z")]
    pub received_at: String,
    /// Who sent it: the token's subject.
    #[schema(max_length = 200)]
    pub received_from: String,
    /// In which role.
    #[schema(max_length = 20)]
    pub role: String,
    /// The unit the token is bound to; null for the whole county.
    #[schema(max_length = 40)]
    pub scope: Option<String>,
    /// The file's name as told.
    #[schema(max_length = 200)]
    pub file_name: Option<String>,
    /// SHA-256 of the bytes received, hexadecimal.
    #[schema(max_length = 64)]
    pub sha256: String,
    /// How many bytes.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub bytes: i64,
    /// What the file is.
    pub format: FileFormat,
    /// The encoding it was read in; null for a workbook or where none was found.
    #[schema(max_length = 20)]
    pub charset: Option<String>,
    /// The sheet that was read; null for text.
    #[schema(max_length = 100)]
    pub sheet: Option<String>,
    /// The row of the head; null for JSON or where none was found.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub head_row: Option<i32>,
    /// Whether a wrong row keeps the right ones out.
    pub mode: UploadMode,
    /// What happens to rows that are there.
    pub on_existing: OnExisting,
    /// What the caller said beside the file.
    #[schema(max_items = 20)]
    pub given: Vec<ReceiptGiven>,
    /// How each column was understood.
    #[schema(max_items = 256)]
    pub columns: Vec<ReceiptColumn>,
    /// What became of it.
    pub state: UploadState,
    /// What would become of it, for a dry run; otherwise the same as `state`.
    pub outcome: UploadState,
    /// Rows of data in the file.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub received: i32,
    /// Rows whose item is new.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub created: i32,
    /// Rows whose item holds other facts now.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub updated: i32,
    /// Rows whose item stays as it was.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub unchanged: i32,
    /// Rows that are not in.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub rejected: i32,
    /// What is wrong, the first hundred.
    #[schema(max_items = 100)]
    pub errors: Vec<ReceiptError>,
    /// How many things are wrong.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub errors_total: i32,
    /// What is worth a look and keeps nothing out, the first hundred.
    #[schema(max_items = 100)]
    pub warnings: Vec<ReceiptError>,
    /// How many warnings there are.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub warnings_total: i32,
    /// Rows that were not taken for data, the first hundred.
    #[schema(max_items = 100)]
    pub asides: Vec<ReceiptAside>,
    /// How many there are.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub asides_total: i32,
    /// Findings that point at the new rows, the first hundred.
    #[schema(max_items = 100)]
    pub findings: Vec<ReceiptFinding>,
    /// How many there are, of the units and years looked at.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub findings_total: i32,
    /// Units and years that were too many to look at at once; ask `/v1/findings` about them.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub findings_left_out: i32,
}

/// A signature by the service's key over the canonical form (RFC 8785) of what it stands beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations)]
pub struct Signature {
    /// `Ed25519`.
    #[schema(max_length = 20)]
    pub algorithm: String,
    /// The thumbprint of the key (RFC 7638).
    #[schema(max_length = 64)]
    pub key_id: String,
    /// The signature, base64url.
    #[schema(max_length = 100)]
    pub value: String,
}

/// What an undo did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations)]
pub struct Reversal {
    /// When, UTC.
    #[schema(max_length = 30, example = "2024-04-30T08:15:30Z")]
    pub at: String,
    /// Who did it.
    #[schema(max_length = 200)]
    pub by: String,
    /// Rows that are again what they were before the upload.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub reversed: i32,
    /// Rows that stay, because somebody changed them since.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub kept: i32,
    /// Rows that stay, because they are frozen, not the caller's to change, or other rows refer to them.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub refused: i32,
    /// The rows that stay, the first hundred.
    #[schema(max_items = 100)]
    pub stay: Vec<Stay>,
}

/// A row that an undo left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations)]
pub struct Stay {
    /// The row's id.
    #[schema(max_length = 200)]
    pub id: String,
    /// `changed_since`, `frozen`, `in_use`, `forbidden` where it is not the caller's to change, or `not_valid` where
    /// what it was before may not be stated any more.
    #[schema(max_length = 20)]
    pub reason: String,
}

/// What is kept of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UploadFacts {
    /// The receipt.
    pub receipt: Receipt,
    /// Its signature.
    pub signature: Signature,
    /// What undos did.
    pub reversals: Vec<Reversal>,
    /// The digest of what makes two uploads the same: bytes, kind, and what was said beside.
    pub fingerprint: String,
    /// The first and last entry of the journal that it made.
    pub entries: Option<(i64, i64)>,
}

/// An upload (上报批次).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// The receipt.
    pub receipt: Receipt,
    /// The signature of the receipt.
    pub signature: Signature,
    /// What undos did; more than one where rows had to stay at first.
    #[schema(max_items = 100)]
    pub reversals: Vec<Reversal>,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<UploadId, UploadFacts>> for Upload {
    fn from(kept: Kept<UploadId, UploadFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let UploadFacts { receipt, signature, reversals, fingerprint: _, entries: _ } = facts;
        Self { id: key, receipt, signature, reversals, revision }
    }
}

/// A row number for JSON.
pub fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
