//! Approvals (绩效目标批复): from then on targets change by adjustment only.

pub mod http;
pub mod store;

use self::http::ApprovalFilter;
use self::store::Approvals;
use crate::domain::approval::{ApprovalFacts, ApprovalKey};
use crate::domain::kept::Kept;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::units;
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// An approval as it is kept.
pub type Item = Kept<ApprovalKey, ApprovalFacts>;

/// Whether a unit's targets of a year are approved.
///
/// # Errors
/// The database's.
pub async fn approved(view: &View<'_>, key: &ApprovalKey) -> Result<bool, ApiError> {
    Ok(view.find::<Approvals>(key).await?.is_some())
}

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<ApprovalFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = units::visible(view, scope, store::UNIT).await?.add(store::matching(&listing.filter));
    Ok(view.list::<Approvals>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, key: &ApprovalKey) -> Result<Item, ApiError> {
    units::require_visible(view, scope, &key.unit).await?;
    view.find::<Approvals>(key).await?.ok_or(ApiError::NotFound)
}

/// States one.
///
/// # Errors
/// A unit that is not there or not the caller's to see; conditions not met.
pub async fn put(
    write: &mut Write,
    scope: &Scope,
    key: ApprovalKey,
    facts: ApprovalFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    units::get(&write.view(), scope, &key.unit).await?;
    Ok(write.put::<Approvals>(key, facts, expected).await?)
}

/// Takes one away: targets change freely again.
///
/// # Errors
/// [`ApiError::NotFound`], conditions not met.
pub async fn delete(write: &mut Write, scope: &Scope, key: &ApprovalKey, expected: Expected) -> Result<(), ApiError> {
    units::require_visible(&write.view(), scope, &key.unit).await?;
    if write.delete::<Approvals>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
