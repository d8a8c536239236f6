//! An upload as it is kept: its receipt, signed, and what undos did.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::receipt::Receipt;
use crate::domain::kept::Kept;
use crate::domain::violation::{Violations, Wrong};
use crate::domain::word::Word;

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
