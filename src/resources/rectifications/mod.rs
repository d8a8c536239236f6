//! Rectification: notices, answers and what became of them.

pub mod http;
pub mod store;

use self::http::RectificationFilter;
use self::store::Rectifications;
use crate::domain::codes::UnitCode;
use crate::domain::day::Day;
use crate::domain::findings;
use crate::domain::kept::Kept;
use crate::domain::period::{Moment, Year};
use crate::domain::rectification::{
    self, Notice, NoticesInput, Rectification, RectificationFacts, RectificationInput, RectificationKey,
    RectificationState,
};
use crate::domain::violation::Wrong;
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Evaluate, Review, Scope};
use crate::http::page::Listing;
use crate::resources::evaluations::gather;
use crate::resources::units;
use crate::store::View;
use crate::store::table::beginning_with;
use crate::store::write::{Expected, Write};

/// A notice as it is kept.
pub type Item = Kept<RectificationKey, RectificationFacts>;

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(
    view: &View<'_>,
    scope: &Scope,
    listing: &Listing<RectificationFilter>,
) -> Result<Vec<Item>, ApiError> {
    let seen = units::visible(view, scope, store::UNIT).await?.add(store::matching(&listing.filter));
    Ok(view.list::<Rectifications>(seen, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// Those of a unit's year.
///
/// # Errors
/// The database's.
pub async fn of_year(view: &View<'_>, unit: &UnitCode, year: Year) -> Result<Vec<Item>, ApiError> {
    let wanted = beginning_with::<Rectifications>([unit.clone().into(), year.into()]);
    Ok(view.list::<Rectifications>(wanted, None, None).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, key: &RectificationKey) -> Result<Item, ApiError> {
    units::require_visible(view, scope, &key.unit).await?;
    view.find::<Rectifications>(key).await?.ok_or(ApiError::NotFound)
}

/// Gives notices.
///
/// # Errors
/// A unit that is not there or not the caller's to see; findings and comments that are not there; a notice about nothing.
pub async fn give(
    write: &mut Write,
    caller: &Caller<Review>,
    input: &NoticesInput,
    (at, today): (Moment, Day),
) -> Result<rectification::Rectifications, ApiError> {
    let unit = units::get(&write.view(), &caller.scope, &input.unit).await?;
    caller.require_above(&input.unit)?;
    input.check()?;
    let dossier = gather::dossier(&write.view(), unit, input.year, today).await?;
    let found = findings::judge(&dossier);
    let there = of_year(&write.view(), &input.unit, input.year).await?;
    let due_on = input.due_on.or_else(|| today.plus(u32::try_from(dossier.standard.rectification_days.number()).ok()?));
    let due_on = due_on.ok_or_else(|| ApiError::internal("the calendar ends".into()))?;
    let handled: Vec<_> = there.iter().filter_map(|one| one.facts.finding.as_ref()).collect();
    let notices = input.notices(&found, &dossier.reviews, &handled)?;
    let mut items = Vec::new();
    let mut number = there.iter().filter_map(|one| one.key.code.as_str().parse::<u32>().ok()).max().unwrap_or(0);
    for Notice { finding, comment, demand } in notices {
        number += 1;
        let code = number.to_string().parse().map_err(|wrong: Wrong| ApiError::internal(wrong.en))?;
        let facts = RectificationFacts {
            state: RectificationState::Open,
            finding,
            comment,
            demand,
            document: input.document.clone(),
            due_on,
            opened_by: caller.name()?,
            opened_at: at,
            answer: None,
            answered_by: None,
            answered_at: None,
            remark: None,
            closed_by: None,
            closed_at: None,
        };
        let key = RectificationKey { unit: input.unit.clone(), year: input.year, code };
        let (kept, _) = write.put::<Rectifications>(key, facts, Expected::Nothing).await?;
        items.push(Rectification::of(kept, &caller.actor(), today));
    }
    Ok(rectification::Rectifications { items })
}

/// Does something with a notice.
///
/// # Errors
/// [`ApiError::NotFound`]; [`ApiError::Forbidden`] for a role, or for whoever answered; [`ApiError::WrongState`]; what the
/// action lacks.
pub async fn perform(
    write: &mut Write,
    caller: &Caller<Evaluate>,
    key: &RectificationKey,
    input: &RectificationInput,
    (at, today): (Moment, Day),
) -> Result<Rectification, ApiError> {
    let kept = get(&write.view(), &caller.scope, key).await?;
    let (actor, action) = (caller.actor(), input.action);
    if !kept.facts.admits(&actor, &key.unit, action) {
        return Err(ApiError::Forbidden { role: caller.role, needs: (action.zh(), action.code()) });
    }
    let Some(next) = kept.facts.state.after(action) else {
        let (state, action) = ((kept.facts.state.zh(), kept.facts.state.code()), (action.zh(), action.code()));
        return Err(ApiError::WrongState { state, action });
    };
    let facts = kept.facts.act(next, input, (caller.name()?, at))?;
    let (kept, _) = write.put::<Rectifications>(key.clone(), facts, Expected::Existing).await?;
    Ok(Rectification::of(kept, &actor, today))
}
