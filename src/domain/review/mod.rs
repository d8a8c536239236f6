//! Reviews (审核): what becomes of an evaluation after it was written. Every action is a change like any other, with its
//! entry in the journal; the reviewer's score and deductions stand beside the unit's own and never replace it.

mod act;
mod table;

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::chain::Digest;
use super::codes::{AsPrinted, Bounded, MaybeProject, Name, Prose, UnitCode};
use super::day::Day;
use super::evaluation::{EvaluationKey, EvaluationKind};
use super::grade::Grade;
use super::kept::{Kept, Resource};
use super::money::Money;
use super::period::{Moment, Year};
use super::quantity::Points;
use super::standard::Bands;
use super::target::TargetKey;
use super::violation::Violations;

pub use self::act::{AcceptedFacts, ActionInput, Answer, CommentInput, MOST_COMMENTS, Occasion, act};
pub use self::table::{Actor, ReviewAction, ReviewState};

/// Rounds of submission: 0 to 1,000.
pub type Round = Bounded<0, 1000>;

/// Points taken off by the reviewer, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct Deduction {
    /// The claimed target it is for; null for the evaluation as a whole.
    #[deserr(default)]
    pub target: Option<TargetKey>,
    /// How many points.
    pub points: Points,
    /// Why.
    pub reason: Prose,
}

/// A comment pinned to a field of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ReviewComment {
    /// Its number in the review, from 1.
    pub number: Round,
    /// The resource it is pinned to.
    pub resource: Resource,
    /// The row's id.
    pub id: Name,
    /// JSON pointer into its facts; null for the row as a whole.
    #[deserr(default)]
    pub pointer: Option<AsPrinted>,
    /// What is to be said.
    pub text: Prose,
    /// Who said it.
    pub by: Name,
    /// When.
    pub at: Moment,
    /// The answer.
    #[deserr(default)]
    pub answer: Option<Prose>,
    /// Who answered.
    #[deserr(default)]
    pub answered_by: Option<Name>,
    /// When.
    #[deserr(default)]
    pub answered_at: Option<Moment>,
}

/// Who signed an action, in the order of signing (签批链).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct Signature {
    /// What was done.
    pub action: ReviewAction,
    /// The token's subject.
    pub by: Name,
    /// The name that stands under it.
    #[deserr(default)]
    pub name: Option<Name>,
    /// Their title: 单位负责人.
    #[deserr(default)]
    pub title: Option<Name>,
    /// The opinion given with it.
    #[deserr(default)]
    pub opinion: Option<Prose>,
    /// When.
    pub at: Moment,
}

/// How far an evaluation is, and what the reviewers say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ReviewFacts {
    /// How far it is.
    pub state: ReviewState,
    /// How often it was handed in.
    pub round: Round,
    /// The day until which the next step is to be done.
    #[deserr(default)]
    pub due_on: Option<Day>,
    /// Who handed it in.
    #[deserr(default)]
    pub submitted_by: Option<Name>,
    /// When.
    #[deserr(default)]
    pub submitted_at: Option<Moment>,
    /// The score the reviewer gives.
    #[deserr(default)]
    pub reviewed_score: Option<Points>,
    /// Points taken off the unit's own score, and why.
    #[deserr(default)]
    #[schema(max_items = 200)]
    pub deductions: Vec<Deduction>,
    /// The reviewers' opinion.
    #[deserr(default)]
    pub opinion: Option<Prose>,
    /// Comments pinned to rows and fields.
    #[deserr(default)]
    #[schema(max_items = 500)]
    pub comments: Vec<ReviewComment>,
    /// Who signed what.
    #[deserr(default)]
    #[schema(max_items = 10_000)]
    pub signatures: Vec<Signature>,
    /// The journal's number at which it was accepted: read everything as it was with `?as_of=`.
    #[deserr(default)]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub accepted_at: Option<i64>,
    /// Digest of the facts that were accepted (SHA-256).
    #[deserr(default)]
    pub accepted_digest: Option<Digest>,
    /// The computed score when it was accepted: earned for sure.
    #[deserr(default)]
    pub accepted_earned: Option<Points>,
    /// The computed score when it was accepted: at most.
    #[deserr(default)]
    pub accepted_at_most: Option<Points>,
    /// Digest of what everybody may read of it (SHA-256); null while nobody may.
    #[deserr(default)]
    pub published_digest: Option<Digest>,
    /// How the result is used (结果应用).
    #[deserr(default)]
    pub decision: Option<Prose>,
    /// The amount decided for the next year, 元.
    #[deserr(default)]
    pub decided_amount: Option<Money>,
    /// The document of the decision (文号).
    #[deserr(default)]
    pub decision_document: Option<AsPrinted>,
}

impl Default for ReviewFacts {
    /// A draft that nobody has done anything with.
    fn default() -> Self {
        Self {
            state: ReviewState::Draft,
            round: Round::least(),
            due_on: None,
            submitted_by: None,
            submitted_at: None,
            reviewed_score: None,
            deductions: Vec::new(),
            opinion: None,
            comments: Vec::new(),
            signatures: Vec::new(),
            accepted_at: None,
            accepted_digest: None,
            accepted_earned: None,
            accepted_at_most: None,
            published_digest: None,
            decision: None,
            decided_amount: None,
            decision_document: None,
        }
    }
}

impl ReviewFacts {
    /// Comments without an answer.
    pub fn open_comments(&self) -> impl Iterator<Item = &ReviewComment> {
        self.comments.iter().filter(|comment| comment.answer.is_none())
    }

    /// Whether nobody but whoever submits it had a say.
    pub fn is_the_units_alone(&self) -> bool {
        let own = |one: &Signature| matches!(one.action, ReviewAction::Submit | ReviewAction::Withdraw);
        self.state == ReviewState::Draft && self.comments.is_empty() && self.signatures.iter().all(own)
    }

    /// Who handed it in.
    pub fn submitter(&self) -> Option<&str> {
        self.submitted_by.as_ref().map(Name::as_str)
    }
}

/// A review as it is shown inside its evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReviewStanding {
    /// What was done so far.
    pub facts: ReviewFacts,
    /// What the caller may do with the evaluation now.
    #[schema(max_items = 20)]
    pub allowed_actions: Vec<ReviewAction>,
    /// How many comments are not answered.
    #[schema(minimum = 0, maximum = 500)]
    pub open_comments: i32,
    /// The day until which the next step is to be done: the one that was set, or that of the standard.
    pub due_on: Option<Day>,
    /// Whether the next step is overdue.
    pub overdue: bool,
    /// Whether the facts are still those that were accepted; null before it was.
    pub unchanged_since_acceptance: Option<bool>,
    /// The grade of the reviewed score; `unknown` where there is none.
    pub reviewed_grade: Grade,
}

impl ReviewStanding {
    /// A review as somebody sees it on a day, due on another, `digest` being that of the facts as they are now.
    pub fn of(
        facts: ReviewFacts,
        (kind, unit): (EvaluationKind, &UnitCode),
        (actor, today, due_on): (&Actor, Day, Option<Day>),
        bands: Bands,
        digest: impl FnOnce() -> Digest,
    ) -> Self {
        let open = facts.open_comments().count();
        let unchanged = facts.accepted_digest.as_ref().filter(|_| facts.state.holds_the_year());
        let unchanged_since_acceptance = unchanged.map(|accepted| *accepted == digest());
        let mut allowed_actions = actor.allowed((kind, unit), facts.state, facts.submitter(), open > 0);
        // What was changed since is neither published nor used.
        allowed_actions.retain(|one| unchanged_since_acceptance != Some(false) || !one.rests_on_what_was_accepted());
        let pending = !matches!(facts.state, ReviewState::Accepted | ReviewState::Published | ReviewState::Applied);
        Self {
            allowed_actions,
            open_comments: i32::try_from(open).unwrap_or(i32::MAX),
            due_on,
            overdue: pending && due_on.is_some_and(|due| today > due),
            unchanged_since_acceptance,
            reviewed_grade: facts.reviewed_score.map_or(Grade::Unknown, |score| Grade::of(score, bands)),
            facts,
        }
    }
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Review {
    /// The evaluation's id: `unit:year:project:kind`.
    pub id: EvaluationKey,
    /// The unit evaluated.
    pub unit: UnitCode,
    /// The year.
    pub year: Year,
    /// The project; empty for the unit as a whole.
    pub project: MaybeProject,
    /// Who evaluates.
    pub kind: EvaluationKind,
    /// What was done so far.
    pub facts: ReviewFacts,
    /// What the caller may do with the evaluation now.
    #[schema(max_items = 20)]
    pub allowed_actions: Vec<ReviewAction>,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl Review {
    /// A review as somebody sees it.
    pub fn of(kept: Kept<EvaluationKey, ReviewFacts>, actor: &Actor) -> Self {
        let Kept { key, facts, revision } = kept;
        let EvaluationKey { unit, year, project, kind } = key.clone();
        let open = facts.open_comments().next().is_some();
        let allowed_actions = actor.allowed((kind, &unit), facts.state, facts.submitter(), open);
        Self { id: key, unit, year, project, kind, facts, allowed_actions, revision }
    }
}
