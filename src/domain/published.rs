//! What everybody may read of a published evaluation (绩效公开): figures, scores and reasons, and nobody's name. It is made
//! once, when the evaluation is published, and kept: only the decision is added; a field that is added later may be missing.

use serde::Serialize;
use utoipa::ToSchema;

use super::budget_line::BudgetTotals;
use super::codes::{MaybeProject, Name, Prose, SchemeCode, UnitCode};
use super::completion::Completion;
use super::dossier::{Dossier, Stated};
use super::evaluation::{EvaluationFacts, EvaluationKey, EvaluationKind};
use super::grade::Grade;
use super::money::Balance;
use super::period::Year;
use super::quantity::{Points, Quantity};
use super::redaction::without_persons;
use super::review::ReviewFacts;

/// A target of a published evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublishedTarget {
    /// The indicator's name.
    pub name: Name,
    /// Its measure unit.
    pub measure_unit: Name,
    /// The value set.
    pub target: Option<Quantity>,
    /// The value reached.
    pub actual: Option<Quantity>,
    /// How far it was reached.
    pub completion: Completion,
    /// The reason for the deviation, without names.
    pub deviation_reason: Option<Prose>,
    /// What will be done about it, without names.
    pub improvement: Option<Prose>,
}

/// A published evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublishedEvaluation {
    /// `unit:year:project:kind`.
    pub id: EvaluationKey,
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub unit_name: Name,
    /// The year.
    pub year: Year,
    /// The project; empty for the unit as a whole.
    pub project: MaybeProject,
    /// Its name.
    pub project_name: Option<Name>,
    /// Who evaluated.
    pub kind: EvaluationKind,
    /// The scheme.
    pub scheme: SchemeCode,
    /// The score the evaluation states.
    pub stated_score: Option<Points>,
    /// The score its scheme gave when it was accepted: earned for sure.
    pub computed_score: Option<Points>,
    /// The same if everything that was not known were earned.
    pub computed_score_at_most: Option<Points>,
    /// The score the reviewer gave.
    pub reviewed_score: Option<Points>,
    /// Its grade.
    pub grade: Grade,
    /// The money, 元.
    pub totals: BudgetTotals,
    /// The targets it claims.
    #[schema(max_items = 200)]
    pub targets: Vec<PublishedTarget>,
    /// The reviewers' opinion, without names.
    pub opinion: Option<Prose>,
    /// How the result is used, without names.
    pub decision: Option<Prose>,
    /// The amount decided for the next year, 元.
    pub decided_amount: Option<Balance>,
}

/// The fields of persons of an evaluation and its review: whoever is named there is not named in prose.
fn persons<'a>(facts: &'a EvaluationFacts, review: &'a ReviewFacts) -> Vec<&'a str> {
    let signed = review.signatures.iter().filter_map(|one| one.name.as_ref());
    facts.contact.iter().chain(&facts.signed_by).chain(signed).map(Name::as_str).collect()
}

/// What everybody may read of an evaluation that is published, as JSON to be kept.
///
/// # Errors
/// None that is known: words, numbers and lists of them always serialise.
pub fn body(dossier: &Dossier, stated: &Stated, review: &ReviewFacts) -> Result<String, serde_json::Error> {
    serde_json::to_string(&PublishedEvaluation::of(dossier, stated, review))
}

/// The same with the decision that was made of it; nothing else of it changes any more.
///
/// # Errors
/// What was kept is no JSON.
pub fn with_decision(body: &str, stated: &Stated, review: &ReviewFacts) -> Result<String, serde_json::Error> {
    let mut shown: serde_json::Value = serde_json::from_str(body)?;
    let names = persons(&stated.facts, review);
    let decision = review.decision.as_ref().and_then(|text| without_persons(text, &names));
    shown["decision"] = serde_json::to_value(decision)?;
    shown["decided_amount"] = serde_json::to_value(review.decided_amount.map(Balance::from))?;
    serde_json::to_string(&shown)
}

impl PublishedEvaluation {
    /// What everybody may read of an evaluation that was published.
    fn of(dossier: &Dossier, stated: &Stated, review: &ReviewFacts) -> Self {
        let EvaluationKey { unit, year, project, kind } = stated.key.clone();
        let facts = &stated.facts;
        let names = persons(facts, review);
        let hide = |text: Option<&Prose>| without_persons(text?, &names);
        let targets = dossier.claims(stated).into_iter().map(|(assessed, outcome)| PublishedTarget {
            name: outcome.indicator.name.clone(),
            measure_unit: outcome.indicator.measure_unit.clone(),
            target: outcome.target.facts.value,
            actual: outcome.actual,
            completion: outcome.completion,
            deviation_reason: hide(assessed.deviation_reason.as_ref()),
            improvement: hide(assessed.improvement.as_ref()),
        });
        let project_name = dossier.projects.iter().find(|one| Some(&one.key.code) == project.0.as_ref());
        Self {
            id: stated.key.clone(),
            unit,
            unit_name: dossier.unit.facts.name.clone(),
            year,
            project,
            project_name: project_name.map(|one| one.facts.name.clone()),
            kind,
            scheme: facts.scheme.clone(),
            stated_score: facts.stated_score,
            computed_score: review.accepted_earned,
            computed_score_at_most: review.accepted_at_most,
            reviewed_score: review.reviewed_score,
            grade: review.reviewed_score.map_or(Grade::Unknown, |score| Grade::of(score, dossier.standard.bands())),
            totals: dossier.totals(stated),
            targets: targets.collect(),
            opinion: hide(review.opinion.as_ref()),
            decision: hide(review.decision.as_ref()),
            decided_amount: review.decided_amount.map(Balance::from),
        }
    }
}
