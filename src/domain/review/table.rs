//! The states of a review, what may be done in each, and by whom. A pure table.

use crate::domain::codes::UnitCode;
use crate::domain::evaluation::EvaluationKind;

crate::choice! {
    /// How far an evaluation is.
    pub enum ReviewState {
        /// It is being written (草稿).
        Draft = "draft", "草稿";
        /// It was handed in (已提交).
        Submitted = "submitted", "已提交";
        /// It was sent back with an opinion (已退回).
        Returned = "returned", "已退回";
        /// It was accepted; the year's rows are frozen (已审定).
        Accepted = "accepted", "已审定";
        /// Everybody may read it (已公开).
        Published = "published", "已公开";
        /// Its result was used for the next budget (已应用).
        Applied = "applied", "已应用";
    }
}

crate::choice! {
    /// What is done with an evaluation.
    pub enum ReviewAction {
        /// Hand it in, signed
        Submit = "submit", "提交";
        /// Take it back before anybody decided
        Withdraw = "withdraw", "撤回";
        /// Sign it on its way up, as the department does before the finance bureau
        Endorse = "endorse", "签署意见";
        /// Send it back with an opinion or comments
        Return = "return", "退回";
        /// Accept it, with the reviewed score
        Accept = "accept", "审定";
        /// Make it public
        Publish = "publish", "公开";
        /// State how its result is used
        Apply = "apply", "应用结果";
        /// Pin comments to rows and fields
        Comment = "comment", "批注";
        /// Answer comments
        Answer = "answer", "答复";
    }
}

impl ReviewState {
    /// The state an action leads to, if it may be done in this one.
    pub const fn after(self, action: ReviewAction) -> Option<Self> {
        use ReviewAction as Do;
        Some(match (self, action) {
            (Self::Draft | Self::Returned, Do::Submit) | (Self::Submitted, Do::Endorse) => Self::Submitted,
            (Self::Submitted, Do::Withdraw) => Self::Draft,
            (Self::Submitted | Self::Accepted | Self::Published | Self::Applied, Do::Return) => Self::Returned,
            (Self::Submitted, Do::Accept) => Self::Accepted,
            (Self::Accepted, Do::Publish) => Self::Published,
            (Self::Published, Do::Apply) => Self::Applied,
            (Self::Submitted | Self::Returned | Self::Accepted | Self::Published, Do::Comment | Do::Answer) => self,
            _ => return None,
        })
    }

    /// Whether the evaluation itself stays as it is.
    pub const fn holds_the_evaluation(self) -> bool {
        !matches!(self, Self::Draft | Self::Returned)
    }

    /// Whether the rows of the year stay as they are, where it is the unit's own evaluation.
    pub const fn holds_the_year(self) -> bool {
        matches!(self, Self::Accepted | Self::Published | Self::Applied)
    }

    /// Whether everybody may read it.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Published | Self::Applied)
    }
}

impl ReviewAction {
    /// Whether it may be done only while the facts are those that were accepted.
    pub const fn rests_on_what_was_accepted(self) -> bool {
        matches!(self, Self::Publish | Self::Apply)
    }
}

/// Who would do something, as far as the table asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// The token's subject.
    pub subject: String,
    /// Whether they speak for units themselves.
    pub speaks_for_units: bool,
    /// Whether they speak for those above units.
    pub speaks_for_those_above: bool,
    /// Whether they decide on evaluations.
    pub decides: bool,
    /// The top of what they see; nothing for the whole county.
    pub top: Option<UnitCode>,
}

impl Actor {
    /// Whether they stand above a unit that they see: nobody decides on their own.
    pub fn stands_above(&self, unit: &UnitCode) -> bool {
        self.top.as_ref() != Some(unit)
    }

    /// Whether they decide on a unit that they see.
    pub fn decides_on(&self, unit: &UnitCode) -> bool {
        self.decides && self.stands_above(unit)
    }

    /// Whether they may do this with an evaluation of a unit that they see, in a state. Departments sign, comment and send
    /// back what was handed in; what is accepted, published and applied is the county's (财政部门).
    pub fn has_the_right(
        &self,
        action: ReviewAction,
        kind: EvaluationKind,
        unit: &UnitCode,
        state: ReviewState,
    ) -> bool {
        use ReviewAction as Do;
        let whole_county = self.decides && self.top.is_none();
        match action {
            Do::Submit | Do::Withdraw | Do::Answer if kind.is_of_the_unit_itself() => self.speaks_for_units,
            Do::Submit | Do::Withdraw | Do::Answer => self.speaks_for_those_above && self.stands_above(unit),
            Do::Accept | Do::Publish | Do::Apply => whole_county,
            Do::Return if state.holds_the_year() => whole_county,
            Do::Endorse | Do::Return | Do::Comment => self.decides_on(unit),
        }
    }

    /// Whether a second pair of eyes is wanted and these are the first: nobody signs or accepts what they submitted.
    pub fn is_the_first_pair_of_eyes(&self, action: ReviewAction, submitted_by: Option<&str>) -> bool {
        matches!(action, ReviewAction::Accept | ReviewAction::Endorse) && submitted_by == Some(self.subject.as_str())
    }

    /// Everything they may do with an evaluation as it is.
    pub fn allowed(
        &self,
        (kind, unit): (EvaluationKind, &UnitCode),
        state: ReviewState,
        submitted_by: Option<&str>,
        open_comments: bool,
    ) -> Vec<ReviewAction> {
        let may = |action: &ReviewAction| {
            state.after(*action).is_some()
                && self.has_the_right(*action, kind, unit, state)
                && !self.is_the_first_pair_of_eyes(*action, submitted_by)
                && (*action != ReviewAction::Answer || open_comments)
        };
        ReviewAction::ALL.iter().copied().filter(may).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The whole table: state, action, what comes of it. Everything that is not here is refused.
    const TABLE: &[(&str, &str, &str)] = &[
        ("draft", "submit", "submitted"),
        ("returned", "submit", "submitted"),
        ("submitted", "withdraw", "draft"),
        ("submitted", "endorse", "submitted"),
        ("submitted", "return", "returned"),
        ("submitted", "accept", "accepted"),
        ("accepted", "return", "returned"),
        ("accepted", "publish", "published"),
        ("published", "return", "returned"),
        ("published", "apply", "applied"),
        ("applied", "return", "returned"),
        ("submitted", "comment", "submitted"),
        ("returned", "comment", "returned"),
        ("accepted", "comment", "accepted"),
        ("published", "comment", "published"),
        ("submitted", "answer", "submitted"),
        ("returned", "answer", "returned"),
        ("accepted", "answer", "accepted"),
        ("published", "answer", "published"),
    ];

    #[test]
    fn the_table_is_whole() {
        for state in ReviewState::ALL {
            for action in ReviewAction::ALL {
                let row = TABLE.iter().find(|row| (row.0, row.1) == (state.code(), action.code()));
                assert_eq!(state.after(*action).map(ReviewState::code), row.map(|row| row.2), "{state} {action}");
            }
        }
    }

    fn actor(subject: &str, speaks_for_units: bool, speaks_for_those_above: bool, decides: bool) -> Actor {
        Actor { subject: subject.into(), speaks_for_units, speaks_for_those_above, decides, top: None }
    }

    #[test]
    fn each_side_has_its_own_actions() {
        let (unit, bureau) = (actor("clerk", true, false, false), actor("officer", false, true, true));
        let allowed = |actor: &Actor, state: ReviewState| {
            let all = actor.allowed((EvaluationKind::SelfEvaluation, &unit_code()), state, Some("clerk"), true);
            all.into_iter().map(ReviewAction::code).collect::<Vec<_>>().join(" ")
        };
        for (state, of_the_unit, of_the_bureau) in [
            (ReviewState::Draft, "submit", ""),
            (ReviewState::Submitted, "withdraw answer", "endorse return accept comment"),
            (ReviewState::Returned, "submit answer", "comment"),
            (ReviewState::Accepted, "answer", "return publish comment"),
            (ReviewState::Published, "answer", "return apply comment"),
            (ReviewState::Applied, "", "return"),
        ] {
            assert_eq!(allowed(&unit, state), of_the_unit, "{state}");
            assert_eq!(allowed(&bureau, state), of_the_bureau, "{state}");
            assert_eq!(allowed(&actor("guest", false, false, false), state), "", "{state}");
        }
    }

    fn unit_code() -> UnitCode {
        "209002".parse().unwrap()
    }

    #[test]
    fn nobody_decides_on_their_own_unit() {
        let bound = |top: &str| Actor { top: top.parse().ok(), ..actor("officer", false, true, true) };
        let allowed = |top: &str, state| {
            let all = bound(top).allowed((EvaluationKind::SelfEvaluation, &unit_code()), state, Some("clerk"), true);
            all.into_iter().map(ReviewAction::code).collect::<Vec<_>>().join(" ")
        };
        for state in ReviewState::ALL {
            assert_eq!(allowed("209002", *state), "", "{state}");
        }
        // The department above signs, comments and sends back; what is accepted is the county's.
        assert_eq!(allowed("209", ReviewState::Submitted), "endorse return comment");
        assert_eq!(allowed("209", ReviewState::Accepted), "comment");
    }

    #[test]
    fn nobody_accepts_what_they_submitted() {
        let admin = actor("admin", true, true, true);
        let what = (EvaluationKind::SelfEvaluation, &unit_code());
        let allowed = |by: &str| admin.allowed(what, ReviewState::Submitted, Some(by), false);
        assert!(!allowed("admin").contains(&ReviewAction::Accept) && allowed("admin").contains(&ReviewAction::Return));
        assert!(allowed("clerk").contains(&ReviewAction::Accept));
    }

    proptest! {
        #[test]
        fn no_sequence_of_actions_leaves_the_table(actions in proptest::collection::vec(0_usize..ReviewAction::ALL.len(), 0..200)) {
            let mut state = ReviewState::Draft;
            let mut accepted = false;
            for action in actions {
                let action = ReviewAction::ALL[action];
                if let Some(next) = state.after(action) {
                    prop_assert!(TABLE.contains(&(state.code(), action.code(), next.code())));
                    // What is public was accepted since it was last sent back or written.
                    accepted = match next {
                        ReviewState::Accepted => true,
                        ReviewState::Draft | ReviewState::Returned | ReviewState::Submitted => false,
                        _ => accepted,
                    };
                    prop_assert!(!next.holds_the_year() || accepted);
                    prop_assert!(!next.is_public() || next.holds_the_evaluation());
                    state = next;
                }
            }
        }
    }
}
