//! What callers may ask of reviews.

use actix_web::get;
use actix_web::web::Data;
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::reviews;
use crate::domain::codes::UnitCode;
use crate::domain::evaluation::EvaluationKey;
use crate::domain::kept::Resource;
use crate::domain::period::Year;
use crate::domain::review::{Review, ReviewState};
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, GetErrors, TaggedErrors};
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};
use crate::http::path::Id;

crate::page! {
    /// A page of reviews.
    ReviewPage of Review
}

/// Which reviews.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReviewFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
    /// Only those in this state.
    #[deserr(default)]
    pub state: Option<ReviewState>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_reviews).service(get_review);
}

/// List reviews
///
/// How far evaluations are, page by page, in the order of their ids: the queue of whoever reviews.
#[utoipa::path(
    tag = "reviews",
    operation_id = "list_reviews",
    params(
        ReviewFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = ReviewPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/reviews")]
async fn list_reviews(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<ReviewFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let actor = caller.actor();
    let tag = answer::tag_for(&sight.tag(&[Resource::Reviews]).await?, &actor);
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = reviews::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = ReviewPage { items: found.into_iter().map(|kept| Review::of(kept, &actor)).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a review
///
/// What was done with an evaluation so far, and what the caller may do now. A draft that nobody has done anything with has
/// none yet.
#[utoipa::path(
    tag = "reviews",
    operation_id = "get_review",
    params(
        ("id" = EvaluationKey, Path, description = "`unit:year:project:kind`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The review", body = Review, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/reviews/{id}")]
async fn get_review(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<EvaluationKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let (sight, actor) = (context.glance(as_of).await?, caller.actor());
    let item = Review::of(reviews::get(&sight.view(), &caller.scope, &id).await?, &actor);
    Ok(answer::item(&item, &answer::tag_for(&sight.item_tag(item.revision), &actor), &conditions))
}
