//! Schemes: how evaluations and assessments are scored, as data. A scheme is never taken away, for scores rest on it: a
//! newer one takes its place.

pub mod http;
pub mod store;

use std::collections::BTreeMap;

use sea_orm::Condition;

use self::http::SchemeFilter;
use self::store::Schemes;
use crate::domain::codes::{IndicatorCode, SchemeCode};
use crate::domain::period::Year;
use crate::domain::scheme::{KeptScheme, SchemeFacts, SchemeKey, shipped};
use crate::http::error::ApiError;
use crate::http::page::Listing;
use crate::resources::indicators::store::Indicators;
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// A scheme as it is kept.
pub type Item = KeptScheme;

/// Those that were stated and those that are shipped, in the order of their keys.
///
/// # Errors
/// The database's.
pub async fn all(view: &View<'_>) -> Result<Vec<Item>, ApiError> {
    let mut all = view.list::<Schemes>(Condition::all(), None, None).await?;
    let unchanged: Vec<_> =
        shipped().into_iter().filter(|one| all.iter().all(|stated| stated.key != one.key)).collect();
    all.extend(unchanged);
    all.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(all)
}

/// Those in force in a year: of each code the newest that is not of a later year.
///
/// # Errors
/// The database's.
pub async fn in_force(view: &View<'_>, year: Year) -> Result<BTreeMap<SchemeCode, SchemeFacts>, ApiError> {
    let not_later = all(view).await?.into_iter().filter(|one| one.key.year <= year);
    Ok(not_later.map(|one| (one.key.code, one.facts)).collect())
}

/// A page of them. Every caller of the county may read them.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, listing: &Listing<SchemeFilter>) -> Result<Vec<Item>, ApiError> {
    let after: Option<SchemeKey> = listing.after()?;
    let SchemeFilter { code, in_force } = &listing.filter;
    let mut found = all(view).await?;
    if let Some(year) = in_force {
        found.retain(|one| one.key.year <= *year);
        let newest: BTreeMap<SchemeCode, Item> = found.into_iter().map(|one| (one.key.code.clone(), one)).collect();
        found = newest.into_values().collect();
    }
    found.retain(|one| code.as_ref().is_none_or(|code| one.key.code == *code));
    found.retain(|one| after.as_ref().is_none_or(|after| one.key > *after));
    Ok(found)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, key: &SchemeKey) -> Result<Item, ApiError> {
    let stated = view.find::<Schemes>(key).await?;
    stated.or_else(|| shipped().into_iter().find(|one| one.key == *key)).ok_or(ApiError::NotFound)
}

/// States one.
///
/// # Errors
/// Broken rules of [`SchemeFacts::check`]; conditions not met.
pub async fn put(
    write: &mut Write,
    key: SchemeKey,
    facts: SchemeFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let named: Vec<&IndicatorCode> = facts.indicators().collect();
    let known = write.view().find_all::<Indicators>(&named).await?;
    facts.check(&|code| known.iter().any(|one| one.key == *code))?;
    let shipped = shipped().iter().any(|one| one.key == key);
    let stated = write.view().find::<Schemes>(&key).await?.is_some();
    Ok(write.put::<Schemes>(key, facts, expected.over_shipped(shipped && !stated)).await?)
}
