//! Messages: changes in the words of CloudEvents, some at a time.

use aws_lc_rs::digest::{SHA256, digest};
use sea_orm::Condition;

use crate::domain::event::Event;
use crate::http::error::ApiError;
use crate::http::file::hexadecimal;
use crate::resources::changes;
use crate::resources::webhooks::Item;
use crate::store::View;
use crate::store::feed::Part;

/// The longest body, in bytes, unless one event alone is longer: what frameworks take where nobody set anything.
const LONGEST: usize = 96 * 1024;

/// One event is a body, several are a list, as the webhook states.
const ONE: &str = "application/cloudevents+json";
const LIST: &str = "application/cloudevents-batch+json";

/// What is sent at once.
#[derive(Debug)]
pub(super) struct Message {
    /// The same for the same body.
    pub(super) id: String,
    pub(super) media: &'static str,
    pub(super) body: String,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) events: i32,
    /// Whether there is nothing wanted behind it in its part.
    pub(super) to_the_end: bool,
}

/// A part of the journal, and the event that was sent before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) after: i64,
    pub(super) until: i64,
    pub(super) previous: i64,
    /// The most events.
    pub(super) most: i32,
}

/// The message that begins a part of the journal; nothing where nothing of it is wanted.
///
/// # Errors
/// The database's.
pub(super) async fn compose(
    view: &View<'_>,
    item: &Item,
    wanted: Condition,
    stretch: Stretch,
) -> Result<Option<Message>, ApiError> {
    let Stretch { after, until, previous, most } = stretch;
    let part = Part { after, until, limit: most.unsigned_abs().into() };
    let entries = view.entries(part, wanted).await?;
    let found = entries.len();
    let (mut texts, mut bytes, mut last) = (Vec::with_capacity(found), 0, previous);
    let first = entries.first().map(|entry| entry.sequence);
    for entry in entries {
        let change = changes::change(entry)?;
        let sequence = change.sequence;
        let event = serde_json::to_string(&Event::of(view.county(), last, change));
        let event = event.map_err(|error| ApiError::internal(error.to_string()))?;
        bytes += event.len();
        if bytes > LONGEST && !texts.is_empty() {
            break;
        }
        texts.push(event);
        last = sequence;
    }
    let Some(first) = first else { return Ok(None) };
    let to_the_end = texts.len() == found && i32::try_from(found).is_ok_and(|found| found < most);
    let events = i32::try_from(texts.len()).unwrap_or(i32::MAX);
    let (media, body) = match item.facts.most_events {
        None if events == 1 => (ONE, texts.concat()),
        _ => (LIST, format!("[{}]", texts.join(","))),
    };
    let id = id(view.county(), item, &body);
    Ok(Some(Message { id, media, body, first, last, events, to_the_end }))
}

/// What a message is called: whoever gets it twice sees that it is the same. Made of what it says, so that another
/// message never has its name, and without dots, by which it is set apart from the time when it is signed.
fn id(county: &str, item: &Item, body: &str) -> String {
    let sum = digest(&SHA256, format!("{county}\n{}\n{body}", item.key).as_bytes());
    format!("msg_{}", hexadecimal(sum.as_ref().get(..16).unwrap_or_default()))
}
