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
    /// The target of a unit above that it was handed down from (上级目标), for the same year and indicator.
    #[deserr(default)]
    pub parent: Option<TargetKey>,
    /// Why it was changed after it was approved (调整原因).
    #[deserr(default)]
    pub adjustment_reason: Option<Prose>,
    /// The document that adjusted it (调整文号).
    #[deserr(default)]
    pub adjustment_document: Option<AsPrinted>,
}

/// What a rule must know of the target that another was handed down from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// None is named, or it is there and its unit is above.
    Fair,
    /// It is not there.
    Missing,
    /// Its unit is not above.
    NotAbove,
}

/// What a rule must know beside the target itself.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// Which way is good; nothing where there is no such indicator.
    pub direction: Option<Direction>,
    /// Whether the project is there.
    pub project_known: bool,
    /// The target it was handed down from.
    pub parent: Parent,
    /// Whether the unit's targets of the year are approved.
    pub approved: bool,
    /// What was stated before.
    pub before: Option<&'a TargetFacts>,
}

impl TargetFacts {
    /// Whether a target may say this.
    ///
    /// # Errors
    /// An unknown indicator or project; a number for what is not measured in numbers; a parent that is not there, not
    /// above, or for something else; a change of what was approved that is no adjustment.
    pub fn check(&self, key: &TargetKey, basis: &Basis<'_>) -> Result<(), Violations> {
        let Basis { direction, project_known, parent, approved, before } = *basis;
        let mut broken = Violations::default();
        self.check_parent(&mut broken, key, parent);
        if approved {
            self.check_adjustment(&mut broken, before);
        }
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

    fn check_parent(&self, broken: &mut Violations, key: &TargetKey, state: Parent) {
        let Some(parent) = &self.parent else { return };
        let (year, indicator) = (parent.year == key.year, parent.indicator == key.indicator);
        broken.require(year && indicator, || {
            Wrong::new("other_target", "上级目标须为同一年度、同一指标", "must be of the same year and indicator")
                .at("/parent")
                .showing(parent)
        });
        match state {
            Parent::Missing => broken.0.push(dangling("/parent", Resource::Targets, parent)),
            Parent::NotAbove => broken.0.push(
                Wrong::new("not_above", "上级目标的单位须在本单位之上", "its unit must stand above this one")
                    .at("/parent")
                    .showing(parent),
            ),
            Parent::Fair => {}
        }
    }

    /// What was approved changes by an adjustment with a reason and a document of its own (目标调整).
    fn check_adjustment(&self, broken: &mut Violations, before: Option<&Self>) {
        let promise =
            |facts: &Self| (facts.value, facts.value_as_printed.clone(), facts.goal.clone(), facts.parent.clone());
        let adjustment = |facts: &Self| (facts.adjustment_reason.clone(), facts.adjustment_document.clone());
        if let Some(before) = before.filter(|before| promise(before) == promise(self)) {
            broken.require(adjustment(before) == adjustment(self), || {
                Wrong::new(
                    "adjustment_of_nothing",
                    "目标未变，调整原因和文号应保持原样",
                    "nothing is adjusted: reason and document stay as they are",
                )
                .at("/adjustment_document")
            });
            return;
        }
        let required = |pointer: &str| {
            Wrong::new(
                "adjustment_required",
                "目标已批复，修改须填写新的调整原因和调整文号",
                "the targets are approved: a change needs a reason and a document of its own",
            )
            .at(pointer)
        };
        broken.require(self.adjustment_reason.is_some(), || required("/adjustment_reason"));
        let used = before.and_then(|before| before.adjustment_document.as_ref());
        let new = self.adjustment_document.as_ref().is_some_and(|document| Some(document) != used);
        broken.require(new, || required("/adjustment_document"));
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
