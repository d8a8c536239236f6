//! What does not add up about targets and what was reached of them.

use std::collections::BTreeSet;

use super::{Observation, Rule, Severity, listed};
use crate::domain::codes::{AsPrinted, IndicatorCode};
use crate::domain::dossier::{Dossier, Outcome, SetTarget};
use crate::domain::indicator::Direction;
use crate::domain::kept::Resource;
use crate::domain::quantity::{PrintedQuantity, Quantity, Rate};
use crate::domain::target::TargetKey;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "target.never-reported",
        severity: Severity::Warning,
        zh: "年度目标没有完成值",
        en: "A target of the year has no reported actual",
        look: never_reported,
    },
    Rule {
        id: "target.far-exceeded",
        severity: Severity::Warning,
        zh: "完成值大幅超过目标值，须说明原因",
        en: "An actual is far over its target: the reason is asked for",
        look: far_exceeded,
    },
    Rule {
        id: "target.lowered-next-year",
        severity: Severity::Warning,
        zh: "下年目标低于本年目标",
        en: "Next year's target is lower than this year's",
        look: lowered_next_year,
    },
    Rule {
        id: "target.basis-unclear",
        severity: Severity::Info,
        zh: "口径不明：累计起点未说明，或为上报数未经核实",
        en: "The basis of a figure is unclear: cumulative since when, or reported but not verified",
        look: basis_unclear,
    },
    Rule {
        id: "target.overlap",
        severity: Severity::Info,
        zh: "指标之间存在包含关系，不可相加",
        en: "An indicator is part of others and must not be added to them",
        look: overlap,
    },
    Rule {
        id: "target.measure-units-differ",
        severity: Severity::Info,
        zh: "同一指标的计量单位不一致",
        en: "The measure units of one indicator differ",
        look: measure_units_differ,
    },
];

/// Finding 5: three annual goals of which the report never says what came of them.
fn never_reported(dossier: &Dossier) -> Vec<Observation> {
    if dossier.today.month().year() <= dossier.year {
        return Vec::new(); // The year is not over; nothing is overdue yet.
    }
    let observe = |outcome: &Outcome<'_>| {
        let value = outcome.target.facts.value.map_or_else(|| "—".into(), |value| value.to_string());
        let (name, unit, year) = (&outcome.indicator.name, &outcome.indicator.measure_unit, dossier.year);
        Observation::new(
            subject(outcome),
            format!("{year} 年目标“{name}”（{value}{unit}）没有任何完成值"),
            format!("the {year} target `{name}` (`{value} {unit}`) has no reported actual"),
        )
        .of(&outcome.target.key.project)
        .number("target", value, unit)
        .row(Resource::Targets, outcome.target, "")
    };
    dossier.outcomes().iter().filter(|outcome| outcome.actual.is_none()).map(observe).collect()
}

/// A target told apart from all others.
fn subject(outcome: &Outcome<'_>) -> String {
    outcome.target.key.to_string()
}

/// 47 signed against 36: was the target set too low? (财预〔2020〕10号: 偏离绩效目标较多的要分析原因.)
fn far_exceeded(dossier: &Dossier) -> Vec<Observation> {
    let explained: BTreeSet<_> = dossier
        .evaluations
        .iter()
        .flat_map(|evaluation| &evaluation.facts.indicators)
        .filter(|assessed| assessed.deviation_reason.is_some())
        .map(|assessed| &assessed.target)
        .collect();
    let upward = |direction| matches!(direction, Direction::AtLeast | Direction::MoreThan | Direction::Equal);
    let observe = |outcome: &Outcome<'_>| {
        if !upward(outcome.indicator.direction) {
            return None; // Far below a ceiling is no reason to ask.
        }
        let far = i128::from(dossier.standard.reason_from.hundredths());
        let rate = outcome.completion.percent.filter(|rate| rate.hundredths() >= far)?;
        (!explained.contains(&outcome.target.key)).then(|| {
            let name = &outcome.indicator.name;
            Observation::new(
                subject(outcome),
                format!("“{name}”完成率 {rate}%，大幅超过目标，未说明原因；目标可能偏低"),
                format!("`{name}` is at {rate}% of its target without a reason given; the target may be too low"),
            )
            .of(&outcome.target.key.project)
            .number("completion", rate, "%")
            .row(Resource::Targets, outcome.target, "/value")
            .rows(Resource::Progress, outcome.last, "/value")
        })
    };
    dossier.all_outcomes().iter().filter_map(observe).collect()
}

/// Finding 19: 10 → 8 and 20 → 10 after a year that scored itself 100.
fn lowered_next_year(dossier: &Dossier) -> Vec<Observation> {
    let observe = |outcome: &Outcome<'_>| {
        let key = &outcome.target.key;
        let next = successor(dossier, key)?;
        let (this, then) = (outcome.target.facts.value?, next.facts.value?);
        (then < this).then(|| {
            let change = Rate::of(then.micros() - this.micros(), this.micros());
            let change = change.map_or_else(|| "?".into(), |change| change.to_string());
            let name = &outcome.indicator.name;
            Observation::new(
                subject(outcome),
                format!("“{name}”下年目标由 {this} 降为 {then}（{change}%）"),
                format!("next year's target for `{name}` falls from {this} to {then} ({change}%)"),
            )
            .of(&key.project)
            .number("this_year", this, &outcome.indicator.measure_unit)
            .number("next_year", then, &outcome.indicator.measure_unit)
            .number("change", change, "%")
            .row(Resource::Targets, outcome.target, "/value")
            .row(Resource::Targets, next, "/value")
        })
    };
    dossier.outcomes().iter().filter_map(observe).collect()
}

/// The target of the year after that takes this one's place: that of the same project, or, since projects get new
/// codes each year, the only one for the indicator where this year has only one too.
fn successor<'a>(dossier: &'a Dossier, key: &TargetKey) -> Option<&'a SetTarget> {
    let same = |other: &TargetKey| (&other.indicator, &other.assigner) == (&key.indicator, &key.assigner);
    let mut next = dossier.next_targets.iter().filter(|next| same(&next.key));
    if let Some(exact) = next.clone().find(|next| next.key.project == key.project) {
        return Some(exact);
    }
    let only = next.next().filter(|_| next.next().is_none())?;
    (dossier.targets.iter().filter(|this| same(&this.key)).count() == 1).then_some(only)
}

/// Finding 11: 累计到位资金 beside figures of the year alone; 1-12月份上报, which is not 核实.
fn basis_unclear(dossier: &Dossier) -> Vec<Observation> {
    let outcomes = dossier.all_outcomes();
    let says = |outcome: &Outcome<'_>, word: &str| {
        let last = outcome.last.map(|row| &row.facts);
        outcome.indicator.name.as_str().contains(word)
            || last.and_then(|facts| facts.value_as_printed.as_ref()).is_some_and(|text| text.as_str().contains(word))
            || last.and_then(|facts| facts.note.as_ref()).is_some_and(|text| text.as_str().contains(word))
    };
    let mixed = outcomes.iter().any(|outcome| !says(outcome, "累计"));
    let observe = |outcome: &Outcome<'_>| {
        let name = &outcome.indicator.name;
        let (kind, zh, en) = if mixed && says(outcome, "累计") {
            (
                "since",
                "标为“累计”而其他指标不是，起算时间未说明",
                "is called cumulative, the others are not: since when?",
            )
        } else if says(outcome, "上报") {
            ("verified", "为“上报”数，未说明是否核实", "is a figure reported, not said to be verified")
        } else {
            return None;
        };
        Some(
            Observation::new(format!("{}.{kind}", subject(outcome)), format!("“{name}”{zh}"), format!("`{name}` {en}"))
                .of(&outcome.target.key.project)
                .number("actual", outcome.actual?, &outcome.indicator.measure_unit)
                .rows(Resource::Progress, outcome.last, ""),
        )
    };
    outcomes.iter().filter_map(observe).collect()
}

/// Finding 12: 16.47 of 湘商 is already inside 124.57 + 5.01 of 内资.
fn overlap(dossier: &Dossier) -> Vec<Observation> {
    let outcomes = dossier.all_outcomes();
    let observe = |part: &Outcome<'_>| {
        let key = &part.target.key;
        // An actual belongs to an indicator: several targets for one indicator are still one actual.
        let reached = |code: &IndicatorCode| {
            let same = |one: &&Outcome<'_>| one.target.key.unit == key.unit && one.target.key.indicator == *code;
            outcomes.iter().find(same).filter(|one| one.actual.is_some())
        };
        let wholes: Option<Vec<&Outcome<'_>>> = part.indicator.part_of.iter().map(reached).collect();
        let wholes = wholes.filter(|wholes| !wholes.is_empty())?;
        let whole = Quantity::sum(wholes.iter().filter_map(|one| one.actual))?;
        let actual = part.actual?;
        let share = Rate::of(actual.micros(), whole.micros())?;
        let (name, unit) = (&part.indicator.name, &part.indicator.measure_unit);
        let names = listed(wholes.iter().map(|one| &one.indicator.name));
        Some(
            Observation::new(
                subject(part),
                format!("“{name}”{actual}{unit} 已包含在{names}合计 {whole}{unit} 中（占 {share}%），不可相加"),
                format!("`{name}` {actual} is already part of `{names}`, {whole} together ({share}%)"),
            )
            .of(&key.project)
            .number("part", actual, unit)
            .number("whole", whole, unit)
            .number("share", share, "%")
            .rows(Resource::Progress, part.last, "/value")
            .rows(Resource::Progress, wholes.iter().filter_map(|one| one.last), "/value"),
        )
    };
    outcomes.iter().filter_map(observe).collect()
}

/// Finding 13: 13家 against 15个.
fn measure_units_differ(dossier: &Dossier) -> Vec<Observation> {
    let observe = |outcome: &Outcome<'_>| {
        let row = outcome.last?;
        let of = |text: Option<&AsPrinted>| {
            let text = text?.as_str();
            PrintedQuantity::parse(text).map(|printed| printed.measure_unit.to_owned()).filter(|unit| !unit.is_empty())
        };
        let stated = outcome.indicator.measure_unit.to_string();
        let wanted = of(outcome.target.facts.value_as_printed.as_ref()).unwrap_or_else(|| stated.clone());
        let reached = of(row.facts.value_as_printed.as_ref()).unwrap_or_else(|| stated.clone());
        (wanted != reached).then(|| {
            let name = &outcome.indicator.name;
            Observation::new(
                subject(outcome),
                format!("“{name}”目标以“{wanted}”计，完成值以“{reached}”计"),
                format!("`{name}`: the target is counted in `{wanted}`, the actual in `{reached}`"),
            )
            .of(&outcome.target.key.project)
            .number("target_unit", wanted, "")
            .number("actual_unit", reached, "")
            .row(Resource::Targets, outcome.target, "/value_as_printed")
            .row(Resource::Progress, row, "/value_as_printed")
        })
    };
    dossier.all_outcomes().iter().filter_map(observe).collect()
}
