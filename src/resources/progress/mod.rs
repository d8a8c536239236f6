//! Progress: what units reached, month by month.

pub mod http;
pub mod store;

use self::http::ProgressFilter;
use self::store::Progresses;
use crate::domain::kept::Kept;
use crate::domain::progress::{ProgressFacts, ProgressKey};
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::indicators::store::Indicators;
use crate::resources::{reviews, units};
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// A progress row as it is kept.
pub type Item = Kept<ProgressKey, ProgressFacts>;

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<ProgressFilter>) -> Result<Vec<Item>, ApiError> {
    let after = listing.after()?;
    let wanted = store::matching(view.county(), &listing.filter, after.as_ref());
    let seen = units::visible(view, scope, store::UNIT).await?.add(wanted);
    Ok(view.list::<Progresses>(seen, after.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, key: &ProgressKey) -> Result<Item, ApiError> {
    units::require_visible(view, scope, &key.unit).await?;
    view.find::<Progresses>(key).await?.ok_or(ApiError::NotFound)
}

/// States one.
///
/// # Errors
/// Broken rules of [`ProgressFacts::check`]; a unit that is not there or not the caller's to see; conditions not met.
pub async fn put(
    write: &mut Write,
    scope: &Scope,
    key: ProgressKey,
    facts: ProgressFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let view = write.view();
    units::get(&view, scope, &key.unit).await?;
    if let Some(kept) = write.unchanged::<Progresses>(&key, &facts, expected).await? {
        return Ok((kept, Outcome::Unchanged));
    }
    reviews::require_open(&view, &key.unit, key.month.year(), None).await?;
    let indicator = view.find_known::<Indicators>(&key.indicator).await?;
    facts.check(&key, indicator.map(|indicator| indicator.facts.direction))?;
    Ok(write.put::<Progresses>(key, facts, expected).await?)
}

/// Takes one away.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::InUse`], conditions not met.
pub async fn delete(write: &mut Write, scope: &Scope, key: &ProgressKey, expected: Expected) -> Result<(), ApiError> {
    units::require_visible(&write.view(), scope, &key.unit).await?;
    reviews::require_open(&write.view(), &key.unit, key.month.year(), None).await?;
    if write.delete::<Progresses>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
