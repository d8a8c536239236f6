//! Monitoring (绩效运行监控, 双监控): month by month whether money and goals keep pace, where they are heading, and who
//! has not reported (财预〔2019〕136号).

mod goals;
mod money;
mod reminder;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{Name, UnitCode};
use super::day::Day;
use super::period::Month;
use super::standard::{Light, StandardFacts};

pub use self::goals::{GoalMonitoring, Watched};
pub use self::money::{MoneyMonitoring, ProjectReport};
pub use self::reminder::{MissingReport, Reminder};

crate::choice! {
    /// Whether the report of a month has come.
    pub enum ReportState {
        /// It came in time.
        InTime = "in_time", "按时";
        /// It came in time and was changed afterwards.
        Revised = "revised", "已修订";
        /// It came after the last day.
        Late = "late", "迟报";
        /// It has not come, and the last day is not over.
        Awaited = "awaited", "待报";
        /// It has not come, and the last day is over.
        Missing = "missing", "未报";
        /// None is asked for.
        NotAsked = "not_asked", "无须报送";
    }
}

impl ReportState {
    /// Whether it has not come, though it is asked for.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Missing | Self::Awaited)
    }

    /// How much it calls for attention.
    const fn urgency(self) -> u8 {
        match self {
            Self::NotAsked => 0,
            Self::InTime => 1,
            Self::Revised => 2,
            Self::Late => 3,
            Self::Awaited => 4,
            Self::Missing => 5,
        }
    }
}

/// A unit's month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitMonitoring {
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub name: Name,
    /// The worst of its lights (红 before 黄 before 蓝 before 绿).
    pub light: Light,
    /// Its money.
    pub money: MoneyMonitoring,
    /// Its goals, in the order of the targets' ids.
    #[schema(max_items = 10_000)]
    pub goals: Vec<GoalMonitoring>,
    /// The last day on which the month's report is in time, in China.
    pub due_on: Option<Day>,
    /// Days since then while something is missing; 0 where nothing is.
    #[schema(minimum = 0, maximum = 100_000)]
    pub days_overdue: i64,
    /// How many reports are missing, of goals and of money.
    #[schema(minimum = 0, maximum = 10_000)]
    pub missing: i32,
    /// How many came late, likewise.
    #[schema(minimum = 0, maximum = 10_000)]
    pub late: i32,
}

/// When a month is looked at, and by which standard.
#[derive(Debug, Clone)]
pub struct Look<'a> {
    /// The month.
    pub month: Month,
    /// The day it is looked at, in China.
    pub today: Day,
    /// Thresholds and calendar.
    pub standard: &'a StandardFacts,
}

impl Look<'_> {
    /// The last day on which the month's report is in time.
    pub fn due_on(&self) -> Option<Day> {
        self.standard.report_due(self.month)
    }

    /// The instant after which reports are late, if it has come.
    pub fn late_after(&self) -> Option<DateTime<Utc>> {
        let due = self.due_on()?;
        if self.today > due { due.end() } else { None }
    }

    /// Whether a report has come: `late` is when it came after the last day, `revised` when only its figure did.
    pub fn state(&self, reported: bool, late: bool, revised: bool) -> ReportState {
        match (reported, late, revised) {
            (true, true, _) => ReportState::Late,
            (true, false, true) => ReportState::Revised,
            (true, false, false) => ReportState::InTime,
            (false, ..) if self.late_after().is_some() => ReportState::Missing,
            (false, ..) => ReportState::Awaited,
        }
    }
}

impl UnitMonitoring {
    /// A unit's month from its halves.
    pub fn of(look: &Look<'_>, unit: UnitCode, name: Name, money: MoneyMonitoring, goals: Vec<GoalMonitoring>) -> Self {
        let of_money = || money.reports.iter().map(|one| one.report);
        let reports = || goals.iter().map(|goal| goal.report).chain(of_money());
        let count = |state| i32::try_from(reports().filter(|one| *one == state).count()).unwrap_or(i32::MAX);
        let lights = goals.iter().map(|goal| goal.light).chain([money.light]);
        let (missing, late) = (count(ReportState::Missing), count(ReportState::Late));
        let due_on = look.due_on();
        let since = due_on.map_or(0, |due| look.today.since(due));
        let days_overdue = if missing > 0 { since.max(0) } else { 0 };
        Self { unit, name, light: worst(lights), money, goals, due_on, days_overdue, missing, late }
    }
}

/// The worst of several lights; not known only where none is.
fn worst(lights: impl Iterator<Item = Light>) -> Light {
    let order = |light: &Light| match light {
        Light::Red => 0,
        Light::Yellow => 1,
        Light::Blue => 2,
        Light::Green => 3,
        Light::Unknown => 4,
    };
    lights.min_by_key(order).unwrap_or(Light::Unknown)
}
