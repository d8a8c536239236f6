//! Standards: the thresholds, bands and calendars of a year. What a county has not stated is the national default.

pub mod http;
pub mod store;

use self::http::StandardFilter;
use self::store::Standards;
use crate::domain::kept::Kept;
use crate::domain::period::Year;
use crate::domain::standard::{StandardFacts, StandardKey};
use crate::http::error::ApiError;
use crate::http::page::Listing;
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// A standard as it is kept.
pub type Item = Kept<StandardKey, StandardFacts>;

/// The year of 财预〔2020〕10号, from which on the national default is in force.
const NATIONAL: i32 = 2020;

/// The national default.
fn national() -> Option<Item> {
    let year = Year::new(NATIONAL).ok()?;
    Some(Kept { key: StandardKey { year }, facts: StandardFacts::default(), revision: 0 })
}

/// Those that were stated and the national default, in the order of their years.
async fn all(view: &View<'_>) -> Result<Vec<Item>, ApiError> {
    let mut all = view.list::<Standards>(sea_orm::Condition::all(), None, None).await?;
    all.extend(national().filter(|national| all.iter().all(|stated| stated.key != national.key)));
    all.sort_by_key(|one| one.key.year);
    Ok(all)
}

/// The one in force in a year: the newest that is not of a later year, and the national default before all of them.
///
/// # Errors
/// The database's.
pub async fn in_force(view: &View<'_>, year: Year) -> Result<StandardFacts, ApiError> {
    let newest = all(view).await?.into_iter().rfind(|one| one.key.year <= year);
    Ok(newest.map(|one| one.facts).unwrap_or_default())
}

/// A page of them. Every caller of the county may read them.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, listing: &Listing<StandardFilter>) -> Result<Vec<Item>, ApiError> {
    let after: Option<StandardKey> = listing.after()?;
    let mut found = all(view).await?;
    if let Some(year) = listing.filter.in_force {
        found = found.into_iter().rfind(|one| one.key.year <= year).into_iter().collect();
    }
    found.retain(|one| after.as_ref().is_none_or(|after| one.key > *after));
    Ok(found)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, key: &StandardKey) -> Result<Item, ApiError> {
    let stated = view.find::<Standards>(key).await?;
    stated.or_else(|| national().filter(|national| national.key == *key)).ok_or(ApiError::NotFound)
}

/// States one.
///
/// # Errors
/// Broken rules of [`StandardFacts::check`]; conditions not met.
pub async fn put(
    write: &mut Write,
    key: StandardKey,
    facts: StandardFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    facts.check()?;
    let shipped = national().is_some_and(|national| national.key == key);
    let known = write.view().find::<Standards>(&key).await?.is_some();
    Ok(write.put::<Standards>(key, facts, expected.over_shipped(shipped && !known)).await?)
}

/// Takes one away: the one before it is in force again.
///
/// # Errors
/// [`ApiError::NotFound`], conditions not met.
pub async fn delete(write: &mut Write, key: &StandardKey, expected: Expected) -> Result<(), ApiError> {
    if write.delete::<Standards>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
