//! What the schemes make of the reference case, and of what a county could think of.

use proptest::prelude::*;

use super::*;
use crate::domain::indicator::{Category, Direction};
use crate::domain::quantity::Percent;
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

/// Ten indicators that a scheme of somebody's may look at: which way is good, what was set, what was reached.
type Facts = Vec<(usize, Option<i64>, Option<i64>)>;

/// Any scheme that may be stated: up to seven items that share a hundred points, each with a method, its parameters and
/// the indicators it looks at; then a bonus and a penalty.
fn schemes() -> impl Strategy<Value = SchemeFacts> {
    let item =
        (1_i64..1000, 0_usize..7, proptest::collection::btree_set(0_usize..10, 1..4), 1_i64..20_000, 1_i64..2000);
    (proptest::collection::vec(item, 1..8), any::<bool>(), any::<bool>()).prop_map(|(items, bonus, penalty)| {
        let points = shares(Points::whole(100), &items.iter().map(|one| one.0).collect::<Vec<_>>());
        let mut all: Vec<SchemeItem> = Vec::new();
        for (place, ((_, method, listed, percent, each), points)) in items.into_iter().zip(points).enumerate() {
            use Method::{AllOrNothing, Bands, Deduction, ExecutionRate, National, Proportional, WeightedMean};
            let methods = [ExecutionRate, National, Proportional, AllOrNothing, Bands, Deduction, WeightedMean];
            all.push(item_of(place, methods[method], points, &listed.into_iter().collect::<Vec<_>>(), (percent, each)));
        }
        // What is counted beside the hundred is counted in the last two indicators.
        for (wanted, method, code) in [(bonus, Method::Bonus, 10), (penalty, Method::Penalty, 11)] {
            if wanted {
                all.push(item_of(all.len(), method, Points::whole(10), &[code], (0, 150)));
            }
        }
        SchemeFacts { name: "考核".parse().unwrap(), document: None, items: all }
    })
}

fn item_of(place: usize, method: Method, points: Points, listed: &[usize], (percent, each): (i64, i64)) -> SchemeItem {
    use crate::domain::scheme::Band;
    let (percent, more) = (Percent::of_hundredths(percent), Percent::of_hundredths(percent + 5000));
    let (half, all) = (Percent::of_hundredths(5000), Percent::of_hundredths(10_000));
    let takes = |methods: &[Method]| methods.contains(&method);
    let indicator = |code: &usize| SchemeIndicator { indicator: code_of(*code), assigner: None, weight: None };
    SchemeItem {
        code: format!("item{place}").parse().unwrap(),
        parent: None,
        name: "项".parse().unwrap(),
        points,
        method,
        indicators: if method == Method::ExecutionRate { Vec::new() } else { listed.iter().map(indicator).collect() },
        categories: Vec::new(),
        own_weights: false,
        cap: takes(&[Method::Proportional, Method::WeightedMean]).then_some(percent),
        met_from: takes(&[Method::AllOrNothing, Method::Deduction]).then_some(percent),
        each: takes(&[Method::Deduction, Method::Bonus, Method::Penalty]).then(|| Points::of_hundredths(each)),
        bands: if method == Method::Bands {
            vec![Band { from: more, share: all }, Band { from: percent, share: half }]
        } else {
            Vec::new()
        },
    }
}

fn code_of(number: usize) -> IndicatorCode {
    format!("i{number}").parse().unwrap()
}

fn tenths(number: i64) -> Quantity {
    Quantity::of_micros(number * 100_000)
}

/// What a scheme makes of facts; the money is known or not.
fn score_of(scheme: &SchemeFacts, rows: &Facts, money: Option<i64>) -> Score {
    let direction = |one: usize| Direction::ALL[one % Direction::ALL.len()];
    let held: Vec<(TargetKey, IndicatorFacts)> = rows
        .iter()
        .enumerate()
        .map(|(code, (way, ..))| {
            let key = format!("430922:2023::i{code}:city").parse().unwrap();
            (key, IndicatorFacts { direction: direction(*way), ..facts(Category::Output) })
        })
        .collect();
    let scored: Vec<_> = rows
        .iter()
        .zip(&held)
        .map(|((_, value, actual), (target, indicator))| Scored {
            target: Some(target),
            code: &target.indicator,
            indicator,
            weight: None,
            value: value.map(tenths),
            actual: actual.map(tenths),
        })
        .collect();
    let balance = |fen: i64| Some(crate::domain::money::Balance::of_fen(fen.into()));
    let totals = BudgetTotals { executed: money.and_then(balance), adjusted: balance(1000), ..BudgetTotals::default() };
    Score::of(&"own".parse().unwrap(), scheme, Subject { scored: &scored, totals: &totals, bands: Bands::NATIONAL })
}

/// The most a scheme gives: every item in full, more where completions count above the whole, and the bonus.
fn most_of(scheme: &SchemeFacts) -> i64 {
    let most = |item: &SchemeItem| match item.method {
        Method::Penalty => 0,
        _ => item.cap.map_or(item.points.hundredths(), |cap| item.points.hundredths() * cap.hundredths() / 10_000 + 1),
    };
    // Each part is rounded by itself, up by half a hundredth at most.
    scheme.items.iter().map(|item| most(item) + i64::try_from(item.indicators.len()).unwrap()).sum()
}

fn known() -> impl Strategy<Value = Facts> {
    proptest::collection::vec((0_usize..20, (0_i64..200).prop_map(Some), (0_i64..400).prop_map(Some)), 12)
}

proptest! {
    #[test]
    fn scores_of_any_scheme_lie_within_their_bounds(scheme in schemes(), whole in known(), hidden in proptest::collection::vec(0_usize..3, 10), money in 0_i64..2000) {
        prop_assert!(scheme.check(&|_| true).is_ok(), "{scheme:?}");
        let truth = score_of(&scheme, &whole, Some(money));
        prop_assert!(Points::ZERO <= truth.earned && truth.at_most.hundredths() <= most_of(&scheme), "{truth:?}");
        prop_assert_eq!(truth.unknown, truth.at_most - truth.earned);

        // Where something is not known the truth lies inside what is said. What was not counted was not there.
        let mut seen = whole.clone();
        for (row, hidden) in seen.iter_mut().zip(hidden) {
            match hidden {
                0 => row.2 = None,
                1 => row.1 = None,
                _ => {}
            }
        }
        let said = score_of(&scheme, &seen, None);
        prop_assert!(said.earned <= truth.earned && truth.at_most <= said.at_most, "{said:?} {truth:?}");
        prop_assert!(said.at_most.hundredths() <= most_of(&scheme));
    }
}
