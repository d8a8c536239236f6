//! Projects: what money is given for, with its goals.

pub mod http;
pub mod store;

use self::http::ProjectFilter;
use self::store::Projects;
use crate::domain::codes::{MaybeProject, UnitCode};
use crate::domain::kept::Kept;
use crate::domain::period::Year;
use crate::domain::project::{ProjectFacts, ProjectKey};
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::{reviews, units};
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// A project as it is kept.
pub type Item = Kept<ProjectKey, ProjectFacts>;

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<ProjectFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = units::visible(view, scope, store::UNIT).await?.add(store::matching(&listing.filter));
    Ok(view.list::<Projects>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, key: &ProjectKey) -> Result<Item, ApiError> {
    units::require_visible(view, scope, &key.unit).await?;
    view.find::<Projects>(key).await?.ok_or(ApiError::NotFound)
}

/// Whether a unit has a project in a year; having none asked for is fine.
///
/// # Errors
/// The database's.
pub async fn known(view: &View<'_>, unit: &UnitCode, year: Year, project: &MaybeProject) -> Result<bool, ApiError> {
    let Some(code) = &project.0 else { return Ok(true) };
    let key = ProjectKey { unit: unit.clone(), year, code: code.clone() };
    Ok(view.find_known::<Projects>(&key).await?.is_some())
}

/// States one.
///
/// # Errors
/// A unit that is not there or not the caller's to see; conditions not met.
pub async fn put(
    write: &mut Write,
    scope: &Scope,
    key: ProjectKey,
    facts: ProjectFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    units::get(&write.view(), scope, &key.unit).await?;
    if let Some(kept) = write.unchanged::<Projects>(&key, &facts, expected).await? {
        return Ok((kept, Outcome::Unchanged));
    }
    reviews::require_open(&write.view(), &key.unit, key.year, Some(&key.code)).await?;
    Ok(write.put::<Projects>(key, facts, expected).await?)
}

/// Takes one away.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::InUse`], conditions not met.
pub async fn delete(write: &mut Write, scope: &Scope, key: &ProjectKey, expected: Expected) -> Result<(), ApiError> {
    units::require_visible(&write.view(), scope, &key.unit).await?;
    reviews::require_open(&write.view(), &key.unit, key.year, Some(&key.code)).await?;
    if write.delete::<Projects>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
