//! The use of results (结果应用): what a grade suggests for next year's money, by the standard of the year.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{MaybeProject, Name, UnitCode};
use super::evaluation::{EvaluationKey, EvaluationKind};
use super::grade::Grade;
use super::kept::Kept;
use super::money::Balance;
use super::period::Year;
use super::quantity::{Percent, Points};
use super::review::ReviewFacts;
use super::standard::{Advice, StandardFacts};

/// What an accepted evaluation suggests for the next year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResultUse {
    /// The evaluation that counts: the finance bureau's before the department's before the unit's own.
    pub id: EvaluationKey,
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub name: Name,
    /// The year.
    pub year: Year,
    /// The project; empty for the unit as a whole.
    pub project: MaybeProject,
    /// Who evaluated.
    pub kind: EvaluationKind,
    /// The reviewed score.
    pub score: Points,
    /// Its grade.
    pub grade: Grade,
    /// What the grade means.
    pub advice: Advice,
    /// How much more or less money it suggests, percent.
    pub change: Percent,
    /// This year's budget (全年预算数), or what was spent where the budget is not stated, 元.
    pub amount: Option<Balance>,
    /// What it suggests for the next year, 元; null where this year's amount is not known.
    pub suggested: Option<Balance>,
    /// What was decided, 元; null where nothing was yet.
    pub decided: Option<Balance>,
}

/// Of the accepted evaluations of each unit and project the one that counts, in the order of their ids.
pub fn leading(accepted: Vec<Kept<EvaluationKey, ReviewFacts>>) -> Vec<Kept<EvaluationKey, ReviewFacts>> {
    let mut first: BTreeMap<_, Kept<EvaluationKey, ReviewFacts>> = BTreeMap::new();
    for review in accepted {
        let subject = (review.key.unit.clone(), review.key.year, review.key.project.clone());
        if first.get(&subject).is_none_or(|other| precedence(review.key.kind) < precedence(other.key.kind)) {
            first.insert(subject, review);
        }
    }
    first.into_values().collect()
}

/// Who counts first.
const fn precedence(kind: EvaluationKind) -> u8 {
    match kind {
        EvaluationKind::Finance => 0,
        EvaluationKind::Department => 1,
        EvaluationKind::SelfEvaluation => 2,
    }
}

/// What a score suggests: the grade, what it means, and the amount, rounded half up to the 分.
pub fn suggest(
    score: Points,
    amount: Option<Balance>,
    standard: &StandardFacts,
) -> (Grade, Advice, Percent, Option<Balance>) {
    let grade = Grade::of(score, standard.bands());
    // A standard that says nothing of a grade leaves the money as it is.
    let (advice, change) =
        standard.use_of(grade).map_or((Advice::Support, Percent::of_hundredths(0)), |one| (one.advice, one.change));
    let scaled = |amount: Balance| {
        let parts = amount.fen() * (10_000 + i128::from(change.hundredths()));
        Balance::of_fen(super::fixed::divide_half_up(parts, 10_000))
    };
    (grade, advice, change, amount.map(scaled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_grade_suggests_its_own() {
        let standard = StandardFacts::default();
        for (score, grade, advice, suggested) in [
            ("95", Grade::Excellent, Advice::Support, "3449100.00"),
            ("82.53", Grade::Good, Advice::Support, "3449100.00"),
            ("72.53", Grade::Fair, Advice::Improve, "3104190.00"),
            ("59.99", Grade::Poor, Advice::Cut, "2414370.00"),
        ] {
            let amount: Option<Balance> = "3449100.00".parse().ok();
            let (found, meant, _, next) = suggest(score.parse().unwrap(), amount, &standard);
            assert_eq!(
                (found, meant, next.map(|one| one.to_string())),
                (grade, advice, Some(suggested.into())),
                "{score}"
            );
        }
        assert_eq!(suggest(Points::ZERO, None, &standard).3, None);
    }
}
