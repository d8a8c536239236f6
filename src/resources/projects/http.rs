//! What callers may ask of projects.

use actix_web::web::Data;
use actix_web::{delete, get, put};
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::projects;
use crate::domain::codes::UnitCode;
use crate::domain::kept::Resource;
use crate::domain::period::Year;
use crate::domain::project::{Project, ProjectFacts, ProjectKey};
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
    /// A page of projects.
    ProjectPage of Project
}

/// Which projects.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_projects).service(get_project).service(put_project).service(delete_project);
}

/// List projects
///
/// Those the caller may see, page by page, in the order of their ids.
#[utoipa::path(
    tag = "projects",
    operation_id = "list_projects",
    params(
        ProjectFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the ids", body = ProjectPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/projects")]
async fn list_projects(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<ProjectFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let tag = sight.tag(&[Resource::Projects]).await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = projects::list(&sight.view(), &caller.scope, &listing).await?;
    let (found, next) = listing.page(found, |kept| kept.key.to_string());
    let page = ProjectPage { items: found.into_iter().map(Project::from).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// Read a project
///
/// Answers 304 where the caller has it already.
#[utoipa::path(
    tag = "projects",
    operation_id = "get_project",
    params(
        ("id" = ProjectKey, Path, description = "`unit:year:code`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The project", body = Project, headers(("ETag" = String, description = "Its revision"))),
        GetErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/projects/{id}")]
async fn get_project(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<ProjectKey>,
    conditions: Conditions,
    as_of: AsOf,
) -> Answer {
    let sight = context.glance(as_of).await?;
    let item = Project::from(projects::get(&sight.view(), &caller.scope, &id).await?);
    Ok(answer::item(&item, &sight.item_tag(item.revision), &conditions))
}

/// State a project
///
/// Creates it, or changes it: then `If-Match` says which revision was read. The same facts twice change nothing.
#[utoipa::path(
    tag = "projects",
    operation_id = "put_project",
    params(
        ("id" = ProjectKey, Path, description = "`unit:year:code`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, to change it", max_length = 1000),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only", max_length = 1000),
    ),
    request_body = ProjectFacts,
    responses(
        (status = 200, description = "It was there and holds these facts", body = Project, headers(("ETag" = String, description = "Its revision"))),
        (status = 201, description = "It is new", body = Project, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        PutErrors,
    ),
    security(("bearer" = ["report"])),
)]
#[put("/projects/{id}")]
async fn put_project(
    caller: Caller<Report>,
    context: Data<Context>,
    id: Id<ProjectKey>,
    conditions: Conditions,
    facts: Facts<ProjectFacts>,
) -> Answer {
    let change = context.change(&caller, async |write| {
        projects::put(write, &caller.scope, id.0.clone(), facts.0.clone(), conditions.expected()).await
    });
    let (kept, outcome) = change.await?;
    let item = Project::from(kept);
    Ok(answer::put(&item, &answer::tag(item.revision), outcome, &format!("/v1/projects/{}", item.id)))
}

/// Take a project away
///
/// Refused while other rows refer to it.
#[utoipa::path(
    tag = "projects",
    operation_id = "delete_project",
    params(
        ("id" = ProjectKey, Path, description = "`unit:year:code`"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read, or `*`", max_length = 1000),
    ),
    responses((status = 204, description = "It is gone"), DeleteErrors),
    security(("bearer" = ["report"])),
)]
#[delete("/projects/{id}")]
async fn delete_project(
    caller: Caller<Report>,
    context: Data<Context>,
    id: Id<ProjectKey>,
    conditions: Conditions,
) -> Answer {
    let mut write = context.begin(&caller).await?;
    projects::delete(&mut write, &caller.scope, &id, conditions.expected()).await?;
    write.commit().await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}
