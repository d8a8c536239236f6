//! Reviews: how far evaluations are. What is done with them is done in the room of the evaluations.

pub mod http;
pub mod store;

use self::http::ReviewFilter;
use self::store::Reviews;
use crate::domain::codes::{ProjectCode, UnitCode};
use crate::domain::evaluation::{EvaluationKey, EvaluationKind};
use crate::domain::frozen::Frozen;
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::Year;
use crate::domain::review::ReviewFacts;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::{closings, units};
use crate::store::{Error, View};

/// A review as it is kept.
pub type Item = Kept<EvaluationKey, ReviewFacts>;

/// The evaluation whose acceptance freezes a row of a unit's year, if one does: that of the row's project, or of the unit
/// as a whole; any of them where the row belongs to no project.
pub fn freezes<'a>(
    accepted: impl IntoIterator<Item = &'a EvaluationKey>,
    project: Option<&ProjectCode>,
) -> Option<&'a EvaluationKey> {
    let concerns = |key: &&EvaluationKey| match (&key.project.0, project) {
        (Some(evaluated), Some(project)) => evaluated == project,
        _ => true,
    };
    accepted.into_iter().filter(|key| key.kind == EvaluationKind::SelfEvaluation).find(concerns)
}

/// Refuses a change to a row of a year that is closed, or whose self-evaluation was accepted.
///
/// # Errors
/// [`ApiError::Frozen`].
pub async fn require_open(
    view: &View<'_>,
    unit: &UnitCode,
    year: Year,
    project: Option<&ProjectCode>,
) -> Result<(), ApiError> {
    closings::require_open(view, unit, year).await?;
    let accepted = view.known(&[Resource::Reviews], format!("accepted {unit}:{year}"), async || {
        let accepted = view.list::<Reviews>(store::holding(unit, year), None, None).await?;
        Ok::<_, Error>(accepted.into_iter().map(|review| review.key).collect::<Vec<_>>())
    });
    match freezes(accepted.await?.iter(), project) {
        None => Ok(()),
        Some(key) => Err(ApiError::Frozen(Frozen::Accepted(key.clone()))),
    }
}

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<ReviewFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = units::visible(view, scope, store::UNIT).await?.add(store::matching(&listing.filter));
    Ok(view.list::<Reviews>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, key: &EvaluationKey) -> Result<Item, ApiError> {
    units::require_visible(view, scope, &key.unit).await?;
    view.find::<Reviews>(key).await?.ok_or(ApiError::NotFound)
}
