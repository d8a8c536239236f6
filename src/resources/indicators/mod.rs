//! Indicators: what is measured in the county.

pub mod http;
pub mod store;

use sea_orm::Condition;

use self::http::IndicatorFilter;
use self::store::Indicators;
use crate::domain::codes::IndicatorCode;
use crate::domain::indicator::IndicatorFacts;
use crate::domain::kept::Kept;
use crate::http::error::ApiError;
use crate::http::page::Listing;
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// An indicator as it is kept.
pub type Item = Kept<IndicatorCode, IndicatorFacts>;

/// A page of them. Every caller of the county may read them.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, listing: &Listing<IndicatorFilter>) -> Result<Vec<Item>, ApiError> {
    let wanted = store::matching(&listing.filter);
    Ok(view.list::<Indicators>(wanted, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, key: &IndicatorCode) -> Result<Item, ApiError> {
    view.find::<Indicators>(key).await?.ok_or(ApiError::NotFound)
}

/// States one.
///
/// # Errors
/// Broken rules of [`IndicatorFacts::check`]; conditions not met.
pub async fn put(
    write: &mut Write,
    key: IndicatorCode,
    facts: IndicatorFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let mut unknown = Vec::new();
    for whole in facts.part_of.iter().take(IndicatorFacts::MOST_WHOLES) {
        if write.view().find::<Indicators>(whole).await?.is_none() {
            unknown.push(whole.clone());
        }
    }
    facts.check(&key, &unknown)?;
    Ok(write.put::<Indicators>(key, facts, expected).await?)
}

/// Takes one away.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::InUse`], conditions not met.
pub async fn delete(write: &mut Write, key: &IndicatorCode, expected: Expected) -> Result<(), ApiError> {
    let all = write.view().list::<Indicators>(Condition::all(), None, None).await?;
    if all.iter().any(|other| other.facts.part_of.contains(key)) {
        return Err(ApiError::InUse);
    }
    if write.delete::<Indicators>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
