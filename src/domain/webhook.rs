//! Webhooks (推送订阅): who is told of changes, and of which.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{EventCount, Prose, UnitCode, WebhookCode, WebhookUrl};
use super::kept::{Kept, Resource, too_many};
use super::period::{Moment, Year};
use super::violation::{Violations, Wrong};

/// What is stated of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct WebhookFacts {
    /// Where deliveries are sent.
    pub url: WebhookUrl,
    /// Only changes of these resources; all where the list is empty.
    #[deserr(default)]
    #[schema(max_items = 20)]
    pub resources: Vec<Resource>,
    /// Only what a caller bound to this unit may see; null for the whole county.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// The most events of one delivery; null for one. Of one, the body is the event; of more, a list of events.
    #[deserr(default)]
    pub most_events: Option<EventCount>,
    /// Whether nothing is to be sent. What changes meanwhile is sent when it is on again.
    #[deserr(default)]
    #[schema(default = false)]
    pub paused: bool,
    /// When the service paused it because it failed for too long, or its receiver was gone; null otherwise. The service
    /// alone states it; it goes when the webhook is no longer paused.
    #[deserr(default)]
    pub disabled_at: Option<Moment>,
    /// What it is for, and whom to call when it fails.
    #[deserr(default)]
    pub note: Option<Prose>,
}

impl WebhookFacts {
    /// What is wrong with it, `disabled_at` being what is there.
    ///
    /// # Errors
    /// Every violation.
    pub fn check(&self, disabled_at: Option<Moment>) -> Result<(), Violations> {
        let mut broken = Violations::default();
        broken.require(self.disabled_at.is_none() || self.disabled_at == disabled_at, || {
            let (zh, en) = ("只能由系统填写；保持原值或留空", "the service alone states it: leave it as it is, or out");
            Wrong::new("service_only", zh, en).at("/disabled_at")
        });
        broken.require(self.resources.len() <= 20, || too_many("/resources", 20));
        for (place, resource) in self.resources.iter().enumerate() {
            let pointer = format!("/resources/{place}");
            broken.require(*resource != Resource::Webhooks, || {
                let (zh, en) = ("推送订阅本身的变更不推送", "changes of webhooks are not sent");
                Wrong::new("not_sent", zh, en).at(&pointer)
            });
            broken.require(!self.resources[..place].contains(resource), || {
                Wrong::new("duplicate", "重复", "it stands more than once").at(&pointer)
            });
        }
        broken.into_result()
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Webhook {
    /// What it is called.
    pub id: WebhookCode,
    /// What was stated.
    pub facts: WebhookFacts,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<WebhookCode, WebhookFacts>> for Webhook {
    fn from(kept: Kept<WebhookCode, WebhookFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        Self { id: key, facts, revision }
    }
}

/// A webhook that the service disabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silenced {
    /// The webhook.
    pub webhook: Kept<WebhookCode, WebhookFacts>,
    /// The unit it is about: its own, or the top of the county.
    pub unit: UnitCode,
    /// The year in which that was.
    pub year: Year,
    /// When.
    pub at: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_named_once() {
        let facts = |resources| WebhookFacts {
            url: "https://platform.example/".parse().unwrap(),
            resources,
            unit: None,
            most_events: None,
            paused: false,
            disabled_at: None,
            note: None,
        };
        assert_eq!(facts(vec![]).check(None), Ok(()));
        assert_eq!(facts(vec![Resource::Units, Resource::Targets]).check(None), Ok(()));
        let broken = facts(vec![Resource::Units, Resource::Units, Resource::Webhooks]).check(None).unwrap_err();
        let seen: Vec<_> = broken.0.iter().map(|one| (one.code, one.pointer.as_str())).collect();
        assert_eq!(seen, [("duplicate", "/resources/1"), ("not_sent", "/resources/2")]);
    }
}
