//! Refused attempts: written into the chain of the journal, some at a time, so that those who are refused do not hold
//! up those who are not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest};
use chrono::SecondsFormat;
use serde_json::json;

use super::Context;
use super::identity::Who;
use crate::store::Error;
use crate::store::stamp::Refusal;

/// How long they wait to be written.
const WAIT: Duration = Duration::from_secs(1);

/// How many may wait; of more only the number is written. A flood must not become a flood of entries.
const MOST: usize = 200;

/// How many entries strangers get in a minute: those who are known must not be hidden behind a crowd, and what a crowd leaves
/// behind is kept for half a year.
const STRANGERS: u32 = 20;
const MINUTE: Duration = Duration::from_mins(1);

/// How many strangers may wait while the database is away.
const CROWD: usize = MOST / 2;

/// How long writing them may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// Attempts that wait to be written.
#[derive(Debug, Clone, Default)]
pub struct Refusals(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    all: Vec<Refusal>,
    more: u64,
    /// Strangers of this minute, and when it began.
    strangers: u32,
    since: Option<Instant>,
}

impl Waiting {
    /// Whether there is room for one more, who may be a stranger.
    fn has_room(&mut self, stranger: bool) -> bool {
        if stranger {
            if self.since.is_none_or(|since| since.elapsed() >= MINUTE) {
                (self.strangers, self.since) = (0, Some(Instant::now()));
            }
            self.strangers = self.strangers.saturating_add(1);
        }
        let waiting = || self.all.iter().filter(|one| one.actor.is_empty()).count();
        self.all.len() < MOST && !(stranger && (self.strangers > STRANGERS || waiting() >= CROWD))
    }
}

impl Refusals {
    /// Notes an answer, if it refused what was asked: a stranger, somebody without the right, somebody who is bound to
    /// a unit and asked for what they may not see, somebody who would have overwritten what they had not read.
    pub fn note(
        &self,
        request: &HttpRequest,
        status: StatusCode,
        code: &str,
        request_id: &str,
        now: chrono::DateTime<chrono::Utc>,
    ) {
        let who = request.extensions().get::<Who>().cloned();
        let bound = who.as_ref().is_some_and(|who| who.unit.is_some());
        let refused = match status {
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::CONFLICT
            | StatusCode::PRECONDITION_FAILED => true,
            StatusCode::NOT_FOUND => bound,
            _ => false,
        };
        if !refused {
            return;
        }
        let mut waiting = self.get();
        if !waiting.has_room(who.is_none()) {
            waiting.more += 1;
            return;
        }
        let at = now.to_rfc3339_opts(SecondsFormat::Micros, true);
        let who = who.unwrap_or_default();
        waiting.all.push(Refusal {
            actor: who.subject,
            role: who.role,
            token: who.token,
            unit: who.unit,
            address: super::address::of(request),
            request_id: request_id.to_owned(),
            asked: format!("{} {}", request.method(), request.path()).chars().take(400).collect(),
            answer: json!({ "at": at, "code": code, "status": status.as_u16() }),
        });
    }

    fn get(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> (Vec<Refusal>, u64) {
        let mut waiting = self.get();
        (std::mem::take(&mut waiting.all), std::mem::take(&mut waiting.more))
    }

    /// Those that could not be written wait on, before those that came meanwhile; of those for whom there is no room the number.
    fn give_back(&self, mut before: Vec<Refusal>, more: u64) {
        let mut waiting = self.get();
        before.append(&mut waiting.all);
        let left_out = before.len().saturating_sub(MOST);
        before.truncate(MOST);
        waiting.all = before;
        waiting.more += more + left_out as u64;
    }

    /// Writes those that wait.
    ///
    /// # Errors
    /// The database's; then they wait on.
    pub async fn write(&self, context: &Context) -> Result<(), Error> {
        let (waiting, more) = self.take();
        if waiting.is_empty() && more == 0 {
            return Ok(());
        }
        let mut entries = waiting.clone();
        if more > 0 {
            let answer = json!({ "more": more });
            entries.push(Refusal { asked: "and more".into(), answer, ..Refusal::default() });
        }
        let written = async {
            let mut write = context.store.begin(context.own_stamp()).await?;
            write.refused(entries).await?;
            write.commit().await
        };
        let written = context.store.in_time(PATIENCE, written).await;
        if written.is_err() {
            self.give_back(waiting, more);
        }
        written
    }

    /// Writes them as long as the service runs.
    pub async fn keep_writing(context: actix_web::web::Data<Context>) {
        loop {
            actix_web::rt::time::sleep(WAIT).await;
            if let Err(error) = context.refusals.write(&context).await {
                tracing::error!(%error, "refused attempts could not be written");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(asked: usize) -> Refusal {
        Refusal { asked: asked.to_string(), ..Refusal::default() }
    }

    #[test]
    fn what_could_not_be_written_waits_on_in_its_order() {
        let refusals = Refusals::default();
        refusals.get().all.push(refusal(1));
        let (taken, more) = refusals.take();
        refusals.get().all.push(refusal(2));
        refusals.give_back(taken, more + 3);
        let waiting = |refusals: &Refusals| {
            let waiting = refusals.get();
            (waiting.all.iter().map(|one| one.asked.clone()).collect::<Vec<_>>(), waiting.more)
        };
        assert_eq!(waiting(&refusals), (vec!["1".to_owned(), "2".to_owned()], 3));
        // Of more than may wait only the number is kept.
        refusals.give_back((0..MOST).map(refusal).collect(), 0);
        let (asked, more) = waiting(&refusals);
        assert_eq!((asked.len(), more), (MOST, 5));
    }

    #[test]
    fn strangers_get_some_entries_a_minute_and_those_who_are_known_all() {
        let mut waiting = Waiting::default();
        let strangers = (0..100).filter(|_| waiting.has_room(true)).count();
        assert_eq!((strangers, waiting.has_room(false)), (20, true));
        waiting.since = Instant::now().checked_sub(MINUTE);
        assert!(waiting.has_room(true));
        // Nor do they fill what waits for a database that is away.
        waiting.all = (0..CROWD).map(refusal).collect();
        waiting.since = Instant::now().checked_sub(MINUTE);
        assert_eq!((waiting.has_room(true), waiting.has_room(false)), (false, true));
    }
}
