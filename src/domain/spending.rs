//! What a unit's projects spent through a month: as they reported it month by month, else as their budget lines say, which
//! know of no months.

use std::collections::{BTreeMap, BTreeSet};

use super::budget_line::{BudgetLineFacts, BudgetTotals};
use super::codes::ProjectCode;
use super::money::Balance;
use super::period::Month;

crate::choice! {
    /// Where the amount spent comes from.
    pub enum MoneyBasis {
        /// From the expenditures reported for the months.
        Reported = "reported", "按月上报";
        /// Of some projects from what was reported by month, of the others from their budget lines.
        Partly = "partly", "部分按月上报";
        /// From the budget lines as they stand: nothing was reported by month.
        Lines = "lines", "预算行";
        /// It is not known.
        Nothing = "nothing", "无数据";
    }
}

/// What was reported of a project's spending. Amounts are of January through the month they stand with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProjectSpent {
    /// The last report through the month looked at.
    pub last: Option<(Month, Balance)>,
    /// The last before it.
    pub before: Option<(Month, Balance)>,
    /// The journal entry of the month's own report; nothing where it has not come.
    pub revision: Option<i64>,
}

/// What was reported of a unit's projects.
pub type Spent = BTreeMap<ProjectCode, ProjectSpent>;

/// A unit's money through a month, all its projects together. Amounts in 元.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spending {
    /// The year's budget (全年预算数); nothing where a line does not state it, or a project that reports has no line.
    pub adjusted: Option<Balance>,
    /// Spent from January through the month; nothing where it is not known of a project.
    pub executed: Option<Balance>,
    /// Where that comes from.
    pub basis: MoneyBasis,
    /// The last month through which every project that reports has reported.
    pub through: Option<Month>,
    /// The same, where every project reports, and all of them through that month: only then it is compared with others.
    pub wholly_through: Option<Month>,
    /// Spent in the month alone, where it and the one before were reported.
    pub month_value: Option<Balance>,
    /// Spent through the month before, of a project that had not reported by then as its lines say: so the table of that
    /// month saw it.
    pub executed_before: Option<Balance>,
    /// Whether the cumulative amount of a project fell.
    pub fell: bool,
    /// The projects whose report of the month is asked for, those with budget lines, with the entry of the report.
    pub asked: BTreeMap<ProjectCode, Option<i64>>,
}

/// The sum, where every part of it is known and there is one.
fn sum(parts: impl Iterator<Item = Option<Balance>>) -> Option<Balance> {
    let parts: Vec<Balance> = parts.collect::<Option<_>>()?;
    (!parts.is_empty()).then(|| Balance::of_fen(parts.iter().map(|one| one.fen()).sum()))
}

impl Spending {
    /// The money of a unit from its budget lines and what its projects reported, through `month`.
    pub fn of(lines: &[(&ProjectCode, &BudgetLineFacts)], spent: &Spent, month: Month) -> Self {
        let of_lines = |project: Option<&ProjectCode>| {
            let wanted = lines.iter().filter(|(code, _)| project.is_none_or(|project| *code == project));
            BudgetTotals::of(wanted.map(|(_, facts)| *facts), None)
        };
        let with_lines: BTreeSet<&ProjectCode> = lines.iter().map(|(code, _)| *code).collect();
        let amount = |report: Option<(Month, Balance)>| report.map(|(_, amount)| amount);
        let reporting = |code: &ProjectCode| spent.get(code).and_then(|one| one.last);
        let reports = || spent.iter().filter(|(_, one)| one.last.is_some());
        let by_month: Vec<&ProjectSpent> = reports().map(|(_, one)| one).collect();
        let budgeted = reports().all(|(code, _)| with_lines.contains(code));
        let earlier: Vec<_> =
            reports().map(|(code, one)| amount(one.before).or_else(|| of_lines(Some(code)).executed)).collect();
        let silent: Vec<Option<Balance>> = with_lines
            .iter()
            .filter(|code| reporting(code).is_none())
            .map(|code| of_lines(Some(code)).executed)
            .collect();
        let executed = sum(by_month.iter().map(|one| amount(one.last)).chain(silent.iter().copied()));
        let basis = match (by_month.is_empty(), silent.is_empty(), executed) {
            (_, _, None) => MoneyBasis::Nothing,
            (false, true, _) => MoneyBasis::Reported,
            (false, false, _) => MoneyBasis::Partly,
            (true, ..) => MoneyBasis::Lines,
        };
        let before = |one: &ProjectSpent| match month.number() {
            1 => Some(Balance::of_fen(0)),
            _ => amount(one.before.filter(|(then, _)| Some(*then) == month.previous())),
        };
        let alone = |one: &&ProjectSpent| {
            let now = amount(one.last.filter(|(now, _)| *now == month))?;
            Some(now - before(one)?)
        };
        let fell =
            |one: &&ProjectSpent| one.last.zip(one.before).is_some_and(|(now, then)| now.0 == month && now.1 < then.1);
        let months: BTreeSet<Month> = by_month.iter().filter_map(|one| one.last).map(|(month, _)| month).collect();
        let through = months.first().copied();
        let asked = with_lines.into_iter().map(|code| (code.clone(), spent.get(code).and_then(|one| one.revision)));
        Self {
            adjusted: of_lines(None).adjusted.filter(|_| budgeted),
            executed,
            basis,
            through,
            wholly_through: through.filter(|_| basis == MoneyBasis::Reported && months.len() == 1),
            month_value: sum(by_month.iter().map(alone)).filter(|_| silent.is_empty()),
            executed_before: sum(earlier.into_iter().chain(silent.iter().copied())),
            fell: by_month.iter().any(fell),
            asked: asked.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Money;

    fn line(executed: Option<i64>) -> BudgetLineFacts {
        let yuan = |amount: i64| Money::of_fen(amount * 100);
        BudgetLineFacts { approved: Some(yuan(100)), executed: executed.map(yuan), ..BudgetLineFacts::default() }
    }

    fn report(months: &[(&str, i64)], month: &str) -> ProjectSpent {
        let all: Vec<(Month, Balance)> = months
            .iter()
            .map(|(month, yuan)| (month.parse().unwrap(), Balance::of_fen(i128::from(*yuan) * 100)))
            .collect();
        let month: Month = month.parse().unwrap();
        let newest = |wanted: &dyn Fn(Month) -> bool| all.iter().filter(|(then, _)| wanted(*then)).max().copied();
        ProjectSpent {
            last: newest(&|then| then <= month),
            before: newest(&|then| then < month),
            revision: all.iter().any(|(then, _)| *then == month).then_some(1),
        }
    }

    /// Lines by project and their executed amount, reports by project and month, and what May says.
    fn may(lines: &[(&str, Option<i64>)], reports: &[(&str, &[(&str, i64)])]) -> Spending {
        let codes: Vec<(ProjectCode, BudgetLineFacts)> =
            lines.iter().map(|(code, executed)| (code.parse().unwrap(), line(*executed))).collect();
        let lines: Vec<_> = codes.iter().map(|(code, facts)| (code, facts)).collect();
        let spent = reports.iter().map(|(code, months)| (code.parse().unwrap(), report(months, "2023-05"))).collect();
        Spending::of(&lines, &spent, "2023-05".parse().unwrap())
    }

    fn yuan(balance: Option<Balance>) -> Option<i128> {
        balance.map(|amount| amount.fen() / 100)
    }

    #[test]
    fn what_is_not_reported_by_month_stands_in_the_lines() {
        let two = [("a", Some(70)), ("b", Some(30))];
        let april_and_may: &[_] = &[("2023-04", 10), ("2023-05", 15)];
        for (reports, basis, executed, before, alone) in [
            (&[][..], MoneyBasis::Lines, Some(100), Some(100), None),
            (&[("a", april_and_may)], MoneyBasis::Partly, Some(45), Some(40), None),
            (&[("a", april_and_may), ("b", april_and_may)], MoneyBasis::Reported, Some(30), Some(20), Some(10)),
            (&[("a", april_and_may), ("b", &[("2023-05", 9)])], MoneyBasis::Reported, Some(24), Some(40), None),
            (&[("a", april_and_may), ("b", &[("2023-04", 9)])], MoneyBasis::Reported, Some(24), Some(19), None),
        ] {
            let said = may(&two, reports);
            assert_eq!(
                (said.basis, yuan(said.executed), yuan(said.executed_before), yuan(said.month_value)),
                (basis, executed, before, alone),
                "{reports:?}"
            );
        }
        // A line that does not say is no zero.
        assert_eq!((may(&[("a", None)], &[]).basis, may(&[("a", None)], &[]).executed), (MoneyBasis::Nothing, None));
    }

    #[test]
    fn a_project_whose_amount_falls_is_seen_among_others_that_rise() {
        let said = may(&[], &[("a", &[("2023-04", 10), ("2023-05", 5)]), ("b", &[("2023-04", 10), ("2023-05", 50)])]);
        assert!(said.fell);
        assert_eq!((said.through.map(Month::number), said.asked.len()), (Some(5), 0));
    }

    #[test]
    fn only_like_is_compared_and_only_what_has_a_budget_is_rated() {
        let april: &[_] = &[("2023-04", 10)];
        let may: &[_] = &[("2023-05", 10)];
        for (lines, reports, compared, rated) in [
            (&[("a", None)][..], &[("a", may)][..], true, true),
            (&[("a", None), ("b", None)], &[("a", may), ("b", may)], true, true),
            // One is a month behind, one does not report, one has no budget.
            (&[("a", None), ("b", None)], &[("a", may), ("b", april)], false, true),
            (&[("a", None), ("b", Some(9))], &[("a", may)], false, true),
            (&[("a", None)], &[("a", may), ("b", may)], true, false),
        ] {
            let said = super::tests::may(lines, reports);
            assert_eq!((said.wholly_through.is_some(), said.adjusted.is_some()), (compared, rated), "{reports:?}");
        }
    }
}
