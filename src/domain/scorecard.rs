//! The scorecard: a unit's year on one page, stated beside computed.

use serde::Serialize;
use utoipa::ToSchema;

use super::budget_line::{BudgetLine, BudgetTotals};
use super::codes::{Assigner, IndicatorCode, MaybeProject, Name, UnitCode};
use super::completion::Completion;
use super::dossier::{Dossier, Outcome};
use super::evaluation::Evaluation;
use super::findings::{self, Finding};
use super::indicator::Direction;
use super::period::{Month, Year};
use super::project::Project;
use super::quantity::Quantity;
use super::review::Actor;
use super::target::TargetKey;
use super::unit::Unit;

crate::key! {
    /// A scorecard's key: unit and year.
    pub struct ScorecardKey {
        /// The unit.
        unit: UnitCode,
        /// The year.
        year: Year,
    }
    example "209002:2023"
}

/// A project with what its lines add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectBudget {
    /// The project.
    pub project: Project,
    /// Its totals.
    pub totals: BudgetTotals,
}

/// A unit's budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScorecardBudget {
    /// What all lines add up to, beside the stated total.
    pub totals: BudgetTotals,
    /// The same project by project.
    #[schema(max_items = 10_000)]
    pub projects: Vec<ProjectBudget>,
    /// The lines.
    #[schema(max_items = 100_000)]
    pub lines: Vec<BudgetLine>,
}

/// A target with what was reached of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TargetOutcome {
    /// The target's id.
    pub id: TargetKey,
    /// The indicator.
    pub indicator: IndicatorCode,
    /// Its name.
    pub name: Name,
    /// Its measure unit.
    pub measure_unit: Name,
    /// Which way is good.
    pub direction: Direction,
    /// The project; empty for a target of the unit as a whole.
    pub project: MaybeProject,
    /// Who set it.
    pub assigner: Assigner,
    /// The value set.
    pub target: Option<Quantity>,
    /// The value reached.
    pub actual: Option<Quantity>,
    /// The last month reported on.
    pub through: Option<Month>,
    /// How far it was reached.
    pub completion: Completion,
}

impl From<Outcome<'_>> for TargetOutcome {
    fn from(outcome: Outcome<'_>) -> Self {
        let Outcome { target, indicator, actual, through, last: _, completion } = outcome;
        let TargetKey { unit: _, year: _, project, indicator: code, assigner } = target.key.clone();
        Self {
            id: target.key.clone(),
            indicator: code,
            name: indicator.name.clone(),
            measure_unit: indicator.measure_unit.clone(),
            direction: indicator.direction,
            project,
            assigner,
            target: target.facts.value,
            actual,
            through,
            completion,
        }
    }
}

/// A unit's year on one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Scorecard {
    /// `unit:year`.
    pub id: ScorecardKey,
    /// The year.
    pub year: Year,
    /// The unit.
    pub unit: Unit,
    /// Its budget.
    pub budget: ScorecardBudget,
    /// Its own targets, with what was reached of them.
    #[schema(max_items = 100_000)]
    pub targets: Vec<TargetOutcome>,
    /// Its evaluations, each with the explained score.
    #[schema(max_items = 10_000)]
    pub evaluations: Vec<Evaluation>,
    /// What does not add up, the gravest first.
    #[schema(max_items = 100_000)]
    pub findings: Vec<Finding>,
}

impl Scorecard {
    /// The scorecard of a dossier, as somebody sees it.
    pub fn of(dossier: &Dossier, actor: &Actor) -> Self {
        let project = |kept: &super::kept::Kept<super::project::ProjectKey, super::project::ProjectFacts>| {
            let code = MaybeProject(Some(kept.key.code.clone()));
            let lines = dossier.lines_of(&code);
            ProjectBudget {
                project: kept.clone().into(),
                totals: BudgetTotals::of(lines.iter().map(|line| &line.facts), dossier.stated_executed_of(&code)),
            }
        };
        let evaluation = |stated: &super::dossier::Stated| dossier.evaluation(stated, actor);
        let facts = dossier.lines.iter().map(|line| &line.facts);
        Self {
            id: ScorecardKey { unit: dossier.unit.key.clone(), year: dossier.year },
            year: dossier.year,
            unit: dossier.unit.clone().into(),
            budget: ScorecardBudget {
                totals: BudgetTotals::of(facts, dossier.stated_executed()),
                projects: dossier.projects.iter().map(project).collect(),
                lines: dossier.lines.iter().cloned().map(BudgetLine::from).collect(),
            },
            targets: dossier.outcomes().into_iter().map(TargetOutcome::from).collect(),
            evaluations: dossier.evaluations.iter().map(evaluation).collect(),
            findings: findings::judge(dossier),
        }
    }
}
