//! Closings (关账): a unit's year whose rows stay as they are.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{AsPrinted, Prose, UnitCode};
use super::kept::Kept;
use super::period::Year;
use super::violation::Violations;

crate::key! {
    /// A closing's key: unit and year.
    pub struct ClosingKey {
        /// The unit; those below it are closed with it.
        unit: UnitCode,
        /// The fiscal year.
        year: Year,
    }
    example "209002:2023"
}

/// What is stated of a closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ClosingFacts {
    /// Why the year is closed.
    #[deserr(default)]
    pub reason: Option<Prose>,
    /// The document that orders it (文号).
    #[deserr(default)]
    pub document: Option<AsPrinted>,
}

/// A closed year: the projects, budget lines, targets, progress and evaluations of the unit, and of those below it, are
/// frozen until the closing is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Closing {
    /// `unit:year`.
    pub id: ClosingKey,
    /// The unit.
    pub unit: UnitCode,
    /// The fiscal year.
    pub year: Year,
    /// What was stated.
    pub facts: ClosingFacts,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<ClosingKey, ClosingFacts>> for Closing {
    fn from(kept: Kept<ClosingKey, ClosingFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let ClosingKey { unit, year } = key.clone();
        Self { id: key, unit, year, facts, revision }
    }
}
