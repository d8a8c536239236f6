//! What is public: published evaluations, for whoever asks.

pub mod http;

use self::http::PublishedFilter;
use crate::domain::day::Day;
use crate::domain::evaluation::EvaluationKey;
use crate::domain::published::PublishedEvaluation;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::evaluations::gather;
use crate::resources::evaluations::store::Evaluations;
use crate::resources::reviews::store::Reviews;
use crate::resources::{reviews, units};
use crate::store::View;

/// A page of what was published, in the order of the ids.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(
    view: &View<'_>,
    listing: &Listing<PublishedFilter>,
    today: Day,
) -> Result<Vec<PublishedEvaluation>, ApiError> {
    let public = reviews::store::in_states(|state| state.is_public())
        .add(reviews::store::of(listing.filter.unit.as_ref(), listing.filter.year));
    let found = view.list::<Reviews>(public, listing.after()?.as_ref(), Some(listing.limit + 1)).await?;
    let mut published = Vec::with_capacity(found.len());
    for review in found {
        published.push(shown(view, review, today).await?);
    }
    Ok(published)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`], also for what is not published.
pub async fn get(view: &View<'_>, key: &EvaluationKey, today: Day) -> Result<PublishedEvaluation, ApiError> {
    let review = view.find::<Reviews>(key).await?.filter(|review| review.facts.state.is_public());
    shown(view, review.ok_or(ApiError::NotFound)?, today).await
}

async fn shown(view: &View<'_>, review: reviews::Item, today: Day) -> Result<PublishedEvaluation, ApiError> {
    let stated = view.find::<Evaluations>(&review.key).await?.ok_or(ApiError::NotFound)?;
    let unit = units::get(view, &Scope::County, &review.key.unit).await?;
    let dossier = gather::dossier(view, unit, review.key.year, today).await?;
    Ok(PublishedEvaluation::of(&dossier, &stated, &review.facts))
}
