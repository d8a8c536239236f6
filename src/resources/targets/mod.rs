//! Targets: the values set for indicators, and by whom.

pub mod http;
pub mod store;

use self::http::TargetFilter;
use self::store::Targets;
use crate::domain::kept::Kept;
use crate::domain::target::{TargetFacts, TargetKey};
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Report, Scope};
use crate::http::page::Listing;
use crate::resources::indicators::store::Indicators;
use crate::resources::{closings, projects, units};
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// A target as it is kept.
pub type Item = Kept<TargetKey, TargetFacts>;

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<TargetFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = units::visible(view, scope, store::UNIT).await?.add(store::matching(&listing.filter));
    Ok(view.list::<Targets>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, key: &TargetKey) -> Result<Item, ApiError> {
    units::require_visible(view, scope, &key.unit).await?;
    view.find::<Targets>(key).await?.ok_or(ApiError::NotFound)
}

/// Refuses a caller who would change what was set for them from above.
///
/// # Errors
/// [`ApiError::Forbidden`].
pub fn require_assigner<P>(caller: &Caller<P>, key: &TargetKey) -> Result<(), ApiError> {
    match &caller.scope {
        Scope::Subtree(top) if *top == key.unit && !key.set_by_the_unit_itself() => {
            let needs = ("修改上级下达的目标", "change a target that was set from above");
            Err(ApiError::Forbidden { role: caller.role, needs })
        }
        Scope::Subtree(_) | Scope::County => Ok(()),
    }
}

/// States one.
///
/// # Errors
/// Broken rules of [`TargetFacts::check`]; a unit that is not there or not the caller's to see; conditions not met.
pub async fn put(
    write: &mut Write,
    caller: &Caller<Report>,
    key: TargetKey,
    facts: TargetFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let view = write.view();
    units::get(&view, &caller.scope, &key.unit).await?;
    require_assigner(caller, &key)?;
    if let Some(kept) = write.unchanged::<Targets>(&key, &facts, expected).await? {
        return Ok((kept, Outcome::Unchanged));
    }
    closings::require_open(&view, &key.unit, key.year).await?;
    let indicator = view.find::<Indicators>(&key.indicator).await?;
    let project_known = projects::known(&view, &key.unit, key.year, &key.project).await?;
    facts.check(&key, indicator.map(|indicator| indicator.facts.direction), project_known)?;
    Ok(write.put::<Targets>(key, facts, expected).await?)
}

/// Takes one away.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::InUse`], conditions not met.
pub async fn delete(
    write: &mut Write,
    caller: &Caller<Report>,
    key: &TargetKey,
    expected: Expected,
) -> Result<(), ApiError> {
    units::require_visible(&write.view(), &caller.scope, &key.unit).await?;
    require_assigner(caller, key)?;
    closings::require_open(&write.view(), &key.unit, key.year).await?;
    if write.delete::<Targets>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
