//! Cycles: which of the five links a unit has closed in a year.

pub mod http;

use crate::domain::approval::ApprovalKey;
use crate::domain::cycle::{Beside, Cycle};
use crate::domain::day::Day;
use crate::domain::period::{Month, Year};
use crate::http::error::ApiError;
use crate::resources::evaluations::gather;
use crate::resources::{approvals, expenditures, rectifications, units};
use crate::store::View;

/// The cycle of a unit's year.
///
/// # Errors
/// The database's.
pub async fn of(view: &View<'_>, unit: units::Item, year: Year, today: Day) -> Result<Cycle, ApiError> {
    let approval = ApprovalKey { unit: unit.key.clone(), year };
    let approved = approvals::approved(view, &approval).await?;
    let notices = rectifications::of_year(view, &unit.key, year).await?;
    let december = Month::new(year, 12).map_err(|wrong| ApiError::internal(wrong.en))?;
    let mut spent = expenditures::store::through(view, std::slice::from_ref(&unit.key), december).await?;
    let spent = spent.remove(&unit.key).unwrap_or_default();
    let dossier = gather::dossier(view, unit, year, today).await?;
    let due_month = dossier.standard.last_due(year, today);
    Ok(Cycle::of(&dossier, &Beside { approved, notices: &notices, due_month, spent: &spent }))
}
