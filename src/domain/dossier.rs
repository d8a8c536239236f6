//! The dossier: everything the rules look at for one unit and year, gathered before they are asked.

use std::collections::BTreeMap;

use super::budget_line::{BudgetLineFacts, BudgetLineKey, BudgetTotals};
use super::chain::{Digest, canonical};
use super::codes::{EconomicCode, IndicatorCode, MaybeProject, ProjectCode, SchemeCode, UnitCode};
use super::completion::Completion;
use super::day::Day;
use super::evaluation::{
    AssessedTarget, Evaluation, EvaluationComputed, EvaluationFacts, EvaluationKey, EvaluationKind,
};
use super::indicator::IndicatorFacts;
use super::kept::{Kept, Resource};
use super::money::Money;
use super::period::{Month, Year};
use super::progress::{self, ProgressFacts, ProgressKey};
use super::project::{ProjectFacts, ProjectKey};
use super::quantity::Quantity;
use super::review::{Actor, ReviewFacts, ReviewStanding, ReviewState};
use super::scheme::SchemeFacts;
use super::scoring::{Score, Scored, Subject};
use super::standard::StandardFacts;
use super::target::{TargetFacts, TargetKey};
use super::unit::UnitFacts;
use super::webhook::Silenced;

/// A kept budget line.
pub type Line = Kept<BudgetLineKey, BudgetLineFacts>;
/// A kept target.
pub type SetTarget = Kept<TargetKey, TargetFacts>;
/// A kept evaluation.
pub type Stated = Kept<EvaluationKey, EvaluationFacts>;

/// All rows that concern one unit and year.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// The unit.
    pub unit: Kept<UnitCode, UnitFacts>,
    /// The year.
    pub year: Year,
    /// The day it is read on; a target of a year that is not over has not been left unreported.
    pub today: Day,
    /// The unit's projects of the year.
    pub projects: Vec<Kept<ProjectKey, ProjectFacts>>,
    /// The unit's budget lines of the year.
    pub lines: Vec<Line>,
    /// Official names of the classes the lines use.
    pub class_names: BTreeMap<EconomicCode, String>,
    /// The unit's own targets of the year.
    pub targets: Vec<SetTarget>,
    /// Targets that were handed down from them.
    pub handed_down: Vec<SetTarget>,
    /// The unit right above each, where something was handed down to the unit or by it.
    pub above: BTreeMap<UnitCode, UnitCode>,
    /// The unit's own targets of the year after.
    pub next_targets: Vec<SetTarget>,
    /// Targets of any unit that the evaluations claim.
    pub claimed: Vec<SetTarget>,
    /// Every indicator that is mentioned.
    pub indicators: BTreeMap<IndicatorCode, IndicatorFacts>,
    /// What the units of those targets reported in the year.
    pub progress: Vec<Kept<ProgressKey, ProgressFacts>>,
    /// The thresholds and bands of the year.
    pub standard: StandardFacts,
    /// The schemes its evaluations are scored by.
    pub schemes: BTreeMap<SchemeCode, SchemeFacts>,
    /// The evaluations of the unit and year.
    pub evaluations: Vec<Stated>,
    /// How far its evaluations are.
    pub reviews: Vec<Kept<EvaluationKey, ReviewFacts>>,
    /// Webhooks about the unit that the service disabled in the year.
    pub silenced: Vec<Silenced>,
}

/// A target with what was reached of it.
#[derive(Debug, Clone)]
pub struct Outcome<'a> {
    /// The target.
    pub target: &'a SetTarget,
    /// Its indicator.
    pub indicator: &'a IndicatorFacts,
    /// The year's actual.
    pub actual: Option<Quantity>,
    /// The last month reported on.
    pub through: Option<Month>,
    /// The last row reported.
    pub last: Option<&'a Kept<ProgressKey, ProgressFacts>>,
    /// How far the target was reached.
    pub completion: Completion,
}

impl Dossier {
    /// The unit's own targets, in the order of the form, with what was reached of them.
    pub fn outcomes(&self) -> Vec<Outcome<'_>> {
        in_order(self.targets.iter().filter_map(|target| self.outcome(target)).collect())
    }

    /// The unit's own targets and those its evaluations claim, each once.
    pub fn all_outcomes(&self) -> Vec<Outcome<'_>> {
        let claimed = self.claimed.iter().filter(|target| target.key.unit != self.unit.key);
        in_order(self.targets.iter().chain(claimed).filter_map(|target| self.outcome(target)).collect())
    }

    /// What was reached of one target.
    pub fn outcome<'a>(&'a self, target: &'a SetTarget) -> Option<Outcome<'a>> {
        let indicator = self.indicators.get(&target.key.indicator)?;
        let months: Vec<_> = self
            .progress
            .iter()
            .filter(|row| row.key.unit == target.key.unit && row.key.indicator == target.key.indicator)
            .filter(|row| row.key.month.year() == target.key.year)
            .collect();
        let reached = progress::actual(indicator, &months);
        let actual = reached.map(|(value, _)| value);
        Some(Outcome {
            target,
            indicator,
            actual,
            through: reached.map(|(_, month)| month),
            last: months.iter().copied().max_by_key(|row| row.key.month),
            completion: Completion::of(indicator.direction, target.facts.value, actual),
        })
    }

    /// The targets an evaluation claims, with what it states of each and what was reached.
    pub fn claims<'a>(&'a self, evaluation: &'a Stated) -> Vec<(&'a AssessedTarget, Outcome<'a>)> {
        let find = |assessed: &AssessedTarget| self.claimed.iter().find(|target| target.key == assessed.target);
        evaluation
            .facts
            .indicators
            .iter()
            .filter_map(|assessed| Some((assessed, self.outcome(find(assessed)?)?)))
            .collect()
    }

    /// The lines of a project, or all of them for the unit as a whole.
    pub fn lines_of<'a>(&'a self, project: &'a MaybeProject) -> Vec<&'a Line> {
        let wanted = |line: &&Line| project.0.as_ref().is_none_or(|project| line.key.project == *project);
        self.lines.iter().filter(wanted).collect()
    }

    /// What the lines of an evaluation's project add up to, beside the total it states.
    pub fn totals(&self, evaluation: &Stated) -> BudgetTotals {
        let lines = self.lines_of(&evaluation.key.project);
        BudgetTotals::of(lines.iter().map(|line| &line.facts), evaluation.facts.stated_executed)
    }

    /// The score an evaluation's claims are worth.
    pub fn score(&self, evaluation: &Stated) -> Score {
        self.score_with(evaluation, &self.totals(evaluation))
    }

    /// The score an evaluation's claims are worth with this money.
    fn score_with(&self, evaluation: &Stated, totals: &BudgetTotals) -> Score {
        let claims = self.claims(evaluation);
        let scored: Vec<_> = claims
            .iter()
            .map(|(assessed, outcome)| Scored {
                target: Some(&outcome.target.key),
                code: &outcome.target.key.indicator,
                indicator: outcome.indicator,
                weight: assessed.weight,
                value: outcome.target.facts.value,
                actual: outcome.actual,
            })
            .collect();
        let (code, subject) =
            (&evaluation.facts.scheme, Subject { scored: &scored, totals, bands: self.standard.bands() });
        match self.schemes.get(code) {
            Some(scheme) => Score::of(code, scheme, subject),
            None => Score::unknown(code, subject.bands),
        }
    }

    /// What is computed beside an evaluation.
    pub fn computed(&self, evaluation: &Stated) -> EvaluationComputed {
        self.computed_with(evaluation, self.totals(evaluation))
    }

    /// What is computed beside an evaluation with this money.
    pub fn computed_with(&self, evaluation: &Stated, totals: BudgetTotals) -> EvaluationComputed {
        EvaluationComputed { score: self.score_with(evaluation, &totals), totals }
    }

    /// How far an evaluation is, as somebody sees it.
    pub fn standing(&self, evaluation: &Stated, actor: &Actor) -> ReviewStanding {
        let facts = self.review(&evaluation.key).cloned().unwrap_or_default();
        let seen = (actor, self.today, self.due(evaluation));
        ReviewStanding::of(facts, (evaluation.key.kind, &evaluation.key.unit), seen, self.standard.bands(), || {
            self.seal(evaluation)
        })
    }

    /// The day until which the next step of an evaluation is to be done: the one that was set, or, for what the unit has
    /// not handed in, that of the standard. What says that it was handed in on paper is not waited for.
    pub fn due(&self, evaluation: &Stated) -> Option<Day> {
        let review = self.review(&evaluation.key);
        if let Some(due) = review.and_then(|review| review.due_on) {
            return Some(due);
        }
        let waiting = review.is_none_or(|review| review.state == ReviewState::Draft);
        let own = evaluation.key.kind == EvaluationKind::SelfEvaluation && evaluation.facts.submitted_on.is_none();
        self.year.next().filter(|_| waiting && own).and_then(|next| self.standard.self_evaluation_due.of(next))
    }

    /// What was done with an evaluation so far.
    pub fn review(&self, key: &EvaluationKey) -> Option<&ReviewFacts> {
        self.reviews.iter().find(|review| review.key == *key).map(|review| &review.facts)
    }

    /// An evaluation with all that is computed beside it.
    pub fn evaluation(&self, stated: &Stated, actor: &Actor) -> Evaluation {
        Evaluation::of(stated.clone(), self.computed(stated), self.standing(stated, actor))
    }

    /// The digest of everything an evaluation rests on: its own facts, its project and lines, its project's targets and
    /// those it claims, what was reported of them, what their indicators mean, the scheme and the bands.
    pub fn seal(&self, evaluation: &Stated) -> Digest {
        let mut text = String::new();
        let mut add = |resource: Resource, id: String, facts: Result<String, serde_json::Error>| {
            // Words, and structs and lists of words, always serialise.
            text.extend([resource.code(), " ", &id, " ", &facts.unwrap_or_default(), "\n"]);
        };
        let project = &evaluation.key.project;
        let of_project = |code: &ProjectCode| project.0.as_ref().is_none_or(|project| project == code);
        add(Resource::Evaluations, evaluation.key.to_string(), canonical(&evaluation.facts));
        for one in self.projects.iter().filter(|one| of_project(&one.key.code)) {
            add(Resource::Projects, one.key.to_string(), canonical(&one.facts));
        }
        for line in self.lines_of(project) {
            add(Resource::BudgetLines, line.key.to_string(), canonical(&line.facts));
        }
        let of_the_project = self.targets.iter().filter(|target| target.key.project == *project);
        let claims = |target: &&SetTarget| evaluation.facts.indicators.iter().any(|one| one.target == target.key);
        let targets: BTreeMap<_, _> = of_the_project
            .chain(self.claimed.iter().filter(claims))
            .map(|target| (&target.key, &target.facts))
            .collect();
        for (key, facts) in &targets {
            add(Resource::Targets, key.to_string(), canonical(facts));
        }
        let concerns = |unit: &UnitCode, indicator: &IndicatorCode| {
            targets.keys().any(|target| target.unit == *unit && target.indicator == *indicator)
        };
        for row in self.progress.iter().filter(|row| row.key.month.year() == self.year) {
            if concerns(&row.key.unit, &row.key.indicator) {
                add(Resource::Progress, row.key.to_string(), canonical(&row.facts));
            }
        }
        // What the figures mean, and how they are scored.
        for (code, facts) in &self.indicators {
            if targets.keys().any(|target| target.indicator == *code) {
                add(Resource::Indicators, code.to_string(), canonical(facts));
            }
        }
        let scheme = &evaluation.facts.scheme;
        add(Resource::Schemes, scheme.to_string(), canonical(&self.schemes.get(scheme)));
        let bands = self.standard.bands();
        let bands = [bands.excellent, bands.good, bands.fair].map(|edge| edge.to_string());
        add(Resource::Standards, self.year.to_string(), canonical(&bands));
        Digest::of(&text)
    }

    /// The total spent on a project as its self-evaluation states it.
    pub fn stated_executed_of(&self, project: &MaybeProject) -> Option<Money> {
        let own = |one: &&Stated| one.key.kind == EvaluationKind::SelfEvaluation && one.key.project == *project;
        self.evaluations.iter().find(own)?.facts.stated_executed
    }

    /// The total spent as the unit's self-evaluations state it: that of the unit as a whole, or the sum of its
    /// projects' where every project with lines has one; otherwise unknown.
    pub fn stated_executed(&self) -> Option<Money> {
        if let Some(whole) = self.stated_executed_of(&MaybeProject(None)) {
            return Some(whole);
        }
        let mut projects: Vec<_> = self.lines.iter().map(|line| line.key.project.clone()).collect();
        projects.dedup();
        let sum = projects
            .into_iter()
            .map(|project| self.stated_executed_of(&MaybeProject(Some(project))).map(Money::fen))
            .try_fold(0_i64, |sum, one| sum.checked_add(one?));
        sum.filter(|_| !self.lines.is_empty()).map(Money::of_fen)
    }
}

/// In the order of the form; indicators without a place come last, in the order of their codes.
fn in_order(mut outcomes: Vec<Outcome<'_>>) -> Vec<Outcome<'_>> {
    outcomes.sort_by_key(|outcome| (outcome.indicator.place.is_none(), outcome.indicator.place));
    outcomes
}
