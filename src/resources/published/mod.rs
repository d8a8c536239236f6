//! What is public: published evaluations, for whoever asks, as they were when they were published.

pub mod http;

use serde_json::value::RawValue;

use self::http::PublishedFilter;
use crate::domain::evaluation::EvaluationKey;
use crate::http::error::ApiError;
use crate::http::page::Listing;
use crate::resources::reviews;
use crate::resources::reviews::store::Reviews;
use crate::store::View;

/// A published evaluation: its key, and the JSON of it that was kept.
pub type Shown = (EvaluationKey, Box<RawValue>);

/// What of a page is published, in the order of the ids, one more than the page.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, listing: &Listing<PublishedFilter>) -> Result<Vec<EvaluationKey>, ApiError> {
    let public = reviews::store::in_states(|state| state.is_public())
        .add(reviews::store::of(listing.filter.unit.as_ref(), listing.filter.year));
    let found = view.list::<Reviews>(public, listing.after()?.as_ref(), Some(listing.limit + 1)).await?;
    Ok(found.into_iter().map(|review| review.key).collect())
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`], also for what is not published.
pub async fn get(view: &View<'_>, key: &EvaluationKey) -> Result<Shown, ApiError> {
    shown(view, vec![key.clone()]).await?.pop().ok_or(ApiError::NotFound)
}

/// What everybody may read of these.
///
/// # Errors
/// The database's.
pub async fn shown(view: &View<'_>, keys: Vec<EvaluationKey>) -> Result<Vec<Shown>, ApiError> {
    let mut bodies = view.published(keys.iter().map(ToString::to_string).collect()).await?;
    let mut shown = Vec::with_capacity(keys.len());
    for key in keys {
        if let Some(body) = bodies.remove(&key.to_string()) {
            let body = RawValue::from_string(body).map_err(|error| ApiError::internal(error.to_string()))?;
            shown.push((key, body));
        }
    }
    Ok(shown)
}
