//! Expenditures: what was spent on projects, month by month.

pub mod http;
pub mod store;

use self::http::ExpenditureFilter;
use self::store::Expenditures;
use crate::domain::codes::MaybeProject;
use crate::domain::expenditure::{ExpenditureFacts, ExpenditureKey};
use crate::domain::kept::Kept;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::{projects, reviews, units};
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// An expenditure as it is kept.
pub type Item = Kept<ExpenditureKey, ExpenditureFacts>;

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<ExpenditureFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = units::visible(view, scope, store::UNIT).await?.add(store::matching(&listing.filter));
    Ok(view.list::<Expenditures>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, key: &ExpenditureKey) -> Result<Item, ApiError> {
    units::require_visible(view, scope, &key.unit).await?;
    view.find::<Expenditures>(key).await?.ok_or(ApiError::NotFound)
}

/// States one.
///
/// # Errors
/// Broken rules of [`ExpenditureFacts::check`]; a unit that is not there or not the caller's to see; conditions not met.
pub async fn put(
    write: &mut Write,
    scope: &Scope,
    key: ExpenditureKey,
    facts: ExpenditureFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let view = write.view();
    units::get(&view, scope, &key.unit).await?;
    if let Some(kept) = write.unchanged::<Expenditures>(&key, &facts, expected).await? {
        return Ok((kept, Outcome::Unchanged));
    }
    reviews::require_open(&view, &key.unit, key.month.year(), Some(&key.project)).await?;
    let project = MaybeProject(Some(key.project.clone()));
    facts.check(&key, projects::known(&view, &key.unit, key.month.year(), &project).await?)?;
    Ok(write.put::<Expenditures>(key, facts, expected).await?)
}

/// Takes one away.
///
/// # Errors
/// [`ApiError::NotFound`], conditions not met.
pub async fn delete(
    write: &mut Write,
    scope: &Scope,
    key: &ExpenditureKey,
    expected: Expected,
) -> Result<(), ApiError> {
    units::require_visible(&write.view(), scope, &key.unit).await?;
    reviews::require_open(&write.view(), &key.unit, key.month.year(), Some(&key.project)).await?;
    if write.delete::<Expenditures>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
