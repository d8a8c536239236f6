//! League tables: units ranked under a scheme, computed where they are asked for.

pub mod http;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::Condition;

use self::http::LeagueFilter;
use crate::domain::budget_line::BudgetTotals;
use crate::domain::codes::{IndicatorCode, UnitCode};
use crate::domain::dossier::{Line, SetTarget};
use crate::domain::indicator::IndicatorFacts;
use crate::domain::kept::{Resource, dangling};
use crate::domain::league::{Contender, LeagueEntry, table};
use crate::domain::period::Month;
use crate::domain::scoring::{Score, Scored, Subject};
use crate::domain::spending::{Spending, Spent};
use crate::domain::violation::{Violations, Wrong};
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::budget_lines::store::BudgetLines;
use crate::resources::indicators::store::Indicators;
use crate::resources::progress::store::courses::{self, Courses, Reported};
use crate::resources::targets::store::Targets;
use crate::resources::{budget_lines, expenditures, monitoring, schemes, standards, targets, units};
use crate::store::View;

/// Where a page of a league table ends: a rank and a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place(i32, UnitCode);

impl std::str::FromStr for Place {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let bad = || crate::domain::word::bad_id("1:209002");
        let (rank, unit) = text.split_once(':').ok_or_else(bad)?;
        Ok(Self(rank.parse().map_err(|_| bad())?, unit.parse()?))
    }
}

/// A page of a league table, and how many units it has.
///
/// # Errors
/// A scheme that is not in force; a bad cursor, or the database's.
pub async fn page(
    view: &View<'_>,
    scope: &Scope,
    listing: &Listing<LeagueFilter>,
) -> Result<(i32, Vec<LeagueEntry>, Option<String>), ApiError> {
    let LeagueFilter { scheme: code, month, parent, kind } = &listing.filter;
    let year = month.year();
    let Some(scheme) = schemes::in_force(view, year).await?.remove(code) else {
        return Err(ApiError::Parameters(Violations(vec![dangling("/scheme", Resource::Schemes, code)])));
    };
    if scheme.wants_weights() {
        let (zh, en) = ("自定权重的办法不能用于排名", "a scheme whose weights are the evaluation's own ranks nobody");
        return Err(ApiError::parameter("scheme", Wrong::new("own_weights", zh, en), code.as_str()));
    }
    let after: Option<Place> = listing.after()?;
    let standard = standards::in_force(view, year).await?;
    let parent = parent_of_table(view, scope, parent.as_ref()).await?;
    // Whoever sees only some of them sees the ranks they have among all.
    let mut units = monitoring::active(view, &Scope::County, year, parent.as_ref(), None).await?;
    units.retain(|unit| kind.is_none_or(|kind| unit.facts.kind == kind));
    let seen: BTreeSet<UnitCode> = match scope.top() {
        None => units.iter().map(|unit| unit.key.clone()).collect(),
        Some(top) => units::store::subtree(view, top).await?.into_iter().collect(),
    };
    let rows = Rows::gather(view, &units, *month).await?;
    let contender = |unit: units::Item| {
        let worth = |when: When| {
            let (scored, totals) = (rows.scored(&unit.key, when), rows.totals(&unit.key, when));
            Score::of(code, &scheme, Subject { scored: &scored, totals: &totals, bands: standard.bands() })
        };
        // The year's first month has none before it.
        let before = (month.number() > 1).then(|| worth(When::Before).earned);
        Contender { score: worth(When::Now), before, unit: unit.key, name: unit.facts.name }
    };
    let mut entries = table(units.into_iter().map(contender).collect(), &standard);
    let total = i32::try_from(entries.len()).unwrap_or(i32::MAX);
    entries.retain(|one| seen.contains(&one.unit));
    entries.retain(|one| after.as_ref().is_none_or(|after| Place(one.rank, one.unit.clone()) > *after));
    let (entries, next) = listing.page(entries, |one| format!("{}:{}", one.rank, one.unit));
    Ok((total, entries, next))
}

/// The unit whose units are ranked: the one that is named, else the one above whatever the caller sees, else the county's
/// top.
async fn parent_of_table(
    view: &View<'_>,
    scope: &Scope,
    named: Option<&UnitCode>,
) -> Result<Option<UnitCode>, ApiError> {
    let above = match scope.top() {
        // Who has nobody above ranks those below.
        Some(top) => Some(units::get(view, scope, top).await?.facts.parent.unwrap_or_else(|| top.clone())),
        None => units::store::top(view).await?,
    };
    match named {
        // A unit may be told where it stands among those beside it.
        Some(named) if above.as_ref() != Some(named) => Ok(Some(units::get(view, scope, named).await?.key)),
        Some(named) => Ok(Some(named.clone())),
        None => Ok(above),
    }
}

/// The month, or the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Now,
    Before,
}

/// What the units set, spent and reported.
struct Rows {
    targets: BTreeMap<UnitCode, Vec<SetTarget>>,
    month: Month,
    lines: BTreeMap<UnitCode, Vec<Line>>,
    spent: BTreeMap<UnitCode, Spent>,
    courses: Courses,
    indicators: BTreeMap<IndicatorCode, IndicatorFacts>,
}

impl Rows {
    async fn gather(view: &View<'_>, units: &[units::Item], month: Month) -> Result<Self, ApiError> {
        let (year, codes) = (month.year(), units.iter().map(|unit| unit.key.clone()).collect::<Vec<_>>());
        let (mut targets, mut lines): (BTreeMap<_, Vec<_>>, BTreeMap<_, Vec<_>>) = Default::default();
        for target in view.list::<Targets>(targets::store::of_units(year, codes.clone()), None, None).await? {
            targets.entry(target.key.unit.clone()).or_default().push(target);
        }
        for line in view.list::<BudgetLines>(budget_lines::store::of_units(year, codes.clone()), None, None).await? {
            lines.entry(line.key.unit.clone()).or_default().push(line);
        }
        let indicators = view.list::<Indicators>(Condition::all(), None, None).await?;
        Ok(Self {
            month,
            targets,
            lines,
            spent: expenditures::store::through(view, &codes, month).await?,
            courses: courses::through(view, &codes, month, false).await?,
            indicators: indicators.into_iter().map(|one| (one.key, one.facts)).collect(),
        })
    }

    /// The unit's targets, and what it reported beside them.
    fn scored(&self, unit: &UnitCode, when: When) -> Vec<Scored<'_>> {
        let actual = |indicator: &IndicatorFacts, reported: Option<&Reported>| {
            let course = &reported?.course;
            if when == When::Now { course.so_far(indicator) } else { course.so_far_before(indicator) }
        };
        let reported = self.courses.get(unit);
        let mut scored = Vec::new();
        for target in self.targets.get(unit).into_iter().flatten() {
            let code = &target.key.indicator;
            let Some(indicator) = self.indicators.get(code) else { continue };
            let actual = actual(indicator, reported.and_then(|all| all.get(code)));
            scored.push(Scored {
                target: Some(&target.key),
                code,
                indicator,
                weight: None,
                value: target.facts.value,
                actual,
            });
        }
        for (code, one) in reported.into_iter().flatten() {
            let Some(indicator) = self.indicators.get(code) else { continue };
            if !scored.iter().any(|one| one.code == code) {
                let actual = actual(indicator, Some(one));
                scored.push(Scored { target: None, code, indicator, weight: None, value: None, actual });
            }
        }
        scored
    }

    /// The unit's money.
    fn totals(&self, unit: &UnitCode, when: When) -> BudgetTotals {
        let lines = self.lines.get(unit).map_or(&[][..], Vec::as_slice);
        let of_project: Vec<_> = lines.iter().map(|line| (&line.key.project, &line.facts)).collect();
        let spending = Spending::of(&of_project, self.spent.get(unit).unwrap_or(&Spent::new()), self.month);
        let adjusted = spending.adjusted;
        let totals = BudgetTotals { adjusted, ..BudgetTotals::of(lines.iter().map(|line| &line.facts), None) };
        totals.having_executed(if when == When::Now { spending.executed } else { spending.executed_before })
    }
}
