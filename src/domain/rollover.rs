//! Rollovers (目标结转): a year's targets as those of the next, with what changed.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{Assigner, MaybeProject, ProjectCode, UnitCode};
use super::kept::too_many;
use super::period::Year;
use super::quantity::{Quantity, Rate};
use super::target::TargetKey;
use super::violation::{Violations, Wrong};

/// A project that goes on under another code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ProjectSuccession {
    /// The project of the year.
    pub from: ProjectCode,
    /// The project of the next, which must be there.
    pub to: ProjectCode,
}

/// A value that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct NewValue {
    /// The target of the year.
    pub target: TargetKey,
    /// The value of the next.
    pub value: Quantity,
}

/// What is rolled over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct RolloverInput {
    /// The unit.
    pub unit: UnitCode,
    /// The year whose targets are taken; they become those of the year after.
    pub year: Year,
    /// Whose targets are taken along: those set by these. Where nobody is named, those the unit set for itself; what a
    /// city will ask for next year is the city's to say.
    #[deserr(default)]
    #[schema(max_items = 20)]
    pub assigners: Vec<Assigner>,
    /// Projects that go on under another code; others keep theirs.
    #[deserr(default)]
    #[schema(max_items = 1000)]
    pub projects: Vec<ProjectSuccession>,
    /// Values that change; others stay.
    #[deserr(default)]
    #[schema(max_items = 1000)]
    pub values: Vec<NewValue>,
    /// Only shows what would be done.
    #[deserr(default)]
    #[schema(default = false)]
    pub dry_run: bool,
}

impl RolloverInput {
    /// Whether it may say this.
    ///
    /// # Errors
    /// Too much; a value for a target of another unit or year.
    pub fn check(&self) -> Result<(), Violations> {
        let mut broken = Violations::default();
        broken.require(self.assigners.len() <= 20, || too_many("/assigners", 20));
        broken.require(self.projects.len() <= 1000, || too_many("/projects", 1000));
        broken.require(self.values.len() <= 1000, || too_many("/values", 1000));
        for (place, one) in self.values.iter().enumerate() {
            broken.require(one.target.unit == self.unit && one.target.year == self.year, || {
                Wrong::new("other_target", "应为本单位本年度的目标", "must be a target of the unit and year")
                    .at(format!("/values/{place}/target"))
                    .showing(&one.target)
            });
            broken.require(self.takes(&one.target), || {
                let (zh, en) = (
                    "该下达方的目标不在结转之列，请写明 assigners",
                    "targets of this assigner are not taken along; name it in `assigners`",
                );
                Wrong::new("not_used", zh, en).at(format!("/values/{place}/target")).showing(&one.target.assigner)
            });
        }
        broken.into_result()
    }

    /// Whether those who are named set anything, `there` being those who did.
    ///
    /// # Errors
    /// An assigner without a target in the year.
    pub fn check_assigners(&self, there: &[&Assigner]) -> Result<(), Violations> {
        let mut broken = Violations::default();
        for (place, one) in self.assigners.iter().enumerate() {
            broken.require(there.contains(&one), || {
                let (zh, en) = ("该下达方本年度没有目标", "this assigner set no target in the year");
                Wrong::new("unknown_reference", zh, en).at(format!("/assigners/{place}")).showing(one)
            });
        }
        broken.into_result()
    }

    /// Whether a target is taken along.
    pub fn takes(&self, key: &TargetKey) -> bool {
        if self.assigners.is_empty() { key.set_by_the_unit_itself() } else { self.assigners.contains(&key.assigner) }
    }

    /// The target of the next year that takes a target's place, and its value.
    pub fn successor(&self, key: &TargetKey, value: Option<Quantity>) -> Option<(TargetKey, Option<Quantity>)> {
        let renamed = |code: &ProjectCode| {
            self.projects.iter().find(|one| one.from == *code).map_or_else(|| code.clone(), |one| one.to.clone())
        };
        let project = MaybeProject(key.project.0.as_ref().map(renamed));
        let value = self.values.iter().find(|one| one.target == *key).map(|one| one.value).or(value);
        Some((TargetKey { year: key.year.next()?, project, ..key.clone() }, value))
    }
}

crate::choice! {
    /// What becomes of a target in the next year.
    pub enum RolloverOutcome {
        /// It is new there.
        Created = "created", "新建";
        /// There was one already, and it stays as it is.
        Kept = "kept", "已有，保持不变";
        /// It was set by somebody whose targets are not taken along.
        NotTaken = "not_taken", "由其他下达方设定，不结转";
        /// Its project is not there in the next year.
        NoProject = "no_project", "下年没有该项目";
    }
}

/// A target, and the one of the next year that takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RolloverItem {
    /// The target of the year.
    pub from: TargetKey,
    /// The target of the next.
    pub into: TargetKey,
    /// The value of the year.
    pub value: Option<Quantity>,
    /// The value of the next.
    pub next_value: Option<Quantity>,
    /// How much more, percent; negative where less.
    pub change: Option<Rate>,
    /// Whether it is less: then a finding says so.
    pub lowered: bool,
    /// What becomes of it.
    pub outcome: RolloverOutcome,
}

impl RolloverItem {
    /// A target beside the one that takes its place.
    pub fn of(
        (from, value): (TargetKey, Option<Quantity>),
        (into, next_value): (TargetKey, Option<Quantity>),
        outcome: RolloverOutcome,
    ) -> Self {
        let pair = value.zip(next_value).map(|(this, next)| (i128::from(this.micros()), i128::from(next.micros())));
        let change = pair.and_then(|(this, next)| Rate::of(next - this, this));
        Self { from, into, value, next_value, change, lowered: pair.is_some_and(|(this, next)| next < this), outcome }
    }
}

/// A year's targets as those of the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rollover {
    /// The unit.
    pub unit: UnitCode,
    /// The year.
    pub year: Year,
    /// The year after.
    pub next_year: Year,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Target by target.
    #[schema(max_items = 100_000)]
    pub items: Vec<RolloverItem>,
}
