//! Approvals (绩效目标批复): a unit's targets of a year are approved with the budget; from then on they change by
//! adjustment only.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{AsPrinted, Prose, UnitCode};
use super::kept::Kept;
use super::period::{StatedDate, Year};
use super::violation::Violations;

crate::key! {
    /// An approval's key: unit and year.
    pub struct ApprovalKey {
        /// The unit.
        unit: UnitCode,
        /// The fiscal year.
        year: Year,
    }
    example "209002:2023"
}

/// What is stated of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ApprovalFacts {
    /// The document that approves the targets (文号).
    #[deserr(default)]
    pub document: Option<AsPrinted>,
    /// When they were approved.
    #[deserr(default)]
    pub approved_on: Option<StatedDate>,
    /// A remark.
    #[deserr(default)]
    pub note: Option<Prose>,
}

/// That a unit's targets of a year are approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Approval {
    /// `unit:year`.
    pub id: ApprovalKey,
    /// The unit.
    pub unit: UnitCode,
    /// The fiscal year.
    pub year: Year,
    /// What was stated.
    pub facts: ApprovalFacts,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<ApprovalKey, ApprovalFacts>> for Approval {
    fn from(kept: Kept<ApprovalKey, ApprovalFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let ApprovalKey { unit, year } = key.clone();
        Self { id: key, unit, year, facts, revision }
    }
}
