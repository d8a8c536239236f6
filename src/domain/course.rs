//! The course of a year (进度): months and cumulative figures, each derived from the other, and where it is heading.

use super::indicator::{Direction, IndicatorFacts};
use super::period::Month;
use super::quantity::{Quantity, Rate};

/// What a unit reported of an indicator from January through a month, aggregated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Course {
    /// The figure of the month itself, as reported.
    pub this: Option<Quantity>,
    /// The last month reported on, and its figure.
    pub last: Option<(Month, Quantity)>,
    /// The last month reported on before the month itself, and its figure.
    pub before: Option<(Month, Quantity)>,
    /// The sum of all figures.
    pub sum: Option<Quantity>,
    /// The sum of all figures before the month itself.
    pub sum_before: Option<Quantity>,
}

/// Whether the last figure stands for the year so far; otherwise the sum does.
fn last_counts(indicator: &IndicatorFacts) -> bool {
    indicator.cumulative || indicator.direction == Direction::Qualitative
}

impl Course {
    /// The year so far.
    pub fn so_far(&self, indicator: &IndicatorFacts) -> Option<Quantity> {
        if last_counts(indicator) { self.last.map(|(_, value)| value) } else { self.sum }
    }

    /// The year as it stood a month earlier.
    pub fn so_far_before(&self, indicator: &IndicatorFacts) -> Option<Quantity> {
        if last_counts(indicator) { self.before.map(|(_, value)| value) } else { self.sum_before }
    }

    /// What the month brought: the difference of two cumulative figures of neighbouring months, or the figure itself.
    /// Not known where the month before was not reported; January brought what it reports.
    pub fn of_month(&self, indicator: &IndicatorFacts, month: Month) -> Option<Quantity> {
        let this = self.this?;
        if !indicator.cumulative || indicator.direction == Direction::Qualitative || month.number() == 1 {
            return Some(this);
        }
        let (_, before) = self.before.filter(|(earlier, _)| Some(*earlier) == month.previous())?;
        this.micros().checked_sub(before.micros()).map(Quantity::of_micros)
    }

    /// The year so far, if it was reported through the month of this number: what is compared with that month alone.
    pub fn so_far_through(&self, indicator: &IndicatorFacts, month: u8) -> Option<Quantity> {
        self.so_far(indicator).filter(|_| self.last.is_some_and(|(last, _)| last.number() == month))
    }

    /// Whether a cumulative figure fell, which it never does without a correction.
    pub fn fell(&self, indicator: &IndicatorFacts) -> bool {
        let pair = self.this.zip(self.before);
        indicator.cumulative
            && indicator.direction != Direction::Qualitative
            && pair.is_some_and(|(this, (_, before))| this < before)
    }
}

/// How much more than a year ago, percent of then; nothing where either is not known or then was nothing.
pub fn growth(now: Option<Quantity>, then: Option<Quantity>) -> Option<Rate> {
    let (now, then) = (i128::from(now?.micros()), i128::from(then?.micros()));
    if then > 0 { Rate::of(now - then, then) } else { None }
}

/// How much of what the months gone ask for was reached, percent: `actual ÷ (target × m ÷ 12)`.
///
/// A ceiling, a percentage and a qualitative target have no pace.
pub fn pace(
    indicator: &IndicatorFacts,
    target: Option<Quantity>,
    actual: Option<Quantity>,
    month: Month,
) -> Option<Rate> {
    if matches!(indicator.direction, Direction::AtMost | Direction::LessThan) || !indicator.adds_up() {
        return None;
    }
    let (target, actual) = (i128::from(target?.micros()), i128::from(actual?.micros()));
    if target > 0 { Rate::of(actual * 12, target * i128::from(month.number())) } else { None }
}

crate::choice! {
    /// What a forecast of the year's end rests on.
    pub enum ForecastBasis {
        /// The year is over: it is what was reached.
        Reached = "reached", "已到年末";
        /// The part that the same months of last year were of last year.
        LastYear = "last_year", "按上年同期占比";
        /// The months gone, in proportion.
        Linear = "linear", "按时间进度";
        /// It stays as it is: a percentage, or a level that must not be exceeded.
        Level = "level", "按现值";
        /// Nothing was reported.
        Nothing = "nothing", "无数据";
    }
}

/// Where a year is heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// The year's end, in the measure unit of the indicator, two decimals.
    pub value: Option<Quantity>,
    /// What it rests on.
    pub basis: ForecastBasis,
}

impl Forecast {
    /// The year's end from the year so far: by last year's course where that is known, else in proportion to the months.
    ///
    /// `last_year` is the year before through the same month, and the whole of it.
    pub fn of(
        indicator: &IndicatorFacts,
        so_far: Option<Quantity>,
        through: Option<Month>,
        last_year: Option<(Quantity, Quantity)>,
    ) -> Self {
        let Some((now, month)) = so_far.zip(through) else {
            return Self { value: None, basis: ForecastBasis::Nothing };
        };
        if month.number() == 12 {
            return Self { value: Some(now), basis: ForecastBasis::Reached };
        }
        if !indicator.adds_up() {
            return Self { value: Some(now), basis: ForecastBasis::Level };
        }
        let scaled = |whole: i128, part: i128| {
            // To two decimals: a forecast that looks exact to the millionth is believed to be.
            let cents = super::fixed::divide_half_up(i128::from(now.micros()) * whole, part * 10_000);
            i64::try_from(cents * 10_000).ok().map(Quantity::of_micros)
        };
        match last_year.map(|(part, whole)| (i128::from(part.micros()), i128::from(whole.micros()))) {
            Some((part, whole)) if part > 0 && whole >= part => {
                Self { value: scaled(whole, part), basis: ForecastBasis::LastYear }
            }
            _ => Self { value: scaled(12, month.number().into()), basis: ForecastBasis::Linear },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::indicator::{Category, Subcategory};

    fn q(text: &str) -> Option<Quantity> {
        text.parse().ok()
    }

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn indicator(cumulative: bool) -> IndicatorFacts {
        IndicatorFacts {
            name: "省外境内资金".parse().unwrap(),
            measure_unit: "亿元".parse().unwrap(),
            category: Category::Benefit,
            subcategory: Subcategory::EconomicBenefit,
            direction: Direction::AtLeast,
            cumulative,
            place: None,
            part_of: Vec::new(),
        }
    }

    /// The course of figures from January on, as the database aggregates them; `None` was not reported.
    fn course(figures: &[Option<&str>]) -> Course {
        let of = |place: usize| month(&format!("2023-{:02}", place + 1));
        let known = |some: &[Option<&str>]| {
            some.iter().enumerate().filter_map(|(place, one)| Some((of(place), q((*one)?)?))).collect::<Vec<_>>()
        };
        let (all, before) = (known(figures), known(&figures[..figures.len() - 1]));
        let sum = |some: &[(Month, Quantity)]| Quantity::sum(some.iter().map(|one| one.1)).filter(|_| !some.is_empty());
        Course {
            this: figures[figures.len() - 1].and_then(q),
            last: all.last().copied(),
            before: before.last().copied(),
            sum: sum(&all),
            sum_before: sum(&before),
        }
    }

    #[test]
    fn months_and_cumulative_figures_follow_from_each_other() {
        let july = month("2023-07");
        for (cumulative, figures, so_far, of_month) in [
            (
                true,
                vec![Some("1"), Some("3"), Some("3.5"), None, Some("5"), Some("8"), Some("8.25")],
                "8.25",
                Some("0.25"),
            ),
            (false, vec![Some("1"), Some("3"), None, None, None, None, Some("2")], "6", Some("2")),
            // June was not reported: what July brought is not known.
            (true, vec![Some("1"), None, None, None, None, None, Some("2")], "2", None),
            // July was not reported: the year stands where it stood.
            (true, vec![Some("1"), None, None, None, None, Some("2"), None], "2", None),
        ] {
            let (course, indicator) = (course(&figures), indicator(cumulative));
            assert_eq!(course.so_far(&indicator), q(so_far), "{figures:?}");
            assert_eq!(course.of_month(&indicator, july), of_month.and_then(q), "{figures:?}");
        }
    }

    #[test]
    fn a_cumulative_figure_that_falls_is_noticed() {
        assert!(course(&[Some("5"), None, Some("4")]).fell(&indicator(true)));
        assert!(!course(&[Some("5"), None, Some("5")]).fell(&indicator(true)));
        assert!(!course(&[Some("5"), Some("4")]).fell(&indicator(false)));
    }

    #[test]
    fn the_pace_is_what_the_months_gone_ask_for() {
        let pace = |target, actual, at: &str| {
            super::pace(&indicator(true), q(target), q(actual), month(at)).map(|rate| rate.to_string())
        };
        assert_eq!(pace("120", "60", "2023-06"), Some("100.00".into()));
        assert_eq!(pace("320", "21", "2023-12"), Some("6.56".into()));
        assert_eq!(pace("36", "18", "2023-05"), Some("120.00".into()));
        assert_eq!(pace("0", "5", "2023-05"), None);
        let ceiling = IndicatorFacts { direction: Direction::AtMost, ..indicator(true) };
        let percentage = IndicatorFacts { measure_unit: "%".parse().unwrap(), ..indicator(true) };
        for without in [ceiling, percentage] {
            assert_eq!(super::pace(&without, q("5"), q("5"), month("2023-05")), None);
        }
    }

    #[test]
    fn forecasts_say_what_they_rest_on() {
        let forecast = |so_far, through: &str, last_year: Option<(&str, &str)>| {
            let last_year = last_year.and_then(|(part, whole)| Some((q(part)?, q(whole)?)));
            let one = Forecast::of(&indicator(true), q(so_far), through.parse().ok(), last_year);
            (one.value.map_or_else(String::new, |value| value.to_string()), one.basis)
        };
        assert_eq!(forecast("60", "2023-06", None), ("120".into(), ForecastBasis::Linear));
        // Last year a quarter of the year's money had come by June.
        assert_eq!(forecast("60", "2023-06", Some(("25", "100"))), ("240".into(), ForecastBasis::LastYear));
        assert_eq!(forecast("10", "2023-07", None), ("17.14".into(), ForecastBasis::Linear));
        assert_eq!(forecast("124.57", "2023-12", Some(("1", "100"))), ("124.57".into(), ForecastBasis::Reached));
        assert_eq!(forecast("", "2023-12", None), (String::new(), ForecastBasis::Nothing));
        assert_eq!(forecast("5", "2023-06", Some(("0", "100"))), ("10".into(), ForecastBasis::Linear));
    }

    #[test]
    fn growth_is_against_the_same_months_of_last_year() {
        assert_eq!(growth(q("110"), q("100")).map(|rate| rate.to_string()), Some("10.00".into()));
        assert_eq!(growth(q("50"), q("100")).map(|rate| rate.to_string()), Some("-50.00".into()));
        assert_eq!((growth(q("1"), q("0")), growth(None, q("1"))), (None, None));
    }

    proptest! {
        #[test]
        fn months_add_up_to_the_year(figures in proptest::collection::vec(0_i64..1_000_000_000, 1..=12)) {
            // Each month reported, cumulative: the months add up to the last figure.
            let mut sum = 0;
            let cumulative: Vec<String> = figures.iter().map(|one| { sum += one; Quantity::of_micros(sum).to_string() }).collect();
            let months: i64 = (1..=cumulative.len())
                .map(|upto| {
                    let some: Vec<_> = cumulative[..upto].iter().map(|one| Some(one.as_str())).collect();
                    course(&some).of_month(&indicator(true), month(&format!("2023-{upto:02}"))).unwrap().micros()
                })
                .sum();
            prop_assert_eq!(months, sum);
        }
    }
}
