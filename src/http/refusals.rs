//! Refused attempts: written into the chain of the journal, some at a time, so that those who are refused do not hold
//! up those who are not.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest};
use chrono::SecondsFormat;
use serde_json::json;

use super::Context;
use super::identity::Who;
use crate::store::Error;
use crate::store::write::Refusal;

/// How long they wait to be written.
const WAIT: Duration = Duration::from_secs(1);

/// How many may wait; of more only the number is written. A flood must not become a flood of entries.
const MOST: usize = 200;

/// How many of them may be strangers: those who are known must not be hidden behind a crowd.
const STRANGERS: usize = 20;

/// Attempts that wait to be written.
#[derive(Debug, Clone, Default)]
pub struct Refusals(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    all: Vec<Refusal>,
    more: u64,
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
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stranger = who.is_none();
        let crowded = stranger && waiting.all.iter().filter(|one| one.actor.is_empty()).count() >= STRANGERS;
        if crowded || waiting.all.len() >= MOST {
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
            address: request.peer_addr().map(|address| address.ip().to_string()),
            request_id: request_id.to_owned(),
            asked: format!("{} {}", request.method(), request.path()).chars().take(400).collect(),
            answer: json!({ "at": at, "code": code, "status": status.as_u16() }),
        });
    }

    fn take(&self) -> Vec<Refusal> {
        let Waiting { mut all, more } = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if more > 0 {
            let answer = json!({ "more": more });
            all.push(Refusal { asked: "and more".into(), answer, ..Refusal::default() });
        }
        all
    }

    /// Writes those that wait.
    ///
    /// # Errors
    /// The database's; then they are lost, and the log has said so.
    pub async fn write(&self, context: &Context) -> Result<(), Error> {
        let waiting = self.take();
        if waiting.is_empty() {
            return Ok(());
        }
        let mut write = context.store.begin(context.own_stamp()).await?;
        write.refused(waiting).await?;
        write.commit().await
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
