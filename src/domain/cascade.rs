//! Cascades (目标分解): a target handed down from a unit to those below it, and what was reached of it there.
//!
//! Figures are rolled up within one indicator alone, so that a part (湘商) is never added to its whole (内资), and each
//! unit once, so that a township with two assigners, or a village inside it, does not count twice.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{Assigner, Name, UnitCode};
use super::completion::Completion;
use super::dossier::SetTarget;
use super::indicator::{Direction, IndicatorFacts};
use super::quantity::{Quantity, Rate};
use super::target::TargetKey;

/// A target in a cascade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CascadeNode {
    /// The target.
    pub target: TargetKey,
    /// The target it was handed down from.
    pub parent: Option<TargetKey>,
    /// How far below the top.
    #[schema(minimum = 0, maximum = 100)]
    pub depth: i32,
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub name: Name,
    /// The value set.
    pub value: Option<Quantity>,
    /// Its share of the value above it, percent.
    pub share: Option<Rate>,
    /// What was handed down from it, each unit's values added up; null where nothing was.
    pub handed_down: Option<Quantity>,
    /// `value − handed_down` where that is more than nothing (未分解); null where nothing was handed down.
    pub uncovered: Option<Quantity>,
    /// `handed_down − value` where that is more than nothing (加码).
    pub headroom: Option<Quantity>,
    /// What the unit itself reported.
    pub reported: Option<Quantity>,
    /// What those it was handed down to reached, each unit once; null where none reported, or where figures do not add up
    /// (percentages, qualities).
    pub rolled_up: Option<Quantity>,
    /// How many units it was handed down to that reported nothing.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub unreported: i32,
    /// Whether its figure counts in the one above: not where the unit, or one above it, counts already.
    pub counted: bool,
    /// How far the unit reached it, by what it reported itself, else by what was rolled up.
    pub completion: Completion,
}

/// Another target for the same unit, year and indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RivalTarget {
    /// The target.
    pub target: TargetKey,
    /// Who set it.
    pub assigner: Assigner,
    /// The value set.
    pub value: Option<Quantity>,
    /// How much more than the target of the cascade; negative where less.
    pub difference: Option<Quantity>,
}

/// A target handed down, with everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cascade {
    /// The target at the top.
    pub id: TargetKey,
    /// The indicator's name.
    pub name: Name,
    /// Its measure unit.
    pub measure_unit: Name,
    /// Which way is good.
    pub direction: Direction,
    /// The targets, each before those below it.
    #[schema(max_items = 100_000)]
    pub nodes: Vec<CascadeNode>,
    /// What others set for the same unit, year and indicator, side by side.
    #[schema(max_items = 1000)]
    pub beside: Vec<RivalTarget>,
    /// Units that got the same from more than one, or that lie inside another that got it (重复下达).
    #[schema(max_items = 100_000)]
    pub twice: Vec<UnitCode>,
}

/// What a cascade is made of.
#[derive(Debug)]
pub struct Roots<'a> {
    /// The target at the top.
    pub top: SetTarget,
    /// Everything that was handed down from it, in any order.
    pub below: Vec<SetTarget>,
    /// Other targets of the same unit, year and indicator.
    pub beside: Vec<SetTarget>,
    /// The indicator.
    pub indicator: &'a IndicatorFacts,
    /// What each unit reported.
    pub reported: BTreeMap<UnitCode, Quantity>,
    /// Names of the units.
    pub names: BTreeMap<UnitCode, Name>,
    /// The unit right above each.
    pub above: BTreeMap<UnitCode, UnitCode>,
}

/// Whether a unit lies inside another, `above` being the unit right above each.
pub fn is_inside(above: &BTreeMap<UnitCode, UnitCode>, unit: &UnitCode, other: &UnitCode) -> bool {
    std::iter::successors(above.get(unit), |one| above.get(*one)).take(100).any(|one| one == other)
}

/// What was handed down from one target, and whether it closes with it.
#[derive(Debug, Default)]
pub struct HandedDown<'a> {
    /// The targets whose figures count: a unit once, and no unit inside another.
    pub counted: BTreeSet<&'a TargetKey>,
    /// Those that do not.
    pub twice: Vec<&'a SetTarget>,
    /// What counts, added up.
    pub sum: Option<Quantity>,
    /// What of the target was not handed down; null where figures do not add up.
    pub uncovered: Option<Quantity>,
    /// What more was handed down than the target.
    pub headroom: Option<Quantity>,
}

impl<'a> HandedDown<'a> {
    /// What was handed down from `parent` to `children`, `above` being the unit right above each. A unit that was moved
    /// away since is not below any more, whoever looks.
    pub fn of(
        parent: &SetTarget,
        indicator: &IndicatorFacts,
        children: &[&'a SetTarget],
        above: &BTreeMap<UnitCode, UnitCode>,
    ) -> Self {
        let value = parent.facts.value;
        let is_below = |child: &&&SetTarget| is_inside(above, &child.key.unit, &parent.key.unit);
        let children: Vec<&SetTarget> = children.iter().filter(is_below).copied().collect();
        let mut first: BTreeMap<&UnitCode, &TargetKey> = BTreeMap::new();
        for child in &children {
            let place = first.entry(&child.key.unit).or_insert(&child.key);
            *place = (*place).min(&child.key);
        }
        let outermost = |unit: &UnitCode| !first.keys().any(|other| is_inside(above, unit, other));
        let counted: BTreeSet<_> = first.iter().filter(|(unit, _)| outermost(unit)).map(|(_, key)| *key).collect();
        if counted.is_empty() {
            return Self::default();
        }
        let values = children.iter().filter(|child| counted.contains(&child.key)).map(|child| child.facts.value);
        let sum = values.collect::<Option<Vec<_>>>().and_then(Quantity::sum);
        let nothing = Quantity::of_micros(0);
        let rest = |one, other| minus(one, other).filter(|_| indicator.adds_up()).map(|rest| rest.max(nothing));
        let twice = children.iter().filter(|child| !counted.contains(&child.key)).copied().collect();
        Self { counted, twice, sum, uncovered: rest(value, sum), headroom: rest(sum, value) }
    }
}

impl Cascade {
    /// The cascade of a target.
    pub fn of(roots: &Roots<'_>) -> Self {
        let indicator = roots.indicator;
        let mut children: BTreeMap<&TargetKey, Vec<&SetTarget>> = BTreeMap::new();
        for target in &roots.below {
            if let Some(parent) = &target.facts.parent {
                children.entry(parent).or_default().push(target);
            }
        }
        for siblings in children.values_mut() {
            siblings.sort_by(|one, other| one.key.cmp(&other.key));
        }
        let mut nodes = Vec::new();
        let mut twice = BTreeSet::new();
        descend(roots, &children, &roots.top, (0, true, None), &mut nodes, &mut twice);
        let beside = roots.beside.iter().map(|other| RivalTarget {
            target: other.key.clone(),
            assigner: other.key.assigner.clone(),
            value: other.facts.value,
            difference: minus(other.facts.value, roots.top.facts.value),
        });
        Self {
            id: roots.top.key.clone(),
            name: indicator.name.clone(),
            measure_unit: indicator.measure_unit.clone(),
            direction: indicator.direction,
            nodes,
            beside: beside.collect(),
            twice: twice.into_iter().collect(),
        }
    }
}

fn minus(one: Option<Quantity>, other: Option<Quantity>) -> Option<Quantity> {
    one?.micros().checked_sub(other?.micros()).map(Quantity::of_micros)
}

/// Adds a target and all below it; answers what counts for it in the one above.
fn descend<'a>(
    roots: &'a Roots<'_>,
    children: &BTreeMap<&TargetKey, Vec<&'a SetTarget>>,
    target: &'a SetTarget,
    (depth, counted, whole): (i32, bool, Option<Quantity>),
    nodes: &mut Vec<CascadeNode>,
    twice: &mut BTreeSet<UnitCode>,
) -> Option<Quantity> {
    /// A tree is never deeper; a circle would be.
    const DEEPEST: i32 = 50;
    let below = children.get(&target.key).filter(|_| depth < DEEPEST).map_or(&[][..], Vec::as_slice);
    let is_below = |child: &&&SetTarget| is_inside(&roots.above, &child.key.unit, &target.key.unit);
    let below: Vec<&SetTarget> = below.iter().filter(is_below).copied().collect();
    let place = nodes.len();
    let (value, reported) = (target.facts.value, roots.reported.get(&target.key.unit).copied());
    let unit = target.key.unit.clone();
    let name = roots.names.get(&unit).cloned();
    nodes.push(CascadeNode {
        target: target.key.clone(),
        parent: target.facts.parent.clone(),
        depth,
        name: name.unwrap_or_else(|| roots.indicator.name.clone()),
        unit,
        value,
        share: value.zip(whole).and_then(|(part, whole)| Rate::of(part.micros(), whole.micros())),
        handed_down: None,
        uncovered: None,
        headroom: None,
        reported,
        rolled_up: None,
        unreported: 0,
        counted,
        completion: Completion::of(roots.indicator.direction, value, reported),
    });
    let handed_down = HandedDown::of(target, roots.indicator, &below, &roots.above);
    twice.extend(handed_down.twice.iter().map(|child| child.key.unit.clone()));
    let mut figures = Vec::new();
    for child in &below {
        let counts = handed_down.counted.contains(&child.key);
        let figure = descend(roots, children, child, (depth + 1, counts, value), nodes, twice);
        if counts {
            figures.push(figure);
        }
    }
    let node = &mut nodes[place];
    if !below.is_empty() {
        node.handed_down = handed_down.sum;
        (node.uncovered, node.headroom) = (handed_down.uncovered, handed_down.headroom);
        node.unreported = i32::try_from(figures.iter().filter(|figure| figure.is_none()).count()).unwrap_or(i32::MAX);
        let known: Vec<Quantity> = figures.into_iter().flatten().collect();
        if roots.indicator.adds_up() && !known.is_empty() {
            node.rolled_up = Quantity::sum(known);
        }
    }
    let reached = node.reported.or(node.rolled_up);
    node.completion = Completion::of(roots.indicator.direction, value, reached);
    reached
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::indicator::{Category, Subcategory};
    use crate::domain::kept::Kept;
    use crate::domain::target::TargetFacts;

    fn indicator() -> IndicatorFacts {
        IndicatorFacts {
            name: "外商直接投资".parse().unwrap(),
            measure_unit: "万美元".parse().unwrap(),
            category: Category::Benefit,
            subcategory: Subcategory::EconomicBenefit,
            direction: Direction::AtLeast,
            cumulative: true,
            place: None,
            part_of: Vec::new(),
        }
    }

    fn target(unit: &str, assigner: &str, value: i64, parent: Option<&str>) -> SetTarget {
        Kept {
            key: format!("{unit}:2023::fdi:{assigner}").parse().unwrap(),
            facts: TargetFacts {
                value: Some(Quantity::of_micros(value)),
                value_as_printed: None,
                goal: None,
                document: None,
                parent: parent.map(|parent| parent.parse().unwrap()),
                adjustment_reason: None,
                adjustment_document: None,
            },
            revision: 1,
        }
    }

    fn cascade(below: Vec<SetTarget>, reported: &[(&str, i64)], above: &[(&str, &str)]) -> Cascade {
        let indicator = indicator();
        Cascade::of(&Roots {
            top: target("county", "city", 320, None),
            below,
            beside: vec![target("county", "county", 400, None)],
            indicator: &indicator,
            reported: reported
                .iter()
                .map(|(unit, value)| (unit.parse().unwrap(), Quantity::of_micros(*value)))
                .collect(),
            names: BTreeMap::new(),
            above: above.iter().map(|(unit, over)| (unit.parse().unwrap(), over.parse().unwrap())).collect(),
        })
    }

    const TOP: &str = "county:2023::fdi:city";

    #[test]
    fn what_is_not_covered_and_what_is_too_much_is_said() {
        const ABOVE: &[(&str, &str)] = &[("a", "county"), ("b", "county")];
        let below = |one, other| vec![target("a", "county", one, Some(TOP)), target("b", "county", other, Some(TOP))];
        let read =
            |cascade: &Cascade| (cascade.nodes[0].handed_down, cascade.nodes[0].uncovered, cascade.nodes[0].headroom);
        let q = |micros| Some(Quantity::of_micros(micros));
        assert_eq!(read(&cascade(below(200, 100), &[], ABOVE)), (q(300), q(20), q(0)));
        assert_eq!(read(&cascade(below(200, 150), &[], ABOVE)), (q(350), q(0), q(30)));
        // One was moved away since.
        assert_eq!(read(&cascade(below(200, 150), &[], &ABOVE[..1])), (q(200), q(120), q(0)));
        assert_eq!(read(&cascade(Vec::new(), &[], &[])), (None, None, None));
        assert_eq!(cascade(Vec::new(), &[], &[]).beside[0].difference, q(80));
    }

    #[test]
    fn a_unit_counts_once_and_so_does_what_lies_inside_it() {
        let below = vec![
            target("a", "county", 200, Some(TOP)),
            target("a", "office", 50, Some(TOP)),
            target("village", "county", 20, Some(TOP)),
            target("b", "county", 100, Some(TOP)),
        ];
        let cascade = cascade(
            below,
            &[("a", 70), ("village", 30), ("b", 5)],
            &[("village", "a"), ("a", "county"), ("b", "county")],
        );
        let top = &cascade.nodes[0];
        assert_eq!((top.rolled_up, top.handed_down), (Some(Quantity::of_micros(75)), Some(Quantity::of_micros(300))));
        let twice: Vec<_> = cascade.twice.iter().map(UnitCode::as_str).collect();
        assert_eq!(twice, ["a", "village"]);
    }

    #[test]
    fn who_reported_nothing_is_counted_and_no_zero() {
        let below = vec![target("a", "county", 200, Some(TOP)), target("b", "county", 120, Some(TOP))];
        let above = [("a", "county"), ("b", "county")];
        let one = cascade(below.clone(), &[("a", 70)], &above);
        assert_eq!((one.nodes[0].rolled_up, one.nodes[0].unreported), (Some(Quantity::of_micros(70)), 1));
        let none = cascade(below, &[], &above);
        assert_eq!((none.nodes[0].rolled_up, none.nodes[0].unreported), (None, 2));
    }

    proptest! {
        #[test]
        fn allocation_and_roll_up_close_for_any_tree(parents in proptest::collection::vec(any::<prop::sample::Index>(), 1..40), figures in proptest::collection::vec(0_i64..1_000_000, 41)) {
            // Unit n hangs below one of those before it; leaves report and are set what they report, others the sum below.
            let over: Vec<usize> = parents.iter().enumerate().map(|(place, index)| index.index(place + 1)).collect();
            let count = over.len() + 1;
            let is_leaf = |unit: usize| !over.contains(&unit);
            let mut values = vec![0_i64; count];
            for unit in (0..count).rev() {
                if is_leaf(unit) { values[unit] = figures[unit]; }
                if unit > 0 { let value = values[unit]; values[over[unit - 1]] += value; }
            }
            let name = |unit: usize| if unit == 0 { "county".to_owned() } else { format!("u{unit}") };
            let key = |unit: usize| format!("{}:2023::fdi:{}", name(unit), if unit == 0 { "city" } else { "county" });
            let below: Vec<_> = (1..count).map(|unit| target(&name(unit), "county", values[unit], Some(&key(over[unit - 1])))).collect();
            let indicator = indicator();
            let unit = |unit: usize| name(unit).parse::<UnitCode>().unwrap();
            let cascade = Cascade::of(&Roots {
                top: target("county", "city", values[0], None),
                below,
                beside: Vec::new(),
                indicator: &indicator,
                reported: (0..count).filter(|one| is_leaf(*one)).map(|one| (unit(one), Quantity::of_micros(values[one]))).collect(),
                names: BTreeMap::new(),
                above: (1..count).map(|one| (unit(one), unit(over[one - 1]))).collect(),
            });
            prop_assert_eq!(cascade.nodes.len(), count);
            prop_assert!(cascade.twice.is_empty());
            let leaves: i64 = (0..count).filter(|one| is_leaf(*one)).map(|one| values[one]).sum();
            prop_assert_eq!(cascade.nodes[0].reported.or(cascade.nodes[0].rolled_up), Some(Quantity::of_micros(leaves)));
            for node in &cascade.nodes {
                prop_assert!(node.uncovered.is_none_or(|rest| rest.micros() == 0) && node.headroom.is_none_or(|rest| rest.micros() == 0));
                prop_assert!(node.rolled_up.is_none_or(|sum| Some(sum) == node.value));
            }
        }
    }
}
