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

/// How it stands with a webhook.
///
/// # Errors
/// The database's.
pub async fn status(context: &Context, view: &View<'_>, item: &Item) -> Result<WebhookStatus, ApiError> {
    let position = view.journal_position().await?;
    let outbox = view.outbox(&item.key).await?.ok_or_else(|| no_outbox(item))?;
    let secrets = view.secrets(&item.key, (context.now)()).await?.len();
    let state = match &outbox {
        _ if item.facts.paused && outbox.disabled_at.is_some() => WebhookState::Disabled,
        _ if item.facts.paused => WebhookState::Paused,
        _ if secrets == 0 => WebhookState::NoSecret,
        cursor::Model { failures: 1.., .. } => WebhookState::Failing,
        cursor::Model { through, .. } if *through < position => WebhookState::Delivering,
        _ => WebhookState::UpToDate,
    };
    Ok(WebhookStatus {
        state,
        delivered_through: outbox.through,
        last_event: outbox.last_event,
        behind: (position - outbox.through).max(0),
        failures: outbox.failures,
        failing_since: outbox.failing_since.map(instant),
        next_attempt_at: outbox.next_at.filter(|_| !item.facts.paused).map(instant),
        disabled_at: outbox.disabled_at.map(instant),
        secrets: i32::try_from(secrets).unwrap_or(i32::MAX),
    })
}

fn no_outbox(item: &Item) -> ApiError {
    ApiError::internal(format!("the webhook {} has no outbox", item.key))
}

/// Makes a new secret. The one before it stays valid for some hours; older ones do not.
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
    let (secret, until) = (Secret::of_bytes(&bytes), (context.now)() + TimeDelta::hours(hours));
    let had_one = write.add_secret(&item.key, &secret, until).await?;
    Ok(WebhookSecret { secret: secret.shown(), previous_valid_until: had_one.then(|| instant(until)) })
}

/// Goes back with a webhook: it is told again what changed after a number, or since an instant.
///
/// # Errors
/// [`ApiError::NotFound`]; neither said, or both; a number that is not reached.
pub async fn recover(
    write: &Write,
    caller: &Caller<Subscribe>,
    id: &WebhookCode,
    options: &RecoveryOptions,
) -> Result<(), ApiError> {
    let view = write.view();
    let item = webhooks::get(&view, &caller.scope, id).await?;
    let newest = view.journal_position().await?;
    let after = match (options.after, options.since) {
        (Some(after), None) if after.0 <= newest => after.0,
        (Some(after), None) => return Err(changes::not_reached("after", after.0, newest)),
        (None, Some(since)) => view.journal_position_at(since.0 - TimeDelta::microseconds(1)).await?,
        _ => {
            let (zh, en) = ("after 与 since 须且只须给出一个", "say either `after` or `since`");
            return Err(ApiError::parameter("after", Wrong::new("one_of", zh, en), ""));
        }
    };
    let wanted = changes::wanted(&view, &sender::scope(&item), &item.facts.resources, None).await?;
    let previous = view.newest_wanted(after, wanted).await?;
    Ok(write.rewind_outbox(&item.key, after, previous).await?)
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
    Ok(found.into_iter().map(|row| shown(view.county(), item, row)).collect())
}

fn shown(county: &str, item: &Item, row: delivery::Model) -> Delivery {
    Delivery {
        number: row.number,
        at: instant(row.at),
        message: message::id(county, item, row.first_event, row.last_event),
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
