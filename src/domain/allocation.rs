//! Allocations: how a target is handed down (目标分解), the whole set at once.

use std::collections::BTreeSet;

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{AsPrinted, Assigner, MaybeProject, ProjectCode, Prose, UnitCode};
use super::kept::too_many;
use super::quantity::Quantity;
use super::target::{TargetFacts, TargetKey};
use super::violation::{Violations, Wrong};

/// What one unit is to reach of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct AllocationInput {
    /// The unit, somewhere below the target's own.
    pub unit: UnitCode,
    /// The value it is to reach, in the indicator's measure unit.
    pub value: Quantity,
    /// The unit's project; empty for the unit as a whole.
    #[deserr(default)]
    pub project: Option<ProjectCode>,
    /// The same as printed, with its unit: 15个.
    #[deserr(default)]
    pub value_as_printed: Option<AsPrinted>,
}

/// How a target is handed down: the whole set at once. Targets that were handed down before and are not in it go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct AllocationSet {
    /// Who hands down: the assigner of the new targets. Where nothing is said, `county` for the county's own, and the code
    /// of the unit that hands down below it.
    #[deserr(default)]
    pub assigner: Option<Assigner>,
    /// The document that hands down (文号).
    #[deserr(default)]
    pub document: Option<AsPrinted>,
    /// Why it is changed after it was approved (调整原因).
    #[deserr(default)]
    pub adjustment_reason: Option<Prose>,
    /// The document that adjusts it (调整文号).
    #[deserr(default)]
    pub adjustment_document: Option<AsPrinted>,
    /// The units and what each is to reach.
    #[schema(max_items = 1000)]
    pub allocations: Vec<AllocationInput>,
}

impl AllocationSet {
    /// At most so many units at once.
    pub const MOST: usize = 1000;

    /// Whether a set may say this.
    ///
    /// # Errors
    /// Too many units, or one of them twice for one project.
    pub fn check(&self) -> Result<(), Violations> {
        let mut broken = Violations::default();
        broken.require(self.allocations.len() <= Self::MOST, || too_many("/allocations", Self::MOST));
        let mut seen = BTreeSet::new();
        for (place, one) in self.allocations.iter().enumerate() {
            broken.require(seen.insert((&one.unit, &one.project)), || {
                Wrong::new("duplicate", "同一单位出现两次", "the same unit twice")
                    .at(format!("/allocations/{place}/unit"))
                    .showing(&one.unit)
            });
        }
        broken.into_result()
    }

    /// Who hands down.
    pub fn assigner(&self, unit: &UnitCode, is_the_county: bool) -> Assigner {
        self.assigner.clone().unwrap_or_else(|| Assigner::handing_down(unit, is_the_county))
    }

    /// The target that an allocation of another becomes.
    pub fn target(&self, parent: &TargetKey, one: &AllocationInput, assigner: &Assigner) -> (TargetKey, TargetFacts) {
        let key = TargetKey {
            unit: one.unit.clone(),
            year: parent.year,
            project: MaybeProject(one.project.clone()),
            indicator: parent.indicator.clone(),
            assigner: assigner.clone(),
        };
        let facts = TargetFacts {
            value: Some(one.value),
            value_as_printed: one.value_as_printed.clone(),
            goal: None,
            document: self.document.clone(),
            parent: Some(parent.clone()),
            adjustment_reason: self.adjustment_reason.clone(),
            adjustment_document: self.adjustment_document.clone(),
        };
        (key, facts)
    }
}
