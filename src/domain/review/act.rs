//! What an action makes of a review.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Deduction, ReviewAction, ReviewComment, ReviewFacts, ReviewState, Round, Signature};
use crate::domain::chain::Digest;
use crate::domain::codes::{AsPrinted, Name, Prose};
use crate::domain::day::Day;
use crate::domain::kept::{Resource, dangling, too_many};
use crate::domain::money::Money;
use crate::domain::period::Moment;
use crate::domain::quantity::Points;
use crate::domain::target::TargetKey;
use crate::domain::violation::{Violation, Violations, Wrong};

/// At most so many comments come at once.
pub const MOST_COMMENTS: usize = 100;

/// A comment to be pinned to a field of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct CommentInput {
    /// The resource.
    pub resource: Resource,
    /// The row's id.
    pub id: Name,
    /// JSON pointer into its facts; null for the row as a whole.
    #[deserr(default)]
    pub pointer: Option<AsPrinted>,
    /// What is to be said.
    pub text: Prose,
}

/// An answer to a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct Answer {
    /// The comment's number.
    pub number: Round,
    /// The answer.
    pub text: Prose,
}

/// What is to be done with an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ActionInput {
    /// What.
    pub action: ReviewAction,
    /// The opinion; sending back needs one, or comments.
    #[deserr(default)]
    pub opinion: Option<Prose>,
    /// The name that signs: 单位负责人, 审核人.
    #[deserr(default)]
    pub name: Option<Name>,
    /// Their title.
    #[deserr(default)]
    pub title: Option<Name>,
    /// The day until which the next step is to be done.
    #[deserr(default)]
    pub due_on: Option<Day>,
    /// When accepting: the score. Where it is left out, the unit's own less the deductions.
    #[deserr(default)]
    pub reviewed_score: Option<Points>,
    /// When accepting: points taken off the unit's own score, and why.
    #[deserr(default)]
    #[schema(max_items = 200)]
    pub deductions: Vec<Deduction>,
    /// Comments to be pinned to rows and fields.
    #[deserr(default)]
    #[schema(max_items = 100)]
    pub comments: Vec<CommentInput>,
    /// Answers to comments.
    #[deserr(default)]
    #[schema(max_items = 500)]
    pub answers: Vec<Answer>,
    /// When applying: how the result is used.
    #[deserr(default)]
    pub decision: Option<Prose>,
    /// When applying: the amount decided for the next year, 元.
    #[deserr(default)]
    pub decided_amount: Option<Money>,
    /// When applying: the document of the decision.
    #[deserr(default)]
    pub decision_document: Option<AsPrinted>,
}

/// The facts that are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedFacts {
    /// The journal's number.
    pub sequence: i64,
    /// Their digest.
    pub digest: Digest,
    /// The computed score: earned for sure.
    pub earned: Points,
    /// The computed score: at most.
    pub at_most: Points,
}

/// When and by whom something is done, and what the evaluation states.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// The token's subject.
    pub by: Name,
    /// When.
    pub at: Moment,
    /// The score the evaluation states.
    pub stated: Option<Points>,
    /// The targets it claims.
    pub claimed: Vec<TargetKey>,
    /// The day until which the next step is to be done where nobody says another.
    pub usually_due: Option<Day>,
    /// The facts as they are.
    pub accepts: AcceptedFacts,
}

/// What an action makes of a review, `next` being the state it leads to.
///
/// # Errors
/// What the action lacks, and what has no place in it.
pub fn act(
    before: &ReviewFacts,
    next: ReviewState,
    input: &ActionInput,
    occasion: &Occasion,
) -> Result<ReviewFacts, Violations> {
    use ReviewAction as Do;
    let mut broken = Violations::default();
    let mut review = ReviewFacts { state: next, ..before.clone() };
    let action = input.action;
    out_of_place(&mut broken, input);
    if action.rests_on_what_was_accepted() {
        unchanged(&mut broken, before, occasion);
    }
    pin(&mut broken, &mut review, input, occasion);
    answer(&mut broken, &mut review, input, occasion);
    match action {
        Do::Submit => {
            broken.require(review.open_comments().next().is_none(), || {
                Wrong::new("unanswered_comments", "还有批注未答复", "comments are not answered").at("/answers")
            });
            broken.require(occasion.stated.is_some(), || {
                Wrong::new("missing_score", "自评总分未填写", "the evaluation states no score").at("/action")
            });
            // What the unit does to and fro must not use up the room of those who decide.
            broken.require(before.signatures.len() < 400, || too_many("/action", 400));
            review.round = Round::new(i64::from(before.round.number()) + 1).unwrap_or(before.round);
            (review.submitted_by, review.submitted_at) = (Some(occasion.by.clone()), Some(occasion.at));
            review.due_on = input.due_on.or(occasion.usually_due);
        }
        Do::Withdraw => review.due_on = input.due_on,
        Do::Return => {
            broken.require(input.opinion.is_some() || !input.comments.is_empty(), || missing("/opinion"));
            // What was accepted is no longer.
            (review.accepted_at, review.accepted_digest) = (None, None);
            (review.accepted_earned, review.accepted_at_most) = (None, None);
            review.published_digest = None;
            (review.reviewed_score, review.deductions) = (None, Vec::new());
            (review.decision, review.decided_amount, review.decision_document) = (None, None, None);
            review.due_on = input.due_on;
        }
        Do::Accept => {
            accept(&mut broken, &mut review, input, occasion);
            review.due_on = input.due_on;
        }
        Do::Apply => {
            broken.require(input.decision.is_some(), || missing("/decision"));
            review.decision.clone_from(&input.decision);
            review.decided_amount = input.decided_amount;
            review.decision_document.clone_from(&input.decision_document);
        }
        Do::Comment => broken.require(!input.comments.is_empty(), || missing("/comments")),
        Do::Answer => broken.require(!input.answers.is_empty(), || missing("/answers")),
        Do::Endorse | Do::Publish => {}
    }
    if !matches!(action, Do::Comment | Do::Answer) {
        if input.opinion.is_some() && action != Do::Submit {
            review.opinion.clone_from(&input.opinion);
        }
        review.signatures.push(Signature {
            action,
            by: occasion.by.clone(),
            name: input.name.clone(),
            title: input.title.clone(),
            opinion: input.opinion.clone(),
            at: occasion.at,
        });
    }
    broken.into_result().map(|()| review)
}

fn missing(pointer: &str) -> Violation {
    Wrong::new("missing_field", "此操作须填写此项", "the action needs it").at(pointer)
}

/// What is published and used is what was accepted. The unit's rows are frozen; those of others that it claims are not.
fn unchanged(broken: &mut Violations, before: &ReviewFacts, occasion: &Occasion) {
    broken.require(before.accepted_digest.as_ref() == Some(&occasion.accepts.digest), || {
        Wrong::new(
            "changed_since_acceptance",
            "所依据的数据在审定后有变动，须退回后重新审定",
            "what it rests on was changed since it was accepted; it must be returned and accepted anew",
        )
        .at("/action")
    });
}

/// What would have no effect is a mistake.
fn out_of_place(broken: &mut Violations, input: &ActionInput) {
    use ReviewAction as Do;
    let action = input.action;
    let mut only = |given: bool, pointer: &str, places: &[ReviewAction]| {
        broken.require(!given || places.contains(&action), || {
            let zh = format!("“{}”不使用此项", action.zh());
            Wrong::new("not_used", zh, format!("`{action}` does not use it")).at(pointer)
        });
    };
    only(input.reviewed_score.is_some(), "/reviewed_score", &[Do::Accept]);
    only(!input.deductions.is_empty(), "/deductions", &[Do::Accept]);
    only(!input.comments.is_empty(), "/comments", &[Do::Comment, Do::Return, Do::Accept]);
    only(!input.answers.is_empty(), "/answers", &[Do::Answer, Do::Submit]);
    only(input.decision.is_some(), "/decision", &[Do::Apply]);
    only(input.decided_amount.is_some(), "/decided_amount", &[Do::Apply]);
    only(input.decision_document.is_some(), "/decision_document", &[Do::Apply]);
}

fn pin(broken: &mut Violations, review: &mut ReviewFacts, input: &ActionInput, occasion: &Occasion) {
    broken.require(input.comments.len() <= MOST_COMMENTS, || too_many("/comments", MOST_COMMENTS));
    broken.require(review.comments.len() + input.comments.len() <= 500, || too_many("/comments", 500));
    for comment in input.comments.iter().take(500) {
        let number = i64::try_from(review.comments.len()).unwrap_or(0) + 1;
        let CommentInput { resource, id, pointer, text } = comment.clone();
        review.comments.push(ReviewComment {
            number: Round::new(number).unwrap_or_else(Round::least),
            resource,
            id,
            pointer,
            text,
            by: occasion.by.clone(),
            at: occasion.at,
            answer: None,
            answered_by: None,
            answered_at: None,
        });
    }
}

fn answer(broken: &mut Violations, review: &mut ReviewFacts, input: &ActionInput, occasion: &Occasion) {
    broken.require(input.answers.len() <= 500, || too_many("/answers", 500));
    for (place, answer) in input.answers.iter().take(500).enumerate() {
        let open = review.comments.iter_mut().find(|one| one.number == answer.number && one.answer.is_none());
        match open {
            Some(comment) => {
                comment.answer = Some(answer.text.clone());
                (comment.answered_by, comment.answered_at) = (Some(occasion.by.clone()), Some(occasion.at));
            }
            None => broken.0.push(
                Wrong::new("unknown_reference", "没有这条待答复的批注", "there is no open comment of this number")
                    .at(format!("/answers/{place}/number"))
                    .showing(answer.number.number()),
            ),
        }
    }
}

/// The reviewed score is stated, or the unit's own less the deductions; never the unit's own in its place.
fn accept(broken: &mut Violations, review: &mut ReviewFacts, input: &ActionInput, occasion: &Occasion) {
    let off: Points = input.deductions.iter().map(|one| one.points).sum();
    broken.require(occasion.stated.is_none_or(|stated| off <= stated), || {
        Wrong::new("out_of_range", "扣分多于自评得分", "more is taken off than the unit claims")
            .at("/deductions")
            .showing(off)
    });
    for (place, one) in input.deductions.iter().enumerate().take(200) {
        if let Some(target) = one.target.as_ref().filter(|target| !occasion.claimed.contains(target)) {
            broken.0.push(dangling(format!("/deductions/{place}/target"), Resource::Targets, target));
        }
    }
    broken.require(input.deductions.len() <= 200, || too_many("/deductions", 200));
    let contradicts = occasion
        .stated
        .zip(input.reviewed_score)
        .is_some_and(|(stated, reviewed)| off <= stated && stated - off != reviewed);
    broken.require(!contradicts || input.deductions.is_empty(), || {
        Wrong::new(
            "contradiction",
            "审核得分应等于自评得分减扣分",
            "the score must be the stated one less the deductions",
        )
        .at("/reviewed_score")
    });
    let reviewed = input.reviewed_score.or_else(|| occasion.stated.map(|stated| (stated - off).max(Points::ZERO)));
    broken.require(reviewed.is_some(), || missing("/reviewed_score"));
    broken.require(reviewed.is_none_or(|score| score <= Points::whole(200)), || {
        Wrong::new("out_of_range", "最多 200 分", "at most 200 points").at("/reviewed_score")
    });
    review.reviewed_score = reviewed;
    review.deductions.clone_from(&input.deductions);
    let AcceptedFacts { sequence, digest, earned, at_most } = occasion.accepts.clone();
    (review.accepted_at, review.accepted_digest) = (Some(sequence), Some(digest));
    (review.accepted_earned, review.accepted_at_most) = (Some(earned), Some(at_most));
}
