//! What every route shares: who asks, what was sent, what went wrong, pages and conditions.

pub mod address;
pub mod again;
pub mod answer;
pub mod body;
pub mod condition;
pub mod deadline;
pub mod document;
pub mod error;
pub mod file;
pub mod identity;
pub mod keys;
pub mod language;
pub mod moment;
pub mod mount;
pub mod once;
pub mod outgoing;
pub mod page;
pub mod path;
pub mod paths;
pub mod problem;
pub mod query;
pub mod refusals;
pub mod seal;
pub mod told;

use actix_web::ResponseError;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::task::TaskTracker;

use crate::domain::codes::Region;
use crate::domain::day::Day;
use crate::domain::network::Networks;
use crate::http::error::ApiError;
use crate::http::identity::Caller;
use crate::http::keys::Keys;
use crate::store::Store;
use crate::store::past::Replays;
use crate::store::stamp::Stamp;
use crate::store::write::Write;

/// What a handler works with: the store, the clock and the keys.
#[derive(Debug)]
pub struct Context {
    /// The county's data.
    pub store: Store,
    /// The keys tokens are checked by.
    pub keys: Keys,
    /// The clock. Nothing else in the service asks for the time.
    pub now: fn() -> DateTime<Utc>,
    /// The longest file that is taken, in bytes.
    pub longest_file: u64,
    /// How the rows of each resource are put back from the journal.
    pub replays: Replays,
    /// Attempts that were refused and wait to be written.
    pub refusals: refusals::Refusals,
    /// Requests with an `Idempotency-Key` that are being worked on.
    pub in_flight: once::InFlight,
    /// This process, among replicas.
    pub instance: String,
    /// Answers that are given again.
    pub again: again::Again,
    /// How webhooks are called.
    pub outgoing: outgoing::Outgoing,
    /// The proxies that are believed when they say whom they ask for.
    pub proxies: Networks,
    /// How long a webhook may fail before it is disabled.
    pub patience: TimeDelta,
    /// The widest region whose counties may be read here.
    pub region: Option<Region>,
    /// Requests that are not answered to the end; closed when the service takes leave.
    pub requests: TaskTracker,
}

impl Context {
    /// The clock of the machine.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn system_clock() -> DateTime<Utc> {
        Utc::now()
    }

    /// Whether the service takes leave: it still answers, and wants nobody sent here.
    pub fn is_leaving(&self) -> bool {
        self.requests.is_closed()
    }

    /// Takes leave.
    pub fn leave(&self) {
        self.requests.close();
    }

    /// The day it is now in China.
    ///
    /// # Errors
    /// A clock outside the years this service knows.
    pub fn today(&self) -> Result<Day, ApiError> {
        Self::day_of((self.now)())
    }

    /// The day in China of an instant.
    ///
    /// # Errors
    /// An instant outside the years this service knows.
    pub fn day_of(instant: DateTime<Utc>) -> Result<Day, ApiError> {
        Day::of_instant(instant).map_err(|wrong| ApiError::internal(format!("the clock says {instant}: {}", wrong.en)))
    }

    /// What the service itself does, it does in this name.
    pub fn own_stamp(&self) -> Stamp {
        Stamp {
            now: self.now,
            actor: "jixiao".into(),
            role: "service".into(),
            token: None,
            address: None,
            request_id: String::new(),
            upload: None,
        }
    }

    /// Begins a change by a caller.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin<P>(&self, caller: &Caller<P>) -> Result<Write, ApiError> {
        self.begin_for(caller, None).await
    }

    /// Makes a small change by a caller: first without holding anything, where nobody else changes anything; else, or where
    /// that came to nothing, in a transaction that it may share with others like it. So `verb` may be called twice.
    ///
    /// # Errors
    /// Those of `verb`, and the database's.
    pub async fn change<P, T>(
        &self,
        caller: &Caller<P>,
        verb: impl AsyncFn(&mut Write) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        /// How often it is tried where others spoil the transaction that is shared.
        const TRIES: usize = 3;
        let made = async |mut write: Write| {
            let done = verb(&mut write).await?;
            write.commit().await?;
            Ok(done)
        };
        // What fails before it was sent, or is refused, perhaps because it was read while others changed it, is made again.
        if let Ok(Some(mut write)) = self.store.attempt(self.stamp_of(caller, None)).await {
            match verb(&mut write).await {
                Ok(done) => {
                    if write.commit().await.is_ok() {
                        return Ok(done);
                    }
                }
                Err(ApiError::Outrun) => {}
                // Nobody knows whether it is there: it is not for us to make it twice.
                Err(error) if write.is_sent() && !error.status_code().is_client_error() => return Err(error),
                Err(_) => {}
            }
        }
        for _ in 1..TRIES {
            match made(self.store.begin_small(self.stamp_of(caller, None)).await?).await {
                Err(ApiError::Outrun) => {}
                known => return known,
            }
        }
        made(self.store.begin_small(self.stamp_of(caller, None)).await?).await
    }

    /// Begins the changes of an upload.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_for<P>(&self, caller: &Caller<P>, upload: Option<String>) -> Result<Write, ApiError> {
        Ok(self.store.begin(self.stamp_of(caller, upload)).await?)
    }

    fn stamp_of<P>(&self, caller: &Caller<P>, upload: Option<String>) -> Stamp {
        Stamp {
            now: self.now,
            actor: caller.subject.clone(),
            role: caller.role.to_string(),
            token: caller.token.clone(),
            address: caller.address.clone(),
            request_id: caller.request_id.clone(),
            upload,
        }
    }
}
