//! Entries of the journal as callers see them: for the auditor whole, for those who follow along as changes.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::chain::Digest;
use super::kept::Resource;
use super::upload::item::Signature;

crate::choice! {
    /// What an entry says was done.
    pub enum Operation {
        /// The row is new
        Created = "created", "新增";
        /// The row holds other facts
        Updated = "updated", "更新";
        /// The row is gone
        Deleted = "deleted", "删除";
        /// An attempt was refused; no row changed
        Refused = "refused", "拒绝";
        /// Something was done that changed no row
        Performed = "performed", "操作";
        /// Refused attempts whose time was over were let go of; no row changed
        Released = "released", "到期移出";
    }
}

/// The facts of a row as they were written, byte by byte; null where the row is gone.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Became(pub Option<Box<RawValue>>);

impl Became {
    /// Facts as the journal keeps them.
    ///
    /// # Errors
    /// They are no JSON.
    pub fn of(json: Option<String>) -> Result<Self, serde_json::Error> {
        json.map(RawValue::from_string).transpose().map(Self)
    }
}

impl utoipa::PartialSchema for Became {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, SchemaType, Type};
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
            .description(Some(
                "The facts as the resource has them, in canonical form (RFC 8785); null where the row is gone",
            ))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for Became {}

/// A change, in the order in which changes became true. Every number of the county's journal is one change or none
/// that the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Change {
    /// Its number in the county's journal; the row's revision.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub sequence: i64,
    /// When it was accepted, UTC.
    #[schema(max_length = 30, example = "2024-04-30T08:15:30.000000Z")]
    pub at: String,
    /// What was done; a row that is gone is told by `deleted`.
    pub operation: Operation,
    /// To which resource.
    pub resource: Resource,
    /// The unit whose row it is; null for what belongs to the county.
    #[schema(max_length = 40)]
    pub unit: Option<String>,
    /// The row's id.
    #[schema(max_length = 400)]
    pub id: String,
    /// What the row holds from then on.
    pub facts: Became,
}

/// Changes, and where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changes {
    /// The changes, oldest first.
    #[schema(max_items = 1000)]
    pub items: Vec<Change>,
    /// The number to go on after; always there, for what is not the caller's to see is passed by.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub next: i64,
    /// The digest of that entry, to be said with it: it tells this journal from one that was put back to an earlier day and
    /// went on otherwise. Null where the entry has none.
    pub digest: Option<Digest>,
}

/// A row as it was at a moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnapshotRow {
    /// The resource.
    pub resource: Resource,
    /// The unit whose row it is; null for what belongs to the county.
    #[schema(max_length = 40)]
    pub unit: Option<String>,
    /// The row's id.
    #[schema(max_length = 400)]
    pub id: String,
    /// Its revision: the number of the change that made it so.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
    /// What it held.
    pub facts: Became,
}

/// A part of all rows as they were at a moment, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnapshotPage {
    /// The number of the journal they stand at: the feed goes on after it.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub at: i64,
    /// The digest of that entry, to be said with it to the feed; null where the entry has none.
    pub digest: Option<Digest>,
    /// The rows.
    #[schema(max_items = 1000)]
    pub items: Vec<SnapshotRow>,
    /// The revision to go on after, with the same `at`; null on the last page.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub next: Option<i64>,
}

/// An entry of the journal, whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct JournalEntry {
    /// The county.
    #[schema(max_length = 9)]
    pub county: String,
    /// Its number, from 1, without gaps, in the order in which changes became true.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub sequence: i64,
    /// When it was accepted, UTC, with microseconds.
    #[schema(max_length = 30, example = "2024-04-30T08:15:30.000000Z")]
    pub at: String,
    /// Who did it: the token's subject.
    #[schema(max_length = 200)]
    pub actor: String,
    /// In which role.
    #[schema(max_length = 20)]
    pub role: String,
    /// The token's id; null for whoever sat at the machine.
    #[schema(max_length = 100)]
    pub token: Option<String>,
    /// The address the request came from; null likewise.
    #[schema(max_length = 60)]
    pub address: Option<String>,
    /// The request.
    #[schema(max_length = 64)]
    pub request_id: String,
    /// The upload it came with; null for a single change.
    #[schema(max_length = 36)]
    pub upload: Option<String>,
    /// What was done.
    pub operation: Operation,
    /// To which resource; `access` where no row changed: attempts that were refused, what was done beside rows.
    #[schema(max_length = 40)]
    pub resource: String,
    /// The unit whose row it is; null for what belongs to the county. Of a refused attempt the unit the token is bound to.
    #[schema(max_length = 40)]
    pub unit: Option<String>,
    /// The row's id. Of a refused attempt what was asked: method and path.
    #[schema(max_length = 400)]
    pub id: String,
    /// What the row holds from then on. Of a refused attempt the answer: `at`, `status`, `code`.
    pub became: Became,
    /// The SHA-256 of the entry and of all before it, hexadecimal; null for entries that are older than the chain.
    #[schema(max_length = 64)]
    pub digest: Option<String>,
}

/// The newest entry of the journal, to be kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JournalHead {
    /// The county.
    #[schema(max_length = 9)]
    pub county: String,
    /// Its number; 0 before the first.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub sequence: i64,
    /// Its digest; zeros before the first.
    #[schema(max_length = 64)]
    pub digest: String,
    /// When this was said, UTC.
    #[schema(max_length = 30, example = "2024-04-30T08:15:30.000000Z")]
    pub at: String,
}

/// The head of the journal, signed by the service's key.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedHead {
    /// The head.
    pub head: JournalHead,
    /// The signature over its canonical form (RFC 8785).
    pub signature: Signature,
}
