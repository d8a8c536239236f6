//! Scorecards: a unit's year on one page. Nothing is kept here; all of it is read and computed.

pub mod http;

use crate::domain::day::Day;
use crate::domain::period::Year;
use crate::domain::review::Actor;
use crate::domain::scorecard::{Scorecard, ScorecardKey};
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::resources::evaluations::gather;
use crate::resources::units;
use crate::store::View;

/// The scorecard of a unit's year. A year without rows has an empty one.
///
/// # Errors
/// The database's.
pub async fn of(
    view: &View<'_>,
    unit: units::Item,
    year: Year,
    actor: &Actor,
    today: Day,
) -> Result<Scorecard, ApiError> {
    Ok(Scorecard::of(&gather::dossier(view, unit, year, today).await?, actor))
}

/// The scorecard of a unit and year. A year without rows has an empty one.
///
/// # Errors
/// [`ApiError::NotFound`] for a unit that is not there or not the caller's to see.
pub async fn get(view: &View<'_>, scope: &Scope, key: &ScorecardKey, today: Day) -> Result<Scorecard, ApiError> {
    let unit = units::get(view, scope, &key.unit).await?;
    of(view, unit, key.year, &Actor::default(), today).await
}
