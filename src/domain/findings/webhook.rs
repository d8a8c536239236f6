//! Who is no longer told of changes.

use super::{Observation, Rule, Severity};
use crate::domain::dossier::Dossier;
use crate::domain::kept::Resource;

pub(super) const RULES: &[Rule] = &[Rule {
    id: "webhook.disabled",
    severity: Severity::Error,
    zh: "推送订阅因长期失败被系统停用",
    en: "A webhook failed for so long that the service disabled it",
    look: disabled,
}];

fn disabled(dossier: &Dossier) -> Vec<Observation> {
    let one = |silenced: &crate::domain::webhook::Silenced| {
        let (id, at) = (&silenced.webhook.key, silenced.at);
        Observation::new(
            id,
            format!("推送订阅 {id} 于 {at} 因长期失败被停用；接收方此后不再收到变更"),
            format!(
                "the webhook {id} failed for too long and was disabled at {at}; its receiver is told nothing since"
            ),
        )
        .row(Resource::Webhooks, &silenced.webhook, "/paused")
    };
    dossier.silenced.iter().map(one).collect()
}
