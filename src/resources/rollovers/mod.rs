//! Rollovers: a year's targets as those of the next.

pub mod http;

use crate::domain::kept::Kept;
use crate::domain::rollover::{Rollover, RolloverInput, RolloverItem, RolloverOutcome};
use crate::domain::target::TargetFacts;
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Report};
use crate::resources::targets::store::Targets;
use crate::resources::{projects, targets, units};
use crate::store::write::{Expected, Write};

/// States the targets of the next year that are not there yet. Of a dry run nothing is to be committed.
///
/// # Errors
/// A unit that is not there or not the caller's to see; whatever a target may not say; the last year there is.
pub async fn roll_over(
    write: &mut Write,
    caller: &Caller<Report>,
    input: &RolloverInput,
) -> Result<Rollover, ApiError> {
    units::get(&write.view(), &caller.scope, &input.unit).await?;
    input.check()?;
    let next_year = input.year.next().ok_or(ApiError::NotFound)?;
    let mut items = Vec::new();
    let of_year = targets::store::of_units(input.year, [input.unit.clone()]);
    let there = write.view().list::<Targets>(of_year, None, None).await?;
    input.check_assigners(&there.iter().map(|target| &target.key.assigner).collect::<Vec<_>>())?;
    for Kept { key, facts, .. } in there {
        let Some((into, next_value)) = input.successor(&key, facts.value) else { continue };
        let this = (key, facts.value);
        let there = write.view().find::<Targets>(&into).await?;
        items.push(match there {
            Some(there) => RolloverItem::of(this, (into, there.facts.value), RolloverOutcome::Kept),
            None if !input.takes(&this.0) => RolloverItem::of(this, (into, None), RolloverOutcome::NotTaken),
            None if !projects::known(&write.view(), &into.unit, into.year, &into.project).await? => {
                RolloverItem::of(this, (into, next_value), RolloverOutcome::NoProject)
            }
            None => {
                let facts = TargetFacts {
                    value: next_value,
                    // What was printed, handed down or adjusted was so in its own year.
                    value_as_printed: None,
                    goal: facts.goal,
                    document: None,
                    parent: None,
                    adjustment_reason: None,
                    adjustment_document: None,
                };
                // Of a dry run too, so that it promises nothing that is refused; it is dropped afterwards.
                targets::put(write, caller, into.clone(), facts, Expected::Nothing).await?;
                RolloverItem::of(this, (into, next_value), RolloverOutcome::Created)
            }
        });
    }
    let (unit, year, dry_run) = (input.unit.clone(), input.year, input.dry_run);
    Ok(Rollover { unit, year, next_year, dry_run, items })
}
