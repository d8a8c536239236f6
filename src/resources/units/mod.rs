//! Units: the bodies that have a budget or a task, in a tree; and what of the tree a caller may see.
//!
//! What is true of a unit is in [`crate::domain::unit`].

pub mod http;
pub mod store;

use sea_orm::{ColumnTrait, Condition};

use self::http::UnitFilter;
use self::store::Units;
use crate::domain::codes::UnitCode;
use crate::domain::kept::Kept;
use crate::domain::unit::UnitFacts;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// A unit as it is kept.
pub type Item = Kept<UnitCode, UnitFacts>;

/// Refuses what a caller may not see, as if it were not there.
///
/// # Errors
/// [`ApiError::NotFound`] for a unit outside the caller's subtree.
pub async fn require_visible(view: &View<'_>, scope: &Scope, unit: &UnitCode) -> Result<(), ApiError> {
    if sees(view, scope, unit).await? { Ok(()) } else { Err(ApiError::NotFound) }
}

/// Whether a caller may see what is a unit's.
///
/// # Errors
/// The database's.
pub async fn sees(view: &View<'_>, scope: &Scope, unit: &UnitCode) -> Result<bool, ApiError> {
    Ok(match scope {
        Scope::County => true,
        Scope::Subtree(top) => top == unit || store::lineage(view, unit).await?.contains(top),
    })
}

/// The rows of a table whose unit a caller may see, `unit` being the column that names it.
///
/// # Errors
/// The database's.
pub async fn visible(view: &View<'_>, scope: &Scope, unit: impl ColumnTrait) -> Result<Condition, ApiError> {
    Ok(match scope {
        Scope::County => Condition::all(),
        Scope::Subtree(top) => Condition::all().add(unit.is_in(store::subtree(view, top).await?)),
    })
}

/// Whether one of two units is the other, or above it.
///
/// # Errors
/// The database's.
pub async fn in_one_line(view: &View<'_>, one: &UnitCode, other: &UnitCode) -> Result<bool, ApiError> {
    Ok(store::lineage(view, one).await?.contains(other) || store::lineage(view, other).await?.contains(one))
}

/// A page of units.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<UnitFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = visible(view, scope, store::CODE).await?.add(store::matching(&listing.filter));
    Ok(view.list::<Units>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// A unit.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, code: &UnitCode) -> Result<Item, ApiError> {
    require_visible(view, scope, code).await?;
    view.find_known::<Units>(code).await?.ok_or(ApiError::NotFound)
}

/// Whether a unit that a caller may see, or a new one, is still inside what they may see when it states these facts,
/// `lineage` being that of its parent: nobody moves a unit into their subtree or out of it.
pub fn stays_inside(
    scope: &Scope,
    code: &UnitCode,
    before: Option<&UnitFacts>,
    facts: &UnitFacts,
    lineage: &[UnitCode],
) -> bool {
    match (scope, before) {
        (Scope::County, _) => true,
        (Scope::Subtree(top), Some(before)) if code == top => before.parent == facts.parent,
        (Scope::Subtree(top), _) => lineage.contains(top),
    }
}

/// States a unit.
///
/// # Errors
/// Broken rules of [`UnitFacts::check`]; a unit, or a parent, outside the caller's subtree; conditions not met.
pub async fn put(
    write: &mut Write,
    scope: &Scope,
    code: UnitCode,
    facts: UnitFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let lineage = match &facts.parent {
        Some(parent) => store::lineage(&write.view(), parent).await?,
        None => Vec::new(),
    };
    if *scope != Scope::County {
        let known = write.view().find::<Units>(&code).await?;
        if known.is_some() {
            require_visible(&write.view(), scope, &code).await?;
        }
        if !stays_inside(scope, &code, known.as_ref().map(|kept| &kept.facts), &facts, &lineage) {
            return Err(ApiError::NotFound);
        }
    }
    facts.check(&code, &lineage)?;
    Ok(write.put::<Units>(code, facts, expected).await?)
}

/// Takes a unit away.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::InUse`], conditions not met.
pub async fn delete(write: &mut Write, scope: &Scope, code: &UnitCode, expected: Expected) -> Result<(), ApiError> {
    require_visible(&write.view(), scope, code).await?;
    if write.delete::<Units>(code, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
