//! Projects (预算项目): what money is given for in a unit and year, with the goals it was given for.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{FunctionalCode, Name, ProjectCode, Prose, UnitCode};
use super::kept::Kept;
use super::period::Year;
use super::violation::Violations;

crate::key! {
    /// A project's key: unit, year and its own code.
    pub struct ProjectKey {
        /// The unit.
        unit: UnitCode,
        /// The fiscal year.
        year: Year,
        /// The project's code.
        code: ProjectCode,
    }
    example "209002:2023:209002-2023-01"
}

/// What is stated of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ProjectFacts {
    /// Name (项目名称).
    pub name: Name,
    /// Long-term goal (长期绩效目标, 财预〔2015〕88号).
    #[deserr(default)]
    pub long_term_goal: Option<Prose>,
    /// Annual goal (年度绩效目标).
    #[deserr(default)]
    pub annual_goal: Option<Prose>,
    /// Functional class (支出功能分类).
    #[deserr(default)]
    pub functional_class: Option<FunctionalCode>,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Project {
    /// `unit:year:code`.
    pub id: ProjectKey,
    /// The unit.
    pub unit: UnitCode,
    /// The fiscal year.
    pub year: Year,
    /// The project's code.
    pub code: ProjectCode,
    /// What was stated.
    pub facts: ProjectFacts,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<ProjectKey, ProjectFacts>> for Project {
    fn from(kept: Kept<ProjectKey, ProjectFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let ProjectKey { unit, year, code } = key.clone();
        Self { id: key, unit, year, code, facts, revision }
    }
}
