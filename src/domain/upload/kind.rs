//! What can be uploaded, and the columns each kind has: the names people give them, and how their cells are read.
//!
//! The first name of a column is the one in the templates. `tests` hold the columns to the facts: a field that has no
//! column cannot be uploaded, and that is noticed.

use super::columns;
use crate::domain::evaluation::ActivityKind;
use crate::domain::kept::Resource;

crate::choice! {
    /// What the rows of an upload are.
    pub enum UploadKind {
        /// 单位
        Units = "units", "单位";
        /// 预算项目
        Projects = "projects", "预算项目";
        /// 预算行
        BudgetLines = "budget_lines", "预算行";
        /// 指标
        Indicators = "indicators", "指标";
        /// 指标值
        Targets = "targets", "指标值";
        /// 完成值
        Progress = "progress", "完成值";
        /// 支出进度
        Expenditures = "expenditures", "支出进度";
        /// 绩效评价
        Evaluations = "evaluations", "绩效评价";
    }
}

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy)]
pub enum Reads {
    /// The whole id, its parts joined by colons.
    Id,
    /// A code as it is written.
    Code,
    /// A unit, by code or name.
    Unit,
    /// A project of the row's unit and year, by code or name.
    Project,
    /// An economic class of the row's year, by code or name; a name that is not the official one is kept as printed.
    EconomicClass,
    /// An indicator, by code or name.
    Indicator,
    /// A target that an evaluation claims, by id.
    Target,
    /// An assessment scheme, by code or name.
    Scheme,
    /// Who set a target.
    Assigner,
    /// Text.
    Text,
    /// An amount of money, and the field its print goes into.
    Money(&'static str),
    /// A quantity in the measure unit of the row's indicator, and the field its print goes into.
    Quantity(&'static str),
    /// A bare number.
    Number,
    /// A percentage.
    Percent,
    /// Points.
    Points,
    /// How many people or posts.
    Count,
    /// A year.
    Year,
    /// A month, or the months from January through it.
    Month,
    /// A date as precise as it is known.
    Date,
    /// Yes or no.
    Flag,
    /// One of several values, by code or Chinese name.
    Choice(fn() -> Vec<(&'static str, &'static str)>),
    /// Items of prose, a line each.
    Lines,
    /// Leadership posts: 主任1名、副主任2名.
    Posts,
    /// Indicators, by code or name.
    Indicators,
    /// How often an activity took place, as printed.
    Activity(ActivityKind),
    /// A list as the API answers it; only JSON has one.
    List,
}

/// A column of a kind of sheet.
#[derive(Debug)]
pub struct Column {
    /// The part of the key, the field of the facts, or a name of its own.
    pub field: &'static str,
    /// What it is for.
    pub part: Part,
    /// How its cells are read.
    pub reads: Reads,
    /// What people call it; the first is in the templates.
    pub names: &'static [&'static str],
    /// A real cell, for the templates.
    pub example: &'static str,
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A part of the key; it must be known of every row.
    Key,
    /// A part of the key that may be empty.
    MaybeKey,
    /// Helps to read another: the year of a month that is written without one.
    Help,
    /// A field of the facts.
    Fact,
    /// A field of the target that a row of an evaluation claims.
    Claim,
}

impl Column {
    /// Whether a number stands in it.
    pub const fn counts(&self) -> bool {
        matches!(
            self.reads,
            Reads::Money(_) | Reads::Quantity(_) | Reads::Points | Reads::Percent | Reads::Count | Reads::Number
        )
    }

    /// Whether a sheet may have it twice: a code and its name stand side by side and are compared in every row.
    pub const fn may_stand_twice(&self) -> bool {
        matches!(self.reads, Reads::Unit | Reads::Project | Reads::EconomicClass | Reads::Indicator)
    }
}

impl UploadKind {
    /// The resource its rows become.
    pub const fn resource(self) -> Resource {
        match self {
            Self::Units => Resource::Units,
            Self::Projects => Resource::Projects,
            Self::BudgetLines => Resource::BudgetLines,
            Self::Indicators => Resource::Indicators,
            Self::Targets => Resource::Targets,
            Self::Progress => Resource::Progress,
            Self::Expenditures => Resource::Expenditures,
            Self::Evaluations => Resource::Evaluations,
        }
    }

    /// Its columns, in the order of the templates.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Units => columns::UNITS,
            Self::Projects => columns::PROJECTS,
            Self::BudgetLines => columns::BUDGET_LINES,
            Self::Indicators => columns::INDICATORS,
            Self::Targets => columns::TARGETS,
            Self::Progress => columns::PROGRESS,
            Self::Expenditures => columns::EXPENDITURES,
            Self::Evaluations => columns::EVALUATIONS,
        }
    }

    /// The parts of its key, in the order of the id.
    pub const fn key(self) -> &'static [&'static str] {
        match self {
            Self::Units | Self::Indicators => &["code"],
            Self::Projects => &["unit", "year", "code"],
            Self::BudgetLines => &["unit", "year", "project", "economic_class"],
            Self::Targets => &["unit", "year", "project", "indicator", "assigner"],
            Self::Progress => &["unit", "month", "indicator"],
            Self::Expenditures => &["unit", "month", "project"],
            Self::Evaluations => &["unit", "year", "project", "kind"],
        }
    }
}
