//! Monitoring (绩效运行监控, 双监控): month by month whether money and goals keep pace, where they are heading, and who
//! has not reported (财预〔2019〕136号).

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{IndicatorCode, Name, UnitCode};
use super::completion::{Completion, CompletionState};
use super::course::{Course, Forecast, ForecastBasis, growth, pace};
use super::day::Day;
use super::indicator::{Direction, IndicatorFacts};
use super::money::Balance;
use super::period::Month;
use super::quantity::{Quantity, Rate};
use super::standard::{Light, StandardFacts};
use super::target::TargetKey;

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
    }
}

crate::choice! {
    /// Where the amount spent comes from.
    pub enum MoneyBasis {
        /// From the expenditures reported for the months.
        Reported = "reported", "按月上报";
        /// From the budget lines as they stand: nothing was reported by month.
        Lines = "lines", "预算行";
        /// It is not known.
        Nothing = "nothing", "无数据";
    }
}

/// The money half: what was spent of the year's budget. Amounts in 元.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MoneyMonitoring {
    /// The year's budget (全年预算数); null where a line does not state it.
    pub adjusted: Option<Balance>,
    /// Spent from January through the month.
    pub executed: Option<Balance>,
    /// Where that comes from.
    pub basis: MoneyBasis,
    /// The last month reported on.
    pub through: Option<Month>,
    /// Spent in the month alone; null where the month before was not reported.
    pub month_value: Option<Balance>,
    /// Spent from January through the same month of last year.
    pub last_year: Option<Balance>,
    /// How much more than then, percent.
    pub year_on_year: Option<Rate>,
    /// `executed ÷ adjusted`, percent (预算执行率).
    pub execution_rate: Option<Rate>,
    /// The execution rate against the months gone, percent (序时进度).
    pub pace: Option<Rate>,
    /// The light.
    pub light: Light,
    /// Whether the cumulative amount fell.
    pub fell: bool,
}

/// The goal half: a target, and what was reached of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GoalMonitoring {
    /// The target.
    pub target: TargetKey,
    /// The indicator.
    pub indicator: IndicatorCode,
    /// Its name.
    pub name: Name,
    /// Its measure unit.
    pub measure_unit: Name,
    /// Which way is good.
    pub direction: Direction,
    /// The value set for the year.
    pub value: Option<Quantity>,
    /// What the month alone brought; null where it cannot be told.
    pub month_value: Option<Quantity>,
    /// What was reached from January through the month.
    pub cumulative: Option<Quantity>,
    /// The last month reported on.
    pub through: Option<Month>,
    /// What was reached through the same month of last year.
    pub last_year: Option<Quantity>,
    /// How much more than then, percent.
    pub year_on_year: Option<Rate>,
    /// How far the year's target was reached.
    pub completion: Completion,
    /// What was reached against what the months gone ask for, percent.
    pub pace: Option<Rate>,
    /// The light.
    pub light: Light,
    /// Whether the report of the month has come.
    pub report: ReportState,
    /// Whether the cumulative figure fell.
    pub fell: bool,
    /// The year's end as it is to be expected, in the measure unit.
    pub forecast: Option<Quantity>,
    /// What the forecast rests on.
    pub forecast_basis: ForecastBasis,
    /// Why that is to be expected, in Chinese.
    #[schema(max_length = 500)]
    pub forecast_zh: String,
    /// Why that is to be expected, in English.
    #[schema(max_length = 500)]
    pub forecast_en: String,
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
    /// How many reports are missing.
    #[schema(minimum = 0, maximum = 10_000)]
    pub missing: i32,
    /// How many came late.
    #[schema(minimum = 0, maximum = 10_000)]
    pub late: i32,
}

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
    /// What has not come.
    #[schema(max_items = 10_000)]
    pub missing: Vec<MissingReport>,
    /// The sentence to send, in Chinese.
    #[schema(max_length = 4000)]
    pub text_zh: String,
    /// The sentence to send, in English.
    #[schema(max_length = 4000)]
    pub text_en: String,
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

/// A target, and what is known of its course.
#[derive(Debug, Clone)]
pub struct Watched<'a> {
    /// The target.
    pub target: &'a TargetKey,
    /// The value set.
    pub value: Option<Quantity>,
    /// Its indicator.
    pub indicator: &'a IndicatorFacts,
    /// This year through the month.
    pub course: Course,
    /// Last year through the same month.
    pub last_year: Course,
    /// All of last year.
    pub whole_last_year: Course,
    /// Whether the month's report has come.
    pub report: ReportState,
}

impl GoalMonitoring {
    /// What a month says of a target.
    pub fn of(look: &Look<'_>, watched: Watched<'_>) -> Self {
        let Watched { target, value, indicator, course, last_year, whole_last_year, report } = watched;
        let direction = indicator.direction;
        let cumulative = course.so_far(indicator);
        let through = course.last.map(|(month, _)| month);
        let completion = Completion::of(direction, value, cumulative);
        let pace = pace(indicator, value, cumulative, look.month);
        // Last year through the same month is compared with this year through that month, and with nothing else.
        let reported = through == Some(look.month);
        let last_year = last_year.so_far_through(indicator, look.month.number()).filter(|_| reported);
        let whole = whole_last_year.so_far_through(indicator, 12);
        let forecast = Forecast::of(indicator, cumulative, through, last_year.zip(whole));
        let (forecast_zh, forecast_en) = reason(indicator, value, &forecast, through);
        Self {
            target: target.clone(),
            indicator: target.indicator.clone(),
            name: indicator.name.clone(),
            measure_unit: indicator.measure_unit.clone(),
            direction,
            value,
            month_value: course.of_month(indicator, look.month),
            cumulative,
            through,
            last_year,
            year_on_year: growth(cumulative, last_year),
            completion,
            pace,
            light: light(look.standard, indicator, completion, pace),
            report,
            fell: course.fell(indicator),
            forecast: forecast.value,
            forecast_basis: forecast.basis,
            forecast_zh,
            forecast_en,
        }
    }
}

/// A ceiling is green while it holds; of a percentage or a quality the completion is its own pace.
fn light(standard: &StandardFacts, indicator: &IndicatorFacts, completion: Completion, pace: Option<Rate>) -> Light {
    match indicator.direction {
        Direction::AtMost | Direction::LessThan => match completion.state {
            CompletionState::Met => Light::Green,
            CompletionState::Missed => Light::Red,
            CompletionState::Unknown => Light::Unknown,
        },
        _ if !indicator.adds_up() => match standard.light(completion.percent) {
            Light::Blue => Light::Green,
            other => other,
        },
        _ => standard.light(pace),
    }
}

/// Why the year's end is to be expected so.
fn reason(
    indicator: &IndicatorFacts,
    value: Option<Quantity>,
    forecast: &Forecast,
    through: Option<Month>,
) -> (String, String) {
    let Some((end, month)) = forecast.value.zip(through) else {
        return ("尚无上报，无法预测".into(), "nothing was reported; no forecast".into());
    };
    let unit = &indicator.measure_unit;
    let (basis_zh, basis_en) = match forecast.basis {
        ForecastBasis::Reached => ("已上报至 12 月".to_owned(), "reported through December".to_owned()),
        ForecastBasis::LastYear => (
            format!("按上年 1—{} 月占全年的比例推算", month.number()),
            format!("from the share that January to month {} had of last year", month.number()),
        ),
        ForecastBasis::Level => ("按现值".to_owned(), "as it stands".to_owned()),
        ForecastBasis::Linear | ForecastBasis::Nothing => (
            format!("按 1—{} 月的进度推算", month.number()),
            format!("in proportion to {} of 12 months", month.number()),
        ),
    };
    let (met_zh, met_en) = match Completion::of(indicator.direction, value, Some(end)).state {
        CompletionState::Met => ("，可完成目标", "; the target will be met"),
        CompletionState::Missed => ("，完不成目标", "; the target will be missed"),
        CompletionState::Unknown => ("", ""),
    };
    (format!("{basis_zh}，年末预计 {end}{unit}{met_zh}"), format!("{basis_en}: `{end}` by the year's end{met_en}"))
}

/// What is known of a unit's money. Amounts are of January through a month.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spending {
    /// The year's budget.
    pub adjusted: Option<Balance>,
    /// The budget lines' own sum of what was spent.
    pub of_lines: Option<Balance>,
    /// The last month reported on and what was spent through it.
    pub last: Option<(Month, Balance)>,
    /// The same before the month looked at.
    pub before: Option<(Month, Balance)>,
    /// The last month of last year's report through the same month, and what was spent through it.
    pub last_year: Option<(Month, Balance)>,
}

impl MoneyMonitoring {
    /// What a month says of a unit's money.
    pub fn of(look: &Look<'_>, spending: Spending) -> Self {
        let Spending { adjusted, of_lines, last, before, last_year } = spending;
        let (executed, basis) = match (last, of_lines) {
            (Some((_, executed)), _) => (Some(executed), MoneyBasis::Reported),
            (None, Some(executed)) => (Some(executed), MoneyBasis::Lines),
            (None, None) => (None, MoneyBasis::Nothing),
        };
        // Like months are compared, and nothing else.
        let alike = |then: &(Month, Balance)| last.is_some_and(|(now, _)| now.number() == then.0.number());
        let last_year = last_year.filter(alike).map(|(_, amount)| amount);
        let this = last.filter(|(month, _)| *month == look.month).map(|(_, executed)| executed);
        let earlier = match look.month.number() {
            1 => Some(Balance::of_fen(0)),
            _ => before.filter(|(month, _)| Some(*month) == look.month.previous()).map(|(_, executed)| executed),
        };
        let rate = |part: i128, whole: Option<Balance>| whole.and_then(|whole| Rate::of(part, whole.fen()));
        let pace = executed.and_then(|sum| Rate::of(sum.fen() * 12, adjusted?.fen() * i128::from(look.month.number())));
        Self {
            adjusted,
            executed,
            basis,
            through: last.map(|(month, _)| month),
            month_value: this.zip(earlier).map(|(this, earlier)| this - earlier),
            last_year,
            year_on_year: executed.and_then(|now| rate(now.fen() - last_year?.fen(), last_year)),
            execution_rate: executed.and_then(|executed| rate(executed.fen(), adjusted)),
            pace,
            light: match look.standard.light(pace) {
                // Money spent early is no achievement that a target was too low for.
                Light::Blue => Light::Green,
                other => other,
            },
            fell: this.zip(before).is_some_and(|(this, (_, before))| this < before),
        }
    }
}

impl UnitMonitoring {
    /// A unit's month from its halves.
    pub fn of(look: &Look<'_>, unit: UnitCode, name: Name, money: MoneyMonitoring, goals: Vec<GoalMonitoring>) -> Self {
        let count = |state: ReportState| {
            let number = goals.iter().filter(|goal| goal.report == state).count();
            i32::try_from(number).unwrap_or(i32::MAX)
        };
        let lights = goals.iter().map(|goal| goal.light).chain([money.light]);
        let (missing, late) = (count(ReportState::Missing), count(ReportState::Late));
        let due_on = look.due_on();
        let since = due_on.map_or(0, |due| look.today.since(due));
        let days_overdue = if missing > 0 { since.max(0) } else { 0 };
        Self { unit, name, light: worst(lights), money, goals, due_on, days_overdue, missing, late }
    }

    /// What the unit is to be reminded of, if anything.
    pub fn reminder(&self, look: &Look<'_>) -> Option<Reminder> {
        let open = |goal: &&GoalMonitoring| matches!(goal.report, ReportState::Missing | ReportState::Awaited);
        // Several targets may be set for one indicator; it is reported on once.
        let mut missing: Vec<MissingReport> = Vec::new();
        for goal in self.goals.iter().filter(open) {
            if !missing.iter().any(|one| one.indicator == goal.indicator) {
                let (indicator, name) = (goal.indicator.clone(), goal.name.clone());
                missing.push(MissingReport { indicator, name, through: goal.through });
            }
        }
        if missing.is_empty() {
            return None;
        }
        let days_overdue = self.due_on.map_or(0, |due| look.today.since(due));
        let names: Vec<&str> = missing.iter().take(10).map(|one| one.name.as_str()).collect();
        let (number, month, due) =
            (missing.len(), look.month, self.due_on.map_or_else(String::new, |due| due.to_string()));
        let (late_zh, late_en) = match days_overdue {
            1.. => (format!("已逾期 {days_overdue} 天"), format!("{days_overdue} day(s) overdue")),
            _ => (format!("还有 {} 天", -days_overdue), format!("{} day(s) left", -days_overdue)),
        };
        let text_zh =
            format!("{}：{month} 进度尚缺 {number} 项（{}），截止 {due}，{late_zh}", self.name, names.join("、"));
        let text_en = format!(
            "`{}`: {number} report(s) of {month} are missing (`{}`), due on {due}, {late_en}",
            self.name,
            names.join(", ")
        );
        let (unit, name, due_on) = (self.unit.clone(), self.name.clone(), self.due_on);
        Some(Reminder { unit, name, due_on, days_overdue, missing, text_zh, text_en })
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
