//! Budget lines (预算行): money by unit, year, project and economic class; given, adjusted, spent.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::code_list::EconomicClassFacts;
use super::codes::{AsPrinted, EconomicCode, ProjectCode, UnitCode};
use super::kept::{Kept, Resource, dangling};
use super::money::{Balance, Money, Printed};
use super::period::Year;
use super::quantity::Rate;
use super::violation::{Violation, Violations, Wrong};

crate::key! {
    /// A budget line's key: unit, year, project and economic class.
    pub struct BudgetLineKey {
        /// The unit.
        unit: UnitCode,
        /// The fiscal year.
        year: Year,
        /// The project.
        project: ProjectCode,
        /// The economic class (款).
        economic_class: EconomicCode,
    }
    example "209002:2023:209002-2023-01:30201"
}

/// What is stated of a budget line. Amounts in 元; null is "not stated", never zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct BudgetLineFacts {
    /// The item's name as printed, where it is not the official one: 维护费.
    #[deserr(default)]
    pub name_as_printed: Option<AsPrinted>,
    /// Budget at the beginning of the year (年初预算数), 元.
    #[deserr(default)]
    pub approved: Option<Money>,
    /// The same as printed, with its unit: 345.91万元.
    #[deserr(default)]
    pub approved_as_printed: Option<AsPrinted>,
    /// Budget after adjustments (全年预算数), 元.
    #[deserr(default)]
    pub adjusted: Option<Money>,
    /// The same as printed.
    #[deserr(default)]
    pub adjusted_as_printed: Option<AsPrinted>,
    /// Spent (执行数), 元.
    #[deserr(default)]
    pub executed: Option<Money>,
    /// The same as printed: 约79.4万元.
    #[deserr(default)]
    pub executed_as_printed: Option<AsPrinted>,
}

impl BudgetLineFacts {
    /// The year's budget for the rate: 全年预算数, or 年初预算数 where nothing was adjusted.
    pub fn budget(&self) -> Option<Money> {
        self.adjusted.or(self.approved)
    }

    /// What was printed for the amount spent, read.
    pub fn printed_executed(&self) -> Option<Printed> {
        self.executed_as_printed.as_ref().and_then(|text| Printed::parse(text.as_str()).ok())
    }

    /// Whether a line may say this, given its class in the list of the year and whether the line is there already.
    ///
    /// # Errors
    /// A class that is not in the list, not a 款, or retired and so not open to new lines; a project that is not
    /// there; a print that says another amount.
    pub fn check(
        &self,
        key: &BudgetLineKey,
        class_facts: Option<&EconomicClassFacts>,
        known: bool,
        project_known: bool,
    ) -> Result<(), Violations> {
        let mut broken = Violations::default();
        let class = &key.economic_class;
        if class.as_str().len() < 5 {
            broken.0.push(
                Wrong::new(
                    "not_a_leaf",
                    "预算行须用五位的款级科目",
                    "a budget line takes a five-digit class, not the class above it",
                )
                .at("")
                .showing(class),
            );
        } else {
            broken.require(class_facts.is_some(), || {
                dangling("", Resource::EconomicClasses, &format!("{}:{class}", key.year))
            });
        }
        broken.require(known || !class_facts.is_some_and(|class| class.retired), || {
            Wrong::new("retired_class", "该科目已停用，不能新增预算行", "the class is retired and takes no new lines")
                .at("")
                .showing(class)
        });
        broken.require(project_known, || dangling("", Resource::Projects, &key.project));
        for (name, amount, printed) in [
            ("approved", self.approved, &self.approved_as_printed),
            ("adjusted", self.adjusted, &self.adjusted_as_printed),
            ("executed", self.executed, &self.executed_as_printed),
        ] {
            broken.0.extend(disagreement(&format!("/{name}_as_printed"), amount, printed.as_ref()));
        }
        broken.into_result()
    }
}

/// What is wrong where an amount and its print do not say the same.
pub(crate) fn disagreement(pointer: &str, amount: Option<Money>, printed: Option<&AsPrinted>) -> Option<Violation> {
    let printed = printed?;
    match Printed::parse(printed.as_str()) {
        Err(wrong) => Some(wrong.at(pointer).showing(printed)),
        Ok(read) if Some(read.amount) != amount => Some(
            Wrong::new(
                "printed_differs",
                format!("原文读作 {} 元，与所填金额不同", read.amount),
                format!("the print reads {} yuan, which is not the amount given", read.amount),
            )
            .at(pointer)
            .showing(printed),
        ),
        Ok(_) => None,
    }
}

/// What follows from a line's own facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BudgetLineComputed {
    /// Spent ÷ the year's budget, percent; null where either is unknown or the budget is zero.
    pub execution_rate: Option<Rate>,
    /// Whether the print says that the amount spent is approximate (约, 余).
    pub approximate: bool,
}

/// A budget line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BudgetLine {
    /// `unit:year:project:economic_class`.
    pub id: BudgetLineKey,
    /// The unit.
    pub unit: UnitCode,
    /// The fiscal year.
    pub year: Year,
    /// The project.
    pub project: ProjectCode,
    /// The economic class.
    pub economic_class: EconomicCode,
    /// What was stated.
    pub facts: BudgetLineFacts,
    /// What follows from it.
    pub computed: BudgetLineComputed,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<BudgetLineKey, BudgetLineFacts>> for BudgetLine {
    fn from(kept: Kept<BudgetLineKey, BudgetLineFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let computed = BudgetLineComputed {
            execution_rate: facts
                .executed
                .zip(facts.budget())
                .and_then(|(executed, budget)| Rate::of(executed.fen(), budget.fen())),
            approximate: facts.printed_executed().is_some_and(|printed| printed.approximate),
        };
        let BudgetLineKey { unit, year, project, economic_class } = key.clone();
        Self { id: key, unit, year, project, economic_class, facts, computed, revision }
    }
}

/// What the lines of a project or a unit add up to, beside what was stated. Amounts in 元.
///
/// A sum is null where there are no lines or one of them does not state the amount: unknown is unknown, never zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct BudgetTotals {
    /// Sum of 年初预算数.
    pub approved: Option<Balance>,
    /// Sum of 全年预算数 (年初预算数 where a line was not adjusted).
    pub adjusted: Option<Balance>,
    /// Sum of 执行数.
    pub executed: Option<Balance>,
    /// The total spent as the self-evaluation states it.
    pub stated_executed: Option<Balance>,
    /// `executed − stated_executed`.
    pub difference: Option<Balance>,
    /// `executed ÷ adjusted`, percent (预算执行率).
    pub execution_rate: Option<Rate>,
}

impl BudgetTotals {
    /// The same budget, of which so much was spent.
    #[must_use]
    pub fn having_executed(self, executed: Option<Balance>) -> Self {
        let execution_rate = executed.zip(self.adjusted).and_then(|(now, all)| Rate::of(now.fen(), all.fen()));
        let difference = executed.zip(self.stated_executed).map(|(sum, stated)| sum - stated);
        Self { executed, difference, execution_rate, ..self }
    }

    /// Adds up lines and compares with the stated total.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a BudgetLineFacts> + Clone, stated: Option<Money>) -> Self {
        let sum = |amount: fn(&BudgetLineFacts) -> Option<Money>| -> Option<Balance> {
            let amounts: Option<Vec<Money>> = lines.clone().into_iter().map(amount).collect();
            amounts.filter(|amounts| !amounts.is_empty()).map(|amounts| amounts.into_iter().sum())
        };
        let (adjusted, executed) = (sum(BudgetLineFacts::budget), sum(|line| line.executed));
        let stated_executed = stated.map(Balance::from);
        Self {
            approved: sum(|line| line.approved),
            adjusted,
            executed,
            stated_executed,
            difference: executed.zip(stated_executed).map(|(sum, stated)| sum - stated),
            execution_rate: executed.zip(adjusted).and_then(|(e, a)| Rate::of(e.fen(), a.fen())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(budget: Option<&str>, executed: Option<&str>) -> BudgetLineFacts {
        let money = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        BudgetLineFacts {
            name_as_printed: None,
            approved: None,
            approved_as_printed: None,
            adjusted: money(budget),
            adjusted_as_printed: None,
            executed: money(executed),
            executed_as_printed: None,
        }
    }

    #[test]
    fn one_unknown_amount_makes_the_sum_unknown() {
        let lines = [line(Some("100"), Some("50")), line(None, Some("25"))];
        let totals = BudgetTotals::of(&lines, None);
        assert_eq!(totals.executed.map(|sum| sum.to_string()), Some("75.00".into()));
        assert_eq!((totals.adjusted, totals.execution_rate), (None, None));
        assert_eq!(BudgetTotals::of(&[], None), BudgetTotals::default());
    }

    #[test]
    fn the_execution_rate_is_spent_over_the_years_budget() {
        let totals = BudgetTotals::of(&[line(Some("300"), Some("200"))], "150".parse().ok());
        assert_eq!(totals.execution_rate.map(|rate| rate.to_string()), Some("66.67".into()));
        assert_eq!(totals.difference.map(|difference| difference.to_string()), Some("50.00".into()));
        assert_eq!(BudgetTotals::of(&[line(Some("0"), Some("0"))], None).execution_rate, None);
    }

    #[test]
    fn a_print_must_say_the_amount() {
        let print = |text: &str| disagreement("/x", "794000".parse().ok(), Some(&text.parse().unwrap()));
        assert_eq!(print("约79.4万元"), None);
        assert_eq!(print("79.5万元").map(|v| v.code), Some("printed_differs"));
        assert_eq!(print("许多").map(|v| v.code), Some("not_a_number"));
    }
}
