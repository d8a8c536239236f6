//! What the schemes make of the reference case, and of what a county could think of.

use proptest::prelude::*;

use super::*;
use crate::domain::indicator::{Category, Direction};
use crate::domain::scheme::shipped;

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

fn score(scheme: &str, rows: &[(&str, Category, &str, &str)], weight: &str, totals: &BudgetTotals) -> Score {
    let held: Vec<_> = rows
        .iter()
        .map(|(code, category, ..)| (format!("430922:2023::{code}:city").parse().unwrap(), facts(*category)))
        .collect();
    let scored: Vec<_> = rows
        .iter()
        .zip(&held)
        .map(|((_, _, value, actual), (target, indicator))| Scored {
            target: Some(target),
            code: &target.indicator,
            indicator,
            weight: weight.parse().ok(),
            value: value.parse().ok(),
            actual: actual.parse().ok(),
        })
        .collect();
    let found = shipped().into_iter().find(|one| one.key.code.as_str() == scheme).unwrap();
    Score::of(&found.key.code, &found.facts, Subject { scored: &scored, totals, bands: Bands::NATIONAL })
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
    let score = score("own", &CASE, "11.25", &BudgetTotals::default());
    assert_eq!(interval(&score), ("72.53".into(), "10.00".into(), "82.53".into()));
    let each: Vec<_> = score.parts[1..].iter().map(|part| part.earned.to_string()).collect();
    assert_eq!(each, ["0.74", "11.25", "11.25", "5.79", "9.75", "11.25", "11.25", "11.25"]);
    assert_eq!((score.grade_at_least, score.grade_at_most, score.grade), (Grade::Fair, Grade::Good, Grade::Unknown));
    assert_eq!(score.parts[1].formula, "11.25 × 21 ÷ 320 = 0.74");
}

#[test]
fn with_the_budget_executed_in_full_the_interval_closes() {
    let score = score("own", &CASE, "11.25", &executed_in_full());
    assert_eq!(interval(&score), ("82.53".into(), "0.00".into(), "82.53".into()));
    assert_eq!(score.grade, Grade::Good);
}

#[test]
fn with_the_national_weights_the_missing_satisfaction_is_unknown() {
    // Scenarios E and F of the field notes are the two ends: satisfaction 0 and 10.
    let score = score("national_2020", &CASE, "", &executed_in_full());
    assert_eq!(interval(&score), ("77.68".into(), "10.00".into(), "87.68".into()));
    assert_eq!(score.parts[1].weight.to_string(), "12.50");
    assert_eq!(score.parts[8].weight.to_string(), "7.50");
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
    let cost = score("cost_2021", &rows, "", &executed_in_full());
    let weights: Vec<_> = cost.parts.iter().map(|part| part.weight.to_string()).collect();
    assert_eq!(weights, ["10.00", "20.00", "40.00", "20.00", "10.00"]);
    assert_eq!(cost.earned.to_string(), "90.00");
    // Before 2021 the same cost indicator shares the points of output.
    let before = score("national_2020", &rows, "", &executed_in_full());
    assert_eq!(before.parts[1].weight.to_string(), "25.00");
}

#[test]
fn points_that_do_not_divide_evenly_still_add_up() {
    let rows = [("a", Category::Output, "1", "1"); 3];
    let score = score("national_2020", &rows, "", &BudgetTotals::default());
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
        score("own", &[], "", &totals).parts[0].earned.to_string()
    };
    assert_eq!(points("50.00", "100.00"), "5.00");
    assert_eq!(points("150.00", "100.00"), "10.00");
    assert_eq!(points("0.00", "0.00"), "0.00");
}

proptest! {
    #[test]
    fn default_weights_always_add_up_to_a_hundred(categories in proptest::collection::vec(0_usize..4, 0..30), cost in any::<bool>()) {
        let scheme = if cost { "cost_2021" } else { "national_2020" };
        let rows: Vec<_> = categories.iter().map(|one| ("x", Category::ALL[*one], "3", "2")).collect();
        let score = score(scheme, &rows, "", &BudgetTotals::default());
        prop_assert_eq!(score.parts.iter().map(|part| part.weight).sum::<Points>(), Points::whole(100));
        prop_assert!(score.at_most <= Points::whole(100) && score.earned <= score.at_most);
    }
}
