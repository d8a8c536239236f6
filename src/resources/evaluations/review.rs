//! What is done with evaluations: an action, the state it leads to, and who may.

use super::gather;
use super::store::Evaluations;
use crate::domain::day::Day;
use crate::domain::evaluation::{Evaluation, EvaluationKey};
use crate::domain::period::Moment;
use crate::domain::review::{AcceptedFacts, ActionInput, Occasion, ReviewAction, ReviewFacts, act};
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Evaluate, Lack, Scope};
use crate::resources::reviews::store::Reviews;
use crate::resources::{closings, units};
use crate::store::write::{Expected, Write};

/// What a caller lacks who would sign or accept what they submitted.
const SECOND_PAIR_OF_EYES: Lack = ("审定或签署本人提交的评价", "accept or endorse what they submitted themselves");

/// Does something with an evaluation.
///
/// # Errors
/// [`ApiError::NotFound`]; [`ApiError::Forbidden`] for a role, or for whoever submitted it; [`ApiError::WrongState`];
/// what the action lacks; conditions not met; a closed year.
pub async fn perform(
    write: &mut Write,
    caller: &Caller<Evaluate>,
    key: &EvaluationKey,
    input: &ActionInput,
    (at, today): (Moment, Day),
) -> Result<Evaluation, ApiError> {
    let view = write.view();
    let stated = super::get(&view, &caller.scope, key).await?;
    let (actor, action) = (caller.actor(), input.action);
    let kept = view.find::<Reviews>(key).await?;
    let before = kept.map_or_else(ReviewFacts::default, |kept| kept.facts);
    if !actor.has_the_right(action, key.kind, &key.unit, before.state) {
        return Err(ApiError::Forbidden { role: caller.role, needs: (action.zh(), action.code()) });
    }
    let Some(next) = before.state.after(action) else {
        let (state, action) = ((before.state.zh(), before.state.code()), (action.zh(), action.code()));
        return Err(ApiError::WrongState { state, action });
    };
    if actor.is_the_first_pair_of_eyes(action, before.submitter()) {
        return Err(ApiError::Forbidden { role: caller.role, needs: SECOND_PAIR_OF_EYES });
    }
    if matches!(action, ReviewAction::Submit | ReviewAction::Withdraw) {
        closings::require_open(&view, &key.unit, key.year).await?;
    }
    let unit = units::get(&view, &Scope::County, &key.unit).await?;
    let dossier = gather::dossier(&view, unit, key.year, today).await?;
    let score = dossier.score(&stated);
    let occasion = Occasion {
        by: caller.name()?,
        at,
        stated: stated.facts.stated_score,
        usually_due: key.year.next().and_then(|next| dossier.standard.review_due.of(next)),
        accepts: AcceptedFacts {
            sequence: write.position(),
            digest: dossier.seal(&stated),
            earned: score.earned,
            at_most: score.at_most,
        },
    };
    let review = act(&before, next, input, &occasion)?;
    let expected =
        if write.view().find::<Reviews>(key).await?.is_some() { Expected::Existing } else { Expected::Unsaid };
    write.put::<Reviews>(key.clone(), review, expected).await?;
    let stated = write.view().find::<Evaluations>(key).await?.ok_or(ApiError::NotFound)?;
    super::computed(&write.view(), stated, &actor, today).await
}
