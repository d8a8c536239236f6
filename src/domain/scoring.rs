//! Scoring by the national method (财预〔2020〕10号), every point explained.
//!
//! Each indicator is rounded half up to two decimals, then they are added. Where a fact is missing the score is an
//! honest interval: what is earned for sure, what is not known, and what it could be at most.

use serde::Serialize;
use utoipa::ToSchema;

use super::budget_line::BudgetTotals;
use super::completion::{Completion, Share};
use super::grade::Grade;
use super::indicator::{Category, IndicatorFacts};
use super::quantity::{Points, Quantity, Rate};
use super::target::TargetKey;

/// Points for budget execution (预算执行率), the same under every scheme.
pub const EXECUTION_POINTS: Points = Points::whole(10);

/// Points for all indicators together.
pub const INDICATOR_POINTS: Points = Points::whole(90);

crate::choice! {
    /// How points are spread over the indicators; 10 are always for budget execution.
    pub enum WeightScheme {
        /// 产出 50, 效益 30, 满意度 10, equally within each (财预〔2020〕10号 art. 13); 成本 counts as 产出.
        National2020 = "national_2020", "2020年全国办法";
        /// 成本 20, 产出 40, 效益 20, 满意度 10 (财预〔2021〕101号).
        Cost2021 = "cost_2021", "2021年成本指标办法";
        /// The unit's own weights, adding up to 90.
        Own = "own", "自定权重";
    }
}

impl WeightScheme {
    /// The points of each first-level category; none under `own`, whose weights stand at the indicators.
    pub const fn categories(self) -> &'static [(Category, Points)] {
        const NATIONAL: &[(Category, Points)] = &[
            (Category::Output, Points::whole(50)),
            (Category::Benefit, Points::whole(30)),
            (Category::Satisfaction, Points::whole(10)),
        ];
        const COST: &[(Category, Points)] = &[
            (Category::Cost, Points::whole(20)),
            (Category::Output, Points::whole(40)),
            (Category::Benefit, Points::whole(20)),
            (Category::Satisfaction, Points::whole(10)),
        ];
        match self {
            Self::National2020 => NATIONAL,
            Self::Cost2021 => COST,
            Self::Own => &[],
        }
    }

    /// Where an indicator's category counts: before 2021 成本 is part of 产出.
    fn counts_as(self, category: Category) -> Category {
        match (self, category) {
            (Self::National2020, Category::Cost) => Category::Output,
            (_, category) => category,
        }
    }
}

crate::choice! {
    /// What a part of the score is for.
    pub enum ScorePartKind {
        /// 预算执行率
        ExecutionRate = "execution_rate", "预算执行率";
        /// A target
        Indicator = "indicator", "指标";
        /// A category no indicator was set for: its points can be neither earned nor denied
        UncoveredCategory = "uncovered_category", "未设指标";
    }
}

/// A part of the score, with everything needed to compute it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScorePart {
    /// What it is for.
    pub kind: ScorePartKind,
    /// The target's id, or the category's code; empty for budget execution.
    #[schema(max_length = 200)]
    pub subject: String,
    /// Its name in Chinese.
    #[schema(max_length = 200)]
    pub name: String,
    /// Its weight.
    pub weight: Points,
    /// Points earned for sure.
    pub earned: Points,
    /// Points not known.
    pub unknown: Points,
    /// The target value.
    pub target: Option<Quantity>,
    /// The actual value.
    pub actual: Option<Quantity>,
    /// The completion, percent; the execution rate for budget execution.
    pub completion: Option<Rate>,
    /// The computation: `11.25 × 21 ÷ 320 = 0.74`.
    #[schema(max_length = 400)]
    pub formula: String,
    /// Why so many points, in Chinese.
    #[schema(max_length = 1000)]
    pub explanation_zh: String,
    /// Why so many points, in English.
    #[schema(max_length = 1000)]
    pub explanation_en: String,
}

/// A computed score: an interval, closed where everything is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Score {
    /// How points were spread.
    pub scheme: WeightScheme,
    /// Earned for sure.
    pub earned: Points,
    /// Not known.
    pub unknown: Points,
    /// What it could be at most: `earned + unknown`.
    pub at_most: Points,
    /// The grade, unless what is not known could change it.
    pub grade: Grade,
    /// The grade if nothing unknown is earned.
    pub grade_at_least: Grade,
    /// The grade if everything unknown is earned.
    pub grade_at_most: Grade,
    /// Where every point comes from.
    #[schema(max_items = 210)]
    pub parts: Vec<ScorePart>,
}

/// A target to be scored, with what is known of it.
#[derive(Debug, Clone)]
pub struct Scored<'a> {
    /// The target.
    pub target: &'a TargetKey,
    /// Its indicator.
    pub indicator: &'a IndicatorFacts,
    /// The weight under `own`.
    pub weight: Option<Points>,
    /// The value set.
    pub value: Option<Quantity>,
    /// The value reached.
    pub actual: Option<Quantity>,
}

impl Score {
    /// Scores targets and budget execution under a scheme.
    pub fn of(scheme: WeightScheme, targets: &[Scored<'_>], totals: &BudgetTotals) -> Self {
        let mut parts = vec![execution(totals)];
        for (scored, weight) in targets.iter().zip(weights(scheme, targets)) {
            parts.push(indicator(scored, weight));
        }
        for (category, weight) in scheme.categories() {
            if !targets.iter().any(|scored| scheme.counts_as(scored.indicator.category) == *category) {
                parts.push(uncovered(*category, *weight));
            }
        }
        let earned: Points = parts.iter().map(|part| part.earned).sum();
        let unknown: Points = parts.iter().map(|part| part.unknown).sum();
        let at_most = earned + unknown;
        let (grade_at_least, grade_at_most) = (Grade::of(earned), Grade::of(at_most));
        let grade = if grade_at_least == grade_at_most { grade_at_least } else { Grade::Unknown };
        Self { scheme, earned, unknown, at_most, grade, grade_at_least, grade_at_most, parts }
    }
}

/// The weight of each target: its own, or an equal share of its category's points.
///
/// Shares are whole hundredths; the first of a category take what is left over, so that they add up exactly.
fn weights(scheme: WeightScheme, targets: &[Scored<'_>]) -> Vec<Points> {
    if scheme == WeightScheme::Own {
        return targets.iter().map(|scored| scored.weight.unwrap_or(Points::ZERO)).collect();
    }
    let category = |scored: &Scored<'_>| scheme.counts_as(scored.indicator.category);
    let share = |place: usize, scored: &Scored<'_>| {
        let points = scheme.categories().iter().find(|(one, _)| *one == category(scored));
        let points = points.map_or(0, |(_, points)| points.hundredths());
        let same = |others: &[Scored<'_>]| others.iter().filter(|one| category(one) == category(scored)).count();
        let (all, before) = (same(targets), same(&targets[..place]));
        let (all, before) = (i64::try_from(all).unwrap_or(1).max(1), i64::try_from(before).unwrap_or(0));
        Points::of_hundredths(points / all + i64::from(before < points % all))
    };
    targets.iter().enumerate().map(|(place, scored)| share(place, scored)).collect()
}

/// Ten points times the execution rate, ten at most; nothing spent of nothing earns nothing.
fn execution(totals: &BudgetTotals) -> ScorePart {
    let weight = EXECUTION_POINTS;
    let known = totals.executed.zip(totals.adjusted);
    let part = ScorePart {
        kind: ScorePartKind::ExecutionRate,
        subject: String::new(),
        name: "预算执行率".into(),
        weight,
        earned: Points::ZERO,
        unknown: Points::ZERO,
        target: None,
        actual: None,
        completion: totals.execution_rate,
        formula: String::new(),
        explanation_zh: String::new(),
        explanation_en: String::new(),
    };
    let Some((executed, adjusted)) = known else {
        return ScorePart {
            unknown: weight,
            formula: format!("{weight} × ? = ?"),
            explanation_zh: format!("预算执行率：预算数或执行数未填报，无法计算，{weight} 分未知"),
            explanation_en: format!("Budget execution: the budget or the amount spent is not stated; {weight} unknown"),
            ..part
        };
    };
    let earned = match adjusted.fen() {
        0 => Points::ZERO,
        whole => weight.times(executed.fen().min(whole), whole),
    };
    let rate = totals.execution_rate.map_or_else(|| "—".into(), |rate| format!("{rate}%"));
    ScorePart {
        earned,
        formula: match adjusted.fen() {
            0 => format!("{weight} × 0 = {earned}"),
            whole if executed.fen() >= whole => format!("{weight} × 1 = {earned}"),
            _ => format!("{weight} × {executed} ÷ {adjusted} = {earned}"),
        },
        explanation_zh: format!("预算执行率 {rate}，得 {earned} 分（满分 {weight}）"),
        explanation_en: format!("Budget execution {rate}: {earned} of {weight}"),
        ..part
    }
}

fn indicator(scored: &Scored<'_>, weight: Points) -> ScorePart {
    let Scored { target, indicator, weight: _, value, actual } = scored;
    let direction = indicator.direction;
    let completion = Completion::of(direction, *value, *actual);
    let share = Share::of(direction, *value, *actual);
    let (name, measure) = (&indicator.name, &indicator.measure_unit);
    let show = |quantity: &Option<Quantity>| quantity.map_or_else(|| "?".into(), |quantity| quantity.to_string());
    let (wanted, reached) = (show(value), show(actual));
    let rate = completion.percent.map_or_else(|| "—".into(), |rate| format!("{rate}%"));
    let points = share.map(|share| share.of_points(weight));
    let (formula, zh, en) = match (share, points) {
        (Some(share), Some(points)) if share == Share::All => (
            share.formula(weight),
            format!("完成率 {rate}，得满分 {points}"),
            format!("completion {rate}: all {points}"),
        ),
        (Some(share), Some(points)) => (
            share.formula(weight),
            format!("完成率 {rate}，按比例得 {points} 分（满分 {weight}）"),
            format!("completion {rate}, in proportion: {points} of {weight}"),
        ),
        _ => (
            format!("{weight} × ? = ?"),
            format!("{}，{weight} 分未知", completion.note.zh()),
            format!("{}; {weight} unknown", completion.note.code().replace('_', " ")),
        ),
    };
    ScorePart {
        kind: ScorePartKind::Indicator,
        subject: target.to_string(),
        name: name.to_string(),
        weight,
        earned: points.unwrap_or(Points::ZERO),
        unknown: if points.is_none() { weight } else { Points::ZERO },
        target: *value,
        actual: *actual,
        completion: completion.percent,
        formula,
        explanation_zh: format!("{name}：目标 {wanted}{measure}，实际 {reached}{measure}，{zh}"),
        explanation_en: format!("{name}: target {wanted}, actual {reached} ({measure}), {en}"),
    }
}

fn uncovered(category: Category, weight: Points) -> ScorePart {
    ScorePart {
        kind: ScorePartKind::UncoveredCategory,
        subject: category.code().into(),
        name: format!("{}指标", category.zh()),
        weight,
        earned: Points::ZERO,
        unknown: weight,
        target: None,
        actual: None,
        completion: None,
        formula: format!("{weight} × ? = ?"),
        explanation_zh: format!("未设{}指标，{weight} 分未知", category.zh()),
        explanation_en: format!("no {category} indicator was set; {weight} unknown"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::indicator::Direction;

    /// The eight indicators of 2023: code, category in scenario E of the field notes, target, actual.
    const CASE: [(&str, Category, &str, &str); 8] = [
        ("fdi", Category::Benefit, "320", "21"),
        ("out-of-province-capital", Category::Benefit, "120", "124.57"),
        ("in-province-capital", Category::Benefit, "4.9", "5.01"),
        ("hunan-merchant-capital", Category::Benefit, "32", "16.47"),
        ("hunan-merchant-companies", Category::Output, "15", "13"),
        ("projects-signed", Category::Output, "36", "47"),
        ("projects-started", Category::Output, "30", "34"),
        ("projects-producing", Category::Output, "22", "26"),
    ];

    fn facts(category: Category) -> IndicatorFacts {
        IndicatorFacts {
            name: "指标".parse().unwrap(),
            measure_unit: "个".parse().unwrap(),
            category,
            subcategory: crate::domain::indicator::Subcategory::Quantity,
            direction: Direction::AtLeast,
            cumulative: true,
            place: None,
            part_of: Vec::new(),
        }
    }

    fn score(
        scheme: WeightScheme,
        rows: &[(&str, Category, &str, &str)],
        weight: &str,
        totals: &BudgetTotals,
    ) -> Score {
        let held: Vec<_> = rows
            .iter()
            .map(|(code, category, ..)| (format!("430922:2023::{code}:city").parse().unwrap(), facts(*category)))
            .collect();
        let scored: Vec<_> = rows
            .iter()
            .zip(&held)
            .map(|((_, _, value, actual), (target, indicator))| Scored {
                target,
                indicator,
                weight: weight.parse().ok(),
                value: value.parse().ok(),
                actual: actual.parse().ok(),
            })
            .collect();
        Score::of(scheme, &scored, totals)
    }

    fn executed_in_full() -> BudgetTotals {
        let balance = "100.00".parse().ok();
        BudgetTotals { executed: balance, adjusted: balance, ..BudgetTotals::default() }
    }

    fn interval(score: &Score) -> (String, String, String) {
        (score.earned.to_string(), score.unknown.to_string(), score.at_most.to_string())
    }

    #[test]
    fn the_case_with_equal_weights_is_an_interval() {
        let score = score(WeightScheme::Own, &CASE, "11.25", &BudgetTotals::default());
        assert_eq!(interval(&score), ("72.53".into(), "10.00".into(), "82.53".into()));
        let each: Vec<_> = score.parts[1..].iter().map(|part| part.earned.to_string()).collect();
        assert_eq!(each, ["0.74", "11.25", "11.25", "5.79", "9.75", "11.25", "11.25", "11.25"]);
        assert_eq!(
            (score.grade_at_least, score.grade_at_most, score.grade),
            (Grade::Fair, Grade::Good, Grade::Unknown)
        );
        assert_eq!(score.parts[1].formula, "11.25 × 21 ÷ 320 = 0.74");
    }

    #[test]
    fn with_the_budget_executed_in_full_the_interval_closes() {
        let score = score(WeightScheme::Own, &CASE, "11.25", &executed_in_full());
        assert_eq!(interval(&score), ("82.53".into(), "0.00".into(), "82.53".into()));
        assert_eq!(score.grade, Grade::Good);
    }

    #[test]
    fn with_the_national_weights_the_missing_satisfaction_is_unknown() {
        // Scenarios E and F of the field notes are the two ends: satisfaction 0 and 10.
        let score = score(WeightScheme::National2020, &CASE, "", &executed_in_full());
        assert_eq!(interval(&score), ("77.68".into(), "10.00".into(), "87.68".into()));
        assert_eq!(score.parts[1].weight.to_string(), "7.50");
        assert_eq!(score.parts[8].weight.to_string(), "12.50");
        assert_eq!(score.parts[9].kind, ScorePartKind::UncoveredCategory);
    }

    #[test]
    fn the_cost_variant_gives_cost_its_own_points() {
        let rows = [
            ("a", Category::Cost, "1", "1"),
            ("b", Category::Output, "1", "1"),
            ("c", Category::Benefit, "2", "1"),
            ("d", Category::Satisfaction, "1", "1"),
        ];
        let cost = score(WeightScheme::Cost2021, &rows, "", &executed_in_full());
        let weights: Vec<_> = cost.parts.iter().map(|part| part.weight.to_string()).collect();
        assert_eq!(weights, ["10.00", "20.00", "40.00", "20.00", "10.00"]);
        assert_eq!(cost.earned.to_string(), "90.00");
        // Before 2021 the same cost indicator shares the points of output.
        let before = score(WeightScheme::National2020, &rows, "", &executed_in_full());
        assert_eq!(before.parts[1].weight.to_string(), "25.00");
    }

    #[test]
    fn points_that_do_not_divide_evenly_still_add_up() {
        let rows = [("a", Category::Output, "1", "1"); 3];
        let score = score(WeightScheme::National2020, &rows, "", &BudgetTotals::default());
        let weights: Vec<_> = score.parts[1..4].iter().map(|part| part.weight.to_string()).collect();
        assert_eq!(weights, ["16.67", "16.67", "16.66"]);
    }

    #[test]
    fn execution_is_capped_and_nothing_of_nothing_is_nothing() {
        let points = |executed: &str, adjusted: &str| {
            let totals = BudgetTotals {
                executed: executed.parse().ok(),
                adjusted: adjusted.parse().ok(),
                ..BudgetTotals::default()
            };
            execution(&totals).earned.to_string()
        };
        assert_eq!(points("50.00", "100.00"), "5.00");
        assert_eq!(points("150.00", "100.00"), "10.00");
        assert_eq!(points("0.00", "0.00"), "0.00");
    }

    proptest! {
        #[test]
        fn default_weights_always_add_up_to_a_hundred(categories in proptest::collection::vec(0_usize..4, 0..30), cost in any::<bool>()) {
            let scheme = if cost { WeightScheme::Cost2021 } else { WeightScheme::National2020 };
            let rows: Vec<_> = categories.iter().map(|one| ("x", Category::ALL[*one], "3", "2")).collect();
            let score = score(scheme, &rows, "", &BudgetTotals::default());
            prop_assert_eq!(score.parts.iter().map(|part| part.weight).sum::<Points>(), Points::whole(100));
            prop_assert!(score.at_most <= Points::whole(100) && score.earned <= score.at_most);
        }
    }
}
