//! Webhooks (推送订阅): who is told of changes, and of which. What is sent, when and how stands in the room `deliveries`.

pub mod http;
pub mod store;

use sea_orm::Condition;

use self::http::WebhookFilter;
use self::store::Webhooks;
use crate::domain::codes::{UnitCode, WebhookCode};
use crate::domain::kept::{Kept, Resource, dangling};
use crate::domain::violation::{Violations, Wrong};
use crate::domain::webhook::{Silenced, WebhookFacts};
use crate::http::Context;
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Scope, Subscribe};
use crate::http::outgoing::Outgoing;
use crate::http::page::Listing;
use crate::resources::units;
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// A webhook as it is kept.
pub type Item = Kept<WebhookCode, WebhookFacts>;

/// A page of those the caller may see.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, scope: &Scope, listing: &Listing<WebhookFilter>) -> Result<Vec<Item>, ApiError> {
    let seen = match scope {
        Scope::County => Condition::all(),
        Scope::Subtree(top) => store::of_units(units::store::subtree(view, top).await?),
    };
    let wanted = seen.add(store::matching(&listing.filter));
    Ok(view.list::<Webhooks>(wanted, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, scope: &Scope, id: &WebhookCode) -> Result<Item, ApiError> {
    let found = view.find::<Webhooks>(id).await?.ok_or(ApiError::NotFound)?;
    require_seen(view, scope, found.facts.unit.as_ref()).await?;
    Ok(found)
}

/// What is told of a unit is for whoever may see it, what is told of the whole county for whoever may see all of it.
async fn require_seen(view: &View<'_>, scope: &Scope, unit: Option<&UnitCode>) -> Result<(), ApiError> {
    match (scope, unit) {
        (Scope::County, _) => Ok(()),
        (Scope::Subtree(_), Some(unit)) => units::require_visible(view, scope, unit).await,
        (Scope::Subtree(_), None) => Err(ApiError::NotFound),
    }
}

/// States one: from then on it is told what changes. Stating one that failed makes it be tried at once.
///
/// # Errors
/// Facts that break a rule, a unit that is not the caller's to see; conditions not met.
pub async fn put(
    write: &mut Write,
    caller: &Caller<Subscribe>,
    outgoing: &Outgoing,
    id: WebhookCode,
    mut facts: WebhookFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let view = write.view();
    let before = view.find::<Webhooks>(&id).await?;
    if let Some(before) = &before {
        require_seen(&view, &caller.scope, before.facts.unit.as_ref()).await?;
    }
    let disabled_at = before.and_then(|before| before.facts.disabled_at);
    let mut broken = facts.check(disabled_at).err().unwrap_or_default();
    // It goes when the webhook is no longer paused.
    facts.disabled_at = facts.disabled_at.filter(|_| facts.paused);
    broken.require(facts.url.parts().is_some_and(|url| outgoing.admits(&url)), || {
        let zh = "这个地址不在公网上，也不在 JIXIAO_WEBHOOK_NETWORKS 允许的网段内；http 只能用于后者";
        let en = "the address is neither public nor in JIXIAO_WEBHOOK_NETWORKS; http is for the latter alone";
        Wrong::new("refused_address", zh, en).at("/url").showing(&facts.url)
    });
    broken.into_result().map_err(ApiError::Invalid)?;
    match &facts.unit {
        None => caller.require_whole_county()?,
        Some(unit) => match units::get(&view, &caller.scope, unit).await {
            Err(ApiError::NotFound) => {
                return Err(ApiError::Invalid(Violations(vec![dangling("/unit", Resource::Units, unit)])));
            }
            other => drop(other?),
        },
    }
    let (kept, outcome) = write.put::<Webhooks>(id, facts, expected).await?;
    write.open_outbox(&kept.key).await?;
    match outcome {
        Outcome::Updated => write.refresh_outbox(&kept.key).await?,
        Outcome::Unchanged => write.nudge_outbox(&kept.key).await?,
        Outcome::Created => {}
    }
    Ok((kept, outcome))
}

/// Those that the service disabled.
///
/// # Errors
/// The database's.
pub async fn silenced(view: &View<'_>) -> Result<Vec<Silenced>, ApiError> {
    let mut all = Vec::new();
    for webhook in view.list::<Webhooks>(store::disabled(), None, None).await? {
        let Some(at) = webhook.facts.disabled_at else { continue };
        let unit = match &webhook.facts.unit {
            Some(unit) => Some(unit.clone()),
            None => units::store::top(view).await?,
        };
        let year = Context::day_of(at.0)?.month().year();
        all.extend(unit.map(|unit| Silenced { webhook, unit, year, at }));
    }
    Ok(all)
}

/// Takes one away, with its secrets and the log of its deliveries.
///
/// # Errors
/// [`ApiError::NotFound`], conditions not met.
pub async fn delete(write: &mut Write, scope: &Scope, id: &WebhookCode, expected: Expected) -> Result<(), ApiError> {
    get(&write.view(), scope, id).await?;
    write.forget(&secrets_operation(id)).await?;
    if write.delete::<Webhooks>(id, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}

/// The operation that makes a secret, as requests are remembered by: what it answered is forgotten with the webhook.
pub fn secrets_operation(id: &WebhookCode) -> String {
    format!("POST /v1/webhooks/{id}/secrets")
}
