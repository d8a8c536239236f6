//! The money half of monitoring.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Look, ReportState};
use crate::domain::codes::ProjectCode;
use crate::domain::money::Balance;
use crate::domain::period::Month;
use crate::domain::quantity::Rate;
use crate::domain::spending::{MoneyBasis, Spending};
use crate::domain::standard::Light;

/// Whether the month's report of a project's spending has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectReport {
    /// The project.
    pub project: ProjectCode,
    /// Whether its report has come.
    pub report: ReportState,
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
    /// The last month through which every project that reports has reported.
    pub through: Option<Month>,
    /// Spent in the month alone; null where it or the month before was not reported of every project.
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
    /// Whether the cumulative amount of a project fell.
    pub fell: bool,
    /// Whether the month's reports have come, the worst of them.
    pub report: ReportState,
    /// The projects with budget lines, each of which is asked for a report.
    #[schema(max_items = 10_000)]
    pub reports: Vec<ProjectReport>,
}

impl MoneyMonitoring {
    /// What a month says of a unit's money, beside what the same months of last year said. `report` tells whether that of
    /// each of its projects has come.
    pub fn of(look: &Look<'_>, now: &Spending, then: Option<&Spending>, reports: Vec<ProjectReport>) -> Self {
        let Spending { adjusted, executed, basis, through, wholly_through, month_value, fell, .. } = now.clone();
        // Like months are compared, and nothing else.
        let alike = |then: &&Spending| {
            wholly_through.is_some() && then.wholly_through == wholly_through.and_then(Month::a_year_earlier)
        };
        let last_year = then.filter(alike).and_then(|then| then.executed);
        let rate = |part: i128, whole: Option<Balance>| whole.and_then(|whole| Rate::of(part, whole.fen()));
        let pace = executed.and_then(|sum| Rate::of(sum.fen() * 12, adjusted?.fen() * i128::from(look.month.number())));
        Self {
            adjusted,
            executed,
            basis,
            through,
            month_value,
            last_year,
            year_on_year: executed.and_then(|now| rate(now.fen() - last_year?.fen(), last_year)),
            execution_rate: executed.and_then(|executed| rate(executed.fen(), adjusted)),
            pace,
            light: match look.standard.light(pace) {
                // Money spent early is no achievement that a target was too low for.
                Light::Blue => Light::Green,
                other => other,
            },
            fell,
            report: reports
                .iter()
                .map(|one| one.report)
                .max_by_key(|state| state.urgency())
                .unwrap_or(ReportState::NotAsked),
            reports,
        }
    }
}
