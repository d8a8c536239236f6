//! Rectification (整改): a notice about something that does not add up, the unit's answer, and its closing.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{AsPrinted, Name, Prose, RectificationCode, UnitCode};
use super::day::Day;
use super::evaluation::EvaluationKey;
use super::findings::{Finding, FindingId};
use super::kept::{Kept, too_many};
use super::period::{Moment, Year};
use super::review::{Actor, ReviewComment, ReviewFacts, Round};
use super::violation::{Violations, Wrong};

crate::key! {
    /// A notice's key: unit, year and its number.
    pub struct RectificationKey {
        /// The unit that is to put it right.
        unit: UnitCode,
        /// The year it is about.
        year: Year,
        /// Its number in the year.
        code: RectificationCode,
    }
    example "209002:2023:1"
}

crate::choice! {
    /// How far a notice is.
    pub enum RectificationState {
        /// The unit is to answer (待整改)
        Open = "open", "待整改";
        /// The unit answered (已答复)
        Answered = "answered", "已答复";
        /// It is done (已销号)
        Closed = "closed", "已销号";
    }
}

crate::choice! {
    /// What is done with a notice.
    pub enum RectificationAction {
        /// Say what was done
        Answer = "answer", "答复";
        /// Accept the answer
        Close = "close", "销号";
        /// Ask for more
        Reopen = "reopen", "重新整改";
    }
}

impl RectificationState {
    /// The state an action leads to, if it may be done in this one.
    pub const fn after(self, action: RectificationAction) -> Option<Self> {
        use RectificationAction as Do;
        match (self, action) {
            (Self::Open | Self::Answered, Do::Answer) => Some(Self::Answered),
            (Self::Answered, Do::Close) => Some(Self::Closed),
            (Self::Answered | Self::Closed, Do::Reopen) => Some(Self::Open),
            _ => None,
        }
    }
}

/// A comment of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct CommentRef {
    /// The evaluation that the comment is about.
    pub evaluation: EvaluationKey,
    /// Its number in the review, from 1.
    pub number: Round,
}

/// A notice to be given: about a finding, a comment, or whatever it demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct NoticeInput {
    /// The id of the finding it is about, of the unit and year; null where it is about none.
    #[deserr(default)]
    pub finding: Option<FindingId>,
    /// The comment it is about, in a review of the unit and year; null where it is about none.
    #[deserr(default)]
    pub comment: Option<CommentRef>,
    /// What is to be put right; null for the finding's own sentence, or the comment's.
    #[deserr(default)]
    pub demand: Option<Prose>,
}

/// Notices to be given to a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct NoticesInput {
    /// The unit.
    pub unit: UnitCode,
    /// The year.
    pub year: Year,
    /// The day until which an answer is due; null for as many days from today as the standard gives.
    #[deserr(default)]
    pub due_on: Option<Day>,
    /// The document (文号).
    #[deserr(default)]
    pub document: Option<AsPrinted>,
    /// The notices.
    #[deserr(default)]
    #[schema(max_items = 200)]
    pub notices: Vec<NoticeInput>,
    /// Also one for every finding of the unit and year that has none yet.
    #[deserr(default)]
    #[schema(default = false)]
    pub every_finding: bool,
}

impl NoticesInput {
    /// Whether it may say this.
    ///
    /// # Errors
    /// Nothing, too much, or a notice about nothing.
    pub fn check(&self) -> Result<(), Violations> {
        let mut broken = Violations::default();
        broken.require(self.notices.len() <= 200, || too_many("/notices", 200));
        broken.require(self.every_finding || !self.notices.is_empty(), || {
            Wrong::new("missing_field", "须至少一项", "there must be at least one").at("/notices")
        });
        for (place, one) in self.notices.iter().enumerate() {
            broken.require(one.finding.is_some() || one.comment.is_some() || one.demand.is_some(), || {
                Wrong::new(
                    "missing_field",
                    "没有疑点或批注时须写明整改要求",
                    "a notice about no finding and no comment says what is to be done",
                )
                .at(format!("/notices/{place}/demand"))
            });
        }
        broken.into_result()
    }
}

/// A notice that says what is to be put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The finding it is about.
    pub finding: Option<FindingId>,
    /// The comment it is about.
    pub comment: Option<CommentRef>,
    /// What is to be put right.
    pub demand: Prose,
}

/// A finding's own words, as many as a notice holds.
fn words_of(finding: &Finding) -> Option<Prose> {
    finding.detail_zh.chars().take(4000).collect::<String>().parse().ok()
}

impl NoticesInput {
    /// The notices to be given, `found` being the findings of the unit and year, `reviews` the reviews of its evaluations,
    /// `handled` the findings that have a notice.
    ///
    /// # Errors
    /// Findings and comments that are not there.
    pub fn notices(
        &self,
        found: &[Finding],
        reviews: &[Kept<EvaluationKey, ReviewFacts>],
        handled: &[&FindingId],
    ) -> Result<Vec<Notice>, Violations> {
        let mut broken = Violations::default();
        let mut unknown = |place: usize, field: &str, zh: &str, en: &str| {
            broken.0.push(Wrong::new("unknown_reference", zh, en).at(format!("/notices/{place}/{field}")));
        };
        let mut notices: Vec<Notice> = Vec::new();
        for (place, NoticeInput { finding, comment, demand }) in self.notices.iter().cloned().enumerate() {
            let named = finding.as_ref().map(|id| found.iter().find(|one| one.id == *id));
            let pinned = comment.as_ref().map(|one| one.among(reviews));
            if named == Some(None) {
                unknown(place, "finding", "没有这个疑点", "there is no such finding");
            }
            if pinned == Some(None) {
                unknown(place, "comment", "没有这条批注", "there is no such comment");
            }
            let own_words = || named.flatten().and_then(words_of).or_else(|| Some(pinned.flatten()?.text.clone()));
            notices.extend(demand.or_else(own_words).map(|demand| Notice { finding, comment, demand }));
        }
        broken.into_result()?;
        if self.every_finding {
            let handled_now: Vec<_> =
                handled.iter().copied().chain(notices.iter().filter_map(|one| one.finding.as_ref())).cloned().collect();
            let new = found.iter().filter(|finding| !handled_now.contains(&finding.id));
            notices.extend(new.filter_map(|one| {
                Some(Notice { finding: Some(one.id.clone()), comment: None, demand: words_of(one)? })
            }));
        }
        Ok(notices)
    }
}

impl CommentRef {
    /// The comment itself.
    fn among<'a>(&self, reviews: &'a [Kept<EvaluationKey, ReviewFacts>]) -> Option<&'a ReviewComment> {
        let review = reviews.iter().find(|review| review.key == self.evaluation)?;
        review.facts.comments.iter().find(|one| one.number == self.number)
    }
}

/// What is stated of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct RectificationFacts {
    /// How far it is.
    pub state: RectificationState,
    /// The finding it is about.
    #[deserr(default)]
    pub finding: Option<FindingId>,
    /// The comment it is about.
    #[deserr(default)]
    pub comment: Option<CommentRef>,
    /// What is to be put right.
    pub demand: Prose,
    /// The document (文号).
    #[deserr(default)]
    pub document: Option<AsPrinted>,
    /// The day until which an answer is due.
    pub due_on: Day,
    /// Who gave it.
    pub opened_by: Name,
    /// When.
    pub opened_at: Moment,
    /// What the unit did about it.
    #[deserr(default)]
    pub answer: Option<Prose>,
    /// Who answered.
    #[deserr(default)]
    pub answered_by: Option<Name>,
    /// When.
    #[deserr(default)]
    pub answered_at: Option<Moment>,
    /// What was said when it was closed or opened again.
    #[deserr(default)]
    pub remark: Option<Prose>,
    /// Who closed it.
    #[deserr(default)]
    pub closed_by: Option<Name>,
    /// When.
    #[deserr(default)]
    pub closed_at: Option<Moment>,
}

/// What is to be done with a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct RectificationInput {
    /// What.
    pub action: RectificationAction,
    /// What is said with it; an answer and a new demand need it.
    #[deserr(default)]
    pub text: Option<Prose>,
    /// When opened again: the day until which an answer is due.
    #[deserr(default)]
    pub due_on: Option<Day>,
}

impl RectificationFacts {
    /// Whether somebody may do this with it, apart from its state.
    pub fn admits(&self, actor: &Actor, unit: &UnitCode, action: RectificationAction) -> bool {
        match action {
            RectificationAction::Answer => actor.speaks_for_units,
            // Nobody closes what they answered.
            RectificationAction::Close => {
                actor.decides_on(unit) && self.answered_by.as_ref().is_none_or(|by| by.as_str() != actor.subject)
            }
            RectificationAction::Reopen => actor.decides_on(unit),
        }
    }

    /// What somebody may do with it now.
    pub fn allowed(&self, actor: &Actor, unit: &UnitCode) -> Vec<RectificationAction> {
        let may =
            |action: &RectificationAction| self.state.after(*action).is_some() && self.admits(actor, unit, *action);
        RectificationAction::ALL.iter().copied().filter(may).collect()
    }

    /// What an action makes of it, `next` being the state it leads to.
    ///
    /// # Errors
    /// What the action lacks, and what it does not use.
    pub fn act(
        &self,
        next: RectificationState,
        input: &RectificationInput,
        (by, at): (Name, Moment),
    ) -> Result<Self, Violations> {
        use RectificationAction as Do;
        let RectificationInput { action, text, due_on } = input.clone();
        let mut broken = Violations::default();
        broken.require(text.is_some() || action == Do::Close, || {
            Wrong::new("missing_field", "此操作须填写此项", "the action needs it").at("/text")
        });
        broken.require(due_on.is_none() || action == Do::Reopen, || {
            Wrong::new("not_used", "此操作不使用此项", "the action does not use it").at("/due_on")
        });
        broken.into_result()?;
        let mut facts = Self { state: next, ..self.clone() };
        match action {
            Do::Answer => (facts.answer, facts.answered_by, facts.answered_at) = (text, Some(by), Some(at)),
            Do::Close => (facts.remark, facts.closed_by, facts.closed_at) = (text, Some(by), Some(at)),
            Do::Reopen => {
                (facts.remark, facts.closed_by, facts.closed_at) = (text, None, None);
                facts.due_on = due_on.unwrap_or(facts.due_on);
            }
        }
        Ok(facts)
    }
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rectification {
    /// `unit:year:code`.
    pub id: RectificationKey,
    /// The unit.
    pub unit: UnitCode,
    /// The year.
    pub year: Year,
    /// Its number in the year.
    pub code: RectificationCode,
    /// What was stated.
    pub facts: RectificationFacts,
    /// Whether the answer is overdue.
    pub overdue: bool,
    /// What the caller may do with it now.
    #[schema(max_items = 3)]
    pub allowed_actions: Vec<RectificationAction>,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl Rectification {
    /// A notice as somebody sees it on a day.
    pub fn of(kept: Kept<RectificationKey, RectificationFacts>, actor: &Actor, today: Day) -> Self {
        let Kept { key, facts, revision } = kept;
        let RectificationKey { unit, year, code } = key.clone();
        let overdue = facts.state == RectificationState::Open && today > facts.due_on;
        let allowed_actions = facts.allowed(actor, &unit);
        Self { id: key, unit, year, code, facts, overdue, allowed_actions, revision }
    }
}

/// Notices that were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rectifications {
    /// The new notices, in the order of their numbers.
    #[schema(max_items = 1000)]
    pub items: Vec<Rectification>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let table = [
            ("open", "answer", "answered"),
            ("answered", "answer", "answered"),
            ("answered", "close", "closed"),
            ("answered", "reopen", "open"),
            ("closed", "reopen", "open"),
        ];
        for state in RectificationState::ALL {
            for action in RectificationAction::ALL {
                let row = table.iter().find(|row| (row.0, row.1) == (state.code(), action.code()));
                assert_eq!(
                    state.after(*action).map(RectificationState::code),
                    row.map(|row| row.2),
                    "{state} {action}"
                );
            }
        }
    }
}
