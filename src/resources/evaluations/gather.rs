//! Gathers dossiers: all that the rules look at for a unit and year, read at one moment.

use std::collections::{BTreeMap, BTreeSet};

use super::store::Evaluations;
use crate::domain::codes::{EconomicCode, IndicatorCode, UnitCode};
use crate::domain::day::Day;
use crate::domain::dossier::{Dossier, SetTarget};
use crate::domain::indicator::IndicatorFacts;
use crate::domain::kept::Kept;
use crate::domain::period::Year;
use crate::domain::progress::{ProgressFacts, ProgressKey};
use crate::domain::target::{TargetFacts, TargetKey};
use crate::domain::unit::UnitFacts;
use crate::http::error::ApiError;
use crate::resources::budget_lines::store::BudgetLines;
use crate::resources::economic_classes::store::EconomicClasses;
use crate::resources::indicators::store::Indicators;
use crate::resources::progress::store::Progresses;
use crate::resources::projects::store::Projects;
use crate::resources::reviews::store::Reviews;
use crate::resources::targets::store::{Targets, handed_down_from};
use crate::resources::units::store::Units;
use crate::resources::{economic_classes, indicators, progress, schemes, standards, units, webhooks};
use crate::store::View;
use crate::store::table::{Table, of_units_and_year};

/// A unit as it is kept.
type Unit = Kept<UnitCode, UnitFacts>;

/// Rows, each under the unit they belong to.
type ByUnit<K, F> = BTreeMap<UnitCode, Vec<Kept<K, F>>>;

/// The dossier of a unit and year. Read it from a snapshot: half of a change would be a wrong number.
///
/// # Errors
/// The database's.
pub async fn dossier(view: &View<'_>, unit: Unit, year: Year, today: Day) -> Result<Dossier, ApiError> {
    let gathered = dossiers(view, vec![(unit, year)], today).await?;
    gathered.into_iter().next().ok_or_else(|| ApiError::internal("a dossier was not gathered".into()))
}

/// The dossiers of units and years, in the order in which they are asked for: what they have in common is read once, and
/// those of a year are read together.
///
/// # Errors
/// The database's.
#[tracing::instrument(level = "debug", skip_all, name = "gather dossiers")]
async fn dossiers(view: &View<'_>, cards: Vec<(Unit, Year)>, today: Day) -> Result<Vec<Dossier>, ApiError> {
    let mut gathered: BTreeMap<(Year, UnitCode), Dossier> = BTreeMap::new();
    let order: Vec<_> = cards.iter().map(|(unit, year)| (*year, unit.key.clone())).collect();
    let mut by_year: BTreeMap<Year, Vec<Unit>> = BTreeMap::new();
    for (unit, year) in cards {
        by_year.entry(year).or_default().push(unit);
    }
    for (year, units) in by_year {
        let those = of_one_year(view, units, year, today).await?;
        gathered.extend(those.into_iter().map(|one| ((year, one.unit.key.clone()), one)));
    }
    Ok(order.iter().filter_map(|key| gathered.remove(key)).collect())
}

/// The dossiers of units and years by their codes, those of which the unit is there.
///
/// # Errors
/// The database's.
pub async fn dossiers_of(view: &View<'_>, cards: &[(UnitCode, Year)], today: Day) -> Result<Vec<Dossier>, ApiError> {
    let codes: BTreeSet<&UnitCode> = cards.iter().map(|(unit, _)| unit).collect();
    let units = view.find_all::<Units>(&codes.into_iter().collect::<Vec<_>>()).await?;
    let units: BTreeMap<_, _> = units.into_iter().map(|unit| (unit.key.clone(), unit)).collect();
    let known = cards.iter().filter_map(|(unit, year)| Some((units.get(unit)?.clone(), *year)));
    dossiers(view, known.collect(), today).await
}

/// The dossiers of different units of a year.
async fn of_one_year(view: &View<'_>, units: Vec<Unit>, year: Year, today: Day) -> Result<Vec<Dossier>, ApiError> {
    let codes: Vec<UnitCode> = units.iter().map(|unit| unit.key.clone()).collect();
    let standard = standards::in_force(view, year).await?;
    let schemes = schemes::in_force(view, year).await?;
    let silenced = webhooks::silenced(view).await?;
    let mut projects = of::<Projects>(view, &codes, year, |key| &key.unit).await?;
    let mut lines = of::<BudgetLines>(view, &codes, year, |key| &key.unit).await?;
    let mut evaluations = of::<Evaluations>(view, &codes, year, |key| &key.unit).await?;
    let mut reviews = of::<Reviews>(view, &codes, year, |key| &key.unit).await?;
    let mut targets = of::<Targets>(view, &codes, year, |key| &key.unit).await?;
    let mut next_targets = match year.next() {
        Some(next) => of::<Targets>(view, &codes, next, |key| &key.unit).await?,
        None => BTreeMap::new(),
    };
    let mut handed_down = handed_down(view, &targets).await?;
    let any_cascade = !handed_down.is_empty() || targets.values().any(|own| has_parents(own));
    let above = if any_cascade { units::store::above(view).await? } else { BTreeMap::new() };
    let class_names = class_names(view, year, lines.values().flatten().map(|line| &line.key.economic_class)).await?;
    let mut dossiers: Vec<Dossier> = units
        .into_iter()
        .map(|unit| {
            let code = &unit.key;
            let (targets, handed_down) = (taken(&mut targets, code), taken(&mut handed_down, code));
            let part_of_a_cascade = !handed_down.is_empty() || has_parents(&targets);
            let lines = taken(&mut lines, code);
            let used: BTreeSet<_> = lines.iter().map(|line| &line.key.economic_class).collect();
            let names = used.into_iter().filter_map(|class| class_names.get_key_value(class));
            Dossier {
                year,
                today,
                projects: taken(&mut projects, code),
                class_names: names.map(|(class, name)| (class.clone(), name.clone())).collect(),
                lines,
                targets,
                handed_down,
                above: if part_of_a_cascade { above.clone() } else { BTreeMap::new() },
                next_targets: taken(&mut next_targets, code),
                claimed: Vec::new(),
                indicators: BTreeMap::new(),
                progress: Vec::new(),
                standard: standard.clone(),
                schemes: schemes.clone(),
                evaluations: taken(&mut evaluations, code),
                reviews: taken(&mut reviews, code),
                silenced: silenced.iter().filter(|one| one.unit == *code && one.year == year).cloned().collect(),
                unit,
            }
        })
        .collect();
    add_claimed(view, &mut dossiers).await?;
    add_reported(view, &mut dossiers, year).await?;
    Ok(dossiers)
}

/// The targets that evaluations claim, of whatever unit.
async fn add_claimed(view: &View<'_>, dossiers: &mut [Dossier]) -> Result<(), ApiError> {
    let claims = |one: &Dossier| -> BTreeSet<TargetKey> {
        one.evaluations.iter().flat_map(|one| &one.facts.indicators).map(|assessed| assessed.target.clone()).collect()
    };
    let claimed: Vec<BTreeSet<TargetKey>> = dossiers.iter().map(claims).collect();
    let known: BTreeMap<TargetKey, SetTarget> =
        dossiers.iter().flat_map(|one| &one.targets).map(|target| (target.key.clone(), target.clone())).collect();
    let missing: BTreeSet<&TargetKey> = claimed.iter().flatten().filter(|key| !known.contains_key(*key)).collect();
    let others = view.find_all::<Targets>(&missing.into_iter().collect::<Vec<_>>()).await?;
    let others: BTreeMap<_, _> = others.into_iter().map(|target| (target.key.clone(), target)).collect();
    for (dossier, keys) in dossiers.iter_mut().zip(claimed) {
        dossier.claimed = keys.iter().filter_map(|key| known.get(key).or_else(|| others.get(key))).cloned().collect();
    }
    Ok(())
}

/// The indicators that are mentioned, and what the units of those targets reported of them.
async fn add_reported(view: &View<'_>, dossiers: &mut [Dossier], year: Year) -> Result<(), ApiError> {
    let mentioned = |one: &Dossier| -> BTreeSet<IndicatorCode> {
        let targets = one.targets.iter().chain(&one.claimed).chain(&one.next_targets);
        targets.map(|target| target.key.indicator.clone()).collect()
    };
    let concerned = |one: &Dossier| -> BTreeSet<UnitCode> {
        one.claimed.iter().map(|target| target.key.unit.clone()).chain([one.unit.key.clone()]).collect()
    };
    let all: Vec<_> = dossiers.iter().map(|one| (concerned(one), mentioned(one))).collect();
    let codes: BTreeSet<_> = all.iter().flat_map(|(_, codes)| codes).cloned().collect();
    let units: BTreeSet<_> = all.iter().flat_map(|(units, _)| units).cloned().collect();
    let reported = progress::store::reported(year, units, &codes);
    let progress = view.list::<Progresses>(reported, None, None).await?;
    let progress: ByUnit<ProgressKey, ProgressFacts> = by_unit(progress, |key| &key.unit);
    let indicators = view.list::<Indicators>(indicators::store::with_codes(codes), None, None).await?;
    let indicators: BTreeMap<IndicatorCode, IndicatorFacts> =
        indicators.into_iter().map(|one| (one.key, one.facts)).collect();
    for (dossier, (units, codes)) in dossiers.iter_mut().zip(all) {
        let own = units.iter().filter_map(|unit| progress.get(unit)).flatten();
        dossier.progress = own.filter(|row| codes.contains(&row.key.indicator)).cloned().collect();
        let own = codes.into_iter().filter_map(|code| indicators.get(&code).map(|facts| (code, facts.clone())));
        dossier.indicators = own.collect();
    }
    Ok(())
}

/// The targets that were handed down from those of units, under the unit they come from.
async fn handed_down(
    view: &View<'_>,
    targets: &ByUnit<TargetKey, TargetFacts>,
) -> Result<ByUnit<TargetKey, TargetFacts>, ApiError> {
    let own: Vec<TargetKey> = targets.values().flatten().map(|target| target.key.clone()).collect();
    let mut found = ByUnit::new();
    // A statement takes so many values at most.
    for own in own.chunks(1_000) {
        for target in view.list::<Targets>(handed_down_from(own.to_vec()), None, None).await? {
            if let Some(parent) = &target.facts.parent {
                found.entry(parent.unit.clone()).or_default().push(target);
            }
        }
    }
    for targets in found.values_mut() {
        targets.sort_by(|one, other| one.key.cmp(&other.key));
    }
    Ok(found)
}

/// The official names of classes.
async fn class_names(
    view: &View<'_>,
    year: Year,
    used: impl Iterator<Item = &EconomicCode>,
) -> Result<BTreeMap<EconomicCode, String>, ApiError> {
    let used: BTreeSet<EconomicCode> = used.cloned().collect();
    let classes = view.list::<EconomicClasses>(economic_classes::store::of_year(year, used), None, None).await?;
    Ok(classes.into_iter().map(|class| (class.key.code, class.facts.name.to_string())).collect())
}

fn has_parents(targets: &[SetTarget]) -> bool {
    targets.iter().any(|target| target.facts.parent.is_some())
}

/// The rows of units and a year, in a table whose key begins with these two.
async fn of<T: Table>(
    view: &View<'_>,
    units: &[UnitCode],
    year: Year,
    unit: fn(&T::Key) -> &UnitCode,
) -> Result<ByUnit<T::Key, T::Facts>, ApiError> {
    let wanted = of_units_and_year::<T>(units.iter().cloned(), year);
    Ok(by_unit(view.list::<T>(wanted, None, None).await?, unit))
}

fn by_unit<K, F>(rows: Vec<Kept<K, F>>, unit: fn(&K) -> &UnitCode) -> ByUnit<K, F> {
    let mut found = ByUnit::new();
    for row in rows {
        found.entry(unit(&row.key).clone()).or_default().push(row);
    }
    found
}

fn taken<K, F>(rows: &mut ByUnit<K, F>, unit: &UnitCode) -> Vec<Kept<K, F>> {
    rows.remove(unit).unwrap_or_default()
}
