//! Deliveries: how a message is signed, how long is waited after one that failed, and when it is given up.
//!
//! Signatures are those of Standard Webhooks 1.0, so that its published verifiers can check them.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

crate::choice! {
    /// Why there was no answer.
    pub enum Failure {
        /// The address is not public, and no setting allows it
        RefusedAddress = "refused_address", "地址不允许访问";
        /// The name has no address
        UnknownHost = "unknown_host", "找不到主机";
        /// Nobody listens there, or the line broke
        NoConnection = "no_connection", "无法连接";
        /// The other side is not who its name says
        NotTrusted = "not_trusted", "证书不可信";
        /// It took too long
        Timeout = "timeout", "超时";
    }
}

crate::choice! {
    /// How it stands with a webhook.
    pub enum WebhookState {
        /// Everything is delivered
        UpToDate = "up_to_date", "已送达";
        /// There is something to deliver
        Delivering = "delivering", "推送中";
        /// The last attempt failed; it is tried again
        Failing = "failing", "重试中";
        /// It is paused
        Paused = "paused", "已暂停";
        /// It failed for so long that it was paused by the service
        Disabled = "disabled", "已停用";
        /// It has no secret yet, and nothing is sent unsigned
        NoSecret = "no_secret", "尚无密钥";
    }
}

/// A secret that messages are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// The secret of random bytes, 24 to 64 by the standard.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Its bytes, to be kept.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it is shown: `whsec_` and base64.
    pub fn shown(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    /// The signature of a message sent at a second of the epoch.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let key = Key::new(HMAC_SHA256, &self.0);
        format!("v1,{}", STANDARD.encode(sign(&key, format!("{id}.{timestamp}.{body}").as_bytes())))
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// An answer: its status, and the seconds it asks to wait.
    Status(u16, Option<u32>),
    /// None.
    Failed(Failure),
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is delivered.
    Delivered,
    /// It is tried again after this time.
    Again(TimeDelta),
    /// The receiver is gone: nothing more is sent.
    GiveUp,
}

/// The waits after the first failures, in seconds; the last is that of all further ones.
const WAITS: [i64; 9] = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800];
/// The longest wait that a receiver may ask for, in seconds.
const LONGEST_ASKED: i64 = 3600;

/// What follows from an attempt, after so many that failed before it, the first of them so long ago.
///
/// `jitter`, a random byte, moves the wait by up to a fifth to either side, so that many webhooks that failed at once
/// do not come back at once. A 410 says that the receiver is gone for good.
pub fn verdict(reply: Reply, failures: u32, failing_for: TimeDelta, patience: TimeDelta, jitter: u8) -> Verdict {
    let asked = match reply {
        Reply::Status(200..=299, _) => return Verdict::Delivered,
        Reply::Status(410, _) => return Verdict::GiveUp,
        Reply::Status(429 | 503, asked) => asked.map_or(0, i64::from).min(LONGEST_ASKED),
        Reply::Status(..) | Reply::Failed(_) => 0,
    };
    if failures > 0 && failing_for >= patience {
        return Verdict::GiveUp;
    }
    let last = WAITS.len() - 1;
    let wait = WAITS[usize::try_from(failures).unwrap_or(last).min(last)] * 1000;
    let moved = wait * 4 / 5 + wait * 2 / 5 * i64::from(jitter) / 255;
    Verdict::Again(TimeDelta::milliseconds(moved.max(asked * 1000)))
}

/// A new secret, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookSecret {
    /// What messages are signed with from now on.
    #[schema(max_length = 100, example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    pub secret: String,
    /// Until when messages are signed with the secret before it as well; null where there was none.
    #[schema(max_length = 30, example = "2024-04-30T08:15:30.000000Z")]
    pub previous_valid_until: Option<String>,
}

/// How it stands with a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookStatus {
    /// In a word.
    pub state: WebhookState,
    /// The number of the journal up to which everything is delivered, or not wanted.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub delivered_through: i64,
    /// The number of the last event that was delivered, or of the last wanted change from before there was any; 0 where
    /// there is none, or it is not looked up yet.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub last_event: i64,
    /// Entries of the journal behind it; not all of them are wanted.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub behind: i64,
    /// Attempts that failed since the last that did not.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub failures: i32,
    /// Since when, UTC; null where nothing fails.
    #[schema(max_length = 30, example = "2024-04-30T08:15:30.000000Z")]
    pub failing_since: Option<String>,
    /// When it is tried again, UTC; null where nothing is waited for.
    #[schema(max_length = 30, example = "2024-04-30T08:15:30.000000Z")]
    pub next_attempt_at: Option<String>,
    /// How many secrets are valid: none, one, or more during a rotation.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub secrets: i32,
}

/// An attempt to deliver a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// Its number, from 1, without gaps.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub number: i64,
    /// When it began, UTC.
    #[schema(max_length = 30, example = "2024-04-30T08:15:30.000000Z")]
    pub at: String,
    /// The message: the `webhook-id` that was sent, made of what it says. The same message has it again.
    #[schema(max_length = 40, example = "msg_5e884898da28047151d0e56f8dc62927")]
    pub message: String,
    /// The number of its first event.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub first_event: i64,
    /// The number of its last.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub last_event: i64,
    /// How many it has.
    #[schema(minimum = 1, maximum = 1000)]
    pub events: i32,
    /// Which attempt of this message it was; null where somebody asked for it to be sent again.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub attempt: Option<i32>,
    /// Whether it was delivered: answered with 2xx.
    pub delivered: bool,
    /// The status of the answer; null where there was none.
    #[schema(minimum = 100, maximum = 999)]
    pub status: Option<i32>,
    /// Why there was none.
    pub failure: Option<Failure>,
    /// How long it took, in milliseconds.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub took_ms: i32,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIVE_DAYS: TimeDelta = TimeDelta::days(5);

    #[test]
    fn a_published_verifier_accepts_the_signature() {
        let secret = Secret::of_bytes(&[7; 32]);
        let now = 1_714_464_930;
        let ours = secret.sign("430922.platform.1-1", now, "{\"a\":\"桃江\"}");
        let verifier = standardwebhooks::Webhook::new(&secret.shown()).unwrap();
        assert_eq!(verifier.sign("430922.platform.1-1", now, "{\"a\":\"桃江\"}".as_bytes()).unwrap(), ours);
        assert!(!format!("{secret:?}").contains(&secret.shown()[6..]));
    }

    #[test]
    fn an_answer_decides() {
        let after = |reply, failures, hours| verdict(reply, failures, TimeDelta::hours(hours), FIVE_DAYS, 127);
        for (reply, failures, hours, seconds) in [
            (Reply::Status(500, None), 0, 0, 5),
            (Reply::Failed(Failure::Timeout), 1, 0, 30),
            (Reply::Status(302, None), 2, 0, 120),
            (Reply::Status(404, None), 40, 100, 28_800),
            (Reply::Status(429, Some(60)), 0, 0, 60),
            (Reply::Status(503, Some(1_000_000)), 0, 0, 3600),
            (Reply::Status(500, Some(1_000_000)), 0, 0, 5),
        ] {
            let Verdict::Again(wait) = after(reply, failures, hours) else { panic!("{reply:?}") };
            assert!((wait.num_seconds() - seconds).abs() <= seconds / 100 + 1, "{reply:?} after {failures}: {wait}");
        }
        assert_eq!(after(Reply::Status(204, None), 3, 1), Verdict::Delivered);
        assert_eq!(after(Reply::Status(410, None), 0, 0), Verdict::GiveUp);
        assert_eq!(after(Reply::Status(500, None), 20, 120), Verdict::GiveUp);
        assert_eq!(after(Reply::Status(200, None), 20, 500), Verdict::Delivered);
    }

    proptest! {
        #[test]
        fn waits_grow_and_stay_near_their_middle(failures in 0..30_u32, jitter in any::<u8>()) {
            let wait = |failures, jitter| match verdict(Reply::Status(500, None), failures, TimeDelta::zero(), FIVE_DAYS, jitter) {
                Verdict::Again(wait) => wait,
                other => panic!("{other:?}"),
            };
            let (least, most) = (wait(failures, 0), wait(failures, 255));
            prop_assert!(least <= wait(failures, jitter) && wait(failures, jitter) <= most);
            prop_assert_eq!(least * 3, most * 2);
            prop_assert!(wait(failures + 1, jitter) >= wait(failures, jitter));
        }
    }
}
