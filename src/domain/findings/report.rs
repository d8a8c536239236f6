//! What the report of an evaluation leaves out, or leaves vague.

use std::collections::BTreeSet;

use super::evaluation::each;
use super::{Observation, Rule, Severity, in_english, listed};
use crate::domain::codes::MaybeProject;
use crate::domain::dossier::Dossier;
use crate::domain::indicator::{Category, Subcategory};
use crate::domain::kept::Resource;
use crate::domain::quantity::PrintedQuantity;

pub(super) const RULES: &[Rule] = &[
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
        id: "evaluation.vague-count",
        severity: Severity::Info,
        zh: "数量含糊",
        en: "A count is vague",
        look: vague_count,
    },
];
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
                evaluation.key.kind,
                format!("单位设定目标 {set} 个，评价指标 {assessed} 个，其中 {missing} 个目标未列入评价：{names}"),
                format!(
                    "{set} goals were set and {assessed} targets evaluated; {missing} goals are not among them: `{names}`"
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
                evaluation.key.kind,
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

/// Finding 9: not one of the four.
fn categories_uncovered(dossier: &Dossier) -> Vec<Observation> {
    each(dossier, |evaluation| {
        let claims = dossier.claims(evaluation);
        let covers = |test: &dyn Fn(Category, Subcategory) -> bool| {
            claims.iter().any(|(_, outcome)| test(outcome.indicator.category, outcome.indicator.subcategory))
        };
        let missing: Vec<_> = [
            (("质量", "quality"), covers(&|_, sub| sub == Subcategory::Quality)),
            (("时效", "timeliness"), covers(&|_, sub| sub == Subcategory::Timeliness)),
            (("成本", "cost"), covers(&|category, sub| category == Category::Cost || sub == Subcategory::Cost)),
            (("满意度", "satisfaction"), covers(&|category, _| category == Category::Satisfaction)),
        ]
        .into_iter()
        .filter_map(|(name, covered)| (!covered).then_some(name))
        .collect();
        (!missing.is_empty() && !claims.is_empty()).then(|| {
            let (some, names, english) =
                (missing.len(), listed(missing.iter().map(|one| one.0)), in_english(missing.iter().map(|one| one.1)));
            Observation::new(
                evaluation.key.kind,
                format!("评价指标缺少{names}指标"),
                format!("there is no indicator for {english}"),
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
                evaluation.key.kind,
                format!("指标使用{names}，没有注明折算汇率"),
                format!("the targets are in several currencies (`{names}`), and no exchange rate is stated"),
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
            (("功能分类科目", "functional class"), project.is_some_and(|one| one.facts.functional_class.is_none())),
            (("统一社会信用代码", "social credit code"), dossier.unit.facts.social_credit_code.is_none()),
            (("联系人", "contact"), facts.contact.is_none()),
            (("单位负责人签字", "signature"), facts.signed_by.is_none()),
            (("签字日期", "date of signature"), facts.signed_on.is_none()),
        ]
        .into_iter()
        .filter_map(|(name, missing)| missing.then_some(name))
        .collect();
        (!missing.is_empty()).then(|| {
            let (some, names, english) =
                (missing.len(), listed(missing.iter().map(|one| one.0)), in_english(missing.iter().map(|one| one.1)));
            Observation::new(
                evaluation.key.kind,
                format!("自评表缺少 {some} 项要素：{names}"),
                format!("the form lacks {some} particulars: {english}"),
            )
            .number("missing", some, "项")
            .row(Resource::Evaluations, evaluation, "")
            .row(Resource::Units, &dossier.unit, "/social_credit_code")
            .rows(Resource::Projects, project, "/functional_class")
        })
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
                    format!("{what}“{text}”数量含糊，无法核实"),
                    format!("{kind}: `{text}` is vague and cannot be checked"),
                )
                .of(&evaluation.key.project)
                .number("as_printed", text, "")
                .number("number", least, "")
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
