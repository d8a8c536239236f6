//! Cascades: targets handed down, and what was reached of them below.

pub mod http;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::allocation::AllocationSet;
use crate::domain::cascade::{Cascade, Roots};
use crate::domain::codes::{Name, UnitCode};
use crate::domain::dossier::SetTarget;
use crate::domain::kept::{Resource, dangling};
use crate::domain::period::Month;
use crate::domain::target::TargetKey;
use crate::domain::violation::{Violation, Violations, Wrong};
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Report, Scope};
use crate::resources::indicators::store::Indicators;
use crate::resources::progress::store::courses;
use crate::resources::targets::store::{Targets, handed_down_from};
use crate::resources::units::store::Units;
use crate::resources::{targets, units};
use crate::store::View;
use crate::store::write::{Expected, Write};

/// The cascade of a target, with what was reported through a month.
///
/// # Errors
/// [`ApiError::NotFound`], or the database's.
pub async fn of(view: &View<'_>, scope: &Scope, key: &TargetKey, month: Option<Month>) -> Result<Cascade, ApiError> {
    let top = targets::get(view, scope, key).await?;
    let indicator = view.find::<Indicators>(&key.indicator).await?.ok_or(ApiError::NotFound)?;
    let below = handed_down(view, scope, key).await?;
    let year_end = Month::new(key.year, 12).map_err(|wrong| ApiError::internal(wrong.en))?;
    let month = month.unwrap_or(year_end);
    let codes: Vec<UnitCode> = below.iter().chain([&top]).map(|target| target.key.unit.clone()).collect();
    let courses = courses::through(view, &codes, month, false).await?;
    let reported = courses.iter().filter_map(|(unit, all)| {
        let course = all.get(&key.indicator)?.course;
        Some((unit.clone(), course.so_far(&indicator.facts)?))
    });
    let beside = targets::store::rivals(key);
    let beside =
        view.list::<Targets>(beside, None, None).await?.into_iter().filter(|other| other.key != *key).collect();
    let every = view.list::<Units>(sea_orm::Condition::all(), None, None).await?;
    let names: BTreeMap<UnitCode, Name> =
        every.iter().map(|unit| (unit.key.clone(), unit.facts.name.clone())).collect();
    let above = every.into_iter().filter_map(|unit| Some((unit.key, unit.facts.parent?))).collect();
    let (reported, indicator) = (reported.collect(), &indicator.facts);
    Ok(Cascade::of(&Roots { top, below, beside, indicator, reported, names, above }))
}

/// Everything that was handed down from a target to units that are the caller's to see, level by level.
async fn handed_down(view: &View<'_>, scope: &Scope, top: &TargetKey) -> Result<Vec<SetTarget>, ApiError> {
    let seen = units::visible(view, scope, targets::store::UNIT).await?;
    let (mut all, mut level) = (Vec::new(), vec![top.clone()]);
    let mut known: BTreeSet<TargetKey> = level.iter().cloned().collect();
    // Units may have been moved since: what was met before is not met again.
    while !level.is_empty() {
        let mut below = view.list::<Targets>(handed_down_from(level).add(seen.clone()), None, None).await?;
        below.retain(|target| known.insert(target.key.clone()));
        level = below.iter().map(|target| target.key.clone()).collect();
        all.extend(below);
    }
    Ok(all)
}

/// Hands a target down: the whole set at once.
///
/// # Errors
/// [`ApiError::NotFound`]; units that are not there or not below; whatever a target may not say; targets that were
/// handed down before, are not in the set, and are referred to.
pub async fn allocate(
    write: &mut Write,
    caller: &Caller<Report>,
    key: &TargetKey,
    set: &AllocationSet,
) -> Result<Cascade, ApiError> {
    targets::get(&write.view(), &caller.scope, key).await?;
    set.check()?;
    let is_the_county = units::get(&write.view(), &caller.scope, &key.unit).await?.facts.parent.is_none();
    let assigner = set.assigner(&key.unit, is_the_county);
    let inside = units::store::subtree(&write.view(), &key.unit).await?;
    let mut broken = Violations::default();
    for (place, one) in set.allocations.iter().enumerate() {
        broken.require(inside.contains(&one.unit) && one.unit != key.unit, || {
            dangling(format!("/allocations/{place}/unit"), Resource::Units, &one.unit)
        });
    }
    broken.into_result()?;
    let wanted: Vec<_> = set.allocations.iter().map(|one| set.target(key, one, &assigner)).collect();
    for before in write.view().list::<Targets>(handed_down_from([key.clone()]), None, None).await? {
        // What another assigner handed down is not part of this set.
        if before.key.assigner == assigner && !wanted.iter().any(|(one, _)| *one == before.key) {
            targets::delete(write, caller, &before.key, Expected::Existing).await?;
        }
    }
    for (place, (child, facts)) in wanted.into_iter().enumerate() {
        let there = write.view().find::<Targets>(&child).await?.map(|kept| kept.facts);
        match &there {
            // What stays as it is keeps its own document and adjustment.
            Some(there) if there.value == facts.value && there.parent == facts.parent => continue,
            Some(there) if there.parent.as_ref().is_some_and(|parent| parent != key) => {
                return Err(ApiError::Invalid(Violations(vec![handed_down_by_another(place, &child)])));
            }
            _ => {}
        }
        let expected = if there.is_some() { Expected::Existing } else { Expected::Unsaid };
        targets::put(write, caller, child, facts, expected).await.map_err(|error| placed(error, place))?;
    }
    of(&write.view(), &caller.scope, key, None).await
}

/// That a unit has the same target already, from another.
fn handed_down_by_another(place: usize, child: &TargetKey) -> Violation {
    Wrong::new(
        "handed_down_by_another",
        "该单位的这一目标由另一目标分解而来，请换一个 assigner",
        "the unit has this target from another one; choose another `assigner`",
    )
    .at(format!("/allocations/{place}/unit"))
    .showing(child)
}

/// What is wrong with a target is said of the allocation it comes from.
fn placed(error: ApiError, place: usize) -> ApiError {
    match error {
        ApiError::Invalid(broken) => {
            let of_all = ["/adjustment_reason", "/adjustment_document"];
            let placed = |one: Violation| {
                let pointer = if of_all.contains(&one.pointer.as_str()) {
                    one.pointer
                } else {
                    format!("/allocations/{place}{}", one.pointer)
                };
                Violation { pointer, ..one }
            };
            ApiError::Invalid(Violations(broken.0.into_iter().map(placed).collect()))
        }
        other => other,
    }
}
