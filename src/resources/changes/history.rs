//! The revisions of a row: what it was after each change, from the first on.

use actix_web::get;
use actix_web::web::Data;
use deserr::Deserr;
use sea_orm::{ColumnTrait, Condition};
use utoipa::IntoParams;

use super::{change, wanted};
use crate::domain::approval::ApprovalKey;
use crate::domain::budget_line::BudgetLineKey;
use crate::domain::closing::ClosingKey;
use crate::domain::code_list::{DivisionKey, EconomicClassKey};
use crate::domain::codes::{IndicatorCode, UnitCode};
use crate::domain::entry::Change;
use crate::domain::evaluation::EvaluationKey;
use crate::domain::expenditure::ExpenditureKey;
use crate::domain::kept::Resource;
use crate::domain::progress::ProgressKey;
use crate::domain::project::ProjectKey;
use crate::domain::rectification::RectificationKey;
use crate::domain::scheme::SchemeKey;
use crate::domain::standard::StandardKey;
use crate::domain::target::TargetKey;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, RevisionErrors};
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Read, Scope};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging, Place, Present};
use crate::http::path::Id;
use crate::store::View;
use crate::store::feed::Part;
use crate::store::journal::entry;

crate::page! {
    /// A page of the revisions of a row.
    RevisionPage of Change
}

/// Nothing narrows the revisions of a row.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct NoFilter {}

/// The changes of a row that a caller may see, from the oldest on, one more than a page.
///
/// # Errors
/// [`ApiError::NotFound`] where there never was such a row, or it is not the caller's to see.
async fn revisions(
    view: &View<'_>,
    scope: &Scope,
    (resource, id): (Resource, String),
    listing: &Listing<NoFilter>,
) -> Result<Vec<Change>, ApiError> {
    let of_row: Condition = wanted(view, scope, &[resource], None).await?.add(entry::Column::Id.eq(id));
    let after = listing.after::<Place>()?.map_or(0, |place| place.0);
    let found = view.entries(Part { after, until: i64::MAX, limit: listing.limit + 1 }, of_row).await?;
    if found.is_empty() && after == 0 {
        return Err(ApiError::NotFound);
    }
    found.into_iter().map(change).collect()
}

/// Declares the endpoint of each collection.
macro_rules! revisions {
    ($($name:ident: $path:literal, $tag:literal, $key:ty, $resource:ident;)+) => {
        /// Mounts the revisions of every collection.
        pub fn mount(config: &mut impl Mount) {
            config$(.service($name))+;
        }

        $(
            /// List the revisions of a row
            ///
            /// What it was after each change, from the first on, its end too. Never changed afterwards.
            #[utoipa::path(
                tag = $tag,
                operation_id = stringify!($name),
                params(("id" = $key, Path, description = "The row's id"), Paging),
                responses((status = 200, description = "A page, oldest first", body = RevisionPage), RevisionErrors),
                security(("bearer" = ["read"])),
            )]
            #[get($path)]
            async fn $name(
                caller: Caller<Read>,
                context: Data<Context>,
                id: Id<$key>,
                listing: Present<NoFilter>,
            ) -> Answer {
                let row = (Resource::$resource, id.0.to_string());
                let found = revisions(&context.store.view(), &caller.scope, row, &listing).await?;
                let (items, next) = listing.page(found, |change| change.sequence.to_string());
                let page = RevisionPage { items, next };
                Ok(answer::page(&page, page.next.as_deref(), &listing))
            }
        )+
    };
}

revisions! {
    list_unit_revisions: "/units/{id}/revisions", "units", UnitCode, Units;
    list_closing_revisions: "/closings/{id}/revisions", "closings", ClosingKey, Closings;
    list_division_revisions: "/divisions/{id}/revisions", "divisions", DivisionKey, Divisions;
    list_economic_class_revisions: "/economic-classes/{id}/revisions", "economic-classes", EconomicClassKey, EconomicClasses;
    list_project_revisions: "/projects/{id}/revisions", "projects", ProjectKey, Projects;
    list_budget_line_revisions: "/budget-lines/{id}/revisions", "budget-lines", BudgetLineKey, BudgetLines;
    list_indicator_revisions: "/indicators/{id}/revisions", "indicators", IndicatorCode, Indicators;
    list_target_revisions: "/targets/{id}/revisions", "targets", TargetKey, Targets;
    list_progress_revisions: "/progress/{id}/revisions", "progress", ProgressKey, Progress;
    list_expenditure_revisions: "/expenditures/{id}/revisions", "expenditures", ExpenditureKey, Expenditures;
    list_approval_revisions: "/approvals/{id}/revisions", "approvals", ApprovalKey, Approvals;
    list_standard_revisions: "/standards/{id}/revisions", "standards", StandardKey, Standards;
    list_scheme_revisions: "/schemes/{id}/revisions", "schemes", SchemeKey, Schemes;
    list_review_revisions: "/reviews/{id}/revisions", "reviews", EvaluationKey, Reviews;
    list_rectification_revisions: "/rectifications/{id}/revisions", "rectifications", RectificationKey, Rectifications;
    list_evaluation_revisions: "/evaluations/{id}/revisions", "evaluations", EvaluationKey, Evaluations;
}
