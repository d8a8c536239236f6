//! Budget lines: money by unit, year, project and economic class.

pub mod http;
pub mod store;

use self::http::BudgetLineFilter;
use self::store::BudgetLines;
use crate::domain::budget_line::{BudgetLineFacts, BudgetLineKey};
use crate::domain::code_list::EconomicClassKey;
use crate::domain::kept::Kept;
use crate::domain::project::ProjectKey;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::economic_classes::store::EconomicClasses;
use crate::resources::projects::store::Projects;
use crate::resources::{reviews, units};
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// A budget line as it is kept.
pub type Item = Kept<BudgetLineKey, BudgetLineFacts>;

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<BudgetLineFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = units::visible(view, scope, store::UNIT).await?.add(store::matching(&listing.filter));
    Ok(view.list::<BudgetLines>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, key: &BudgetLineKey) -> Result<Item, ApiError> {
    units::require_visible(view, scope, &key.unit).await?;
    view.find::<BudgetLines>(key).await?.ok_or(ApiError::NotFound)
}

/// States one.
///
/// # Errors
/// Broken rules of [`BudgetLineFacts::check`]; a unit that is not there or not the caller's to see; conditions not met.
pub async fn put(
    write: &mut Write,
    scope: &Scope,
    key: BudgetLineKey,
    facts: BudgetLineFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let view = write.view();
    units::get(&view, scope, &key.unit).await?;
    if let Some(kept) = write.unchanged::<BudgetLines>(&key, &facts, expected).await? {
        return Ok((kept, Outcome::Unchanged));
    }
    reviews::require_open(&view, &key.unit, key.year, Some(&key.project)).await?;
    let BudgetLineKey { unit, year, project, economic_class } = key.clone();
    let class = EconomicClassKey { year, code: economic_class };
    let class = view.find_known::<EconomicClasses>(&class).await?.map(|class| class.facts);
    let known = view.find::<BudgetLines>(&key).await?.is_some();
    let project = ProjectKey { unit, year, code: project };
    let project_known = view.find_known::<Projects>(&project).await?.is_some();
    facts.check(&key, class.as_ref(), known, project_known)?;
    Ok(write.put::<BudgetLines>(key, facts, expected).await?)
}

/// Takes one away.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::InUse`], conditions not met.
pub async fn delete(write: &mut Write, scope: &Scope, key: &BudgetLineKey, expected: Expected) -> Result<(), ApiError> {
    units::require_visible(&write.view(), scope, &key.unit).await?;
    reviews::require_open(&write.view(), &key.unit, key.year, Some(&key.project)).await?;
    if write.delete::<BudgetLines>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
