//! Closings (关账): a year that is closed for a unit and those below it is frozen for every row that belongs to it.

pub mod http;
pub mod store;

use self::http::ClosingFilter;
use self::store::Closings;
use crate::domain::closing::{ClosingFacts, ClosingKey};
use crate::domain::codes::UnitCode;
use crate::domain::frozen::Frozen;
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::Year;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::units;
use crate::store::write::{Expected, Outcome, Write};
use crate::store::{Error, View};

/// A closing as it is kept.
pub type Item = Kept<ClosingKey, ClosingFacts>;

/// Refuses a change to what belongs to a closed year.
///
/// # Errors
/// [`ApiError::Frozen`], with the unit whose year is closed.
pub async fn require_open(view: &View<'_>, unit: &UnitCode, year: Year) -> Result<(), ApiError> {
    let of = [Resource::Units, Resource::Closings];
    let closed = view.known(&of, format!("closed {unit}:{year}"), async || -> Result<_, Error> {
        let line = units::store::lineage(view, unit).await?;
        let keys: Vec<ClosingKey> = line.into_iter().map(|unit| ClosingKey { unit, year }).collect();
        let found = view.find_all::<Closings>(&keys.iter().collect::<Vec<_>>()).await?;
        // The one nearest to the unit is named.
        Ok(keys.into_iter().find(|key| found.iter().any(|closing| closing.key == *key)))
    });
    closed.await?.map_or(Ok(()), |key| Err(ApiError::Frozen(Frozen::Closed(key))))
}

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<ClosingFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = units::visible(view, scope, store::UNIT).await?.add(store::matching(&listing.filter));
    Ok(view.list::<Closings>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, key: &ClosingKey) -> Result<Item, ApiError> {
    units::require_visible(view, scope, &key.unit).await?;
    view.find::<Closings>(key).await?.ok_or(ApiError::NotFound)
}

/// States one.
///
/// # Errors
/// A unit that is not there or not the caller's to see; conditions not met.
pub async fn put(
    write: &mut Write,
    scope: &Scope,
    key: ClosingKey,
    facts: ClosingFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    units::get(&write.view(), scope, &key.unit).await?;
    Ok(write.put::<Closings>(key, facts, expected).await?)
}

/// Takes one away: the year is open again.
///
/// # Errors
/// [`ApiError::NotFound`], conditions not met.
pub async fn delete(write: &mut Write, scope: &Scope, key: &ClosingKey, expected: Expected) -> Result<(), ApiError> {
    units::require_visible(&write.view(), scope, &key.unit).await?;
    if write.delete::<Closings>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
