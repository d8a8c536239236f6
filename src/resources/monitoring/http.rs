//! What callers may ask of monitoring.

use actix_web::get;
use actix_web::web::Data;
use deserr::Deserr;
use utoipa::IntoParams;

use super::super::monitoring;
use crate::domain::codes::UnitCode;
use crate::domain::monitoring::{Reminder, UnitMonitoring};
use crate::domain::period::Month;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, GetErrors};
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};

crate::page! {
    /// A page of what monitoring sees, a unit an item.
    MonitoringPage of UnitMonitoring
}

crate::page! {
    /// A page of reminders.
    ReminderPage of Reminder
}

/// Which month, and of which units.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MonitoringFilter {
    /// The month looked at: January through it.
    pub month: Month,
    /// Only the units right below this one; all the caller may see where nothing is said.
    #[deserr(default)]
    pub parent: Option<UnitCode>,
    /// Only this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_monitoring).service(list_reminders);
}

/// Monitor a month
///
/// Both halves of 双监控 for every unit that has targets or a budget in the year, in the order of the units: months and
/// cumulative figures, last year's, pace, lights, forecasts, and which reports are late or missing.
#[utoipa::path(
    tag = "monitoring",
    operation_id = "list_monitoring",
    params(
        MonitoringFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the units", body = MonitoringPage, headers(("ETag" = String, description = "The newest change of what it shows"))), GetErrors),
    security(("bearer" = ["read"])),
)]
#[get("/monitoring")]
async fn list_monitoring(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<MonitoringFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.sight(as_of).await?;
    let tag = sight.computed_tag().await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let journal = sight.journal(&context.store);
    let (items, next) = monitoring::page(&sight.view(), &journal, &caller.scope, &listing, sight.today).await?;
    let page = MonitoringPage { items, next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// List who is to be reminded
///
/// The units whose report of the month has not come (催报), with what is missing and a sentence to send.
#[utoipa::path(
    tag = "monitoring",
    operation_id = "list_reminders",
    params(
        MonitoringFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page, in the order of the units", body = ReminderPage, headers(("ETag" = String, description = "The newest change of what it shows"))), GetErrors),
    security(("bearer" = ["read"])),
)]
#[get("/reminders")]
async fn list_reminders(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<MonitoringFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.sight(as_of).await?;
    let tag = sight.computed_tag().await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let journal = sight.journal(&context.store);
    let (items, next) = monitoring::reminders(&sight.view(), &journal, &caller.scope, &listing, sight.today).await?;
    let page = ReminderPage { items, next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}
