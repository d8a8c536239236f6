//! Divisions: the official list of each year.

pub mod http;
pub mod store;

use self::http::DivisionFilter;
use self::store::Divisions;
use crate::domain::code_list::{DivisionFacts, DivisionKey};
use crate::domain::kept::Kept;
use crate::http::error::ApiError;
use crate::http::page::Listing;
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// A division as it is kept.
pub type Item = Kept<DivisionKey, DivisionFacts>;

/// A page of them. Every caller of the county may read them.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, listing: &Listing<DivisionFilter>) -> Result<Vec<Item>, ApiError> {
    let wanted = store::matching(&listing.filter);
    Ok(view.list::<Divisions>(wanted, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, key: &DivisionKey) -> Result<Item, ApiError> {
    view.find::<Divisions>(key).await?.ok_or(ApiError::NotFound)
}

/// States one.
///
/// # Errors
/// Broken rules of [`DivisionFacts::check`]; conditions not met.
pub async fn put(
    write: &mut Write,
    key: DivisionKey,
    facts: DivisionFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let parent = facts.parent.clone().map(|code| DivisionKey { year: key.year, code });
    let parent = match &parent {
        Some(parent) => write.view().find::<Divisions>(parent).await?,
        None => None,
    };
    let below = DivisionFilter { year: Some(key.year), parent: Some(key.code.clone()), level: None };
    let below = write.view().list::<Divisions>(store::matching(&below), None, None).await?;
    facts.check(parent.map(|parent| parent.facts.level), below.iter().map(|one| one.facts.level).min())?;
    Ok(write.put::<Divisions>(key, facts, expected).await?)
}

/// Takes one away.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::InUse`], conditions not met.
pub async fn delete(write: &mut Write, key: &DivisionKey, expected: Expected) -> Result<(), ApiError> {
    let below = DivisionFilter { year: Some(key.year), parent: Some(key.code.clone()), level: None };
    if !write.view().list::<Divisions>(store::matching(&below), None, Some(1)).await?.is_empty() {
        return Err(ApiError::InUse);
    }
    if write.delete::<Divisions>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
