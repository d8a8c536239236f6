//! Scoring: what a scheme's items earn, every point explained.
//!
//! Each part is rounded half up to two decimals, then they are added. Where a fact is missing the score is an
//! honest interval: what is earned for sure, what is not known, and what it could be at most.

mod parts;
#[cfg(test)]
mod tests;

use serde::Serialize;
use utoipa::ToSchema;

use super::budget_line::BudgetTotals;
use super::codes::{Assigner, IndicatorCode, SchemeCode};
use super::grade::Grade;
use super::indicator::IndicatorFacts;
use super::quantity::{Points, Quantity, Rate};
use super::scheme::{Method, SchemeFacts, SchemeIndicator, SchemeItem};
use super::standard::Bands;
use super::target::TargetKey;

crate::choice! {
    /// What a part of the score is for.
    pub enum ScorePartKind {
        /// 预算执行率
        ExecutionRate = "execution_rate", "预算执行率";
        /// A target
        Indicator = "indicator", "指标";
        /// Several targets together
        Item = "item", "合并计分";
        /// An item no target was set for: its points can be neither earned nor denied
        UncoveredCategory = "uncovered_category", "未设指标";
        /// A claimed target that no item looks at
        NotScored = "not_scored", "不计分";
    }
}

/// A part of the score, with everything needed to compute it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScorePart {
    /// What it is for.
    pub kind: ScorePartKind,
    /// The item of the scheme; empty for what none looks at.
    #[schema(max_length = 40)]
    pub item: String,
    /// How it is scored.
    pub method: Method,
    /// The target's id, the item's code where no target was set or several are scored together; empty for budget
    /// execution.
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
    /// Points taken off, by a penalty.
    pub deducted: Points,
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
    /// The scheme.
    pub scheme: SchemeCode,
    /// Earned for sure, less what was taken off.
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
    #[schema(max_items = 1000)]
    pub parts: Vec<ScorePart>,
}

/// An indicator to be scored, with what is known of it.
#[derive(Debug, Clone)]
pub struct Scored<'a> {
    /// The target; nothing where only an actual was reported.
    pub target: Option<&'a TargetKey>,
    /// The indicator's code.
    pub code: &'a IndicatorCode,
    /// The indicator.
    pub indicator: &'a IndicatorFacts,
    /// The weight, where evaluations state them.
    pub weight: Option<Points>,
    /// The value set.
    pub value: Option<Quantity>,
    /// The value reached.
    pub actual: Option<Quantity>,
}

impl Scored<'_> {
    /// Who set the target.
    fn assigner(&self) -> Option<&Assigner> {
        self.target.map(|key| &key.assigner)
    }

    /// What it is called among the parts.
    fn subject(&self) -> String {
        self.target.map_or_else(|| self.code.to_string(), ToString::to_string)
    }
}

/// What is scored: what was claimed or set, the money, and the bands of grades.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Targets with what was reached of them.
    pub scored: &'a [Scored<'a>],
    /// The money.
    pub totals: &'a BudgetTotals,
    /// The bands of grades.
    pub bands: Bands,
}

impl Score {
    /// Scores targets and budget execution under a scheme.
    pub fn of(code: &SchemeCode, scheme: &SchemeFacts, subject: Subject<'_>) -> Self {
        let mut parts: Vec<ScorePart> = scheme.leaves().flat_map(|item| item_parts(item, subject)).collect();
        let looked_at = |scored: &Scored<'_>| {
            scored.target.is_none()
                || parts.iter().any(|part| part.subject == scored.subject())
                || together(scheme, scored)
        };
        let passed_by: Vec<_> = subject.scored.iter().filter(|scored| !looked_at(scored)).collect();
        parts.extend(passed_by.into_iter().map(parts::not_scored));
        let sum = |points: fn(&ScorePart) -> Points| parts.iter().map(points).sum::<Points>();
        let (earned, unknown, deducted) =
            (sum(|part| part.earned), sum(|part| part.unknown), sum(|part| part.deducted));
        // Nobody has less than nothing.
        let low = (earned - deducted).max(Points::ZERO);
        let at_most = (earned + unknown - deducted).max(Points::ZERO);
        let (grade_at_least, grade_at_most) = (Grade::of(low, subject.bands), Grade::of(at_most, subject.bands));
        let grade = if grade_at_least == grade_at_most { grade_at_least } else { Grade::Unknown };
        let (scheme, unknown) = (code.clone(), at_most - low);
        Self { scheme, earned: low, unknown, at_most, grade, grade_at_least, grade_at_most, parts }
    }
}

impl Score {
    /// What is known where the scheme is not: nothing.
    pub fn unknown(code: &SchemeCode, bands: Bands) -> Self {
        let (earned, all) = (Points::ZERO, Points::whole(100));
        let (grade_at_least, grade_at_most) = (Grade::of(earned, bands), Grade::of(all, bands));
        let (scheme, grade, parts) = (code.clone(), Grade::Unknown, Vec::new());
        Self { scheme, earned, unknown: all, at_most: all, grade, grade_at_least, grade_at_most, parts }
    }
}

/// Whether an item that scores several targets together looks at one.
fn together(scheme: &SchemeFacts, scored: &Scored<'_>) -> bool {
    let looks = |item: &SchemeItem| item.indicators.iter().any(|one| one.indicator == *scored.code);
    scheme.leaves().any(|item| item.method.together() && looks(item))
}

/// The parts of one item.
fn item_parts(item: &SchemeItem, subject: Subject<'_>) -> Vec<ScorePart> {
    if item.method == Method::ExecutionRate {
        return vec![parts::execution(item, subject.totals)];
    }
    if item.method.together() {
        let listed: Vec<_> = item.indicators.iter().map(|one| (one, found(one, subject.scored))).collect();
        return vec![parts::together(item, &listed)];
    }
    if item.indicators.is_empty() {
        let covered: Vec<_> =
            subject.scored.iter().filter(|one| one.target.is_some() && item.covers(one.indicator.category)).collect();
        if covered.is_empty() {
            return vec![parts::uncovered(item, item.points, &item.code, &item.name)];
        }
        let weights = if item.own_weights {
            covered.iter().map(|scored| scored.weight.unwrap_or(Points::ZERO)).collect()
        } else {
            shares(item.points, &vec![1; covered.len()])
        };
        return covered.into_iter().zip(weights).map(|(scored, weight)| parts::target(item, scored, weight)).collect();
    }
    let weights: Vec<i64> = item.indicators.iter().map(|one| one.weight.map_or(1_000_000, Quantity::micros)).collect();
    let each = item.indicators.iter().zip(shares(item.points, &weights));
    each.map(|(one, weight)| match found(one, subject.scored) {
        Some(scored) => parts::target(item, scored, weight),
        None => parts::uncovered(item, weight, &one.indicator, &item.name),
    })
    .collect()
}

/// What is known of an indicator that an item lists: the target it names, or any, from above before the unit's own.
fn found<'a>(wanted: &SchemeIndicator, scored: &'a [Scored<'a>]) -> Option<&'a Scored<'a>> {
    let fits = |one: &&Scored<'_>| {
        *one.code == wanted.indicator && (wanted.assigner.is_none() || one.assigner() == wanted.assigner.as_ref())
    };
    let own = |one: &&Scored<'_>| one.target.is_none_or(TargetKey::set_by_the_unit_itself);
    scored.iter().filter(fits).min_by_key(|one| (one.target.is_none(), own(one), one.target))
}

/// Points spread by weight in whole hundredths; the first take what is left over, so that they add up exactly.
fn shares(points: Points, weights: &[i64]) -> Vec<Points> {
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let all = i128::from(points.hundredths());
    let down = |weight: &i64| if whole == 0 { 0 } else { all * i128::from(*weight) / whole };
    let mut shares: Vec<i128> = weights.iter().map(down).collect();
    let mut left = all - shares.iter().sum::<i128>();
    for share in &mut shares {
        let one = left.clamp(0, 1);
        (*share, left) = (*share + one, left - one);
    }
    shares.into_iter().map(|share| Points::of_hundredths(i64::try_from(share).unwrap_or(0))).collect()
}
