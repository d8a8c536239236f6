//! Expenditures (支出进度): what was spent on a project from January through a month, the money half of 双监控.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::budget_line::disagreement;
use super::codes::{AsPrinted, ProjectCode, Prose, UnitCode};
use super::kept::{Kept, Resource, dangling};
use super::money::Money;
use super::period::Month;
use super::violation::Violations;

crate::key! {
    /// An expenditure's key: unit, month and project.
    pub struct ExpenditureKey {
        /// The unit that spends.
        unit: UnitCode,
        /// The month reported on; the amount is January through this month.
        month: Month,
        /// The project, of the month's year.
        project: ProjectCode,
    }
    example "209002:2023-06:209002-2023-01"
}

/// What is stated of a month's spending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ExpenditureFacts {
    /// Spent from January through the month (累计执行数), 元.
    pub executed: Money,
    /// The same as printed: 约79.4万元.
    #[deserr(default)]
    pub executed_as_printed: Option<AsPrinted>,
    /// A remark.
    #[deserr(default)]
    pub note: Option<Prose>,
}

impl ExpenditureFacts {
    /// Whether a month may say this.
    ///
    /// # Errors
    /// An unknown project; a print that says another amount.
    pub fn check(&self, key: &ExpenditureKey, project_known: bool) -> Result<(), Violations> {
        let mut broken = Violations::default();
        broken.require(project_known, || dangling("", Resource::Projects, &key.project));
        let (pointer, printed) = ("/executed_as_printed", self.executed_as_printed.as_ref());
        broken.0.extend(disagreement(pointer, Some(self.executed), printed));
        broken.into_result()
    }
}

/// What was spent on a project from January through a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Expenditure {
    /// `unit:month:project`.
    pub id: ExpenditureKey,
    /// The unit.
    pub unit: UnitCode,
    /// The month.
    pub month: Month,
    /// The project.
    pub project: ProjectCode,
    /// What was stated.
    pub facts: ExpenditureFacts,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<ExpenditureKey, ExpenditureFacts>> for Expenditure {
    fn from(kept: Kept<ExpenditureKey, ExpenditureFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let ExpenditureKey { unit, month, project } = key.clone();
        Self { id: key, unit, month, project, facts, revision }
    }
}
