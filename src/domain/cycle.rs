//! The five links (五个有): 预算编制有目标、预算执行有监控、预算完成有评价、评价结果有反馈、反馈结果有应用, and which of them a
//! unit has closed in a year.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{Name, UnitCode};
use super::dossier::{Dossier, Stated};
use super::evaluation::EvaluationKind;
use super::expenditure::ExpenditureKey;
use super::findings::RowPointer;
use super::kept::Resource;
use super::period::{Month, Year};
use super::rectification::{RectificationFacts, RectificationKey, RectificationState};
use super::result_use::leading;
use super::review::ReviewState;
use super::scorecard::ScorecardKey;
use super::spending::Spent;

crate::choice! {
    /// A link of the year's cycle.
    pub enum CycleLink {
        /// 预算编制有目标
        Goals = "goals", "预算编制有目标";
        /// 预算执行有监控
        Monitoring = "monitoring", "预算执行有监控";
        /// 预算完成有评价
        Evaluation = "evaluation", "预算完成有评价";
        /// 评价结果有反馈
        Feedback = "feedback", "评价结果有反馈";
        /// 反馈结果有应用
        Use = "use", "反馈结果有应用";
    }
}

crate::choice! {
    /// How far a link is.
    pub enum LinkState {
        /// It is closed.
        Done = "done", "完成";
        /// Something of it is there.
        Partial = "partial", "部分完成";
        /// Nothing of it is there.
        Missing = "missing", "缺失";
    }
}

/// A link of the cycle, with what shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CycleStep {
    /// The link.
    pub link: CycleLink,
    /// How far it is.
    pub state: LinkState,
    /// The rows that show it, at most a hundred.
    #[schema(max_items = 100)]
    pub rows: Vec<RowPointer>,
    /// What is missing, in Chinese.
    #[schema(max_items = 100)]
    pub missing_zh: Vec<Sentence>,
    /// What is missing, in English.
    #[schema(max_items = 100)]
    pub missing_en: Vec<Sentence>,
}

/// A sentence.
pub type Sentence = super::codes::Prose;

/// A unit's year as a cycle of five links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cycle {
    /// `unit:year`.
    pub id: ScorecardKey,
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub name: Name,
    /// The year.
    pub year: Year,
    /// How many links are closed, 0 to 5.
    #[schema(minimum = 0, maximum = 5)]
    pub done: i32,
    /// The five links, in their order.
    #[schema(min_items = 5, max_items = 5)]
    pub links: Vec<CycleStep>,
}

/// What the board looks at beside the dossier.
#[derive(Debug)]
pub struct Beside<'a> {
    /// Whether the unit's targets are approved.
    pub approved: bool,
    /// The notices of the year.
    pub notices: &'a [super::kept::Kept<RectificationKey, RectificationFacts>],
    /// The last month whose report is due by now; nothing before the year's first.
    pub due_month: Option<Month>,
    /// What its projects reported to have spent.
    pub spent: &'a Spent,
}

/// A link in the making.
struct Step {
    link: CycleLink,
    rows: Vec<RowPointer>,
    missing: Vec<(String, String)>,
}

impl Step {
    fn new(link: CycleLink) -> Self {
        Self { link, rows: Vec::new(), missing: Vec::new() }
    }

    fn show(&mut self, resource: Resource, id: impl ToString, pointer: &str) {
        if self.rows.len() < 100 {
            self.rows.push(RowPointer { resource, id: id.to_string(), pointer: pointer.into() });
        }
    }

    fn lacks(&mut self, zh: impl Into<String>, en: impl Into<String>) {
        if self.missing.len() < 100 {
            self.missing.push((zh.into(), en.into()));
        }
    }

    /// Lacks what was not reported through the month that is due.
    fn reported(&mut self, name: impl Display, through: Option<Month>, due: Option<Month>) {
        match (through, due) {
            (None, Some(_)) => self.lacks(format!("“{name}”从未上报"), format!("`{name}` was never reported on")),
            (Some(through), Some(due)) if through < due => self.lacks(
                format!("“{name}”只上报到 {through}，应到 {due}"),
                format!("`{name}` was reported through {through}, not {due}"),
            ),
            _ => {}
        }
    }

    fn done(self) -> CycleStep {
        let state = match (self.rows.is_empty(), self.missing.is_empty()) {
            (false, true) => LinkState::Done,
            (false, false) => LinkState::Partial,
            (true, _) => LinkState::Missing,
        };
        let (zh, en): (Vec<_>, Vec<_>) = self.missing.into_iter().unzip();
        let sentences = |all: Vec<String>| all.iter().filter_map(|one| one.parse().ok()).collect();
        CycleStep { link: self.link, state, rows: self.rows, missing_zh: sentences(zh), missing_en: sentences(en) }
    }
}

impl Cycle {
    /// The cycle of a dossier.
    pub fn of(dossier: &Dossier, beside: &Beside<'_>) -> Self {
        let links = vec![
            goals(dossier, beside).done(),
            monitoring(dossier, beside).done(),
            evaluation(dossier).done(),
            feedback(dossier).done(),
            usage(dossier, beside).done(),
        ];
        let done = links.iter().filter(|step| step.state == LinkState::Done).count();
        let (unit, year) = (dossier.unit.key.clone(), dossier.year);
        Self {
            id: ScorecardKey { unit: unit.clone(), year },
            unit,
            name: dossier.unit.facts.name.clone(),
            year,
            done: i32::try_from(done).unwrap_or(0),
            links,
        }
    }
}

/// Targets with values, approved with the budget.
fn goals(dossier: &Dossier, beside: &Beside<'_>) -> Step {
    let mut step = Step::new(CycleLink::Goals);
    for target in &dossier.targets {
        step.show(Resource::Targets, &target.key, "");
        if target.facts.value.is_none() && target.facts.goal.is_none() {
            step.lacks(format!("目标 {} 没有目标值", target.key), format!("the target {} has no value", target.key));
        }
    }
    if dossier.targets.is_empty() {
        step.lacks("没有年度目标", "there are no targets");
    }
    if beside.approved {
        step.show(Resource::Approvals, format!("{}:{}", dossier.unit.key, dossier.year), "");
    } else {
        step.lacks("目标尚未批复", "the targets are not approved");
    }
    step
}

/// Both halves of 双监控: every target, and the spending of every project with budget lines, reported on through the last
/// month that is due.
fn monitoring(dossier: &Dossier, beside: &Beside<'_>) -> Step {
    let mut step = Step::new(CycleLink::Monitoring);
    for outcome in dossier.outcomes() {
        let name = &outcome.indicator.name;
        if let Some(last) = outcome.last {
            step.show(Resource::Progress, &last.key, "/value");
        }
        step.reported(name, outcome.through, beside.due_month);
    }
    let projects: BTreeSet<_> = dossier.lines.iter().map(|line| &line.key.project).collect();
    for project in projects {
        let last = beside.spent.get(project).and_then(|one| one.last).map(|(month, _)| month);
        if let Some(month) = last {
            let key = ExpenditureKey { unit: dossier.unit.key.clone(), month, project: project.clone() };
            step.show(Resource::Expenditures, key, "/executed");
        }
        step.reported(format!("{project} 支出"), last, beside.due_month);
    }
    if dossier.targets.is_empty() {
        step.lacks("没有可监控的目标", "there are no targets to watch");
    }
    step
}

/// The unit's own evaluations.
fn own(dossier: &Dossier) -> impl Iterator<Item = &Stated> {
    dossier.evaluations.iter().filter(|one| one.key.kind == EvaluationKind::SelfEvaluation)
}

fn state(dossier: &Dossier, evaluation: &Stated) -> ReviewState {
    dossier.review(&evaluation.key).map_or(ReviewState::Draft, |review| review.state)
}

/// A self-evaluation that was handed in.
fn evaluation(dossier: &Dossier) -> Step {
    let mut step = Step::new(CycleLink::Evaluation);
    for one in own(dossier) {
        step.show(Resource::Evaluations, &one.key, "/stated_score");
        if !state(dossier, one).holds_the_evaluation() {
            step.lacks(format!("自评 {} 尚未提交", one.key), format!("{} is not handed in", one.key));
        }
    }
    if own(dossier).next().is_none() {
        step.lacks("没有单位自评", "there is no self-evaluation");
    }
    step
}

/// A decision on it: accepted, with whatever opinion, comments and reviewed score belong to it.
fn feedback(dossier: &Dossier) -> Step {
    let mut step = Step::new(CycleLink::Feedback);
    for one in own(dossier) {
        let state = state(dossier, one);
        if dossier.review(&one.key).is_some() {
            step.show(Resource::Reviews, &one.key, "/state");
        }
        if !state.holds_the_year() {
            let (zh, en) = (state.zh(), state.code());
            step.lacks(format!("自评 {} 为“{zh}”，尚未审定", one.key), format!("{} is {en}, not accepted", one.key));
        }
    }
    if own(dossier).next().is_none() {
        step.lacks("没有可反馈的评价", "there is nothing to give feedback on");
    }
    step
}

/// Of every result that counts a decision on the money, and every notice closed.
fn usage(dossier: &Dossier, beside: &Beside<'_>) -> Step {
    let mut step = Step::new(CycleLink::Use);
    let accepted = dossier.reviews.iter().filter(|review| review.facts.state.holds_the_year());
    let leading = leading(accepted.cloned().collect());
    for review in &leading {
        if review.facts.state == ReviewState::Applied {
            let pointer = if review.facts.decided_amount.is_some() { "/decided_amount" } else { "/decision" };
            step.show(Resource::Reviews, &review.key, pointer);
        } else {
            step.lacks(
                format!("{} 的结果尚未应用", review.key),
                format!("the result of {} was not used yet", review.key),
            );
        }
    }
    if leading.is_empty() {
        step.lacks("没有可应用的评价结果", "there is no result to be used");
    }
    for notice in beside.notices {
        match notice.facts.state {
            RectificationState::Closed => step.show(Resource::Rectifications, &notice.key, ""),
            state => step.lacks(
                format!("整改通知 {} 为“{}”", notice.key, state.zh()),
                format!("the notice {} is {state}", notice.key),
            ),
        }
    }
    for target in &dossier.next_targets {
        step.show(Resource::Targets, &target.key, "");
    }
    step
}
