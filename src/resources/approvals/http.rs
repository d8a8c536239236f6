//! What callers may ask of approvals.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::approvals;
use crate::domain::approval::{Approval, ApprovalFacts, ApprovalKey};
use crate::domain::codes::UnitCode;
use crate::domain::kept::Resource;
use crate::domain::period::Year;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, DeleteErrors, GetErrors, PutErrors, TaggedErrors};
use crate::http::body::Facts;
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Read, Review};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};
use crate::http::path::Id;

crate::page! {
    /// A page of approvals.
    ApprovalPage of Approval
}

/// Which approvals.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ApprovalFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_approvals).service(get_approval).service(put_approval).service(delete_approval);
}

/// List approvals
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "approvals",
    operation_id = "list_approvals",
    params(
        ApprovalFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = ApprovalPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/approvals")]
async fn list_approvals(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<ApprovalFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Approvals]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = approvals::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = ApprovalPage { items: found.into_iter().map(Approval::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read an approval
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "approvals",
    operation_id = "get_approval",
    params(
        ("id" = ApprovalKey, Path, description = "`unit:year`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The approval", body = Approval, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/approvals/{id}")]
async fn get_approval(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<ApprovalKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Approval::from(approvals::get(&sight.view(), &caller.scope, &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State an approval
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "approvals",
    operation_id = "put_approval",
    params(
        ("id" = ApprovalKey, Path, description = "`unit:year`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = ApprovalFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Approval, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Approval, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["review"])),
)]
#[put("/approvals/{id}")]
async fn put_approval(
    caller: Caller<Review>,
    context: Data<Context>,
    id: Id<ApprovalKey>,
    conditions: Conditions,
    facts: Facts<ApprovalFacts>,
) -> Answer {
    caller.require_above(&id.unit)?;
    let mut write = context.begin(&caller).await?;
    let (kept, outcome) = approvals::put(&mut write, &caller.scope, id.0, facts.0, conditions.expected()).await?;
    write.commit().await?;
    let item = Approval::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/approvals/{}", item.id)))
}

/// Take an approval away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "approvals",
    operation_id = "delete_approval",
    params(
        ("id" = ApprovalKey, Path, description = "`unit:year`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["review"])),
)]
#[delete("/approvals/{id}")]
async fn delete_approval(
    caller: Caller<Review>,
    context: Data<Context>,
    id: Id<ApprovalKey>,
    conditions: Conditions,
) -> Answer {
    caller.require_above(&id.unit)?;
    let mut write = context.begin(&caller).await?;
    approvals::delete(&mut write, &caller.scope, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
