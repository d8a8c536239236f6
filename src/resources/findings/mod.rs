//! Findings: what does not add up, across units and years. Nothing is kept; every read asks the rules again.

pub mod http;

use std::collections::BTreeSet;

use self::http::FindingFilter;
use crate::domain::codes::UnitCode;
use crate::domain::day::Day;
use crate::domain::findings::{self, Finding};
use crate::domain::period::Year;
use crate::domain::scorecard::ScorecardKey;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::evaluations::gather;
use crate::resources::evaluations::store::Evaluations;
use crate::resources::projects::store::Projects;
use crate::resources::targets::store::Targets;
use crate::resources::{evaluations, projects, targets, units, webhooks};
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

/// How many units and years are read together.
const TOGETHER: usize = 16;

/// Findings in the order of unit and year, within them the gravest first; each with the place it stands at.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(
    view: &View<'_>,
    scope: &Scope,
    listing: &Listing<FindingFilter>,
    today: Day,
) -> Result<Vec<(Place, Finding)>, ApiError> {
    let wanted = usize::try_from(listing.limit + 1).unwrap_or(usize::MAX);
    let after: Option<Place> = listing.after()?;
    let mut found = Vec::new();
    let cards = cards(view, scope, &listing.filter).await?;
    let mut cards = cards.into_iter().filter(|card| after.as_ref().is_none_or(|place| *card >= place.card)).peekable();
    while cards.peek().is_some() && found.len() < wanted {
        let those: Vec<_> = cards.by_ref().take(TOGETHER).map(|card| (card.unit, card.year)).collect();
        for dossier in gather::dossiers_of(view, &those, today).await? {
            let card = ScorecardKey { unit: dossier.unit.key.clone(), year: dossier.year };
            let skip = after.as_ref().filter(|place| place.card == card).map_or(0, |place| place.shown);
            let fitting = findings::judge(&dossier).into_iter().filter(|finding| listing.filter.admits(finding));
            let placed = fitting.enumerate().skip(skip);
            found.extend(placed.map(|(place, finding)| (Place { card: card.clone(), shown: place + 1 }, finding)));
        }
    }
    found.truncate(wanted);
    Ok(found)
}

/// The units and years that have projects, targets or evaluations, or a webhook that was disabled, in order. Lines belong to
/// projects.
async fn cards(view: &View<'_>, scope: &Scope, filter: &FindingFilter) -> Result<BTreeSet<ScorecardKey>, ApiError> {
    let mut pairs: Vec<(UnitCode, Year)> =
        view.pairs::<Projects, _, _>(units::visible(view, scope, projects::store::UNIT).await?).await?;
    pairs.extend(view.pairs::<Targets, _, _>(units::visible(view, scope, targets::store::UNIT).await?).await?);
    pairs.extend(view.pairs::<Evaluations, _, _>(units::visible(view, scope, evaluations::store::UNIT).await?).await?);
    for silenced in webhooks::silenced(view).await? {
        if units::sees(view, scope, &silenced.unit).await? {
            pairs.push((silenced.unit, silenced.year));
        }
    }
    let wanted = |(unit, year): &(UnitCode, Year)| {
        filter.unit.as_ref().is_none_or(|one| one == unit) && filter.year.is_none_or(|one| one == *year)
    };
    Ok(pairs.into_iter().filter(wanted).map(|(unit, year)| ScorecardKey { unit, year }).collect())
}
