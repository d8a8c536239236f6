//! What callers may ask of evaluations.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{delete, get, post, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::evaluations;
use super::review;
use crate::domain::codes::UnitCode;
use crate::domain::evaluation::{Evaluation, EvaluationFacts, EvaluationKey, EvaluationKind};
use crate::domain::period::{Moment, Year};
use crate::domain::review::ActionInput;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, DeleteErrors, GetErrors, PutErrors, TaggedErrors};
use crate::http::body::Facts;
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Evaluate, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::once::{self, Key};
use crate::http::page::{Listing, Paging};
use crate::http::path::Id;

crate::page! {
    /// A page of evaluations.
    EvaluationPage of Evaluation
}

/// Which evaluations.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvaluationFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
    /// Only those by this evaluator.
    #[deserr(default)]
    pub kind: Option<EvaluationKind>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config
        .service(list_evaluations)
        .service(get_evaluation)
        .service(put_evaluation)
        .service(delete_evaluation)
        .service(create_evaluation_action);
}

/// List evaluations
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "evaluations",
    operation_id = "list_evaluations",
    params(
        EvaluationFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = EvaluationPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/evaluations")]
async fn list_evaluations(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<EvaluationFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.sight(as_of).await?;
    let today = sight.today;
    let actor = caller.actor();
    let tag = answer::tag_for(&sight.computed_tag().await?, &actor);
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = evaluations::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let mut items = Vec::with_capacity(found.len());
    for stated in found {
        items.push(evaluations::computed(&sight.view(), stated, &actor, today).await?);
    }
    let page = EvaluationPage { items, next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read an evaluation
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "evaluations",
    operation_id = "get_evaluation",
    params(
        ("id" = EvaluationKey, Path, description = "`unit:year:project:kind`, the project empty for the unit as a whole"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The evaluation", body = Evaluation, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/evaluations/{id}")]
async fn get_evaluation(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<EvaluationKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.sight(as_of).await?;
    let today = sight.today;
    let view = sight.view();
    let stated = evaluations::get(&view, &caller.scope, &id).await?;
    let actor = caller.actor();
    let tag = answer::tag_for(&sight.computed_tag_of(stated.revision).await?, &actor);
    let item = evaluations::computed(&view, stated, &actor, today).await?;
    Ok(answer::item(&item, &tag, &conditions))
}

/// State an evaluation
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "evaluations",
    operation_id = "put_evaluation",
    params(
        ("id" = EvaluationKey, Path, description = "`unit:year:project:kind`, the project empty for the unit as a whole"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = EvaluationFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Evaluation, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Evaluation, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["evaluate"])),
)]
#[put("/evaluations/{id}")]
async fn put_evaluation(
    caller: Caller<Evaluate>,
    context: Data<Context>,
    id: Id<EvaluationKey>,
    conditions: Conditions,
    facts: Facts<EvaluationFacts>,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    let (stated, outcome) = evaluations::put(&mut write, &caller, id.0, facts.0, conditions.expected()).await?;
    let today = context.today()?;
    let actor = caller.actor();
    let tag = answer::tag_for(&answer::computed_tag(stated.revision, write.position(), today), &actor);
    let item = evaluations::computed(&write.view(), stated, &actor, today).await?;
    write.commit().await?;
    Ok(answer::put(&item, &tag, outcome, &format!("/v1/evaluations/{}", item.id)))
}

/// Take an evaluation away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "evaluations",
    operation_id = "delete_evaluation",
    params(
        ("id" = EvaluationKey, Path, description = "`unit:year:project:kind`, the project empty for the unit as a whole"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["evaluate"])),
)]
#[delete("/evaluations/{id}")]
async fn delete_evaluation(
    caller: Caller<Evaluate>,
    context: Data<Context>,
    id: Id<EvaluationKey>,
    conditions: Conditions,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    evaluations::delete(&mut write, &caller, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}

/// Do something with an evaluation
///
/// Submit, withdraw, endorse, return, accept, publish or apply it, comment on it or answer comments: what the caller may
/// do now stands in `review.allowed_actions`. Nobody accepts what they submitted. Once a self-evaluation is accepted its
/// year's rows answer 409 to any change, until it is returned.
#[utoipa::path(
    tag = "evaluations",
    operation_id = "create_evaluation_action",
    params(
        ("id" = EvaluationKey, Path, description = "`unit:year:project:kind`, the project empty for the unit as a whole"),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, so that a retry is answered alike", max_length = 200),
    ),
    request_body = ActionInput,
    responses((status = 200, description = "The evaluation as it is now", body = Evaluation), PutErrors),
    security(("bearer" = ["evaluate"])),
)]
#[post("/evaluations/{id}/actions")]
async fn create_evaluation_action(
    caller: Caller<Evaluate>,
    context: Data<Context>,
    key: Key,
    id: Id<EvaluationKey>,
    input: Facts<ActionInput>,
) -> Answer {
    let when = (Moment((context.now)()), context.today()?);
    let work = async |write: &mut _| review::perform(write, &caller, &id, &input.0, when).await;
    once::answered(&context, &caller, (key, &input.0), StatusCode::OK, work).await
}
