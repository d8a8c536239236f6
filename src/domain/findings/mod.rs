//! Findings (疑点): what does not add up. Nothing is corrected; it is found, with its numbers and the rows it points at.
//!
//! To add a rule: write a function `fn(&Dossier) -> Vec<Observation>` in the file of its subject, add a line to that
//! file's `RULES`, and give it a test. That is all.

mod budget;
mod cascade;
mod evaluation;
mod goals;
mod report;
mod review;
mod unit;
mod webhook;

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{MaybeProject, UnitCode};
use super::dossier::Dossier;
use super::kept::{Kept, Resource};
use super::period::Year;
use super::violation::{Wrong, unknown_name};
use super::word::Word;

crate::choice! {
    /// How grave a finding is.
    pub enum Severity {
        /// Figures contradict each other.
        Error = "error", "错误";
        /// Something is missing or needs a reason.
        Warning = "warning", "警告";
        /// Worth knowing.
        Info = "info", "提示";
    }
}

/// A rule that looks for one kind of contradiction.
pub struct Rule {
    /// Stable id: `budget.sum-mismatch`.
    pub id: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What it looks for, in Chinese.
    pub zh: &'static str,
    /// What it looks for, in English.
    pub en: &'static str,
    /// Looks.
    look: fn(&Dossier) -> Vec<Observation>,
}

/// Every rule, in the order of their subjects.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        unit::RULES,
        budget::RULES,
        goals::RULES,
        cascade::RULES,
        evaluation::RULES,
        review::RULES,
        report::RULES,
        webhook::RULES,
    ]
    .into_iter()
    .flatten()
}

/// The stable id of a rule that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleName(String);

impl RuleName {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RuleName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for RuleName {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let known: Vec<_> = rules().map(|rule| rule.id).collect();
        if known.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        Err(unknown_name("unknown_value", ("规则", "rule"), text, &known))
    }
}

impl Word for RuleName {
    fn pattern() -> Cow<'static, str> {
        rules().map(|rule| rule.id.replace('.', "[.]")).collect::<Vec<_>>().join("|").into()
    }
    const MAX_LENGTH: usize = 60;
    const EXAMPLE: &'static str = "budget.sum-mismatch";
}

crate::word!(RuleName);

/// A number a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingNumber {
    /// What it is: `lines_sum`, `stated`, `difference`.
    #[schema(max_length = 60)]
    pub name: String,
    /// The number, a decimal string or the text as printed.
    #[schema(max_length = 200)]
    pub value: String,
    /// Its measure unit: 元, %, 分, 个; empty for a bare number.
    #[schema(max_length = 200)]
    pub measure_unit: String,
}

/// A row a finding points at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowPointer {
    /// The resource.
    pub resource: Resource,
    /// The row's id.
    #[schema(max_length = 200)]
    pub id: String,
    /// JSON pointer into its facts; empty for the row as a whole.
    #[schema(max_length = 200)]
    pub pointer: String,
}

/// The id of a finding: `unit:year:rule:project:subject`, 1 to 400 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(String);

impl FindingId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for FindingId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for FindingId {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        if (1..=400).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        Err(Wrong::new("invalid_id", "应为疑点的编号", "must be the id of a finding"))
    }
}

impl Word for FindingId {
    fn pattern() -> Cow<'static, str> {
        r"[^\u0000-\u001f\u007f-\u009f]+".into()
    }
    const MAX_LENGTH: usize = 400;
    const EXAMPLE: &'static str = "209002:2023:budget.sum-mismatch:209002-2023-01:";
}

crate::word!(FindingId);

/// Something that does not add up, computed from the rows it points at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// `unit:year:rule:project:subject`.
    pub id: FindingId,
    /// The rule's stable id.
    #[schema(max_length = 60)]
    pub rule: String,
    /// How grave it is.
    pub severity: Severity,
    /// The unit.
    pub unit: UnitCode,
    /// The year.
    pub year: Year,
    /// The project; empty where it concerns the unit as a whole.
    pub project: MaybeProject,
    /// The numbers it rests on.
    #[schema(max_items = 1000)]
    pub numbers: Vec<FindingNumber>,
    /// The rows it points at.
    #[schema(max_items = 1000)]
    pub rows: Vec<RowPointer>,
    /// The sentence in Chinese.
    #[schema(max_length = 4000)]
    pub detail_zh: String,
    /// The sentence in English.
    #[schema(max_length = 4000)]
    pub detail_en: String,
}

/// What a rule saw; [`judge`] makes a [`Finding`] of it.
#[derive(Debug, Clone)]
struct Observation {
    subject: String,
    project: MaybeProject,
    numbers: Vec<FindingNumber>,
    rows: Vec<RowPointer>,
    zh: String,
    en: String,
}

impl Observation {
    /// Something about `subject`, in both languages; the subject tells several observations of one rule apart.
    fn new(subject: impl ToString, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            subject: subject.to_string(),
            project: MaybeProject(None),
            numbers: Vec::new(),
            rows: Vec::new(),
            zh: zh.into(),
            en: en.into(),
        }
    }

    fn of(mut self, project: &MaybeProject) -> Self {
        self.project = project.clone();
        self
    }

    fn number(mut self, name: &str, value: impl ToString, measure_unit: impl ToString) -> Self {
        let (name, value, measure_unit) = (name.into(), value.to_string(), measure_unit.to_string());
        self.numbers.push(FindingNumber { name, value, measure_unit });
        self
    }

    fn row<K: ToString, F>(mut self, resource: Resource, row: &Kept<K, F>, pointer: &str) -> Self {
        self.rows.push(RowPointer { resource, id: row.key.to_string(), pointer: pointer.into() });
        self
    }

    fn rows<'a, K: ToString + 'a, F: 'a>(
        self,
        resource: Resource,
        rows: impl IntoIterator<Item = &'a Kept<K, F>>,
        pointer: &str,
    ) -> Self {
        rows.into_iter().fold(self, |all, row| all.row(resource, row, pointer))
    }
}

/// Everything that does not add up in a dossier, the gravest first, then in the order of the rules.
pub fn judge(dossier: &Dossier) -> Vec<Finding> {
    let (unit, year) = (&dossier.unit.key, dossier.year);
    let mut found: Vec<_> = rules()
        .flat_map(|rule| (rule.look)(dossier).into_iter().map(move |seen| (rule, seen)))
        .map(|(rule, seen)| Finding {
            id: FindingId(format!("{unit}:{year}:{}:{}:{}", rule.id, seen.project, seen.subject)),
            rule: rule.id.into(),
            severity: rule.severity,
            unit: unit.clone(),
            year,
            project: seen.project,
            numbers: seen.numbers,
            rows: seen.rows,
            detail_zh: seen.zh,
            detail_en: seen.en,
        })
        .collect();
    found.sort_by_key(|finding| finding.severity);
    found
}

/// Names in a Chinese enumeration: 甲、乙、丙.
fn listed<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join("、")
}

/// Names in an English enumeration: one, two, three.
fn in_english<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rule_ids_are_unique_and_say_their_subject() {
        let ids: Vec<_> = rules().map(|rule| rule.id).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        for id in ids {
            let (subject, rest) = id.split_once('.').unwrap();
            assert!(["unit", "budget", "target", "evaluation", "webhook"].contains(&subject), "{id}");
            assert!(rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{id}");
        }
    }
}
