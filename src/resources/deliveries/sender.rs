//! Sends messages, as long as the service runs: a task for each webhook that is behind, so that one that sleeps holds up
//! no other, and one sender for each among all replicas.
//!
//! A webhook is held while something is sent to it, for a little longer than a call may take; a replica that dies lets go
//! of it by that. Events go out in the order of the journal: what fails is tried again before anything later is sent.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use actix_web::web::Data;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use sea_orm::{ColumnTrait, Condition};

use super::message::{Message, Stretch, compose};
use crate::domain::codes::{EventCount, WebhookCode};
use crate::domain::delivery::{Reply, Secret, Verdict, verdict};
use crate::domain::kept::Resource;
use crate::domain::period::Moment;
use crate::http::Context;
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::http::outgoing::LONGEST;
use crate::resources::changes::wanted;
use crate::resources::webhooks::{Item, store as webhooks};
use crate::store::Error;
use crate::store::outbox::{Settled, UNKNOWN, cursor, delivery};
use crate::store::write::Expected;

/// How often it is looked whether there is something to send.
const LOOK: Duration = Duration::from_millis(500);

/// How long a webhook is held for one message.
const HELD: TimeDelta = TimeDelta::seconds(20);

/// The longest that a message may take, with what is looked up and kept of it: a database that says nothing for so long is gone.
const TURN: Duration = Duration::from_mins(2);

/// Entries of the journal that are looked through at once.
const AT_ONCE: i64 = 20_000;

/// An attempt that comes later than this after its time was kept back by the service itself.
const MOMENT: TimeDelta = TimeDelta::minutes(1);

// A sender must be done with a call before another may begin one.
const _: () = assert!(LONGEST.as_secs() + 5 <= HELD.num_seconds().unsigned_abs());

/// Sends whatever is to be sent, as long as the service runs.
pub async fn keep_sending(context: Data<Context>) {
    let busy = Rc::new(RefCell::new(HashSet::new()));
    loop {
        actix_web::rt::time::sleep(LOOK).await;
        if let Err(error) = context.store.in_time(TURN, look(&context, &busy)).await {
            tracing::error!(%error, "it could not be looked what is to be delivered");
        }
    }
}

/// Begins to send to those webhooks that are behind and that no sender has.
async fn look(context: &Data<Context>, busy: &Rc<RefCell<HashSet<WebhookCode>>>) -> Result<(), Error> {
    let (view, now) = (context.store.view(), now(context));
    let active = view.list::<webhooks::Webhooks>(webhooks::active(), None, None).await?;
    if active.is_empty() {
        return Ok(());
    }
    let due = view.due(view.journal_position().await?, now).await?;
    let mut due: HashMap<_, _> = due.into_iter().map(|outbox| (outbox.webhook.clone(), outbox)).collect();
    for item in active {
        let here = busy.borrow().contains(&item.key);
        if here || due.remove(&item.key).is_none() || view.secrets(&item.key, now).await?.is_empty() {
            continue;
        }
        if !context.store.hold(&item.key, &context.instance, now, now + HELD).await? {
            continue;
        }
        busy.borrow_mut().insert(item.key.clone());
        let (context, busy) = (context.clone(), busy.clone());
        actix_web::rt::spawn(async move {
            let done = match run(&context, &item.key).await {
                Ok(()) => context.store.release(Some(&item.key), &context.instance).await.map_err(ApiError::from),
                // It is held until its time is over: what is wrong here is not mended by trying at once.
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::error!(%error, webhook = %item.key, "the sender of a webhook stopped");
            }
            busy.borrow_mut().remove(&item.key);
        });
    }
    Ok(())
}

fn now(context: &Context) -> DateTime<Utc> {
    // What PostgreSQL keeps.
    (context.now)().trunc_subsecs(6)
}

/// What is wanted of the journal, as long as the webhook and the units are what they were.
struct Wanted {
    webhook: i64,
    units: i64,
    condition: Condition,
}

/// What a sender does next.
struct Work {
    /// How far it is.
    before: cursor::Model,
    item: Item,
    secrets: Vec<Secret>,
    condition: Condition,
    stretch: Stretch,
    /// The attempt whose message somebody asked for again, if it is for that.
    asked: Option<i64>,
}

/// Looks what is to be done next for a webhook.
async fn look_at(context: &Context, id: &WebhookCode, known: &mut Option<Wanted>) -> Result<Option<Work>, ApiError> {
    let view = context.store.view();
    // The end first, then what is wanted: a unit that is moved later is among what comes later.
    let position = view.journal_position().await?;
    let Some(mut before) = view.outbox(id).await? else { return Ok(None) };
    let Some(item) = view.find::<webhooks::Webhooks>(id).await?.filter(|item| !item.facts.paused) else {
        return Ok(None);
    };
    let secrets = view.secrets(id, now(context)).await?;
    if secrets.is_empty() {
        return Ok(None);
    }
    let units = view.newest_of(&[Resource::Units]).await?;
    let condition = match known.take().filter(|known| known.webhook == item.revision && known.units == units) {
        Some(known) => known.condition,
        None => wanted(&view, &scope(&item), &item.facts.resources, None).await?,
    };
    *known = Some(Wanted { webhook: item.revision, units, condition: condition.clone() });
    if before.last_event == UNKNOWN {
        before.last_event = view.newest_wanted(before.through, condition.clone()).await?;
    }
    let asked = view.deliveries(id, Condition::all().add(delivery::Column::Again.eq(true)), 1).await?.pop();
    let stretch = match &asked {
        Some(old) => {
            let (after, until) = (old.first_event - 1, old.last_event);
            Stretch { after, until, previous: old.previous, most: old.events }
        }
        None if before.next_at.is_some_and(|next| next > now(context)) => return Ok(None),
        None => {
            let until = before.until.unwrap_or_else(|| position.min(before.through.saturating_add(AT_ONCE)));
            let most = item.facts.most_events.map_or(1, EventCount::number);
            Stretch { after: before.through, until, previous: before.last_event, most }
        }
    };
    let asked = asked.map(|asked| asked.number);
    let nothing = asked.is_none() && stretch.until <= stretch.after;
    Ok((!nothing).then_some(Work { before, item, secrets, condition, stretch, asked }))
}

/// Sends to one webhook until there is nothing more, or an attempt fails.
async fn run(context: &Context, id: &WebhookCode) -> Result<(), ApiError> {
    let mut known = None;
    while context.store.in_time(TURN, next(context, id, &mut known)).await? {}
    Ok(())
}

/// Sends what is next, or notes that nothing of it is wanted; whether there may be more.
async fn next(context: &Context, id: &WebhookCode, known: &mut Option<Wanted>) -> Result<bool, ApiError> {
    let instance = &context.instance;
    let Some(work) = look_at(context, id, known).await? else { return Ok(false) };
    let Work { before, item, secrets, condition, stretch, asked } = work;
    let Some(message) = compose(&context.store.view(), &item, condition, stretch).await? else {
        // Nothing of it is wanted, or no longer.
        let held_until = Some(now(context) + HELD);
        let after = match asked {
            Some(_) => cursor::Model { held_until, ..before.clone() },
            None => cursor::Model { through: stretch.until, held_until, ..calm(&before) },
        };
        return Ok(context.store.settle(&before, instance, Settled { after, attempt: None, asked }).await?);
    };
    let began = now(context);
    // Whoever takes over, whatever comes meanwhile, sends the same message.
    let last = if asked.is_some() { before.until } else { Some(message.last) };
    if !context.store.hold_for(&before, instance, last, began + HELD).await? {
        return Ok(false);
    }
    let reply = send(context, &item, &message, &secrets, began).await;
    let ended = now(context);
    let (after, verdict) = match asked {
        Some(_) => (before.clone(), None),
        None => follows(context, &before, &message, stretch, reply, (began, ended)),
    };
    let attempt = attempt(&before, &message, stretch, reply, (began, ended), asked.is_some());
    let after = cursor::Model { held_until: Some(ended + HELD), ..after };
    tracing::debug!(webhook = %id, message = %message.id, ?reply, "delivered, or not");
    if !context.store.settle(&before, instance, Settled { after, attempt: Some(attempt), asked }).await? {
        return Ok(false);
    }
    match verdict {
        Some(Verdict::GiveUp) => disable(context, item, ended).await.map(|()| false),
        Some(Verdict::Again(_)) => Ok(false),
        Some(Verdict::Delivered) | None => Ok(true),
    }
}

/// Where it is, with nothing that fails.
fn calm(before: &cursor::Model) -> cursor::Model {
    cursor::Model { until: None, failures: 0, failing_since: None, next_at: None, ..before.clone() }
}

/// What a webhook is told: what a caller bound to its unit may see.
pub(super) fn scope(item: &Item) -> Scope {
    item.facts.unit.clone().map_or(Scope::County, Scope::Subtree)
}

/// Makes one attempt.
async fn send(context: &Context, item: &Item, message: &Message, secrets: &[Secret], now: DateTime<Utc>) -> Reply {
    let sign = |secret: &Secret| secret.sign(&message.id, now.timestamp(), &message.body);
    let signatures: Vec<String> = secrets.iter().map(sign).collect();
    let headers = vec![
        ("webhook-id", message.id.clone()),
        ("webhook-timestamp", now.timestamp().to_string()),
        ("webhook-signature", signatures.join(" ")),
    ];
    context.outgoing.post(item.facts.url.as_str(), message.media, headers, message.body.clone()).await
}

/// How far it is after an attempt.
fn follows(
    context: &Context,
    before: &cursor::Model,
    message: &Message,
    stretch: Stretch,
    reply: Reply,
    (began, ended): (DateTime<Utc>, DateTime<Utc>),
) -> (cursor::Model, Option<Verdict>) {
    // While the service itself was off, nobody failed.
    let off = before.next_at.map_or(TimeDelta::zero(), |next| began - next);
    let off = if off > MOMENT { off } else { TimeDelta::zero() };
    let failing_since = before.failing_since.map(|since| since + off);
    let failing_for = failing_since.map_or(TimeDelta::zero(), |since| ended - since);
    let mut jitter = [127];
    // Without randomness the wait is the middle one.
    let _ = aws_lc_rs::rand::fill(&mut jitter);
    let verdict = verdict(reply, before.failures.unsigned_abs(), failing_for, context.patience, jitter[0]);
    let after = match verdict {
        Verdict::Delivered => cursor::Model {
            through: if message.to_the_end { stretch.until } else { message.last },
            last_event: message.last,
            ..calm(before)
        },
        Verdict::Again(_) | Verdict::GiveUp => cursor::Model {
            until: Some(message.last),
            failures: before.failures.saturating_add(1),
            failing_since: failing_since.or(Some(ended)),
            next_at: if let Verdict::Again(wait) = verdict { Some(ended + wait) } else { None },
            ..before.clone()
        },
    };
    (after, Some(verdict))
}

/// The attempt as the log has it.
fn attempt(
    before: &cursor::Model,
    message: &Message,
    stretch: Stretch,
    reply: Reply,
    (began, ended): (DateTime<Utc>, DateTime<Utc>),
    asked: bool,
) -> delivery::Model {
    let (status, failure) = match reply {
        Reply::Status(status, _) => (Some(i32::from(status)), None),
        Reply::Failed(failure) => (None, Some(failure.code().to_owned())),
    };
    delivery::Model {
        county: before.county.clone(),
        webhook: before.webhook.clone(),
        number: 0,
        message: message.id.clone(),
        at: began,
        first_event: message.first,
        last_event: message.last,
        previous: stretch.previous,
        events: message.events,
        attempt: (!asked).then_some(before.failures.saturating_add(1)),
        delivered: matches!(reply, Reply::Status(200..=299, _)),
        status,
        failure,
        took_ms: i32::try_from((ended - began).num_milliseconds()).unwrap_or(i32::MAX),
        again: false,
    }
}

/// Pauses a webhook in the name of the service. The journal says so, and a finding does.
async fn disable(context: &Context, item: Item, at: DateTime<Utc>) -> Result<(), ApiError> {
    tracing::warn!(webhook = %item.key, "a webhook failed for too long, or is gone, and is disabled");
    let mut write = context.store.begin(context.own_stamp()).await?;
    let mut facts = item.facts;
    facts.paused = true;
    facts.disabled_at = Some(Moment(at));
    match write.put::<webhooks::Webhooks>(item.key.clone(), facts, Expected::Revision(item.revision)).await {
        // Somebody has just stated it anew.
        Err(Error::Stale) => return Ok(()),
        other => drop(other?),
    }
    Ok(write.commit().await?)
}
