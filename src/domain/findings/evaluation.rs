//! What does not add up about what an evaluation states.

use std::collections::BTreeSet;

use super::{Observation, Rule, Severity, listed};
use crate::domain::codes::MaybeProject;
use crate::domain::completion::CompletionState;
use crate::domain::dossier::{Dossier, Stated};
use crate::domain::indicator::{Category, Subcategory};
use crate::domain::kept::Resource;
use crate::domain::quantity::{Points, PrintedQuantity};
use crate::domain::scoring::{Grade, ScorePartKind};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "evaluation.score-mismatch",
        severity: Severity::Error,
        zh: "自评得分与按全国办法计算的得分不符",
        en: "The stated score is not what the national method gives",
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
        id: "evaluation.goals-not-assessed",
        severity: Severity::Warning,
        zh: "单位自己的年度目标没有列入评价",
        en: "The unit's own goals are not among what is evaluated",
        look: goals_not_assessed,
    },
    Rule {
        id: "evaluation.results-of-another-unit",
        severity: Severity::Warning,
        zh: "以其他单位的成果作为本单位的绩效",
        en: "Results of another unit are claimed as the unit's own",
        look: results_of_another_unit,
    },
    Rule {
        id: "evaluation.missed-without-reason",
        severity: Severity::Warning,
        zh: "目标未完成而没有偏差原因",
        en: "A target was missed without a reason given",
        look: missed_without_reason,
    },
    Rule {
        id: "evaluation.categories-uncovered",
        severity: Severity::Warning,
        zh: "缺少质量、时效、成本或满意度指标",
        en: "No quality, timeliness, cost or satisfaction indicator",
        look: categories_uncovered,
    },
    Rule {
        id: "evaluation.currencies-without-rate",
        severity: Severity::Warning,
        zh: "使用两种货币而没有折算汇率",
        en: "Two currencies without a rate",
        look: currencies_without_rate,
    },
    Rule {
        id: "evaluation.form-incomplete",
        severity: Severity::Warning,
        zh: "自评表要素不全",
        en: "The form lacks required particulars",
        look: form_incomplete,
    },
    Rule {
        id: "evaluation.grade-alias",
        severity: Severity::Info,
        zh: "等级用词不规范",
        en: "The grade is not one of 优, 良, 中, 差",
        look: grade_alias,
    },
    Rule {
        id: "evaluation.vague-count",
        severity: Severity::Info,
        zh: "数量含糊",
        en: "A count is vague",
        look: vague_count,
    },
];

/// Asks every evaluation of the dossier.
fn each(dossier: &Dossier, observe: impl Fn(&Stated) -> Option<Observation>) -> Vec<Observation> {
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
            Observation::new(
                &evaluation.key.kind,
                format!("自评 {stated} 分；按全国办法可确认 {earned} 分，未知 {unknown} 分，最多 {at_most} 分"),
                format!(
                    "stated {stated}; the national method gives {earned} for sure, {unknown} unknown, {at_most} at most"
                ),
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
        let of_stated = evaluation.facts.stated_score.map(Grade::of);
        let possible = (score.grade_at_least..=score.grade_at_most).contains(&grade);
        (!possible || of_stated.is_some_and(|of_stated| of_stated != grade)).then(|| {
            let (least, most) = (score.grade_at_least.zh(), score.grade_at_most.zh());
            Observation::new(
                &evaluation.key.kind,
                format!("自评等级“{word}”；按计算得分应为“{least}”至“{most}”"),
                format!("stated `{word}`; the computed score is between {least} and {most}"),
            )
            .number("stated", word, "")
            .number("at_least", least, "")
            .number("at_most", most, "")
            .row(Resource::Evaluations, evaluation, "/stated_grade")
        })
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
            let (some, all) = (missed.len(), claims.len());
            let names = listed(missed.iter().map(|(_, outcome)| {
                let rate = outcome.completion.percent.map_or_else(|| "—".into(), |rate| format!("{rate}%"));
                format!("{} {rate}", outcome.indicator.name)
            }));
            let seen = Observation::new(
                &evaluation.key.kind,
                format!("自评满分，但 {all} 个指标中有 {some} 个未完成：{names}"),
                format!("the stated score is full, yet {some} of {all} targets were missed: {names}"),
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
    observe: impl Fn(
        &crate::domain::evaluation::AssessedTarget,
        &crate::domain::dossier::Outcome<'_>,
    ) -> Option<Observation>,
) -> Vec<Observation> {
    let mut seen = Vec::new();
    for evaluation in &dossier.evaluations {
        for (assessed, outcome) in dossier.claims(evaluation) {
            let Some(mut observation) = observe(assessed, &outcome) else { continue };
            let (kind, key) = (evaluation.key.kind, &outcome.target.key);
            observation.subject = format!("{kind}.{}.{}.{}", key.unit, key.indicator, key.assigner);
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
    let mut earned = std::collections::BTreeMap::new();
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
                        format!("{}.{}.{}", evaluation.key.kind, target.unit, target.indicator),
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
                &evaluation.key.kind,
                format!("填报预算执行率 {stated}%，计算为 {computed}%"),
                format!("execution rate stated as {stated}%, computed as {computed}%"),
            )
            .number("stated", stated, "%")
            .number("computed", computed, "%")
            .row(Resource::Evaluations, evaluation, "/stated_execution_rate")
        })
    })
}

/// Finding 6: three goals set, eight results reported, and not one of the eight is among the three.
fn goals_not_assessed(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let claimed: BTreeSet<_> = evaluation.facts.indicators.iter().map(|assessed| &assessed.target).collect();
        let project = &evaluation.key.project;
        let concerns = |goal: &MaybeProject| project.0.is_none() || goal.0.is_none() || goal == project;
        let goals: Vec<_> = dossier.targets.iter().filter(|target| concerns(&target.key.project)).collect();
        let left_out: Vec<_> = goals.iter().filter(|goal| !claimed.contains(&goal.key)).copied().collect();
        (!left_out.is_empty()).then(|| {
            let (missing, set, assessed) = (left_out.len(), goals.len(), claimed.len());
            let name = |code| dossier.indicators.get(code).map_or_else(String::new, |one| one.name.to_string());
            let names = listed(left_out.iter().map(|goal| name(&goal.key.indicator)));
            Observation::new(
                &evaluation.key.kind,
                format!("单位设定目标 {set} 个，评价指标 {assessed} 个，其中 {missing} 个目标未列入评价：{names}"),
                format!(
                    "{set} goals were set and {assessed} targets evaluated; {missing} goals are not among them: {names}"
                ),
            )
            .number("goals", set, "个")
            .number("assessed", assessed, "个")
            .number("goals_not_assessed", missing, "个")
            .row(Resource::Evaluations, evaluation, "/indicators")
            .rows(Resource::Targets, left_out, "")
        })
    })
}

/// Finding 10: what the whole county attracted is claimed as the result of one unit's project.
fn results_of_another_unit(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let claims = dossier.claims(evaluation);
        let others: Vec<_> = claims
            .iter()
            .filter(|(_, one)| one.target.key.unit != dossier.unit.key)
            .map(|(_, one)| one.target)
            .collect();
        let units: BTreeSet<_> = others.iter().map(|target| target.key.unit.as_str()).collect();
        (!others.is_empty()).then(|| {
            let (some, all, units) = (others.len(), claims.len(), listed(units));
            Observation::new(
                &evaluation.key.kind,
                format!("{all} 个评价指标中有 {some} 个是单位 {units} 的目标，不是本单位的"),
                format!("{some} of {all} targets evaluated are those of unit {units}, not of this one"),
            )
            .number("of_other_units", some, "个")
            .number("targets", all, "个")
            .row(Resource::Evaluations, evaluation, "/indicators")
            .rows(Resource::Targets, others, "")
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
                format!("“{name}”完成率 {rate}%，未完成，没有偏差原因和改进措施"),
                format!("`{name}` was missed ({rate}%), without a reason or a remedy"),
            )
            .number("completion", rate, "%")
        })
    })
}

/// Finding 9: not one of the four.
fn categories_uncovered(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let claims = dossier.claims(evaluation);
        let covers = |test: &dyn Fn(Category, Subcategory) -> bool| {
            claims.iter().any(|(_, outcome)| test(outcome.indicator.category, outcome.indicator.subcategory))
        };
        let missing: Vec<_> = [
            ("质量", covers(&|_, sub| sub == Subcategory::Quality)),
            ("时效", covers(&|_, sub| sub == Subcategory::Timeliness)),
            ("成本", covers(&|category, sub| category == Category::Cost || sub == Subcategory::Cost)),
            ("满意度", covers(&|category, _| category == Category::Satisfaction)),
        ]
        .into_iter()
        .filter_map(|(name, covered)| (!covered).then_some(name))
        .collect();
        (!missing.is_empty() && !claims.is_empty()).then(|| {
            let (some, names) = (missing.len(), listed(missing));
            Observation::new(
                &evaluation.key.kind,
                format!("评价指标缺少{names}指标"),
                format!("there is no indicator for: {names}"),
            )
            .number("missing", some, "类")
            .row(Resource::Evaluations, evaluation, "/indicators")
        })
    })
}

/// Finding 14: 21万美元 beside 亿元.
fn currencies_without_rate(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let claims = dossier.claims(evaluation);
        let currencies: BTreeSet<_> =
            claims.iter().filter_map(|(_, outcome)| currency(outcome.indicator.measure_unit.as_str())).collect();
        (currencies.len() > 1 && evaluation.facts.exchange_rate.is_none()).then(|| {
            let names = listed(currencies);
            let foreign = claims
                .iter()
                .filter(|(_, one)| currency(one.indicator.measure_unit.as_str()).is_some_and(|name| name != "人民币"))
                .map(|(_, outcome)| outcome.target);
            Observation::new(
                &evaluation.key.kind,
                format!("指标使用{names}，没有注明折算汇率"),
                format!("the targets are in {names}, and no exchange rate is stated"),
            )
            .number("currencies", names, "")
            .row(Resource::Evaluations, evaluation, "/exchange_rate")
            .rows(Resource::Targets, foreign, "")
        })
    })
}

/// The currency of a measure unit, if it is one of money.
fn currency(measure_unit: &str) -> Option<&'static str> {
    ["美元", "港元", "欧元", "日元"]
        .into_iter()
        .find(|name| measure_unit.ends_with(name))
        .or_else(|| measure_unit.ends_with('元').then_some("人民币"))
}

/// Finding 26: no functional code, credit code, contact, signature or date.
fn form_incomplete(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let facts = &evaluation.facts;
        let project = evaluation.key.project.0.as_ref();
        let project = project.and_then(|code| dossier.projects.iter().find(|one| one.key.code == *code));
        let missing: Vec<_> = [
            ("功能分类科目", project.is_some_and(|one| one.facts.functional_class.is_none())),
            ("统一社会信用代码", dossier.unit.facts.social_credit_code.is_none()),
            ("联系人", facts.contact.is_none()),
            ("单位负责人签字", facts.signed_by.is_none()),
            ("签字日期", facts.signed_on.is_none()),
        ]
        .into_iter()
        .filter_map(|(name, missing)| missing.then_some(name))
        .collect();
        (!missing.is_empty()).then(|| {
            let (some, names) = (missing.len(), listed(missing));
            Observation::new(
                &evaluation.key.kind,
                format!("自评表缺少 {some} 项要素：{names}"),
                format!("the form lacks {some} particulars: {names}"),
            )
            .number("missing", some, "项")
            .row(Resource::Evaluations, evaluation, "")
            .row(Resource::Units, &dossier.unit, "/social_credit_code")
            .rows(Resource::Projects, project, "/functional_class")
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
                (format!("等级“{word}”按“{official}”理解"), format!("`{word}` is read as the grade {official}"))
            }
            None => {
                (format!("“{word}”不是等级，应为优、良、中、差"), format!("`{word}` is not a grade: 优, 良, 中, 差"))
            }
        };
        Some(Observation::new(&evaluation.key.kind, zh, en).number("stated", word, "").row(
            Resource::Evaluations,
            evaluation,
            "/stated_grade",
        ))
    })
}

/// Finding 15: 40余次 is at least 40, and nobody can check more.
fn vague_count(dossier: &Dossier) -> Vec<Observation> {
    let mut seen = Vec::new();
    for evaluation in &dossier.evaluations {
        for (place, activity) in evaluation.facts.activities.iter().enumerate() {
            let text = activity.count_as_printed.as_str();
            let printed = PrintedQuantity::parse(text);
            if printed.as_ref().is_some_and(|printed| !printed.approximate) {
                continue;
            }
            let least = printed.map_or_else(|| "?".into(), |printed| printed.value.to_string());
            let (kind, what) = (activity.kind, activity.kind.zh());
            seen.push(
                Observation::new(
                    format!("{}.{kind}", evaluation.key.kind),
                    format!("{what}“{text}”数量含糊，只能确认不少于 {least}"),
                    format!("{kind}: `{text}` is vague; at least {least} is all it says"),
                )
                .of(&evaluation.key.project)
                .number("as_printed", text, "")
                .number("at_least", least, "")
                .row(
                    Resource::Evaluations,
                    evaluation,
                    &format!("/activities/{place}/count_as_printed"),
                ),
            );
        }
    }
    seen
}
