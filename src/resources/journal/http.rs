//! What an auditor may ask of the journal.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use deserr::Deserr;
use utoipa::IntoParams;

use super::{head, list};
use crate::domain::codes::{Name, UnitCode};
use crate::domain::entry::{JournalEntry, Operation, SignedHead};
use crate::domain::kept::Resource;
use crate::domain::period::Moment;
use crate::domain::upload::item::UploadId;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, ListErrors};
use crate::http::error::ApiError;
use crate::http::identity::{Audit, Caller, Lack, Scope};
use crate::http::mount::Mount;
use crate::http::page::{Paging, Place, Present};

crate::page! {
    /// A page of the journal.
    JournalPage of JournalEntry
}

/// Which entries.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JournalFilter {
    /// Only what this subject did.
    #[deserr(default)]
    pub actor: Option<Name>,
    /// Only entries that say that this was done; `refused` for attempts.
    #[deserr(default)]
    pub operation: Option<Operation>,
    /// Only rows of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only rows of this resource.
    #[deserr(default)]
    pub resource: Option<Resource>,
    /// Only what this request did.
    #[deserr(default)]
    pub request_id: Option<Name>,
    /// Only what this upload did.
    #[deserr(default)]
    pub upload: Option<UploadId>,
    /// Only from this instant on.
    #[deserr(default)]
    pub since: Option<Moment>,
    /// Only before this instant.
    #[deserr(default)]
    pub until: Option<Moment>,
}

/// The journal is one chain: who reads it reads all of it.
fn require_whole(caller: &Caller<Audit>) -> Result<(), ApiError> {
    const NEEDS: Lack = ("查阅全县的流水账", "read the journal of the whole county");
    match caller.scope {
        Scope::County => Ok(()),
        Scope::Subtree(_) => Err(ApiError::Forbidden { role: caller.role, needs: NEEDS }),
    }
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(get_journal_head).service(list_journal);
}

/// Read the journal
///
/// Every accepted change of the county, from the first on: who, when, from where, and what the row became. The digest
/// of an entry covers the entry and the digest before it; `jixiao verify` walks the chain.
#[utoipa::path(
    tag = "journal",
    operation_id = "list_journal",
    params(JournalFilter, Paging),
    responses((status = 200, description = "A page, oldest first", body = JournalPage), ListErrors),
    security(("bearer" = ["audit"])),
)]
#[get("/journal")]
async fn list_journal(caller: Caller<Audit>, context: Data<Context>, listing: Present<JournalFilter>) -> Answer {
    require_whole(&caller)?;
    let after = listing.after::<Place>()?.map_or(0, |place| place.0);
    let found = list(&context.store.view(), &listing.filter, after, listing.limit + 1).await?;
    let (items, next) = listing.page(found, |entry| entry.sequence.to_string());
    let page = JournalPage { items, next };
    Ok(answer::page(&page, page.next.as_deref(), &listing))
}

/// Read the head of the journal
///
/// The newest number and digest, signed. Kept elsewhere, it proves with `jixiao verify --head` that nothing before it
/// was changed or taken away.
#[utoipa::path(
    tag = "journal",
    operation_id = "get_journal_head",
    responses((status = 200, description = "The head", body = SignedHead), ListErrors),
    security(("bearer" = ["audit"])),
)]
#[get("/journal/head")]
async fn get_journal_head(caller: Caller<Audit>, context: Data<Context>) -> Answer {
    require_whole(&caller)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, no-cache")).json(head(&context).await?))
}
