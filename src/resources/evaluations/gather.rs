//! Gathers the dossier of a unit and year: all that the rules look at, read at one moment.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::Condition;

use super::store::Evaluations;
use crate::domain::codes::{IndicatorCode, UnitCode};
use crate::domain::day::Day;
use crate::domain::dossier::{Dossier, SetTarget};
use crate::domain::kept::Kept;
use crate::domain::period::Year;
use crate::domain::unit::UnitFacts;
use crate::http::error::ApiError;
use crate::resources::budget_lines::store::BudgetLines;
use crate::resources::economic_classes::store::EconomicClasses;
use crate::resources::indicators::store::Indicators;
use crate::resources::progress::store::Progresses;
use crate::resources::projects::store::Projects;
use crate::resources::reviews::store::Reviews;
use crate::resources::targets::store::{Targets, handed_down_from};
use crate::resources::{economic_classes, indicators, progress, schemes, standards, units, webhooks};
use crate::store::View;
use crate::store::table::{Table, beginning_with};

/// The dossier of a unit and year. Read it from a snapshot: half of a change would be a wrong number.
///
/// # Errors
/// The database's.
pub async fn dossier(
    view: &View<'_>,
    unit: Kept<UnitCode, UnitFacts>,
    year: Year,
    today: Day,
) -> Result<Dossier, ApiError> {
    let code = unit.key.clone();
    let evaluations = view.list::<Evaluations>(of::<Evaluations>(&code, year), None, None).await?;
    let targets = view.list::<Targets>(of::<Targets>(&code, year), None, None).await?;
    let next_targets = match year.next() {
        Some(next) => view.list::<Targets>(of::<Targets>(&code, next), None, None).await?,
        None => Vec::new(),
    };
    let own: Vec<_> = targets.iter().map(|target| target.key.clone()).collect();
    let handed_down =
        if own.is_empty() { Vec::new() } else { view.list::<Targets>(handed_down_from(own), None, None).await? };
    let part_of_a_cascade = !handed_down.is_empty() || targets.iter().any(|target| target.facts.parent.is_some());
    let above = if part_of_a_cascade { units::store::above(view).await? } else { BTreeMap::new() };
    let mut claimed: Vec<SetTarget> = Vec::new();
    let wanted: BTreeSet<_> =
        evaluations.iter().flat_map(|one| &one.facts.indicators).map(|assessed| &assessed.target).collect();
    for key in wanted {
        match targets.iter().find(|own| own.key == *key) {
            Some(own) => claimed.push(own.clone()),
            None => claimed.extend(view.find::<Targets>(key).await?),
        }
    }
    let mentioned: BTreeSet<&IndicatorCode> =
        targets.iter().chain(&claimed).chain(&next_targets).map(|target| &target.key.indicator).collect();
    let units: BTreeSet<&UnitCode> = claimed.iter().map(|target| &target.key.unit).chain([&code]).collect();
    let mentioned: Vec<IndicatorCode> = mentioned.into_iter().cloned().collect();
    let reported = progress::store::reported(year, units.into_iter().cloned(), mentioned.clone());
    let progress = view.list::<Progresses>(reported, None, None).await?;
    let indicators = view.list::<Indicators>(indicators::store::with_codes(mentioned), None, None).await?;
    let lines = view.list::<BudgetLines>(of::<BudgetLines>(&code, year), None, None).await?;
    let used = lines.iter().map(|line| line.key.economic_class.clone());
    let used = economic_classes::store::of_year(year, used);
    let classes = view.list::<EconomicClasses>(used, None, None).await?;
    let silenced = webhooks::silenced(view).await?.into_iter().filter(|one| one.unit == code && one.year == year);
    let silenced = silenced.collect();
    Ok(Dossier {
        year,
        today,
        projects: view.list::<Projects>(of::<Projects>(&code, year), None, None).await?,
        lines,
        class_names: classes.into_iter().map(|class| (class.key.code, class.facts.name.to_string())).collect(),
        targets,
        handed_down,
        above,
        next_targets,
        claimed,
        indicators: indicators.into_iter().map(|one| (one.key, one.facts)).collect::<BTreeMap<_, _>>(),
        progress,
        standard: standards::in_force(view, year).await?,
        schemes: schemes::in_force(view, year).await?,
        evaluations,
        reviews: view.list::<Reviews>(of::<Reviews>(&code, year), None, None).await?,
        silenced,
        unit,
    })
}

/// The rows of a unit and year, in a table whose key begins with these two.
fn of<T: Table>(unit: &UnitCode, year: Year) -> Condition {
    beginning_with::<T>([unit.clone().into(), year.into()])
}
