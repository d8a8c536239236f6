//! What is done with evaluations: an action, the state it leads to, and who may.

use super::gather;
use super::store::Evaluations;
use crate::domain::chain::Digest;
use crate::domain::day::Day;
use crate::domain::evaluation::{Evaluation, EvaluationKey};
use crate::domain::kept::{Resource, dangling};
use crate::domain::period::Moment;
use crate::domain::published;
use crate::domain::review::{
    AcceptedFacts, ActionInput, CommentInput, MOST_COMMENTS, Occasion, ReviewAction, ReviewFacts, act,
};
use crate::domain::violation::{Violations, Wrong};
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Evaluate, Lack, Scope};
use crate::resources::reviews::store::Reviews;
use crate::resources::{closings, units};
use crate::store::View;
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
    require_rows(&view, &caller.scope, &input.comments).await?;
    let unit = units::get(&view, &Scope::County, &key.unit).await?;
    let dossier = gather::dossier(&view, unit, key.year, today).await?;
    let score = dossier.score(&stated);
    let occasion = Occasion {
        by: caller.name()?,
        at,
        stated: stated.facts.stated_score,
        claimed: stated.facts.indicators.iter().map(|one| one.target.clone()).collect(),
        usually_due: key.year.next().and_then(|next| dossier.standard.review_due.of(next)),
        accepts: AcceptedFacts {
            sequence: write.position(),
            digest: dossier.seal(&stated),
            earned: score.earned,
            at_most: score.at_most,
        },
    };
    let mut review = act(&before, next, input, &occasion)?;
    let expected =
        if write.view().find::<Reviews>(key).await?.is_some() { Expected::Existing } else { Expected::Unsaid };
    let id = key.to_string();
    let body = match action {
        ReviewAction::Publish => Some(published::body(&dossier, &stated, &review)),
        ReviewAction::Apply => {
            let there = write.view().published(vec![id.clone()]).await?.remove(&id);
            there.map(|body| published::with_decision(&body, &stated, &review))
        }
        _ => None,
    };
    if let Some(body) = body.transpose().map_err(|error| ApiError::internal(error.to_string()))? {
        review.published_digest = Some(Digest::of(&body));
        write.publish(&id, body).await?;
    } else if before.state.is_public() && !review.state.is_public() {
        write.unpublish(&id).await?;
    }
    write.put::<Reviews>(key.clone(), review, expected).await?;
    let stated = write.view().find::<Evaluations>(key).await?.ok_or(ApiError::NotFound)?;
    super::computed(&write.view(), stated, &actor, today).await
}

/// Refuses comments on rows that are not there or not the caller's to see, and on fields that they do not have. More than
/// may come at once are refused by the action itself.
async fn require_rows(view: &View<'_>, scope: &Scope, comments: &[CommentInput]) -> Result<(), ApiError> {
    let mut broken = Violations::default();
    for (place, CommentInput { resource, id, pointer, .. }) in comments.iter().enumerate().take(MOST_COMMENTS) {
        let row = view.stands(*resource, id.as_str()).await?;
        let seen = match row.as_ref().map(|row| &row.unit) {
            None => false,
            // What belongs to the county is everybody's to see; who sent files for it, and who is told of changes, is not.
            Some(None) => *scope == Scope::County || !matches!(resource, Resource::Uploads | Resource::Webhooks),
            Some(Some(unit)) => units::sees(view, scope, unit).await?,
        };
        if !seen {
            broken.0.push(dangling(format!("/comments/{place}/id"), *resource, id));
            continue;
        }
        let known =
            pointer.as_ref().is_none_or(|pointer| row.is_some_and(|row| row.facts.pointer(pointer.as_str()).is_some()));
        broken.require(known, || {
            Wrong::new("unknown_reference", "该行没有这个字段", "the row has no such field")
                .at(format!("/comments/{place}/pointer"))
        });
    }
    Ok(broken.into_result()?)
}
