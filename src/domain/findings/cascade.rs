//! Targets handed down that do not close with the one they come from. A cascade need not close; that it does not is
//! worth knowing.

use std::collections::BTreeMap;

use super::{Observation, Rule, Severity, listed};
use crate::domain::codes::UnitCode;
use crate::domain::dossier::{Dossier, Outcome, SetTarget};
use crate::domain::indicator::Direction;
use crate::domain::kept::Resource;
use crate::domain::quantity::Quantity;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "target.not-covered",
        severity: Severity::Warning,
        zh: "分解到下级的目标合计不足",
        en: "What was handed down of a target adds up to less",
        look: not_covered,
    },
    Rule {
        id: "target.handed-down-twice",
        severity: Severity::Warning,
        zh: "同一目标重复下达给同一单位",
        en: "A target was handed down to one unit more than once",
        look: handed_down_twice,
    },
    Rule {
        id: "target.assigners-differ",
        severity: Severity::Info,
        zh: "不同下达方对同一指标的目标值不同",
        en: "Those who set targets for one indicator set different values",
        look: assigners_differ,
    },
];

/// What was handed down from a target, by unit.
fn below<'a>(dossier: &'a Dossier, outcome: &Outcome<'_>) -> BTreeMap<&'a UnitCode, Vec<&'a SetTarget>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for child in &dossier.handed_down {
        if child.facts.parent.as_ref() == Some(&outcome.target.key) {
            all.entry(&child.key.unit).or_default().push(child);
        }
    }
    all
}

/// 320 set, 280 handed down: who is to reach the other 40?
fn not_covered(dossier: &Dossier) -> Vec<Observation> {
    let observe = |outcome: &Outcome<'_>| {
        if !matches!(outcome.indicator.direction, Direction::AtLeast | Direction::MoreThan | Direction::Equal) {
            return None; // A ceiling is not shared out until nothing is left.
        }
        let children = below(dossier, outcome);
        let value = outcome.target.facts.value?;
        // Each unit once: the same target from two assigners is not twice as much.
        let sum = children.values().map(|same| same.iter().filter_map(|child| child.facts.value).max());
        let sum = sum.collect::<Option<Vec<_>>>().filter(|all| !all.is_empty()).and_then(Quantity::sum)?;
        let rest = value.micros().checked_sub(sum.micros()).map(Quantity::of_micros)?;
        (rest.micros() > 0).then(|| {
            let (name, unit, units) = (&outcome.indicator.name, &outcome.indicator.measure_unit, children.len());
            Observation::new(
                &outcome.target.key,
                format!("“{name}”目标 {value}{unit}，分解到 {units} 个单位共 {sum}{unit}，尚有 {rest}{unit} 未分解"),
                format!("`{name}`: of `{value} {unit}` only `{sum}` was handed down to {units} unit(s); `{rest}` is not covered"),
            )
            .of(&outcome.target.key.project)
            .number("target", value, unit)
            .number("handed_down", sum, unit)
            .number("not_covered", rest, unit)
            .row(Resource::Targets, outcome.target, "/value")
        })
    };
    dossier.outcomes().iter().filter_map(observe).collect()
}

fn handed_down_twice(dossier: &Dossier) -> Vec<Observation> {
    let observe = |outcome: &Outcome<'_>| {
        let twice: Vec<_> = below(dossier, outcome).into_iter().filter(|(_, same)| same.len() > 1).collect();
        (!twice.is_empty()).then(|| {
            let (name, units) = (&outcome.indicator.name, listed(twice.iter().map(|(unit, _)| unit)));
            let seen = Observation::new(
                &outcome.target.key,
                format!("“{name}”目标重复下达给：{units}"),
                format!("`{name}` was handed down more than once to `{units}`"),
            )
            .of(&outcome.target.key.project)
            .number("units", twice.len(), "个");
            twice.into_iter().fold(seen, |seen, (_, same)| seen.rows(Resource::Targets, same, ""))
        })
    };
    dossier.outcomes().iter().filter_map(observe).collect()
}

/// 320 from the city and 400 from the county itself: both stand, and it is said that they differ.
fn assigners_differ(dossier: &Dossier) -> Vec<Observation> {
    let mut seen = Vec::new();
    for (place, one) in dossier.targets.iter().enumerate() {
        let same =
            |other: &&SetTarget| (&other.key.indicator, &other.key.project) == (&one.key.indicator, &one.key.project);
        if dossier.targets[..place].iter().any(|earlier| same(&earlier)) {
            continue;
        }
        let rivals: Vec<&SetTarget> = dossier.targets.iter().filter(same).collect();
        let differ = rivals.iter().any(|other| other.facts.value != one.facts.value);
        let Some(indicator) = dossier.indicators.get(&one.key.indicator).filter(|_| differ) else { continue };
        let (name, unit) = (&indicator.name, &indicator.measure_unit);
        let shown = |target: &&SetTarget| {
            let value = target.facts.value.map_or_else(|| "—".into(), |value| value.to_string());
            format!("{} {value}{unit}", target.key.assigner)
        };
        let figures = listed(rivals.iter().map(shown));
        let observation = Observation::new(
            format!("{}:{}", one.key.project, one.key.indicator),
            format!("“{name}”的目标值因下达方而异：{figures}"),
            format!("`{name}` has different targets: `{figures}`"),
        );
        let observation = rivals.iter().fold(observation.of(&one.key.project), |seen, target| {
            let value = target.facts.value.map_or_else(String::new, |value| value.to_string());
            seen.number(target.key.assigner.as_str(), value, unit)
        });
        seen.push(observation.rows(Resource::Targets, rivals, "/value"));
    }
    seen
}
