//! Targets: the values set for indicators, and by whom.

pub mod http;
pub mod store;

use self::http::TargetFilter;
use self::store::Targets;
use crate::domain::approval::ApprovalKey;
use crate::domain::frozen::Frozen;
use crate::domain::kept::Kept;
use crate::domain::target::{Basis, Parent, TargetFacts, TargetKey};
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Report, Scope};
use crate::http::page::Listing;
use crate::resources::indicators::store::Indicators;
use crate::resources::{approvals, projects, reviews, units};
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
    reviews::require_open(&view, &key.unit, key.year, key.project.0.as_ref()).await?;
    let indicator = view.find_known::<Indicators>(&key.indicator).await?;
    let before = view.find::<Targets>(&key).await?;
    let basis = Basis {
        direction: indicator.map(|indicator| indicator.facts.direction),
        project_known: projects::known(&view, &key.unit, key.year, &key.project).await?,
        parent: parent(&view, &caller.scope, &key, facts.parent.as_ref()).await?,
        approved: approvals::approved(&view, &approval(&key)).await?,
        before: before.as_ref().map(|kept| &kept.facts),
    };
    facts.check(&key, &basis)?;
    Ok(write.put::<Targets>(key, facts, expected).await?)
}

/// What is known of the target that another names as the one it was handed down from.
async fn parent(
    view: &View<'_>,
    scope: &Scope,
    key: &TargetKey,
    parent: Option<&TargetKey>,
) -> Result<Parent, ApiError> {
    let Some(parent) = parent else { return Ok(Parent::Fair) };
    let above = units::store::lineage(view, &key.unit).await?.into_iter().skip(1).any(|unit| unit == parent.unit);
    Ok(match view.find::<Targets>(parent).await? {
        Some(_) if above => Parent::Fair,
        // Whoever may not see the target must not learn that it exists.
        Some(_) if units::sees(view, scope, &parent.unit).await? => Parent::NotAbove,
        _ => Parent::Missing,
    })
}

/// The approval that a target is under, if there is one.
fn approval(key: &TargetKey) -> ApprovalKey {
    ApprovalKey { unit: key.unit.clone(), year: key.year }
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
    reviews::require_open(&write.view(), &key.unit, key.year, key.project.0.as_ref()).await?;
    let approval = approval(key);
    if approvals::approved(&write.view(), &approval).await? {
        return Err(ApiError::Frozen(Frozen::Approved(approval)));
    }
    if write.delete::<Targets>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
