//! What callers may ask of expenditures.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::expenditures;
use crate::domain::codes::{ProjectCode, UnitCode};
use crate::domain::expenditure::{Expenditure, ExpenditureFacts, ExpenditureKey};
use crate::domain::kept::Resource;
use crate::domain::period::Month;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, DeleteErrors, GetErrors, PutErrors, TaggedErrors};
use crate::http::body::Facts;
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Read, Report};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};
use crate::http::path::Id;

crate::page! {
    /// A page of expenditures.
    ExpenditurePage of Expenditure
}

/// Which expenditures.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExpenditureFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this month.
    #[deserr(default)]
    pub month: Option<Month>,
    /// Only those of this project.
    #[deserr(default)]
    pub project: Option<ProjectCode>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_expenditures).service(get_expenditure).service(put_expenditure).service(delete_expenditure);
}

/// List expenditures
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "expenditures",
    operation_id = "list_expenditures",
    params(
        ExpenditureFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = ExpenditurePage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/expenditures")]
async fn list_expenditures(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<ExpenditureFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Expenditures]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = expenditures::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = ExpenditurePage { items: found.into_iter().map(Expenditure::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read an expenditure
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "expenditures",
    operation_id = "get_expenditure",
    params(
        ("id" = ExpenditureKey, Path, description = "`unit:month:project`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The expenditure", body = Expenditure, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/expenditures/{id}")]
async fn get_expenditure(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<ExpenditureKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Expenditure::from(expenditures::get(&sight.view(), &caller.scope, &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State an expenditure
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "expenditures",
    operation_id = "put_expenditure",
    params(
        ("id" = ExpenditureKey, Path, description = "`unit:month:project`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = ExpenditureFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Expenditure, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Expenditure, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["report"])),
)]
#[put("/expenditures/{id}")]
async fn put_expenditure(
    caller: Caller<Report>,
    context: Data<Context>,
    id: Id<ExpenditureKey>,
    conditions: Conditions,
    facts: Facts<ExpenditureFacts>,
) -> Answer {
    let change = context.change(&caller, async |write| {
        expenditures::put(write, &caller.scope, id.0.clone(), facts.0.clone(), conditions.expected()).await
    });
    let (kept, outcome) = change.await?;
    let item = Expenditure::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/expenditures/{}", item.id)))
}

/// Take an expenditure away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "expenditures",
    operation_id = "delete_expenditure",
    params(
        ("id" = ExpenditureKey, Path, description = "`unit:month:project`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["report"])),
)]
#[delete("/expenditures/{id}")]
async fn delete_expenditure(
    caller: Caller<Report>,
    context: Data<Context>,
    id: Id<ExpenditureKey>,
    conditions: Conditions,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    expenditures::delete(&mut write, &caller.scope, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
