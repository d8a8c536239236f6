//! What the course of a review shows.

use super::evaluation::each;
use super::{Observation, Rule, Severity};
use crate::domain::dossier::Dossier;
use crate::domain::kept::Resource;
use crate::domain::review::ReviewState;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "evaluation.changed-since-acceptance",
        severity: Severity::Error,
        zh: "审定后相关数据发生变化",
        en: "What an accepted evaluation rests on has changed",
        look: changed_since_acceptance,
    },
    Rule {
        id: "evaluation.reviewed-lower",
        severity: Severity::Info,
        zh: "审核得分低于自评得分",
        en: "The reviewed score is lower than the stated one",
        look: reviewed_lower,
    },
    Rule {
        id: "evaluation.overdue",
        severity: Severity::Warning,
        zh: "逾期未提交或未审定",
        en: "A submission or a decision is overdue",
        look: overdue,
    },
];

/// Figures of other units that an evaluation claims can change: then the digest of what was accepted is another.
fn changed_since_acceptance(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let review = dossier.review(&evaluation.key).filter(|review| review.state.holds_the_year())?;
        let (accepted, entry) = (review.accepted_digest?, review.accepted_at?);
        (accepted != dossier.seal(evaluation)).then(|| {
            Observation::new(
                evaluation.key.kind,
                format!("审定（流水账第 {entry} 条）之后，所依据的数据有变化"),
                format!("what was accepted at entry {entry} of the journal has changed since"),
            )
            .number("accepted_at", entry, "")
            .row(Resource::Evaluations, evaluation, "")
        })
    })
}

/// A hundred claimed, less granted.
fn reviewed_lower(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let reviewed = dossier.review(&evaluation.key)?.reviewed_score?;
        let stated = evaluation.facts.stated_score.filter(|stated| reviewed < *stated)?;
        let less = stated - reviewed;
        let seen = Observation::new(
            evaluation.key.kind,
            format!("自评 {stated} 分，审核 {reviewed} 分，相差 {less} 分"),
            format!("stated {stated}, reviewed {reviewed}: {less} less"),
        );
        Some(seen.number("stated", stated, "分").number("reviewed", reviewed, "分").row(
            Resource::Evaluations,
            evaluation,
            "/stated_score",
        ))
    })
}

fn overdue(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let state = dossier.review(&evaluation.key).map_or(ReviewState::Draft, |review| review.state);
        let due = dossier.due(evaluation).filter(|due| !state.holds_the_year() && dossier.today > *due)?;
        let days = dossier.today.since(due);
        Some(
            Observation::new(
                evaluation.key.kind,
                format!("{}，应于 {due} 前办理，已逾期 {days} 天", state.zh()),
                format!("it is {state} and was due on {due}: {days} day(s) overdue"),
            )
            .number("days", days, "天")
            .row(Resource::Evaluations, evaluation, ""),
        )
    })
}
