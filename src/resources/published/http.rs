//! What everybody may ask, without a token.

use actix_web::get;
use actix_web::web::Data;
use deserr::Deserr;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::super::published;
use crate::domain::codes::UnitCode;
use crate::domain::evaluation::EvaluationKey;
use crate::domain::period::Year;
use crate::domain::published::PublishedEvaluation;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, PublicErrors, PublicItemErrors};
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
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(list_public_evaluations).service(get_public_evaluation);
}

/// List published evaluations
///
/// For everybody, without a token: figures, scores and reasons, and nobody's name.
#[utoipa::path(
    tag = "public",
    operation_id = "list_public_evaluations",
    params(PublishedFilter, Paging),
    responses((status = 200, description = "A page, in the order of the ids", body = PublishedPage), PublicErrors),
    security(()),
)]
#[get("/public/evaluations")]
async fn list_public_evaluations(context: Data<Context>, listing: Present<PublishedFilter>) -> Answer {
    let snapshot = context.store.snapshot().await?;
    let found = published::list(&snapshot.view(), &listing, context.today()?).await?;
    let (items, next) = listing.page(found, |one| one.id.to_string());
    let page = PublishedPage { items, next };
    Ok(answer::page(&page, page.next.as_deref(), &listing))
}

/// Read a published evaluation
///
/// For everybody, without a token.
#[utoipa::path(
    tag = "public",
    operation_id = "get_public_evaluation",
    params(("id" = EvaluationKey, Path, description = "`unit:year:project:kind`")),
    responses((status = 200, description = "The evaluation", body = PublishedEvaluation), PublicItemErrors),
    security(()),
)]
#[get("/public/evaluations/{id}")]
async fn get_public_evaluation(context: Data<Context>, id: Id<EvaluationKey>) -> Answer {
    let snapshot = context.store.snapshot().await?;
    let item = published::get(&snapshot.view(), &id, context.today()?).await?;
    Ok(actix_web::HttpResponse::Ok().json(item))
}
