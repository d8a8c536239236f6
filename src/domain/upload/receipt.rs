//! The receipt (回执) of an upload: what came, how it was understood, what became of it.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::head::Head;
use super::item::UploadId;
use super::kind::UploadKind;
use super::reading::CellError;
use crate::domain::findings::{Finding, Severity};
use crate::domain::sheet::letters;
use crate::domain::violation::{Violations, Wrong, shortened, visible};

/// Errors, warnings, findings and rows that are no data: at most so many are spelled out, all are counted.
pub const MOST: usize = 100;

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

/// A row number for JSON.
pub fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
