//! The page of an evaluation: overview, completion, money, score and findings, for a screen, a phone and paper.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::{Bar, bars};
use super::{Subject, in_wan, points, quantity};
use crate::domain::completion::CompletionState;
use crate::domain::evaluation::Evaluation;
use crate::domain::findings::Severity;
use crate::domain::quantity::Rate;

/// How it looks. Fonts that have Chinese, those of the machine it is read on first.
const STYLE: &str = include_str!("page.css");

/// The page, as HTML that needs nothing else.
pub fn page(subject: &Subject<'_>, evaluation: &Evaluation) -> String {
    let (unit, year) = (&subject.dossier.unit.facts.name, evaluation.year);
    let title = format!("{unit} {year} 年度{}报告", evaluation.kind.zh());
    let markup = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        h1 { (title) }
                        p { "项目：" (subject.project()) "　状态：" (evaluation.review.facts.state.zh()) }
                    }
                    (overview(subject, evaluation))
                    (completion(subject))
                    (money(subject))
                    (score(evaluation))
                    (findings(subject))
                    footer { p { "由绩效（Jixiao）按填报数据计算生成；金额单位为万元。“未知”不等于零。" } }
                }
            }
        }
    };
    markup.into_string()
}

fn overview(subject: &Subject<'_>, evaluation: &Evaluation) -> Markup {
    let (scores, review, totals) = (&evaluation.scores, &evaluation.review, &evaluation.computed.totals);
    let computed = if scores.computed == scores.computed_at_most {
        scores.computed.to_string()
    } else {
        format!("{}～{}", scores.computed, scores.computed_at_most)
    };
    let rate = totals.execution_rate.map_or_else(|| "—".into(), |rate| format!("{rate}%"));
    html! {
        section {
            h2 { "一、总览" }
            dl class="cards" {
                div { dt { "自评得分" } dd { (points(scores.stated)) } }
                div { dt { "计算得分" } dd { (computed) } }
                div { dt { "审核得分" } dd { (points(scores.reviewed)) } }
                div { dt { "审核等级" } dd { (review.reviewed_grade.zh()) } }
            }
            table {
                tr { th scope="row" { "全年预算数" } td { (in_wan(totals.adjusted)) } th scope="row" { "执行数合计" } td { (in_wan(totals.executed)) } }
                tr { th scope="row" { "填报支出总额" } td { (in_wan(totals.stated_executed)) } th scope="row" { "差额" } td { (in_wan(totals.difference)) } }
                tr { th scope="row" { "预算执行率" } td { (rate) } th scope="row" { "评分办法" } td { (subject.scheme()) } }
            }
        }
    }
}

fn completion(subject: &Subject<'_>) -> Markup {
    let claims = subject.claims();
    let bar = |outcome: &crate::domain::dossier::Outcome<'_>| {
        let (unit, rate) = (&outcome.indicator.measure_unit, outcome.completion.percent);
        Bar {
            name: format!(
                "{}（目标 {}{unit}，实际 {}{unit}）",
                outcome.indicator.name,
                quantity(outcome.target.facts.value),
                quantity(outcome.actual)
            ),
            length: rate.map(Rate::hundredths),
            label: rate.map_or_else(|| "未知".into(), |rate| format!("{rate}%")),
            kind: match outcome.completion.state {
                CompletionState::Met => "met",
                CompletionState::Missed => "missed",
                CompletionState::Unknown => "unknown",
            },
        }
    };
    let claimed: Vec<Bar> = claims.iter().map(|(_, outcome)| bar(outcome)).collect();
    let own = subject.dossier.outcomes();
    let beside: Vec<Bar> = own
        .iter()
        .filter(|outcome| !claims.iter().any(|(_, claim)| claim.target.key == outcome.target.key))
        .map(bar)
        .collect();
    html! {
        section {
            h2 { "二、目标完成情况" }
            @if claimed.is_empty() { p { "自评未引用任何目标。" } } @else {
                (bars("各项目标完成率，竖线为目标", &claimed, Some("目标（100%）")))
            }
            @if !beside.is_empty() {
                h3 { "本单位其他年度目标" }
                (bars("本单位其他年度目标完成率", &beside, Some("目标（100%）")))
            }
        }
    }
}

fn money(subject: &Subject<'_>) -> Markup {
    let lines = subject.dossier.lines_of(&subject.stated.key.project);
    let sum: i128 = lines.iter().filter_map(|line| line.facts.executed).map(|amount| i128::from(amount.fen())).sum();
    let bar = |line: &&crate::domain::dossier::Line| {
        let class = &line.key.economic_class;
        let name = subject.dossier.class_names.get(class).cloned().unwrap_or_default();
        let fen = line.facts.executed.map(|amount| i128::from(amount.fen()));
        let share = fen.and_then(|fen| Rate::of(fen, sum)).map_or_else(String::new, |rate| format!("（{rate}%）"));
        Bar {
            name: format!("{class} {name}{share}"),
            length: fen,
            label: in_wan(line.facts.executed.map(Into::into)),
            kind: "money",
        }
    };
    let drawn: Vec<Bar> = lines.iter().map(bar).collect();
    html! {
        section {
            h2 { "三、资金支出（按经济分类，万元）" }
            @if drawn.is_empty() { p { "没有预算行。" } } @else { (bars("各经济分类科目的执行数", &drawn, None)) }
        }
    }
}

fn score(evaluation: &Evaluation) -> Markup {
    html! {
        section {
            h2 { "四、计分说明" }
            div class="wide" {
                table {
                    thead { tr { th { "项目" } th { "分值" } th { "得分" } th { "未知" } th { "算式" } th { "说明" } } }
                    tbody {
                        @for part in &evaluation.computed.score.parts {
                            tr {
                                td { (part.name) }
                                td class="number" { (part.weight) }
                                td class="number" { @if part.deducted.hundredths() > 0 { "−" (part.deducted) } @else { (part.earned) } }
                                td class="number" { (part.unknown) }
                                td { (part.formula) }
                                td { (part.explanation_zh) }
                            }
                        }
                    }
                }
            }
            @if !evaluation.review.facts.deductions.is_empty() {
                h3 { "审核扣分" }
                ul {
                    @for one in &evaluation.review.facts.deductions {
                        li { "扣 " (one.points) " 分：" (one.reason) }
                    }
                }
            }
            @if let Some(opinion) = &evaluation.review.facts.opinion { p { "审核意见：" (opinion) } }
        }
    }
}

fn findings(subject: &Subject<'_>) -> Markup {
    html! {
        section {
            h2 { "五、疑点（" (subject.findings.len()) " 项）" }
            @if subject.findings.is_empty() { p { "没有发现问题。" } } @else {
                ol class="findings" {
                    @for finding in subject.findings {
                        li class=(finding.severity.code()) {
                            strong { (match finding.severity { Severity::Error => "错误", Severity::Warning => "警告", Severity::Info => "提示" }) }
                            " " (finding.detail_zh)
                        }
                    }
                }
            }
        }
    }
}
