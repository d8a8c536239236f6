//! Targets handed down that do not close with the one they come from. A cascade need not close; that it does not is
//! worth knowing.

use std::collections::BTreeSet;

use super::{Observation, Rule, Severity, listed};
use crate::domain::cascade::{HandedDown, is_inside};
use crate::domain::dossier::{Dossier, Outcome, SetTarget};
use crate::domain::indicator::Direction;
use crate::domain::kept::Resource;

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
        id: "target.not-from-above",
        severity: Severity::Warning,
        zh: "目标由非上级单位分解而来",
        en: "A target was handed down by a unit that is not above",
        look: not_from_above,
    },
    Rule {
        id: "target.assigners-differ",
        severity: Severity::Info,
        zh: "不同下达方对同一指标的目标值不同",
        en: "Those who set targets for one indicator set different values",
        look: assigners_differ,
    },
];

/// What was handed down from one of the unit's targets.
fn below<'a>(dossier: &'a Dossier, outcome: &Outcome<'_>) -> HandedDown<'a> {
    let own = |child: &&SetTarget| child.facts.parent.as_ref() == Some(&outcome.target.key);
    let children: Vec<_> = dossier.handed_down.iter().filter(own).collect();
    HandedDown::of(outcome.target, outcome.indicator, &children, &dossier.above)
}

/// 320 set, 280 handed down: who is to reach the other 40?
fn not_covered(dossier: &Dossier) -> Vec<Observation> {
    let observe = |outcome: &Outcome<'_>| {
        if !matches!(outcome.indicator.direction, Direction::AtLeast | Direction::MoreThan | Direction::Equal) {
            return None; // A ceiling is not shared out until nothing is left.
        }
        let below = below(dossier, outcome);
        let rest = below.uncovered.filter(|rest| rest.micros() > 0)?;
        let (value, sum, units) = (outcome.target.facts.value?, below.sum?, below.counted.len());
        let (name, unit) = (&outcome.indicator.name, &outcome.indicator.measure_unit);
        let seen = Observation::new(
            &outcome.target.key,
            format!("“{name}”目标 {value}{unit}，分解到 {units} 个单位共 {sum}{unit}，尚有 {rest}{unit} 未分解"),
            format!(
                "`{name}`: of `{value} {unit}` only `{sum}` was handed down to {units} unit(s); `{rest}` is not covered"
            ),
        );
        let seen = seen.of(&outcome.target.key.project).number("target", value, unit).number("handed_down", sum, unit);
        Some(seen.number("not_covered", rest, unit).row(Resource::Targets, outcome.target, "/value"))
    };
    dossier.outcomes().iter().filter_map(observe).collect()
}

/// The same unit twice, or a village beside the township it lies in: whose figure is it?
fn handed_down_twice(dossier: &Dossier) -> Vec<Observation> {
    let observe = |outcome: &Outcome<'_>| {
        let twice = below(dossier, outcome).twice;
        (!twice.is_empty()).then(|| {
            let units: BTreeSet<_> = twice.iter().map(|child| &child.key.unit).collect();
            let (name, listed) = (&outcome.indicator.name, listed(&units));
            let seen = Observation::new(
                &outcome.target.key,
                format!("“{name}”目标重复下达给：{listed}"),
                format!("`{name}` was handed down more than once to `{listed}`"),
            );
            let seen = seen.of(&outcome.target.key.project).number("units", units.len(), "个");
            seen.rows(Resource::Targets, twice, "")
        })
    };
    dossier.outcomes().iter().filter_map(observe).collect()
}

/// The unit was moved since: whoever handed its target down is above it no more.
fn not_from_above(dossier: &Dossier) -> Vec<Observation> {
    let observe = |target: &SetTarget| {
        let parent = target.facts.parent.as_ref()?;
        (!is_inside(&dossier.above, &target.key.unit, &parent.unit)).then(|| {
            Observation::new(
                &target.key,
                format!("目标 {} 由 {} 分解而来，该单位已不是上级", target.key, parent.unit),
                format!("`{}` was handed down by `{}`, which is not above any more", target.key, parent.unit),
            )
            .of(&target.key.project)
            .row(Resource::Targets, target, "/parent")
        })
    };
    dossier.targets.iter().filter_map(observe).collect()
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
