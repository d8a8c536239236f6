//! What callers may ask of budget lines.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::budget_lines;
use crate::domain::budget_line::{BudgetLine, BudgetLineFacts, BudgetLineKey};
use crate::domain::codes::{EconomicCode, ProjectCode, UnitCode};
use crate::domain::kept::Resource;
use crate::domain::period::Year;
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
    /// A page of budget lines.
    BudgetLinePage of BudgetLine
}

/// Which budget lines.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BudgetLineFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
    /// Only those of projects with this code.
    #[deserr(default)]
    pub project: Option<ProjectCode>,
    /// Only those of this class.
    #[deserr(default)]
    pub economic_class: Option<EconomicCode>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_budget_lines).service(get_budget_line).service(put_budget_line).service(delete_budget_line);
}

/// List budget lines
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "budget-lines",
    operation_id = "list_budget_lines",
    params(
        BudgetLineFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = BudgetLinePage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/budget-lines")]
async fn list_budget_lines(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<BudgetLineFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::BudgetLines]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = budget_lines::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = BudgetLinePage { items: found.into_iter().map(BudgetLine::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a budget line
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "budget-lines",
    operation_id = "get_budget_line",
    params(
        ("id" = BudgetLineKey, Path, description = "`unit:year:project:economic_class`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The budget line", body = BudgetLine, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/budget-lines/{id}")]
async fn get_budget_line(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<BudgetLineKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = BudgetLine::from(budget_lines::get(&sight.view(), &caller.scope, &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State a budget line
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "budget-lines",
    operation_id = "put_budget_line",
    params(
        ("id" = BudgetLineKey, Path, description = "`unit:year:project:economic_class`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = BudgetLineFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = BudgetLine, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = BudgetLine, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["report"])),
)]
#[put("/budget-lines/{id}")]
async fn put_budget_line(
    caller: Caller<Report>,
    context: Data<Context>,
    id: Id<BudgetLineKey>,
    conditions: Conditions,
    facts: Facts<BudgetLineFacts>,
) -> Answer {
    let change = context.change(&caller, async |write| {
        budget_lines::put(write, &caller.scope, id.0.clone(), facts.0.clone(), conditions.expected()).await
    });
    let (kept, outcome) = change.await?;
    let item = BudgetLine::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/budget-lines/{}", item.id)))
}

/// Take a budget line away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "budget-lines",
    operation_id = "delete_budget_line",
    params(
        ("id" = BudgetLineKey, Path, description = "`unit:year:project:economic_class`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["report"])),
)]
#[delete("/budget-lines/{id}")]
async fn delete_budget_line(
    caller: Caller<Report>,
    context: Data<Context>,
    id: Id<BudgetLineKey>,
    conditions: Conditions,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    budget_lines::delete(&mut write, &caller.scope, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
