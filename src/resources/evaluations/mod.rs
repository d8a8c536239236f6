//! Evaluations: what is stated about a year, and what is computed beside it.

pub mod gather;
pub mod http;
pub mod review;
pub mod store;
pub mod views;

use self::http::EvaluationFilter;
use self::store::Evaluations;
use crate::domain::codes::IndicatorCode;
use crate::domain::day::Day;
use crate::domain::dossier::Dossier;
use crate::domain::evaluation::{Claim, Evaluation, EvaluationFacts, EvaluationKey, EvaluationKind};
use crate::domain::frozen::Frozen;
use crate::domain::indicator::Category;
use crate::domain::kept::Kept;
use crate::domain::review::Actor;
use crate::domain::what_if::{WhatIf, WhatIfInput};
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Evaluate, Role, Scope};
use crate::http::page::Listing;
use crate::resources::indicators::store::Indicators;
use crate::resources::reviews::store::Reviews;
use crate::resources::targets::store::Targets;
use crate::resources::{closings, projects, schemes, units};
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// An evaluation as it is kept.
pub type Item = Kept<EvaluationKey, EvaluationFacts>;

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<EvaluationFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = units::visible(view, scope, store::UNIT).await?.add(store::matching(&listing.filter));
    Ok(view.list::<Evaluations>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, key: &EvaluationKey) -> Result<Item, ApiError> {
    units::require_visible(view, scope, &key.unit).await?;
    view.find::<Evaluations>(key).await?.ok_or(ApiError::NotFound)
}

/// What is computed beside a stated evaluation, from the rows as they are now.
///
/// # Errors
/// [`ApiError::NotFound`] where its unit has gone.
pub async fn computed(view: &View<'_>, stated: Item, actor: &Actor, today: Day) -> Result<Evaluation, ApiError> {
    let unit = units::get(view, &Scope::County, &stated.key.unit).await?;
    let dossier = gather::dossier(view, unit, stated.key.year, today).await?;
    Ok(dossier.evaluation(&stated, actor))
}

/// An evaluation with its unit's year, and the name of the unit above.
///
/// # Errors
/// [`ApiError::NotFound`], or the database's.
pub async fn subject(
    view: &View<'_>,
    scope: &Scope,
    key: &EvaluationKey,
    today: Day,
) -> Result<(Dossier, Item, Option<String>), ApiError> {
    let stated = get(view, scope, key).await?;
    let unit = units::get(view, &Scope::County, &key.unit).await?;
    let department = match &unit.facts.parent {
        Some(parent) => Some(units::get(view, &Scope::County, parent).await?.facts.name.to_string()),
        None => None,
    };
    Ok((gather::dossier(view, unit, key.year, today).await?, stated, department))
}

/// What an evaluation would be worth if some facts were others.
///
/// # Errors
/// [`ApiError::NotFound`]; figures of what it does not claim; a scheme that is not in force.
pub async fn what_if(
    view: &View<'_>,
    scope: &Scope,
    key: &EvaluationKey,
    input: &WhatIfInput,
    today: Day,
) -> Result<WhatIf, ApiError> {
    let (dossier, stated, _) = subject(view, scope, key, today).await?;
    input.check(&dossier, &stated)?;
    let (now, then) = (dossier.computed(&stated), input.imagine(&dossier, &stated));
    Ok(WhatIf { id: stated.key, now, then })
}

/// Refuses a role that may not state an evaluation of this kind.
///
/// # Errors
/// [`ApiError::Forbidden`].
pub fn require_evaluator(role: Role, kind: EvaluationKind) -> Result<(), ApiError> {
    let fits = match role {
        Role::Admin => true,
        Role::Reporter => kind.is_of_the_unit_itself(),
        Role::Reviewer => !kind.is_of_the_unit_itself(),
        Role::Reader | Role::Auditor => false,
    };
    let needs = match kind {
        EvaluationKind::SelfEvaluation => ("代表单位自评", "evaluate as the unit itself"),
        EvaluationKind::Department => ("代表主管部门评价", "evaluate as the department"),
        EvaluationKind::Finance => ("代表财政部门评价", "evaluate as the finance bureau"),
    };
    if fits { Ok(()) } else { Err(ApiError::Forbidden { role, needs }) }
}

/// States one.
///
/// # Errors
/// A kind that is not the caller's to state; broken rules of [`EvaluationFacts::check`]; a unit that is not there or
/// not the caller's to see; conditions not met.
pub async fn put(
    write: &mut Write,
    caller: &Caller<Evaluate>,
    key: EvaluationKey,
    facts: EvaluationFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let view = write.view();
    units::get(&view, &caller.scope, &key.unit).await?;
    require_evaluator(caller.role, key.kind)?;
    if let Some(kept) = write.unchanged::<Evaluations>(&key, &facts, expected).await? {
        return Ok((kept, Outcome::Unchanged));
    }
    closings::require_open(&view, &key.unit, key.year).await?;
    require_unsubmitted(&view, &key).await?;
    let mut claims = Vec::new();
    // A list too long is refused by the rule; nobody waits for its targets to be looked up.
    for assessed in facts.indicators.iter().take(EvaluationFacts::MOST_INDICATORS) {
        let target = &assessed.target;
        let related = units::in_one_line(&view, &key.unit, &target.unit).await?;
        claims.push(match view.find::<Targets>(target).await? {
            Some(target) if related => {
                category(&view, &target.key.indicator).await?.map_or(Claim::Missing, Claim::Fair)
            }
            // Whoever may not see the target must not learn that it exists.
            Some(_) if units::sees(&view, &caller.scope, &target.unit).await? => Claim::Unrelated,
            _ => Claim::Missing,
        });
    }
    let project_known = projects::known(&view, &key.unit, key.year, &key.project).await?;
    let scheme = schemes::in_force(&view, key.year).await?.remove(&facts.scheme);
    facts.check(&key, &claims, project_known, scheme.as_ref())?;
    Ok(write.put::<Evaluations>(key, facts, expected).await?)
}

/// Refuses a change to what was submitted and neither withdrawn nor returned.
///
/// # Errors
/// [`ApiError::Frozen`].
pub async fn require_unsubmitted(view: &View<'_>, key: &EvaluationKey) -> Result<(), ApiError> {
    let review = view.find::<Reviews>(key).await?;
    if review.is_some_and(|review| review.facts.state.holds_the_evaluation()) {
        return Err(ApiError::Frozen(Frozen::UnderReview(key.clone())));
    }
    Ok(())
}

/// The first level that an indicator belongs to.
async fn category(view: &View<'_>, indicator: &IndicatorCode) -> Result<Option<Category>, ApiError> {
    Ok(view.find::<Indicators>(indicator).await?.map(|one| one.facts.category))
}

/// Takes one away.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::InUse`], conditions not met.
pub async fn delete(
    write: &mut Write,
    caller: &Caller<Evaluate>,
    key: &EvaluationKey,
    expected: Expected,
) -> Result<(), ApiError> {
    units::require_visible(&write.view(), &caller.scope, &key.unit).await?;
    require_evaluator(caller.role, key.kind)?;
    closings::require_open(&write.view(), &key.unit, key.year).await?;
    require_unsubmitted(&write.view(), key).await?;
    let review = write.view().find::<Reviews>(key).await?;
    // What was withdrawn goes with its signatures; what somebody else said something of stays, and its evaluation with it.
    if review.is_some_and(|review| review.facts.is_the_units_alone()) {
        write.delete::<Reviews>(key, Expected::Existing).await?;
    }
    if write.delete::<Evaluations>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
