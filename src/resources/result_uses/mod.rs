//! Result uses: what accepted evaluations suggest for the next year's money.

pub mod http;

use self::http::ResultUseFilter;
use crate::domain::budget_line::BudgetTotals;
use crate::domain::evaluation::EvaluationKey;
use crate::domain::money::Balance;
use crate::domain::result_use::{ResultUse, leading, suggest};
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::page::Listing;
use crate::resources::budget_lines::store::BudgetLines;
use crate::resources::reviews::store::Reviews;
use crate::resources::{budget_lines, reviews, standards, units};
use crate::store::View;

/// What the accepted evaluations of a year suggest, in the order of their ids, of each unit and project the one that counts.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(
    view: &View<'_>,
    scope: &Scope,
    listing: &Listing<ResultUseFilter>,
) -> Result<Vec<ResultUse>, ApiError> {
    let ResultUseFilter { year, unit } = &listing.filter;
    let after: Option<EvaluationKey> = listing.after()?;
    let visible = units::visible(view, scope, reviews::store::UNIT).await?;
    let accepted = visible.add(reviews::store::all_holding()).add(reviews::store::of(unit.as_ref(), Some(*year)));
    let accepted = view.list::<Reviews>(accepted, None, None).await?;
    let standard = standards::in_force(view, *year).await?;
    let mut found = Vec::new();
    for review in leading(accepted).into_iter().filter(|review| after.as_ref().is_none_or(|after| review.key > *after))
    {
        let Some(points) = review.facts.reviewed_score else { continue };
        let EvaluationKey { unit, year, project, kind } = review.key.clone();
        let lines = budget_lines::store::of_units(year, [unit.clone()]);
        let lines = view.list::<BudgetLines>(lines, None, None).await?;
        let of_project = lines.iter().filter(|line| project.0.as_ref().is_none_or(|code| line.key.project == *code));
        let totals = BudgetTotals::of(of_project.map(|line| &line.facts), None);
        let amount = totals.adjusted.or(totals.executed);
        let (grade, advice, change, suggested) = suggest(points, amount, &standard);
        let name = units::get(view, &Scope::County, &unit).await?.facts.name;
        let decided = review.facts.decided_amount.map(Balance::from);
        let id = review.key;
        found.push(ResultUse {
            id,
            unit,
            name,
            year,
            project,
            kind,
            score: points,
            grade,
            advice,
            change,
            amount,
            suggested,
            decided,
        });
        if found.len() > usize::try_from(listing.limit).unwrap_or(usize::MAX) {
            break;
        }
    }
    Ok(found)
}
