//! Findings: what does not add up, across units and years. Nothing is kept; every read asks the rules again.

pub mod http;

use std::collections::BTreeSet;

use self::http::FindingFilter;
use crate::domain::codes::UnitCode;
use crate::domain::findings::{self, Finding};
use crate::domain::period::{Month, Year};
use crate::domain::scorecard::ScorecardKey;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::evaluations::gather;
use crate::resources::evaluations::store::Evaluations;
use crate::resources::projects::store::Projects;
use crate::resources::targets::store::Targets;
use crate::resources::units::{self, store::Units};
use crate::store::View;

/// Where a page of findings ends: a unit and year, and how many of their findings were shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    card: ScorecardKey,
    shown: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.card, self.shown)
    }
}

impl std::str::FromStr for Place {
    type Err = crate::domain::violation::Wrong;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || crate::domain::word::bad_id("209002:2023:5");
        let (card, shown) = text.rsplit_once(':').ok_or_else(bad)?;
        Ok(Self { card: card.parse()?, shown: shown.parse().map_err(|_| bad())? })
    }
}

/// Findings in the order of unit and year, within them the gravest first; each with the place it stands at.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(
    view: &View<'_>,
    scope: &Scope,
    listing: &Listing<FindingFilter>,
    today: Month,
) -> Result<Vec<(Place, Finding)>, ApiError> {
    let wanted = usize::try_from(listing.limit + 1).unwrap_or(usize::MAX);
    let after: Option<Place> = listing.after()?;
    let mut found = Vec::new();
    for card in cards(view, scope, &listing.filter).await? {
        let skip = match &after {
            Some(place) if card < place.card => continue,
            Some(place) if card == place.card => place.shown,
            _ => 0,
        };
        let unit = units::get(view, scope, &card.unit).await?;
        let dossier = gather::dossier(view, unit, card.year, today).await?;
        let fitting = findings::judge(&dossier).into_iter().filter(|finding| listing.filter.admits(finding));
        let placed = fitting.enumerate().skip(skip);
        found.extend(placed.map(|(place, finding)| (Place { card: card.clone(), shown: place + 1 }, finding)));
        if found.len() >= wanted {
            break;
        }
    }
    found.truncate(wanted);
    Ok(found)
}

/// The units and years that have anything to judge, in order.
async fn cards(view: &View<'_>, scope: &Scope, filter: &FindingFilter) -> Result<BTreeSet<ScorecardKey>, ApiError> {
    let seen: Vec<UnitCode> = if let Some(unit) = &filter.unit {
        units::require_visible(view, scope, unit).await?;
        vec![unit.clone()]
    } else {
        let condition = units::visible(view, scope, units::store::CODE).await?;
        view.list::<Units>(condition, None, None).await?.into_iter().map(|unit| unit.key).collect()
    };
    let mut cards = BTreeSet::new();
    for unit in seen {
        let years: BTreeSet<Year> = years(view, &unit).await?;
        let years = years.into_iter().filter(|year| filter.year.is_none_or(|wanted| wanted == *year));
        cards.extend(years.map(|year| ScorecardKey { unit: unit.clone(), year }));
    }
    Ok(cards)
}

/// The years a unit has projects, targets or evaluations in. Lines belong to projects.
async fn years(view: &View<'_>, unit: &UnitCode) -> Result<BTreeSet<Year>, ApiError> {
    use crate::store::table::beginning_with;
    let of = || [unit.clone().into()];
    let projects = view.list::<Projects>(beginning_with::<Projects>(of()), None, None).await?;
    let targets = view.list::<Targets>(beginning_with::<Targets>(of()), None, None).await?;
    let evaluations = view.list::<Evaluations>(beginning_with::<Evaluations>(of()), None, None).await?;
    Ok(projects
        .iter()
        .map(|one| one.key.year)
        .chain(targets.iter().map(|one| one.key.year))
        .chain(evaluations.iter().map(|one| one.key.year))
        .collect())
}
