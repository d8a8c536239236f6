//! Events: changes in the words of CloudEvents 1.0, as webhooks deliver them.

use serde::Serialize;
use utoipa::ToSchema;

use super::entry::Change;

/// A change as it is told to a receiver: CloudEvents 1.0 in its JSON format, with the extensions `sequence` and
/// `previous`. Events come in the order of the journal; the `previous` of each is the `sequence` of the one before it,
/// so that a receiver sees that it missed none.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// `1.0`.
    #[schema(max_length = 3, example = "1.0")]
    pub specversion: &'static str,
    /// The number of the change, unique with `source`.
    #[schema(max_length = 16, example = "1742")]
    pub id: String,
    /// The county's journal.
    #[schema(max_length = 40, example = "/jixiao/430922")]
    pub source: String,
    /// `jixiao.<resource>.<operation>`.
    #[serde(rename = "type")]
    #[schema(max_length = 80, example = "jixiao.progress.updated")]
    pub kind: String,
    /// `<collection>/<id>`, the row's address under `/v1/`.
    #[schema(max_length = 440, example = "progress/430922:2023-12:fdi")]
    pub subject: String,
    /// When the change was accepted, UTC.
    #[schema(max_length = 30, example = "2024-04-30T08:15:30.000000Z")]
    pub time: String,
    /// `application/json`.
    #[schema(max_length = 20, example = "application/json")]
    pub datacontenttype: &'static str,
    /// The number of the change, sixteen digits, so that text in order is numbers in order.
    #[schema(min_length = 16, max_length = 16, example = "0000000000001742")]
    pub sequence: String,
    /// The `sequence` of the event before this one; zeros before the first.
    #[schema(min_length = 16, max_length = 16, example = "0000000000001739")]
    pub previous: String,
    /// The change, as the feed has it.
    pub data: Change,
}

impl Event {
    /// The event of a change, `previous` being the number of the one before it.
    pub fn of(county: &str, previous: i64, change: Change) -> Self {
        let digits = |number: i64| format!("{number:016}");
        Self {
            specversion: "1.0",
            id: change.sequence.to_string(),
            source: format!("/jixiao/{county}"),
            kind: format!("jixiao.{}.{}", change.resource, change.operation),
            subject: format!("{}/{}", change.resource.collection(), change.id),
            time: change.at.clone(),
            datacontenttype: "application/json",
            sequence: digits(change.sequence),
            previous: digits(previous),
            data: change,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::entry::{Became, Operation};
    use crate::domain::kept::Resource;

    #[test]
    fn a_change_is_told_as_an_event() {
        let change = Change {
            sequence: 1742,
            at: "2024-04-30T08:15:30.000000Z".into(),
            operation: Operation::Updated,
            resource: Resource::BudgetLines,
            unit: Some("209002".into()),
            id: "209002:2023:209002-2023-01:30201".into(),
            facts: Became::of(Some("{\"executed\":\"1.00\"}".into())).unwrap(),
        };
        let event = serde_json::to_value(Event::of("430922", 1739, change)).unwrap();
        assert_eq!(event["type"], "jixiao.budget_lines.updated");
        assert_eq!(event["subject"], "budget-lines/209002:2023:209002-2023-01:30201");
        assert_eq!((&event["sequence"], &event["previous"]), (&json!("0000000000001742"), &json!("0000000000001739")));
        assert_eq!(event["data"]["facts"]["executed"], "1.00");
        // Names that the specification requires to be lower case and to have letters and digits alone.
        let legal = |name: &String| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        assert!(event.as_object().unwrap().keys().all(legal));
    }
}
