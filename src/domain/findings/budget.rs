//! What does not add up about money.

use std::collections::BTreeSet;

use super::{Observation, Rule, Severity, listed};
use crate::domain::budget_line::BudgetTotals;
use crate::domain::code_list::plain_name;
use crate::domain::codes::MaybeProject;
use crate::domain::dossier::{Dossier, Line, Stated};
use crate::domain::evaluation::ActivityKind;
use crate::domain::kept::Resource;
use crate::domain::money::Balance;
use crate::domain::quantity::Rate;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "budget.sum-mismatch",
        severity: Severity::Error,
        zh: "支出明细合计与报告总额不符",
        en: "The lines do not add up to the stated total",
        look: sum_mismatch,
    },
    Rule {
        id: "budget.overspent",
        severity: Severity::Error,
        zh: "执行数超过预算数（严禁超预算支出）",
        en: "More was spent than the budget gives",
        look: overspent,
    },
    Rule {
        id: "budget.no-appropriation",
        severity: Severity::Warning,
        zh: "没有预算数，无法计算预算执行率",
        en: "No budget is stated, so the execution rate is not known",
        look: no_appropriation,
    },
    Rule {
        id: "budget.approximate-amount",
        severity: Severity::Warning,
        zh: "决算金额为约数",
        en: "An amount spent is approximate",
        look: approximate_amount,
    },
    Rule {
        id: "budget.expected-class-missing",
        severity: Severity::Warning,
        zh: "有活动而无对应支出科目",
        en: "Activities are reported without the spending they need",
        look: expected_class_missing,
    },
    Rule {
        id: "budget.mixed-precision",
        severity: Severity::Info,
        zh: "同表金额小数位数不一致",
        en: "Amounts of one table are printed with different precision",
        look: mixed_precision,
    },
    Rule {
        id: "budget.name-not-official",
        severity: Severity::Info,
        zh: "支出项目名称不是官方科目名称",
        en: "An item's name is not the official one of its class",
        look: name_not_official,
    },
];

/// The projects that have lines, in order.
fn projects(dossier: &Dossier) -> BTreeSet<MaybeProject> {
    dossier.lines.iter().map(|line| MaybeProject(Some(line.key.project.clone()))).collect()
}

fn total(lines: &[&Line]) -> Option<Balance> {
    BudgetTotals::of(lines.iter().map(|line| &line.facts), None).executed
}

/// Finding 1: nine items add up to 345.91 against a stated 344.91.
fn sum_mismatch(dossier: &Dossier) -> Vec<Observation> {
    let observe = |evaluation: &Stated| {
        let totals = dossier.totals(evaluation);
        let (sum, stated, difference) = (totals.executed?, totals.stated_executed?, totals.difference?);
        (difference.fen() != 0).then(|| {
            let (sum_wan, stated_wan, difference_wan) = (sum.in_wan(), stated.in_wan(), difference.in_wan());
            Observation::new(
                evaluation.key.kind,
                format!("支出明细合计 {sum_wan} 万元，报告总额 {stated_wan} 万元，相差 {difference_wan} 万元"),
                format!("the lines add up to {sum} yuan, the report states {stated}, a difference of {difference}"),
            )
            .of(&evaluation.key.project)
            .number("lines_sum", sum, "元")
            .number("stated", stated, "元")
            .number("difference", difference, "元")
            .row(Resource::Evaluations, evaluation, "/stated_executed")
            .rows(Resource::BudgetLines, dossier.lines_of(&evaluation.key.project), "/executed")
        })
    };
    dossier.evaluations.iter().filter_map(observe).collect()
}

fn overspent(dossier: &Dossier) -> Vec<Observation> {
    let observe = |line: &Line| {
        let (executed, budget) = (line.facts.executed?, line.facts.budget()?);
        (executed > budget).then(|| {
            let class = &line.key.economic_class;
            Observation::new(
                class,
                format!("科目 {class} 执行 {executed} 元，超过预算 {budget} 元"),
                format!("{executed} yuan were spent on class {class}, more than its budget of {budget}"),
            )
            .of(&MaybeProject(Some(line.key.project.clone())))
            .number("executed", executed, "元")
            .number("budget", budget, "元")
            .row(Resource::BudgetLines, line, "/executed")
        })
    };
    dossier.lines.iter().filter_map(observe).collect()
}

/// Finding 4: without a budget the ten points for execution rest on nothing.
fn no_appropriation(dossier: &Dossier) -> Vec<Observation> {
    let observe = |project: MaybeProject| {
        let lines: Vec<_> =
            dossier.lines_of(&project).into_iter().filter(|line| line.facts.budget().is_none()).collect();
        (!lines.is_empty()).then(|| {
            let (without, all) = (lines.len(), dossier.lines_of(&project).len());
            Observation::new(
                "lines",
                format!("{all} 个预算行中有 {without} 个没有年初或全年预算数，无法计算预算执行率，10 分没有依据"),
                format!("{without} of {all} lines state no budget: the execution rate and its 10 points are unknown"),
            )
            .of(&project)
            .number("lines_without_budget", without, "个")
            .number("lines", all, "个")
            .rows(Resource::BudgetLines, lines, "/adjusted")
        })
    };
    projects(dossier).into_iter().filter_map(observe).collect()
}

/// Finding 2: 约79.4 in a statement of accounts, and the second largest item at that.
fn approximate_amount(dossier: &Dossier) -> Vec<Observation> {
    let observe = |line: &Line| {
        let printed = line.facts.printed_executed().filter(|printed| printed.approximate)?;
        let project = MaybeProject(Some(line.key.project.clone()));
        let share = total(&dossier.lines_of(&project)).and_then(|sum| Rate::of(printed.amount.fen(), sum.fen()));
        let share = share.map_or_else(|| "?".into(), |share| share.to_string());
        let text = line.facts.executed_as_printed.as_ref().map_or("", |text| text.as_str());
        let class = &line.key.economic_class;
        Some(
            Observation::new(
                class,
                format!("科目 {class} 的决算金额印作“{text}”，是约数，占支出合计的 {share}%"),
                format!("the amount spent on class {class} is printed `{text}`, an approximation of {share}% of all"),
            )
            .of(&project)
            .number("executed", printed.amount, "元")
            .number("as_printed", text, "")
            .number("share", share, "%")
            .row(Resource::BudgetLines, line, "/executed_as_printed"),
        )
    };
    dossier.lines.iter().filter_map(observe).collect()
}

/// Finding 3: 10.93, 79.4 and 45 in one table.
fn mixed_precision(dossier: &Dossier) -> Vec<Observation> {
    let observe = |project: MaybeProject| {
        let lines = dossier.lines_of(&project);
        let printed: Vec<_> =
            lines.iter().filter_map(|line| Some((line.facts.printed_executed()?.decimals, *line))).collect();
        let decimals: BTreeSet<_> = printed.iter().map(|(decimals, _)| *decimals).collect();
        (decimals.len() > 1).then(|| {
            let most = decimals.last().copied().unwrap_or(0);
            let shorter = printed.iter().filter(|(decimals, _)| *decimals < most).map(|(_, line)| *line);
            let widths = listed(&decimals);
            Observation::new(
                "lines",
                format!("支出明细的小数位数不一致：{widths} 位"),
                format!("the lines are printed with different numbers of decimals: `{widths}`"),
            )
            .of(&project)
            .number("decimals", widths, "位")
            .rows(Resource::BudgetLines, shorter, "/executed_as_printed")
        })
    };
    projects(dossier).into_iter().filter_map(observe).collect()
}

/// Finding 16: 100余批次 received without 公务接待费, meetings without 会议费, a training without 培训费.
fn expected_class_missing(dossier: &Dossier) -> Vec<Observation> {
    let mut seen = Vec::new();
    for evaluation in &dossier.evaluations {
        let lines = dossier.lines_of(&evaluation.key.project);
        for (place, activity) in evaluation.facts.activities.iter().enumerate() {
            let (class, name) = match activity.kind {
                ActivityKind::DelegationReceived => ("30217", "公务接待费"),
                ActivityKind::DispatchMeeting => ("30215", "会议费"),
                ActivityKind::Training => ("30216", "培训费"),
                ActivityKind::OutreachTrip => ("30211", "差旅费"),
                ActivityKind::StationedCadre => continue,
            };
            if lines.is_empty() || lines.iter().any(|line| line.key.economic_class.as_str() == class) {
                continue;
            }
            let (what, count) = (activity.kind.zh(), &activity.count_as_printed);
            let kind = activity.kind;
            seen.push(
                Observation::new(
                    format!("{}.{class}", evaluation.key.kind),
                    format!("报告{what}“{count}”，但没有 {class} {name} 支出，可能列入了其他科目"),
                    format!("`{count}` of {kind} are reported, yet nothing is spent on class {class}"),
                )
                .of(&evaluation.key.project)
                .number("count_as_printed", count, "")
                .number("class", class, "")
                .row(Resource::Evaluations, evaluation, &format!("/activities/{place}")),
            );
        }
    }
    seen
}

/// Finding 18: 维护费 for 维修（护）费.
fn name_not_official(dossier: &Dossier) -> Vec<Observation> {
    let observe = |line: &Line| {
        let printed = line.facts.name_as_printed.as_ref()?.as_str();
        let official = dossier.class_names.get(&line.key.economic_class)?;
        (plain_name(printed) != plain_name(official)).then(|| {
            let class = &line.key.economic_class;
            Observation::new(
                class,
                format!("“{printed}”不是官方名称，科目 {class} 应为“{official}”"),
                format!("`{printed}` is not the official name of class {class}, which is `{official}`"),
            )
            .of(&MaybeProject(Some(line.key.project.clone())))
            .number("printed", printed, "")
            .number("official", official, "")
            .row(Resource::BudgetLines, line, "/name_as_printed")
        })
    };
    dossier.lines.iter().filter_map(observe).collect()
}
