//! What whoever oversees a region may ask.

use actix_web::get;
use actix_web::web::Data;
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::counties;
use crate::domain::county::{Counties, CountyItem, CountyRow};
use crate::domain::kept::Resource;
use crate::domain::period::Year;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, ListErrors};
use crate::http::identity::{Caller, Read};
use crate::http::mount::Mount;
use crate::http::page::{Paging, Present};

crate::page! {
    /// A page of counties.
    CountyPage of CountyItem
}

crate::page! {
    /// A page of rows of several counties.
    CountyRowPage of CountyRow
}

/// No filter.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CountyFilter {}

/// Which rows.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RowFilter {
    /// The resource.
    pub resource: Resource,
    /// Only those of these counties, their codes with commas between; all in reach where nothing is said.
    #[deserr(default)]
    pub county: Option<Counties>,
    /// Only those stated for this year; a standard or a scheme is in force until there is a newer one.
    #[deserr(default)]
    pub year: Option<Year>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_counties).service(list_county_rows);
}

/// List counties
///
/// Those that the caller may read, in the order of their codes: the service's own, and with a token for a region (地区) all
/// counties of the database whose codes begin so. `position` tells whether one changed.
#[utoipa::path(
    tag = "counties",
    operation_id = "list_counties",
    params(Paging),
    responses((status = 200, description = "A page", body = CountyPage), ListErrors),
    security(("bearer" = ["read"])),
)]
#[get("/counties")]
async fn list_counties(caller: Caller<Read>, context: Data<Context>, listing: Present<CountyFilter>) -> Answer {
    // Of the database itself: that a copy has come as far as the service's own county says nothing of the others.
    let found = counties::list(&context.store, &caller, &listing).await?;
    let (items, next) = listing.page(found, |one| one.county.to_string());
    let page = CountyPage { items, next };
    Ok(answer::page(&page, page.next.as_deref(), &listing))
}

/// List rows of several counties
///
/// As they were stated: those of one county behind those of the one before, in the order of the codes, in each in the order
/// of their keys. Each row is right as it stands; a page is of no one moment, for each county has a journal of its own. Of 16
/// counties at most: a page may be short, or empty, and have a `next`.
///
/// Not shown are evaluations, reviews, notices, uploads and webhooks: what is published of them is everybody's. Whoever is
/// bound to a unit is refused (403).
#[utoipa::path(
    tag = "counties",
    operation_id = "list_county_rows",
    params(RowFilter, Paging),
    responses((status = 200, description = "A page", body = CountyRowPage), ListErrors),
    security(("bearer" = ["read"])),
)]
#[get("/county-rows")]
async fn list_county_rows(caller: Caller<Read>, context: Data<Context>, listing: Present<RowFilter>) -> Answer {
    let (items, end) = counties::rows(&context.store, &caller, &listing).await?;
    let page = CountyRowPage { items, next: end.map(|end| listing.cursor(&end)) };
    Ok(answer::page(&page, page.next.as_deref(), &listing))
}
