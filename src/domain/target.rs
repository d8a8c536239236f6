//! Targets (指标值、目标任务): the value set for an indicator, by whom, for which unit and year.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{AsPrinted, Assigner, IndicatorCode, MaybeProject, Prose, UnitCode};
use super::indicator::Direction;
use super::kept::{Kept, Resource, dangling};
use super::period::Year;
use super::quantity::Quantity;
use super::violation::{Violations, Wrong};

crate::key! {
    /// A target's key: unit, year, project (may be empty), indicator and who set it.
    pub struct TargetKey {
        /// The unit that is to reach it.
        unit: UnitCode,
        /// The year it is to be reached in.
        year: Year,
        /// The project, or nothing for a target of the unit as a whole.
        project: MaybeProject,
        /// The indicator.
        indicator: IndicatorCode,
        /// Who set it.
        assigner: Assigner,
    }
    example "430922:2023::fdi:city"
}

impl TargetKey {
    /// Whether the unit set it for itself. Every other assigner stands above the unit, which must not change it.
    pub fn set_by_the_unit_itself(&self) -> bool {
        self.assigner.as_str() == "unit"
    }
}

/// What is stated of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct TargetFacts {
    /// The value to be reached, in the indicator's measure unit; null where none was set or the target is qualitative.
    #[deserr(default)]
    pub value: Option<Quantity>,
    /// The same as printed, with its unit: 15个.
    #[deserr(default)]
    pub value_as_printed: Option<AsPrinted>,
    /// What is to be reached in words, for a qualitative target.
    #[deserr(default)]
    pub goal: Option<Prose>,
    /// The document that set it (文号).
    #[deserr(default)]
    pub document: Option<AsPrinted>,
}

impl TargetFacts {
    /// Whether a target may say this of an indicator (`None`: there is no such indicator).
    ///
    /// # Errors
    /// An unknown indicator or project; a number for what is not measured in numbers.
    pub fn check(&self, key: &TargetKey, direction: Option<Direction>, project_known: bool) -> Result<(), Violations> {
        let mut broken = Violations::default();
        if direction.is_none() {
            broken.0.push(dangling("", Resource::Indicators, &key.indicator));
        }
        broken.require(project_known, || dangling("", Resource::Projects, &key.project));
        broken.require(direction != Some(Direction::Qualitative) || self.value.is_none(), || {
            Wrong::new(
                "qualitative_value",
                "定性指标没有数值目标，请填写 goal",
                "a qualitative indicator has no number to reach; state `goal`",
            )
            .at("/value")
        });
        broken.into_result()
    }
}

/// A target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Target {
    /// `unit:year:project:indicator:assigner`.
    pub id: TargetKey,
    /// The unit.
    pub unit: UnitCode,
    /// The year.
    pub year: Year,
    /// The project; empty for a target of the unit as a whole.
    pub project: MaybeProject,
    /// The indicator.
    pub indicator: IndicatorCode,
    /// Who set it.
    pub assigner: Assigner,
    /// What was stated.
    pub facts: TargetFacts,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<TargetKey, TargetFacts>> for Target {
    fn from(kept: Kept<TargetKey, TargetFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let TargetKey { unit, year, project, indicator, assigner } = key.clone();
        Self { id: key, unit, year, project, indicator, assigner, facts, revision }
    }
}
