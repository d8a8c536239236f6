//! What everybody may ask, without a token.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use deserr::Deserr;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::IntoParams;

use super::super::published;
use crate::domain::codes::UnitCode;
use crate::domain::evaluation::EvaluationKey;
use crate::domain::kept::Resource;
use crate::domain::period::Year;
use crate::domain::published::PublishedEvaluation;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, PublicErrors, PublicItemErrors};
use crate::http::condition::Conditions;
use crate::http::moment::AsOf;
use crate::http::mount::Mount;
use crate::http::page::{Paging, Present};
use crate::http::path::Id;

crate::page! {
    /// A page of published evaluations.
    PublishedPage of PublishedEvaluation
}

/// Which published evaluations.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PublishedFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_public_evaluations).service(get_public_evaluation);
}

/// List published evaluations
///
/// For everybody, without a token: figures, scores and reasons as they were when they were published, and nobody's name.
#[utoipa::path(
    tag = "public",
    operation_id = "list_public_evaluations",
    params(
        PublishedFilter, Paging,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = PublishedPage, headers(("ETag" = String, description = "The newest change of what it shows"))), PublicErrors),
    security(()),
)]
#[get("/public/evaluations")]
async fn list_public_evaluations(
    context: Data<Context>,
    listing: Present<PublishedFilter>,
    conditions: Conditions,
) -> Answer {
    let sight = context.sight(AsOf::Now).await?;
    let tag = sight.tag(&[Resource::Reviews]).await?;
    if conditions.has(&tag) {
        return Ok(for_everybody(answer::unchanged(&tag)));
    }
    let found = published::list(&sight.view(), &listing).await?;
    let (found, next) = listing.page(found, ToString::to_string);
    let shown = published::shown(&sight.view(), found).await?;
    let page = Kept { items: shown.into_iter().map(|(_, body)| body).collect(), next };
    Ok(for_everybody(answer::tagged(&page, page.next.as_deref(), &listing, &tag)))
}

/// Read a published evaluation
///
/// For everybody, without a token: as it was when it was published.
#[utoipa::path(
    tag = "public",
    operation_id = "get_public_evaluation",
    params(
        ("id" = EvaluationKey, Path, description = "`unit:year:project:kind`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses(
        (status = 200, description = "The evaluation", body = PublishedEvaluation, headers(("ETag" = String, description = "The newest change of what is published"))),
        PublicItemErrors,
    ),
    security(()),
)]
#[get("/public/evaluations/{id}")]
async fn get_public_evaluation(context: Data<Context>, id: Id<EvaluationKey>, conditions: Conditions) -> Answer {
    let sight = context.sight(AsOf::Now).await?;
    let tag = sight.tag(&[Resource::Reviews]).await?;
    let (_, body) = published::get(&sight.view(), &id).await?;
    Ok(for_everybody(answer::item(&body, &tag, &conditions)))
}

/// A page as it is sent: [`PublishedPage`], its items word by word as they were kept.
#[derive(Serialize)]
struct Kept {
    items: Vec<Box<RawValue>>,
    next: Option<String>,
}

/// Anybody may keep it for a minute, also on the way: no caller sees more of it than another.
fn for_everybody(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    response
}
