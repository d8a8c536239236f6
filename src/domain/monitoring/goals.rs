//! The goal half of monitoring.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Look, ReportState};
use crate::domain::codes::{IndicatorCode, Name};
use crate::domain::completion::{Completion, CompletionState};
use crate::domain::course::{Course, Forecast, ForecastBasis, growth, pace};
use crate::domain::indicator::{Direction, IndicatorFacts};
use crate::domain::period::Month;
use crate::domain::quantity::{Quantity, Rate};
use crate::domain::standard::{Light, StandardFacts};
use crate::domain::target::TargetKey;

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
