//! Who is to be reminded of what (催报).

use serde::Serialize;
use utoipa::ToSchema;

use super::{Look, UnitMonitoring};
use crate::domain::codes::{IndicatorCode, Name, ProjectCode, UnitCode};
use crate::domain::day::Day;
use crate::domain::period::Month;

/// A report that is missing or awaited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MissingReport {
    /// The indicator.
    pub indicator: IndicatorCode,
    /// Its name.
    pub name: Name,
    /// The last month reported on.
    pub through: Option<Month>,
}

/// Who is to be reminded of what (催报).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reminder {
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub name: Name,
    /// The last day on which the month's report is in time, in China.
    pub due_on: Option<Day>,
    /// Days since then; negative as long as it has not come.
    #[schema(minimum = -100_000, maximum = 100_000)]
    pub days_overdue: i64,
    /// The indicators whose report has not come.
    #[schema(max_items = 10_000)]
    pub missing: Vec<MissingReport>,
    /// The projects whose spending was not reported.
    #[schema(max_items = 10_000)]
    pub money: Vec<ProjectCode>,
    /// The sentence to send, in Chinese.
    #[schema(max_length = 4000)]
    pub text_zh: String,
    /// The sentence to send, in English.
    #[schema(max_length = 4000)]
    pub text_en: String,
}

impl UnitMonitoring {
    /// What the unit is to be reminded of, if anything.
    pub fn reminder(&self, look: &Look<'_>) -> Option<Reminder> {
        // Several targets may be set for one indicator; it is reported on once.
        let mut missing: Vec<MissingReport> = Vec::new();
        for goal in self.goals.iter().filter(|goal| goal.report.is_open()) {
            if !missing.iter().any(|one| one.indicator == goal.indicator) {
                let (indicator, name) = (goal.indicator.clone(), goal.name.clone());
                missing.push(MissingReport { indicator, name, through: goal.through });
            }
        }
        let open = self.money.reports.iter().filter(|one| one.report.is_open());
        let money: Vec<ProjectCode> = open.map(|one| one.project.clone()).collect();
        if missing.is_empty() && money.is_empty() {
            return None;
        }
        let days_overdue = self.due_on.map_or(0, |due| look.today.since(due));
        let first_ten = |spending: &str| {
            let indicators = missing.iter().map(|one| one.name.to_string());
            indicators.chain(money.iter().map(|project| format!("{project} {spending}"))).take(10).collect::<Vec<_>>()
        };
        let (names, names_en) = (first_ten("支出"), first_ten("spending"));
        let (number, month) = (missing.len() + money.len(), look.month);
        let due = self.due_on.map_or_else(String::new, |due| due.to_string());
        let (late_zh, late_en) = match days_overdue {
            1.. => (format!("已逾期 {days_overdue} 天"), format!("{days_overdue} day(s) overdue")),
            _ => (format!("还有 {} 天", -days_overdue), format!("{} day(s) left", -days_overdue)),
        };
        let text_zh =
            format!("{}：{month} 进度尚缺 {number} 项（{}），截止 {due}，{late_zh}", self.name, names.join("、"));
        let text_en = format!(
            "`{}`: {number} report(s) of {month} are missing (`{}`), due on {due}, {late_en}",
            self.name,
            names_en.join(", ")
        );
        let (unit, name, due_on) = (self.unit.clone(), self.name.clone(), self.due_on);
        Some(Reminder { unit, name, due_on, days_overdue, missing, money, text_zh, text_en })
    }
}
