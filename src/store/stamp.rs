//! Who did what, as the journal notes it.

use chrono::{DateTime, Utc};

/// Who writes, when and because of which request.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// The clock: instants are taken when the lock is held, so that they are in the order of the numbers.
    pub now: fn() -> DateTime<Utc>,
    /// The token's subject.
    pub actor: String,
    /// The role it has.
    pub role: String,
    /// The token's id.
    pub token: Option<String>,
    /// The address the request came from.
    pub address: Option<String>,
    /// The request's id.
    pub request_id: String,
    /// The upload it belongs to.
    pub upload: Option<String>,
}

/// An attempt that was refused.
#[derive(Debug, Clone, Default)]
pub struct Refusal {
    /// The token's subject; empty for a stranger.
    pub actor: String,
    /// The role it has; empty likewise.
    pub role: String,
    /// The token's id.
    pub token: Option<String>,
    /// The unit the token is bound to.
    pub unit: Option<String>,
    /// The address the request came from.
    pub address: Option<String>,
    /// The request's id.
    pub request_id: String,
    /// What was asked: method and path.
    pub asked: String,
    /// What was answered, and when.
    pub answer: serde_json::Value,
}
