//! Monitoring: a month of all units in a few reads, whatever their number.

pub mod http;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sea_orm::{ColumnTrait, Condition};

use self::http::MonitoringFilter;
use crate::domain::codes::{IndicatorCode, ProjectCode, UnitCode};
use crate::domain::day::Day;
use crate::domain::dossier::{Line, SetTarget};
use crate::domain::expenditure::ExpenditureKey;
use crate::domain::indicator::IndicatorFacts;
use crate::domain::kept::Resource;
use crate::domain::monitoring::{
    GoalMonitoring, Look, MoneyMonitoring, ProjectReport, Reminder, ReportState, UnitMonitoring, Watched,
};
use crate::domain::period::{Month, Year};
use crate::domain::progress::ProgressKey;
use crate::domain::spending::{Spending, Spent};
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::budget_lines::store::BudgetLines;
use crate::resources::indicators::store::Indicators;
use crate::resources::progress::store::courses::{self, Courses};
use crate::resources::targets::store::Targets;
use crate::resources::units::store::Units;
use crate::resources::{budget_lines, expenditures, standards, targets, units};
use crate::store::View;

/// The units a caller may see, below a parent where one is named, that have targets or a budget in a year.
///
/// # Errors
/// The database's; a parent or unit that is not there.
pub async fn active(
    view: &View<'_>,
    scope: &Scope,
    year: Year,
    parent: Option<&UnitCode>,
    unit: Option<&UnitCode>,
) -> Result<Vec<units::Item>, ApiError> {
    for named in parent.into_iter().chain(unit) {
        units::get(view, scope, named).await?;
    }
    let mut wanted = units::visible(view, scope, units::store::CODE).await?;
    wanted = wanted.add_option(parent.map(units::store::right_below));
    wanted = wanted.add_option(unit.map(|unit| units::store::CODE.eq(unit.clone())));
    let found = view.list::<Units>(wanted, None, None).await?;
    let mut active: BTreeSet<UnitCode> = BTreeSet::new();
    let with_targets = view.pairs::<Targets, UnitCode, Year>(targets::store::of_year(year)).await?;
    let with_lines = view.pairs::<BudgetLines, UnitCode, Year>(budget_lines::store::of_year(year)).await?;
    active.extend(with_targets.into_iter().chain(with_lines).map(|(unit, _)| unit));
    Ok(found.into_iter().filter(|unit| active.contains(&unit.key)).collect())
}

/// A page of units with what monitoring sees of them; `journal` is where it is looked up when a report came.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn page(
    view: &View<'_>,
    journal: &View<'_>,
    scope: &Scope,
    listing: &Listing<MonitoringFilter>,
    today: Day,
) -> Result<(Vec<UnitMonitoring>, Option<String>), ApiError> {
    let MonitoringFilter { month, parent, unit } = &listing.filter;
    let after: Option<UnitCode> = listing.after()?;
    let mut found = active(view, scope, month.year(), parent.as_ref(), unit.as_ref()).await?;
    found.retain(|unit| after.as_ref().is_none_or(|after| unit.key > *after));
    let (found, next) = listing.page(found, |unit| unit.key.to_string());
    let standard = standards::in_force(view, month.year()).await?;
    let look = Look { month: *month, today, standard: &standard };
    Ok((watch(view, journal, &look, found).await?, next))
}

/// A page of those who are to be reminded. It may be empty and have one after it: units that reported are passed by.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn reminders(
    view: &View<'_>,
    journal: &View<'_>,
    scope: &Scope,
    listing: &Listing<MonitoringFilter>,
    today: Day,
) -> Result<(Vec<Reminder>, Option<String>), ApiError> {
    let (units, next) = page(view, journal, scope, listing, today).await?;
    let month = listing.filter.month;
    let standard = standards::in_force(view, month.year()).await?;
    let look = Look { month, today, standard: &standard };
    Ok((units.iter().filter_map(|unit| unit.reminder(&look)).collect(), next))
}

/// What monitoring sees of these units.
///
/// # Errors
/// The database's.
pub async fn watch(
    view: &View<'_>,
    journal: &View<'_>,
    look: &Look<'_>,
    found: Vec<units::Item>,
) -> Result<Vec<UnitMonitoring>, ApiError> {
    let (year, codes) = (look.month.year(), found.iter().map(|unit| unit.key.clone()).collect::<Vec<_>>());
    let mut goals = of_units(
        view.list::<Targets>(targets::store::of_units(year, codes.clone()), None, None).await?,
        |target: &SetTarget| &target.key.unit,
    );
    let lines = view.list::<BudgetLines>(budget_lines::store::of_units(year, codes.clone()), None, None).await?;
    let lines = of_units(lines, |line: &Line| &line.key.unit);
    let indicators: BTreeMap<IndicatorCode, IndicatorFacts> = view
        .list::<Indicators>(Condition::all(), None, None)
        .await?
        .into_iter()
        .map(|one| (one.key, one.facts))
        .collect();
    let now = courses::through(view, &codes, look.month, false).await?;
    let then = match look.month.a_year_earlier() {
        Some(month) => courses::through(view, &codes, month, true).await?,
        None => Courses::new(),
    };
    let spent = expenditures::store::through(view, &codes, look.month).await?;
    let (spent_then, lines_then) = match look.month.a_year_earlier() {
        Some(month) => {
            let lines = budget_lines::store::of_units(month.year(), codes.clone());
            let lines = view.list::<BudgetLines>(lines, None, None).await?;
            let spent = expenditures::store::through(view, &codes, month).await?;
            (spent, of_units(lines, |line: &Line| &line.key.unit))
        }
        None => (BTreeMap::new(), BTreeMap::new()),
    };
    let late = late(journal, look, &now, &spent).await?;
    let nothing = Spent::new();
    let mut watched = Vec::with_capacity(found.len());
    for unit in found {
        let code = &unit.key;
        let of_projects = |lines: &BTreeMap<UnitCode, Vec<Line>>, spent: &BTreeMap<UnitCode, Spent>, month: Month| {
            let lines = lines.get(code).map_or(&[][..], Vec::as_slice);
            let lines: Vec<_> = lines.iter().map(|line| (&line.key.project, &line.facts)).collect();
            Spending::of(&lines, spent.get(code).unwrap_or(&nothing), month)
        };
        let money = of_projects(&lines, &spent, look.month);
        let a_year_ago = look.month.a_year_earlier().map(|month| of_projects(&lines_then, &spent_then, month));
        let reports = money.asked.iter().map(|(project, revision)| {
            let id = money_id(code, look.month, project);
            let report = late.state(look, (Resource::Expenditures, id), *revision);
            ProjectReport { project: project.clone(), report }
        });
        let reports = reports.collect();
        let money = MoneyMonitoring::of(look, &money, a_year_ago.as_ref(), reports);
        let goals = goals.remove(code).unwrap_or_default();
        let goals = goals.iter().filter_map(|target| {
            let indicator = indicators.get(&target.key.indicator)?;
            let of = |courses: &Courses| courses.get(code).and_then(|all| all.get(&target.key.indicator)).copied();
            let (this, that) = (of(&now).unwrap_or_default(), of(&then).unwrap_or_default());
            Some(GoalMonitoring::of(
                look,
                Watched {
                    target: &target.key,
                    value: target.facts.value,
                    indicator,
                    course: this.course,
                    last_year: that.course,
                    whole_last_year: that.whole,
                    report: {
                        let id = report_id(code, look.month, &target.key.indicator);
                        late.state(look, (Resource::Progress, id), this.revision)
                    },
                },
            ))
        });
        let goals = goals.collect();
        watched.push(UnitMonitoring::of(look, unit.key, unit.facts.name, money, goals));
    }
    Ok(watched)
}

/// Rows by the unit they belong to.
fn of_units<T>(rows: Vec<T>, unit: impl Fn(&T) -> &UnitCode) -> BTreeMap<UnitCode, Vec<T>> {
    let mut all: BTreeMap<UnitCode, Vec<T>> = BTreeMap::new();
    for row in rows {
        all.entry(unit(&row).clone()).or_default().push(row);
    }
    all
}

/// Which reports came after their last day, and which had come before it.
#[derive(Debug, Default)]
struct Late {
    /// The journal's number at the end of the last day.
    after: Option<i64>,
    /// Reports that were changed after it, and had been there before.
    known_before: BTreeMap<Resource, HashSet<String>>,
}

/// Looks up when the month's reports came: those that are older than the last day need no looking up.
async fn late(
    journal: &View<'_>,
    look: &Look<'_>,
    now: &Courses,
    spent: &BTreeMap<UnitCode, Spent>,
) -> Result<Late, ApiError> {
    let Some(end) = look.late_after() else { return Ok(Late::default()) };
    let after = journal.journal_position_at(end).await?;
    let newer = |revision: Option<i64>| revision.is_some_and(|revision| revision > after);
    let progress = now.iter().flat_map(|(unit, all)| all.iter().map(move |(indicator, one)| (unit, indicator, one)));
    let progress = progress.filter(|(_, _, one)| newer(one.revision));
    let progress = progress.map(|(unit, indicator, _)| report_id(unit, look.month, indicator)).collect::<Vec<_>>();
    let money = spent.iter().flat_map(|(unit, all)| all.iter().map(move |(project, one)| (unit, project, one)));
    let money = money.filter(|(_, _, one)| newer(one.revision));
    let money = money.map(|(unit, project, _)| money_id(unit, look.month, project)).collect::<Vec<_>>();
    let mut known_before = BTreeMap::new();
    for (resource, ids) in [(Resource::Progress, progress), (Resource::Expenditures, money)] {
        // Where the journal was empty on the last day, nothing had come.
        if after > 0 && !ids.is_empty() {
            known_before.insert(resource, journal.journal_knew(resource.code(), ids, after).await?);
        }
    }
    Ok(Late { after: Some(after), known_before })
}

fn report_id(unit: &UnitCode, month: Month, indicator: &IndicatorCode) -> String {
    ProgressKey { unit: unit.clone(), month, indicator: indicator.clone() }.to_string()
}

fn money_id(unit: &UnitCode, month: Month, project: &ProjectCode) -> String {
    ExpenditureKey { unit: unit.clone(), month, project: project.clone() }.to_string()
}

impl Late {
    /// Whether a report has come, `revision` being the entry that made it what it is.
    fn state(&self, look: &Look<'_>, (resource, id): (Resource, String), revision: Option<i64>) -> ReportState {
        let newer = revision.zip(self.after).is_some_and(|(revision, after)| revision > after);
        let revised = newer && self.known_before.get(&resource).is_some_and(|known| known.contains(&id));
        look.state(revision.is_some(), newer && !revised, revised)
    }
}
