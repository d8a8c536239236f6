//! Completion (完成情况): how much of a target was reached, and the share of its points that earns.
//!
//! The method is that of 财预〔2020〕10号, with the mirror rule for ≤ as deployed fiscal systems compute it.

use serde::Serialize;
use utoipa::ToSchema;

use super::indicator::Direction;
use super::quantity::{Percent, Points, Quantity, Rate};

crate::choice! {
    /// Whether a target was reached.
    pub enum CompletionState {
        /// Reached.
        Met = "met", "完成";
        /// Not reached.
        Missed = "missed", "未完成";
        /// Not known: no target or no actual. Never the same as missed.
        Unknown = "unknown", "未知";
    }
}

crate::choice! {
    /// Why there is no percentage, if there is none.
    pub enum CompletionNote {
        /// There is one.
        Known = "known", "已知";
        /// No target value was set.
        NoTarget = "no_target", "没有目标值";
        /// Nothing was reported.
        NoActual = "no_actual", "没有完成值";
        /// The target is zero or below: a share of nothing is no percentage.
        ZeroTarget = "zero_target", "目标值为零";
    }
}

/// How far a target was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Completion {
    /// Met, missed or unknown.
    pub state: CompletionState,
    /// Actual ÷ target in percent, two decimals, half up; for ≤ the mirror `2 − actual ÷ target`, not below zero.
    pub percent: Option<Rate>,
    /// Why the percentage is null.
    pub note: CompletionNote,
}

/// The percentage from which a qualitative target counts as reached (达成年度指标, 100–80 %).
const QUALITATIVE_MET: i64 = 80_000_000;

impl Completion {
    /// Compares an actual with its target.
    ///
    /// Of a qualitative indicator the actual is the percentage achieved and no target value is needed.
    pub fn of(direction: Direction, target: Option<Quantity>, actual: Option<Quantity>) -> Self {
        let unknown = |note| Self { state: CompletionState::Unknown, percent: None, note };
        let Some(actual) = actual.map(Quantity::micros) else { return unknown(CompletionNote::NoActual) };
        if direction == Direction::Qualitative {
            let percent = Rate::of(actual, Quantity::of_micros(100_000_000).micros());
            return Self { state: state(actual >= QUALITATIVE_MET), percent, note: CompletionNote::Known };
        }
        let Some(target) = target.map(Quantity::micros) else { return unknown(CompletionNote::NoTarget) };
        let met = match direction {
            Direction::AtLeast => actual >= target,
            Direction::MoreThan => actual > target,
            Direction::Equal => actual == target,
            Direction::LessThan => actual < target,
            Direction::AtMost | Direction::Qualitative => actual <= target,
        };
        let part = match direction {
            Direction::AtMost | Direction::LessThan => (2 * i128::from(target) - i128::from(actual)).max(0),
            _ => i128::from(actual),
        };
        let percent = if target > 0 { Rate::of(part, target) } else { None };
        let note = if percent.is_some() { CompletionNote::Known } else { CompletionNote::ZeroTarget };
        Self { state: state(met), percent, note }
    }
}

fn state(met: bool) -> CompletionState {
    if met { CompletionState::Met } else { CompletionState::Missed }
}

/// The share of its points an actual earns, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// All of them: the target is reached.
    All,
    /// None: nothing was reached, or there is no proportion to a target of zero.
    Nothing,
    /// In proportion, `actual ÷ target`.
    Proportion(Quantity, Quantity),
    /// In proportion to what is left below twice the ceiling, `2 − actual ÷ target`.
    Mirror(Quantity, Quantity),
    /// The percentage achieved of a qualitative target.
    Percent(Quantity),
}

impl Share {
    /// The share an actual earns; null when not known.
    ///
    /// A strict `>` that is just reached has the whole proportion and so the whole points, as deployed systems give
    /// them; so has an `=` that is exceeded.
    pub fn of(direction: Direction, target: Option<Quantity>, actual: Option<Quantity>) -> Option<Self> {
        let actual = actual?;
        if direction == Direction::Qualitative {
            return Some(Self::Percent(actual));
        }
        let (target, a, t) = (target?, actual.micros(), target?.micros());
        Some(match direction {
            Direction::AtLeast | Direction::MoreThan if a >= t => Self::All,
            Direction::Equal if a == t || (t == 0 && a < 0) || (t > 0 && a > t) => Self::All,
            Direction::AtMost | Direction::LessThan if a <= t => Self::All,
            _ if t <= 0 => Self::Nothing,
            Direction::AtMost | Direction::LessThan if i128::from(a) >= 2 * i128::from(t) => Self::Nothing,
            Direction::AtMost | Direction::LessThan => Self::Mirror(actual, target),
            _ if a <= 0 => Self::Nothing,
            _ => Self::Proportion(actual, target),
        })
    }

    /// This share of so many points, rounded half up to two decimals.
    pub fn of_points(self, weight: Points) -> Points {
        let wide = |quantity: Quantity| i128::from(quantity.micros());
        match self {
            Self::All => weight,
            Self::Nothing => Points::ZERO,
            Self::Proportion(actual, target) => weight.times(wide(actual), wide(target)),
            Self::Mirror(actual, target) => weight.times(2 * wide(target) - wide(actual), wide(target)),
            Self::Percent(actual) => weight.times(wide(actual).clamp(0, 100_000_000), 100_000_000),
        }
    }

    /// The computation as a person would write it: `11.25 × 21 ÷ 320 = 0.74`.
    pub fn formula(self, weight: Points) -> String {
        let points = self.of_points(weight);
        match self {
            Self::All => format!("{weight} × 1 = {points}"),
            Self::Nothing => format!("{weight} × 0 = {points}"),
            Self::Proportion(actual, target) => format!("{weight} × {actual} ÷ {target} = {points}"),
            Self::Mirror(actual, target) => format!("{weight} × (2 − {actual} ÷ {target}) = {points}"),
            Self::Percent(actual) => format!("{weight} × {actual}% = {points}"),
        }
    }
}

/// How far a target was reached, as a fraction that does not stop at the whole: of a ceiling the mirror of how much of it
/// was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    part: i128,
    whole: i128,
}

impl Reach {
    /// The fraction; nothing where it is not known. Of a target of zero, all or nothing.
    pub fn of(direction: Direction, target: Option<Quantity>, actual: Option<Quantity>) -> Option<Self> {
        let reached = i128::from(actual?.micros());
        if direction == Direction::Qualitative {
            return Some(Self { part: reached.clamp(0, 100_000_000), whole: 100_000_000 });
        }
        let wanted = i128::from(target?.micros());
        if wanted <= 0 {
            let met = Completion::of(direction, target, actual).state == CompletionState::Met;
            return Some(Self { part: met.into(), whole: 1 });
        }
        let part = match direction {
            Direction::AtMost | Direction::LessThan => 2 * wanted - reached,
            Direction::Equal => reached.min(wanted),
            _ => reached,
        };
        Some(Self { part: part.max(0), whole: wanted })
    }

    /// Whether it is at least so many percent, exactly.
    pub fn at_least(self, percent: Percent) -> bool {
        self.part * 10_000 >= i128::from(percent.hundredths()) * self.whole
    }

    /// In hundredths of a percent, rounded half up, as it is printed.
    pub fn hundredths(self) -> i128 {
        Rate::of(self.part, self.whole).map_or(0, Rate::hundredths)
    }

    /// This fraction of so many points, at most `cap` of them.
    pub fn of_points(self, weight: Points, cap: Percent) -> Points {
        let capped = (self.part * 10_000).min(i128::from(cap.hundredths()) * self.whole);
        weight.times(capped, self.whole * 10_000)
    }

    /// The computation as a person would write it.
    pub fn formula(self, weight: Points, points: Points) -> String {
        let shown = |micros: i128| Quantity::of_micros(i64::try_from(micros).unwrap_or(i64::MAX));
        format!("{weight} × {} ÷ {} = {points}", shown(self.part), shown(self.whole))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn q(text: &str) -> Option<Quantity> {
        text.parse().ok()
    }

    #[test]
    fn the_eight_completions_of_2023() {
        for (name, target, actual, percent, state) in [
            ("外商直接投资", "320", "21", "6.56", CompletionState::Missed),
            ("省外境内资金", "120", "124.57", "103.81", CompletionState::Met),
            ("域外省内资金", "4.9", "5.01", "102.24", CompletionState::Met),
            ("湘商回湘到位资金", "32", "16.47", "51.47", CompletionState::Missed),
            ("湘商新注册企业", "15", "13", "86.67", CompletionState::Missed),
            ("新签约项目", "36", "47", "130.56", CompletionState::Met),
            ("新开工项目", "30", "34", "113.33", CompletionState::Met),
            ("新投产项目", "22", "26", "118.18", CompletionState::Met),
        ] {
            let completion = Completion::of(Direction::AtLeast, q(target), q(actual));
            assert_eq!(completion.percent.map(|rate| rate.to_string()).as_deref(), Some(percent), "{name}");
            assert_eq!(completion.state, state, "{name}");
        }
    }

    #[test]
    fn each_direction_has_its_own_rule() {
        use CompletionState::{Met, Missed};
        use Direction::{AtLeast, AtMost, Equal, LessThan, MoreThan, Qualitative};
        for (direction, target, actual, state, percent, points) in [
            (AtLeast, "10", "10", Met, Some("100.00"), "10.00"),
            (AtLeast, "10", "9", Missed, Some("90.00"), "9.00"),
            (AtLeast, "10", "-1", Missed, Some("-10.00"), "0.00"),
            (AtLeast, "0", "5", Met, None, "10.00"),
            (AtLeast, "0", "-5", Missed, None, "0.00"),
            (MoreThan, "10", "10", Missed, Some("100.00"), "10.00"),
            (MoreThan, "10", "10.000001", Met, Some("100.00"), "10.00"),
            (Equal, "10", "10", Met, Some("100.00"), "10.00"),
            (Equal, "10", "12", Missed, Some("120.00"), "10.00"),
            (Equal, "0", "0", Met, None, "10.00"),
            (Equal, "0", "1", Missed, None, "0.00"),
            (AtMost, "10", "8", Met, Some("120.00"), "10.00"),
            (AtMost, "10", "10", Met, Some("100.00"), "10.00"),
            (AtMost, "10", "12.5", Missed, Some("75.00"), "7.50"),
            (AtMost, "10", "20", Missed, Some("0.00"), "0.00"),
            (AtMost, "10", "99", Missed, Some("0.00"), "0.00"),
            (AtMost, "0", "0", Met, None, "10.00"),
            (LessThan, "10", "10", Missed, Some("100.00"), "10.00"),
            (Qualitative, "", "80", Met, Some("80.00"), "8.00"),
            (Qualitative, "", "79.99", Missed, Some("79.99"), "8.00"),
            (Qualitative, "", "60", Missed, Some("60.00"), "6.00"),
        ] {
            let completion = Completion::of(direction, q(target), q(actual));
            let case = format!("{direction} {target} {actual}");
            assert_eq!(completion.state, state, "{case}");
            assert_eq!(completion.percent.map(|rate| rate.to_string()).as_deref(), percent, "{case}");
            let share = Share::of(direction, q(target), q(actual)).unwrap();
            assert_eq!(share.of_points(Points::whole(10)).to_string(), points, "{case}");
        }
    }

    #[test]
    fn formulas_say_what_was_computed() {
        for (direction, target, actual, formula) in [
            (Direction::AtLeast, "320", "21", "11.25 × 21 ÷ 320 = 0.74"),
            (Direction::AtLeast, "30", "34", "11.25 × 1 = 11.25"),
            (Direction::AtLeast, "0", "-5", "11.25 × 0 = 0.00"),
            (Direction::Equal, "10", "12", "11.25 × 1 = 11.25"),
            (Direction::AtMost, "10", "12.5", "11.25 × (2 − 12.5 ÷ 10) = 8.44"),
            (Direction::AtMost, "10", "99", "11.25 × 0 = 0.00"),
            (Direction::Qualitative, "", "85", "11.25 × 85% = 9.56"),
        ] {
            let share = Share::of(direction, q(target), q(actual)).unwrap();
            assert_eq!(share.formula("11.25".parse().unwrap()), formula);
        }
    }

    #[test]
    fn unknown_is_unknown_never_zero() {
        for (target, actual, note) in [("", "5", CompletionNote::NoTarget), ("5", "", CompletionNote::NoActual)] {
            let completion = Completion::of(Direction::AtLeast, q(target), q(actual));
            assert_eq!(completion, Completion { state: CompletionState::Unknown, percent: None, note });
            assert_eq!(Share::of(Direction::AtLeast, q(target), q(actual)), None);
        }
    }

    proptest! {
        #[test]
        fn points_lie_between_nothing_and_all_and_all_when_met(
            way in 0_usize..6, target in -1_000_000_000_i64..1_000_000_000, actual in -1_000_000_000_i64..1_000_000_000
        ) {
            let direction = Direction::ALL[way];
            let (target, actual) = (Some(Quantity::of_micros(target)), Some(Quantity::of_micros(actual)));
            let weight = Points::of_hundredths(1125);
            let points = Share::of(direction, target, actual).unwrap().of_points(weight);
            prop_assert!(Points::ZERO <= points && points <= weight);
            let met = Completion::of(direction, target, actual).state == CompletionState::Met;
            prop_assert!(!met || points == weight || direction == Direction::Qualitative);
        }

        #[test]
        fn more_is_never_worth_less(target in 1_i64..1_000_000, less in 0_i64..2_000_000, more in 0_i64..1_000_000) {
            let points = |actual| {
                let (target, actual) = (Some(Quantity::of_micros(target)), Some(Quantity::of_micros(actual)));
                Share::of(Direction::AtLeast, target, actual).unwrap().of_points(Points::whole(50))
            };
            prop_assert!(points(less) <= points(less + more));
        }
    }
}
