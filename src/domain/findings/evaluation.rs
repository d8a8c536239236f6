//! Figures of an evaluation that are not what the rows give.

use std::collections::BTreeMap;

use super::{Observation, Rule, Severity, listed};
use crate::domain::completion::CompletionState;
use crate::domain::dossier::{Dossier, Outcome, Stated};
use crate::domain::evaluation::AssessedTarget;
use crate::domain::grade::Grade;
use crate::domain::kept::Resource;
use crate::domain::quantity::Points;
use crate::domain::scoring::ScorePartKind;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "evaluation.score-mismatch",
        severity: Severity::Error,
        zh: "自评得分与按评分办法计算的得分不符",
        en: "The stated score is not what its scheme gives",
        look: score_mismatch,
    },
    Rule {
        id: "evaluation.grade-mismatch",
        severity: Severity::Error,
        zh: "自评等级与得分不符",
        en: "The stated grade is not that of the computed score",
        look: grade_mismatch,
    },
    Rule {
        id: "evaluation.full-score-with-missed-targets",
        severity: Severity::Error,
        zh: "目标未完成而自评满分",
        en: "Targets were missed, yet the stated score is full",
        look: full_score_with_missed_targets,
    },
    Rule {
        id: "evaluation.completion-mismatch",
        severity: Severity::Error,
        zh: "填报的完成率与计算结果不符",
        en: "A stated completion is not what target and actual give",
        look: completion_mismatch,
    },
    Rule {
        id: "evaluation.points-mismatch",
        severity: Severity::Error,
        zh: "填报的指标得分与计算结果不符",
        en: "Stated points are not what the method gives",
        look: points_mismatch,
    },
    Rule {
        id: "evaluation.execution-rate-mismatch",
        severity: Severity::Error,
        zh: "填报的预算执行率与计算结果不符",
        en: "The stated execution rate is not what the lines give",
        look: execution_rate_mismatch,
    },
    Rule {
        id: "evaluation.missed-without-reason",
        severity: Severity::Warning,
        zh: "目标未完成而没有偏差原因",
        en: "A target was missed without a reason given",
        look: missed_without_reason,
    },
    Rule {
        id: "evaluation.grade-alias",
        severity: Severity::Info,
        zh: "等级用词不规范",
        en: "The grade is not one of 优, 良, 中, 差",
        look: grade_alias,
    },
];

/// Asks every evaluation of the dossier.
pub(super) fn each(dossier: &Dossier, observe: impl Fn(&Stated) -> Option<Observation>) -> Vec<Observation> {
    dossier
        .evaluations
        .iter()
        .filter_map(|evaluation| observe(evaluation).map(|seen| seen.of(&evaluation.key.project)))
        .collect()
}

/// Finding 7: 100 stated, 72.53 earned for sure, 82.53 at most.
fn score_mismatch(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let stated = evaluation.facts.stated_score?;
        let score = dossier.score(evaluation);
        (stated < score.earned || stated > score.at_most).then(|| {
            let (earned, unknown, at_most) = (score.earned, score.unknown, score.at_most);
            let who = evaluation.key.kind.zh();
            Observation::new(
                evaluation.key.kind,
                format!("{who} {stated} 分；按评分办法可确认 {earned} 分，未知 {unknown} 分，最多 {at_most} 分"),
                format!("stated {stated}; the scheme gives {earned} for sure, {unknown} unknown, {at_most} at most"),
            )
            .number("stated", stated, "分")
            .number("earned", earned, "分")
            .number("unknown", unknown, "分")
            .number("at_most", at_most, "分")
            .row(Resource::Evaluations, evaluation, "/stated_score")
        })
    })
}

/// A grade that no score inside the computed interval would have, or that is not that of the stated score.
fn grade_mismatch(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let word = evaluation.facts.stated_grade.as_ref()?;
        let (grade, _) = Grade::stated(word.as_str())?;
        let score = dossier.score(evaluation);
        let (least, most) = (score.grade_at_least, score.grade_at_most);
        let own = evaluation.facts.stated_score.filter(|score| Grade::of(*score, dossier.standard.bands()) != grade);
        let (zh, en) = match own {
            Some(score) => (
                format!("等级“{word}”与所填得分 {score} 不符"),
                format!("the grade `{word}` is not that of the stated score {score}"),
            ),
            None if !(least..=most).contains(&grade) => (
                format!("等级“{word}”；按计算得分应为“{}”至“{}”", least.zh(), most.zh()),
                format!("the grade `{word}` is stated; the computed score is {least} to {most}"),
            ),
            None => return None,
        };
        Some(
            Observation::new(evaluation.key.kind, zh, en)
                .number("stated", word, "")
                .number("at_least", least.zh(), "")
                .number("at_most", most.zh(), "")
                .row(Resource::Evaluations, evaluation, "/stated_grade"),
        )
    })
}

/// Three of eight missed: 6.56 %, 51.47 %, 86.67 %.
fn full_score_with_missed_targets(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        evaluation.facts.stated_score.filter(|stated| *stated >= Points::whole(100))?;
        let claims = dossier.claims(evaluation);
        let missed: Vec<_> =
            claims.iter().filter(|(_, outcome)| outcome.completion.state == CompletionState::Missed).collect();
        (!missed.is_empty()).then(|| {
            let (some, all, who) = (missed.len(), claims.len(), evaluation.key.kind.zh());
            let names = listed(missed.iter().map(|(_, outcome)| {
                let rate = outcome.completion.percent.map_or_else(|| "—".into(), |rate| format!("{rate}%"));
                format!("{} {rate}", outcome.indicator.name)
            }));
            let seen = Observation::new(
                evaluation.key.kind,
                format!("{who}满分，但 {all} 个指标中有 {some} 个未完成：{names}"),
                format!("the stated score is full, yet {some} of {all} targets were missed: `{names}`"),
            )
            .number("missed", some, "个")
            .number("targets", all, "个");
            missed.iter().fold(seen, |seen, (_, outcome)| {
                let rate = outcome.completion.percent.map_or_else(String::new, |rate| rate.to_string());
                seen.number(outcome.target.key.indicator.as_str(), rate, "%").row(Resource::Targets, outcome.target, "")
            })
        })
    })
}

/// Every claim of every evaluation, asked one by one.
fn each_claim(
    dossier: &Dossier,
    observe: impl Fn(&AssessedTarget, &Outcome<'_>) -> Option<Observation>,
) -> Vec<Observation> {
    let mut seen = Vec::new();
    for evaluation in &dossier.evaluations {
        for (assessed, outcome) in dossier.claims(evaluation) {
            let Some(mut observation) = observe(assessed, &outcome) else { continue };
            let (kind, key) = (evaluation.key.kind, &outcome.target.key);
            observation.subject = format!("{kind}.{key}");
            let place = evaluation.facts.indicators.iter().position(|one| one == assessed).unwrap_or(0);
            seen.push(
                observation
                    .row(Resource::Evaluations, evaluation, &format!("/indicators/{place}"))
                    .row(Resource::Targets, outcome.target, "")
                    .rows(Resource::Progress, outcome.last, "")
                    .of(&evaluation.key.project),
            );
        }
    }
    seen
}

fn completion_mismatch(dossier: &Dossier) -> Vec<Observation> {
    each_claim(dossier, |assessed, outcome| {
        let (stated, computed) = (assessed.stated_completion?, outcome.completion.percent?);
        (!computed.agrees(stated)).then(|| {
            let name = &outcome.indicator.name;
            Observation::new(
                "",
                format!("“{name}”填报完成率 {stated}%，计算为 {computed}%"),
                format!("`{name}`: completion stated as {stated}%, computed as {computed}%"),
            )
            .number("stated", stated, "%")
            .number("computed", computed, "%")
        })
    })
}

fn points_mismatch(dossier: &Dossier) -> Vec<Observation> {
    let mut earned = BTreeMap::new();
    for evaluation in &dossier.evaluations {
        for part in dossier.score(evaluation).parts {
            if part.kind == ScorePartKind::Indicator && part.unknown == Points::ZERO {
                earned.insert((evaluation.key.clone(), part.subject), part.earned);
            }
        }
    }
    let mut seen = Vec::new();
    for evaluation in &dossier.evaluations {
        for (place, assessed) in evaluation.facts.indicators.iter().enumerate() {
            let target = &assessed.target;
            let computed = earned.get(&(evaluation.key.clone(), target.to_string()));
            let Some((stated, computed)) = assessed.stated_points.zip(computed.copied()) else { continue };
            if stated != computed {
                seen.push(
                    Observation::new(
                        format!("{}.{target}", evaluation.key.kind),
                        format!("指标 {} 填报 {stated} 分，计算为 {computed} 分", target.indicator),
                        format!("`{}`: {stated} points stated, {computed} computed", target.indicator),
                    )
                    .of(&evaluation.key.project)
                    .number("stated", stated, "分")
                    .number("computed", computed, "分")
                    .row(
                        Resource::Evaluations,
                        evaluation,
                        &format!("/indicators/{place}/stated_points"),
                    ),
                );
            }
        }
    }
    seen
}

fn execution_rate_mismatch(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let stated = evaluation.facts.stated_execution_rate?;
        let computed = dossier.totals(evaluation).execution_rate?;
        (!computed.agrees(stated)).then(|| {
            Observation::new(
                evaluation.key.kind,
                format!("填报预算执行率 {stated}%，计算为 {computed}%"),
                format!("execution rate stated as {stated}%, computed as {computed}%"),
            )
            .number("stated", stated, "%")
            .number("computed", computed, "%")
            .row(Resource::Evaluations, evaluation, "/stated_execution_rate")
        })
    })
}

/// Finding 8: no 偏差原因 and no 改进措施.
fn missed_without_reason(dossier: &Dossier) -> Vec<Observation> {
    each_claim(dossier, |assessed, outcome| {
        let missed = outcome.completion.state == CompletionState::Missed && assessed.deviation_reason.is_none();
        missed.then(|| {
            let name = &outcome.indicator.name;
            let rate = outcome.completion.percent.map_or_else(|| "—".into(), |rate| rate.to_string());
            Observation::new(
                "",
                format!("“{name}”完成率 {rate}%，未完成，没有偏差原因"),
                format!("`{name}` was missed ({rate}%), without a reason"),
            )
            .number("completion", rate, "%")
        })
    })
}

/// Finding 23: 优秀 for 优. A word that is no grade at all is found here too.
fn grade_alias(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let word = evaluation.facts.stated_grade.as_ref()?;
        let (zh, en) = match Grade::stated(word.as_str()) {
            Some((_, false)) => return None,
            Some((grade, true)) => {
                let official = grade.zh();
                (format!("等级“{word}”按“{official}”理解"), format!("`{word}` is read as the grade `{official}`"))
            }
            None => {
                (format!("“{word}”不是等级，应为优、良、中、差"), format!("`{word}` is not a grade: 优, 良, 中, 差"))
            }
        };
        Some(Observation::new(evaluation.key.kind, zh, en).number("stated", word, "").row(
            Resource::Evaluations,
            evaluation,
            "/stated_grade",
        ))
    })
}
