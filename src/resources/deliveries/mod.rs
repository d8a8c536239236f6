//! Deliveries (推送): what is sent to webhooks, and the log of it.
//!
//! | file | does |
//! | --- | --- |
//! | `message` | changes in the words of CloudEvents |
//! | [`sender`] | sends them, tries again, gives up |
//! | [`http`] | how the log is read, secrets are made, messages sent again |

pub mod http;
mod message;
pub mod sender;

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, Condition};

use self::http::{DeliveryFilter, RecoveryOptions};
use crate::domain::codes::WebhookCode;
use crate::domain::delivery::{Delivery, Secret, WebhookSecret, WebhookState, WebhookStatus};
use crate::domain::violation::Wrong;
use crate::http::Context;
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Subscribe};
use crate::http::page::{Listing, Place};
use crate::resources::changes;
use crate::resources::webhooks::{self, Item};
use crate::store::View;
use crate::store::journal::instant;
use crate::store::outbox::{cursor, delivery};
use crate::store::write::Write;

/// The length of a secret: the standard asks for 24 to 64 bytes.
const SECRET: usize = 32;

/// How it stands with every webhook.
///
/// # Errors
/// The database's.
pub async fn all_statuses(context: &Context, view: &View<'_>) -> Result<Vec<(WebhookCode, WebhookStatus)>, ApiError> {
    let mut all = Vec::new();
    for item in view.list::<webhooks::store::Webhooks>(Condition::all(), None, None).await? {
        all.push((item.key.clone(), status(context, view, &item).await?));
    }
    Ok(all)
}

/// How it stands with a webhook.
///
/// # Errors
/// The database's.
pub async fn status(context: &Context, view: &View<'_>, item: &Item) -> Result<WebhookStatus, ApiError> {
    let position = view.journal_position().await?;
    let outbox = view.outbox(&item.key).await?.ok_or_else(|| no_outbox(item))?;
    let secrets = view.secrets(&item.key, (context.now)()).await?.len();
    let state = match &outbox {
        _ if item.facts.paused && item.facts.disabled_at.is_some() => WebhookState::Disabled,
        _ if item.facts.paused => WebhookState::Paused,
        _ if secrets == 0 => WebhookState::NoSecret,
        cursor::Model { failures: 1.., .. } => WebhookState::Failing,
        cursor::Model { through, .. } if *through < position => WebhookState::Delivering,
        _ => WebhookState::UpToDate,
    };
    Ok(WebhookStatus {
        state,
        delivered_through: outbox.through,
        last_event: outbox.last_event.max(0),
        behind: (position - outbox.through).max(0),
        failures: outbox.failures,
        failing_since: outbox.failing_since.map(instant),
        next_attempt_at: outbox.next_at.filter(|_| !item.facts.paused).map(instant),
        secrets: i32::try_from(secrets).unwrap_or(i32::MAX),
    })
}

fn no_outbox(item: &Item) -> ApiError {
    ApiError::internal(format!("the webhook {} has no outbox", item.key))
}

/// Makes a new secret. Those before it stay valid for some hours at most; where that is none, they end at once.
///
/// # Errors
/// [`ApiError::NotFound`], or the database's.
pub async fn rotate(
    write: &Write,
    context: &Context,
    caller: &Caller<Subscribe>,
    id: &WebhookCode,
    hours: i64,
) -> Result<WebhookSecret, ApiError> {
    let item = webhooks::get(&write.view(), &caller.scope, id).await?;
    let mut bytes = [0; SECRET];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| ApiError::internal(error.to_string()))?;
    let (secret, now) = (Secret::of_bytes(&bytes), (context.now)());
    let until = now + TimeDelta::hours(hours);
    let had_one = write.add_secret(&item.key, &secret, now, until).await?;
    // What was shown once is not kept for another to be shown.
    write.forget(&webhooks::secrets_operation(id)).await?;
    Ok(WebhookSecret { secret: secret.shown(), previous_valid_until: had_one.then(|| instant(until)) })
}

/// The number of the journal that a recovery goes back to.
///
/// # Errors
/// Neither said, or both; a number that is not reached; the database's.
pub async fn place(view: &View<'_>, options: &RecoveryOptions) -> Result<i64, ApiError> {
    let (newest, _) = view.journal_head().await?;
    match (options.after, options.since) {
        (Some(after), None) if after.0 <= newest => Ok(after.0),
        (Some(after), None) => Err(changes::not_reached("after", after.0, newest)),
        (None, Some(since)) => Ok(view.journal_position_before(since.0).await?),
        _ => {
            let (zh, en) = ("after 与 since 须且只须给出一个", "say either `after` or `since`");
            Err(ApiError::parameter("after", Wrong::new("one_of", zh, en), ""))
        }
    }
}

/// Asks for the message of an attempt to be sent once more.
///
/// # Errors
/// [`ApiError::NotFound`], or the database's.
pub async fn resend(write: &Write, caller: &Caller<Subscribe>, id: &WebhookCode, number: i64) -> Result<(), ApiError> {
    let item = webhooks::get(&write.view(), &caller.scope, id).await?;
    if write.send_again(&item.key, number).await? { Ok(()) } else { Err(ApiError::NotFound) }
}

/// A page of the attempts, the newest first.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, item: &Item, listing: &Listing<DeliveryFilter>) -> Result<Vec<Delivery>, ApiError> {
    let wanted = Condition::all()
        .add_option(listing.after::<Place>()?.map(|place| delivery::Column::Number.lt(place.0)))
        .add_option(listing.filter.delivered.map(|delivered| delivery::Column::Delivered.eq(delivered.0)));
    let found = view.deliveries(&item.key, wanted, listing.limit + 1).await?;
    Ok(found.into_iter().map(shown).collect())
}

fn shown(row: delivery::Model) -> Delivery {
    Delivery {
        number: row.number,
        at: instant(row.at),
        message: row.message,
        first_event: row.first_event,
        last_event: row.last_event,
        events: row.events,
        attempt: row.attempt,
        delivered: row.delivered,
        status: row.status,
        failure: row.failure.and_then(|failure| failure.parse().ok()),
        took_ms: row.took_ms,
    }
}
