//! The parts of a score, a function a method.

use super::{ScorePart, ScorePartKind, Scored};
use crate::domain::budget_line::BudgetTotals;
use crate::domain::completion::{Completion, CompletionState, Reach, Share};
use crate::domain::quantity::{Percent, Points, Quantity, Rate};
use crate::domain::scheme::{Method, SchemeIndicator, SchemeItem};

/// The completion that counts at most where a scheme does not say.
const WHOLE: Percent = Percent::of_hundredths(10_000);

/// Formulas name so many terms of a sum.
const MOST_TERMS: usize = 6;

impl ScorePart {
    /// A part of an item that has earned nothing yet.
    fn blank(item: &SchemeItem, kind: ScorePartKind, weight: Points) -> Self {
        Self {
            kind,
            item: item.code.to_string(),
            method: item.method,
            subject: String::new(),
            name: item.name.to_string(),
            weight,
            earned: Points::ZERO,
            unknown: Points::ZERO,
            deducted: Points::ZERO,
            target: None,
            actual: None,
            completion: None,
            formula: String::new(),
            explanation_zh: String::new(),
            explanation_en: String::new(),
        }
    }
}

/// Points times the execution rate, all of them at most; nothing spent of nothing earns nothing.
pub(super) fn execution(item: &SchemeItem, totals: &BudgetTotals) -> ScorePart {
    let weight = item.points;
    let part =
        ScorePart { completion: totals.execution_rate, ..ScorePart::blank(item, ScorePartKind::ExecutionRate, weight) };
    let Some((executed, adjusted)) = totals.executed.zip(totals.adjusted) else {
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
    let rate = shown(totals.execution_rate);
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

/// How many points, by which computation, and why, in Chinese and English.
struct Earned {
    points: Points,
    formula: String,
    zh: String,
    en: String,
}

/// One target by itself.
pub(super) fn target(item: &SchemeItem, scored: &Scored<'_>, weight: Points) -> ScorePart {
    let Scored { indicator, value, actual, .. } = scored;
    let completion = Completion::of(indicator.direction, *value, *actual);
    let reach = Reach::of(indicator.direction, *value, *actual);
    let rate = shown(completion.percent);
    let earned = reach.map(|reach| match item.method {
        Method::Proportional => proportional(weight, reach, item.cap.unwrap_or(WHOLE), &rate),
        Method::AllOrNothing => all_or_nothing(weight, met(item, completion, reach), &rate),
        Method::Bands => banded(item, weight, reach, &rate),
        _ => national(weight, Share::of(indicator.direction, *value, *actual).unwrap_or(Share::Nothing), &rate),
    });
    let earned = earned.unwrap_or_else(|| Earned {
        points: Points::ZERO,
        formula: format!("{weight} × ? = ?"),
        zh: format!("{}，{weight} 分未知", completion.note.zh()),
        en: format!("{}; {weight} unknown", completion.note.code().replace('_', " ")),
    });
    let (name, measure) = (&indicator.name, &indicator.measure_unit);
    let number = |quantity: &Option<Quantity>| quantity.map_or_else(|| "?".into(), |quantity| quantity.to_string());
    let (wanted, reached) = (number(value), number(actual));
    ScorePart {
        subject: scored.subject(),
        name: name.to_string(),
        earned: earned.points,
        unknown: if reach.is_none() { at_most(item, weight) } else { Points::ZERO },
        target: *value,
        actual: *actual,
        completion: completion.percent,
        formula: earned.formula,
        explanation_zh: format!("{name}：目标 {wanted}{measure}，实际 {reached}{measure}，{}", earned.zh),
        explanation_en: format!("{name}: target {wanted}, actual {reached} ({measure}), {}", earned.en),
        ..ScorePart::blank(item, ScorePartKind::Indicator, weight)
    }
}

/// Whether a target is met: by the item's own threshold, or as its direction says.
fn met(item: &SchemeItem, completion: Completion, reach: Reach) -> bool {
    item.met_from.map_or(completion.state == CompletionState::Met, |from| reach.at_least(from))
}

fn national(weight: Points, share: Share, rate: &str) -> Earned {
    let (points, formula) = (share.of_points(weight), share.formula(weight));
    if share == Share::All {
        let (zh, en) = (format!("完成率 {rate}，得满分 {points}"), format!("completion {rate}: all {points}"));
        return Earned { points, formula, zh, en };
    }
    let zh = format!("完成率 {rate}，按比例得 {points} 分（满分 {weight}）");
    Earned { points, formula, zh, en: format!("completion {rate}, in proportion: {points} of {weight}") }
}

fn proportional(weight: Points, reach: Reach, cap: Percent, rate: &str) -> Earned {
    let points = reach.of_points(weight, cap);
    let capped = reach.at_least(cap);
    let formula = if capped { format!("{weight} × {cap}% = {points}") } else { reach.formula(weight, points) };
    let (zh, en) = if capped {
        (
            format!("完成率 {rate}，按上限 {cap}% 得 {points} 分"),
            format!("completion {rate}, capped at {cap}%: {points}"),
        )
    } else {
        (
            format!("完成率 {rate}，按比例得 {points} 分（满分 {weight}）"),
            format!("completion {rate}, in proportion: {points} of {weight}"),
        )
    };
    Earned { points, formula, zh, en }
}

fn all_or_nothing(weight: Points, met: bool, rate: &str) -> Earned {
    let (points, factor) = if met { (weight, 1) } else { (Points::ZERO, 0) };
    let (zh, en) = if met { ("达标", "met") } else { ("未达标", "not met") };
    Earned {
        points,
        formula: format!("{weight} × {factor} = {points}"),
        zh: format!("完成率 {rate}，{zh}，得 {points} 分"),
        en: format!("completion {rate}, {en}: {points}"),
    }
}

fn banded(item: &SchemeItem, weight: Points, reach: Reach, rate: &str) -> Earned {
    let Some(band) = item.bands.iter().find(|band| reach.at_least(band.from)) else {
        let (zh, en) = (format!("完成率 {rate}，未达最低档"), format!("completion {rate}, below every band"));
        return Earned { points: Points::ZERO, formula: format!("{weight} × 0 = 0.00"), zh, en };
    };
    let (from, share) = (band.from, band.share);
    let points = weight.times(share.hundredths().into(), 10_000);
    Earned {
        points,
        formula: format!("{weight} × {share}% = {points}"),
        zh: format!("完成率 {rate}，达到 {from}% 档，得 {share}% 即 {points} 分"),
        en: format!("completion {rate}, in the band from {from}%: {share}%, {points}"),
    }
}

/// Several targets at once.
pub(super) fn together(item: &SchemeItem, listed: &[(&SchemeIndicator, Option<&Scored<'_>>)]) -> ScorePart {
    match item.method {
        Method::Deduction => deduction(item, listed),
        Method::WeightedMean => weighted_mean(item, listed),
        _ => counted(item, listed),
    }
}

/// All points, less so many for each target that was missed; each that is not known could be one more.
fn deduction(item: &SchemeItem, listed: &[(&SchemeIndicator, Option<&Scored<'_>>)]) -> ScorePart {
    let (weight, each) = (item.points, item.each.unwrap_or(Points::ZERO));
    let states: Vec<Option<bool>> = listed
        .iter()
        .map(|(_, scored)| {
            let scored = (*scored)?;
            let (direction, value, actual) = (scored.indicator.direction, scored.value, scored.actual);
            Some(met(item, Completion::of(direction, value, actual), Reach::of(direction, value, actual)?))
        })
        .collect();
    let count = |wanted: Option<bool>| states.iter().filter(|state| **state == wanted).count();
    let (missed, open) = (count(Some(false)), count(None));
    let less = |number: usize| {
        let off = Points::of_hundredths(each.hundredths().saturating_mul(i64::try_from(number).unwrap_or(i64::MAX)));
        (weight - off).max(Points::ZERO)
    };
    let (earned, at_most) = (less(missed + open), less(missed));
    let unknown = at_most - earned;
    let (zh, en) =
        if open > 0 { (format!("，{open} 项未知"), format!(", {open} unknown")) } else { Default::default() };
    let all = listed.len();
    ScorePart {
        subject: item.code.to_string(),
        earned,
        unknown,
        formula: if open > 0 {
            format!("{weight} − {each} × {missed}…{} = {earned}…{at_most}", missed + open)
        } else {
            format!("{weight} − {each} × {missed} = {earned}")
        },
        explanation_zh: format!("{}：{all} 项中 {missed} 项未达标{zh}，每项扣 {each} 分，得 {earned} 分", item.name),
        explanation_en: format!("{}: {missed} of {all} not met{en}, {each} off for each: {earned}", item.name),
        ..ScorePart::blank(item, ScorePartKind::Item, weight)
    }
}

/// Points times the weighted mean of completions as they are printed, so that a person computes the same.
fn weighted_mean(item: &SchemeItem, listed: &[(&SchemeIndicator, Option<&Scored<'_>>)]) -> ScorePart {
    let (weight, cap) = (item.points, item.cap.unwrap_or(WHOLE));
    let (mut whole, mut sure, mut open) = (0_i128, 0_i128, 0_i128);
    let mut terms = Vec::new();
    for (one, scored) in listed {
        let share = one.weight.unwrap_or(Quantity::of_micros(1_000_000));
        let micros = i128::from(share.micros());
        whole += micros;
        let reach = scored.and_then(|scored| Reach::of(scored.indicator.direction, scored.value, scored.actual));
        if let Some(reach) = reach {
            let percent = reach.hundredths().min(cap.hundredths().into());
            sure += micros * percent;
            terms.push(format!("{}% × {share}", Rate::of_hundredths(percent)));
        } else {
            open += micros * i128::from(cap.hundredths());
            terms.push(format!("? × {share}"));
        }
    }
    let points = |sum: i128| weight.times(sum, whole.max(1) * 10_000);
    let (earned, at_most) = (points(sure), points(sure + open));
    let rest = terms.len().saturating_sub(MOST_TERMS);
    terms.truncate(MOST_TERMS);
    let more = if rest > 0 { format!(" + …（{rest}）") } else { String::new() };
    let total = Quantity::of_micros(i64::try_from(whole).unwrap_or(i64::MAX));
    let result = if open > 0 { format!("{earned}…{at_most}") } else { earned.to_string() };
    let mean = shown(Rate::of(sure, whole.max(1) * 10_000));
    ScorePart {
        subject: item.code.to_string(),
        earned,
        unknown: at_most - earned,
        completion: if open > 0 { None } else { Rate::of(sure, whole.max(1) * 10_000) },
        formula: format!("{weight} × ({}{more}) ÷ {total} = {result}", terms.join(" + ")),
        explanation_zh: format!(
            "{}：{} 项完成率（每项最多 {cap}%）加权平均 {mean}，得 {result} 分（满分 {weight}）",
            item.name,
            listed.len()
        ),
        explanation_en: format!(
            "{}: the weighted mean of {} completions (each {cap}% at most) is {mean}: {result} of {weight}",
            item.name,
            listed.len()
        ),
        ..ScorePart::blank(item, ScorePartKind::Item, weight)
    }
}

/// So many points for each that was counted, beside the hundred; what was not reported was not counted.
fn counted(item: &SchemeItem, listed: &[(&SchemeIndicator, Option<&Scored<'_>>)]) -> ScorePart {
    let (most, each) = (item.points, item.each.unwrap_or(Points::ZERO));
    let counts = listed.iter().filter_map(|(_, scored)| scored.and_then(|scored| scored.actual));
    let micros: i128 = counts.map(|count| i128::from(count.micros().max(0))).sum();
    let points = each.times(micros, 1_000_000).min(most);
    let count = Quantity::of_micros(i64::try_from(micros).unwrap_or(i64::MAX));
    let (penalty, name) = (item.method == Method::Penalty, &item.name);
    let (sign, zh, en) = if penalty { ("−", "扣", "off") } else { ("+", "加", "more") };
    ScorePart {
        subject: item.code.to_string(),
        weight: Points::ZERO,
        earned: if penalty { Points::ZERO } else { points },
        deducted: if penalty { points } else { Points::ZERO },
        actual: Some(count),
        formula: format!("{sign} {each} × {count} = {sign} {points}"),
        explanation_zh: format!("{name}：计 {count}，每项{zh} {each} 分，共{zh} {points} 分（最多 {most}）"),
        explanation_en: format!("{name}: {count} counted, {each} {en} for each: {points} {en} ({most} at most)"),
        ..ScorePart::blank(item, ScorePartKind::Item, Points::ZERO)
    }
}

/// The most that points of an item can become: more than all of them where completions count above the whole.
fn at_most(item: &SchemeItem, weight: Points) -> Points {
    let cap = item.cap.filter(|_| item.method == Method::Proportional).unwrap_or(WHOLE);
    weight.times(cap.hundredths().into(), 10_000)
}

/// Points of an item, or of an indicator it lists, for which nothing was set.
pub(super) fn uncovered(item: &SchemeItem, weight: Points, subject: impl ToString, name: impl ToString) -> ScorePart {
    let (subject, name) = (subject.to_string(), name.to_string());
    ScorePart {
        unknown: at_most(item, weight),
        formula: format!("{weight} × ? = ?"),
        explanation_zh: format!("“{name}”未设指标，{weight} 分未知"),
        explanation_en: format!("no target was set for `{subject}`; {weight} unknown"),
        subject,
        name,
        ..ScorePart::blank(item, ScorePartKind::UncoveredCategory, weight)
    }
}

/// A claimed target that no item looks at.
pub(super) fn not_scored(scored: &Scored<'_>) -> ScorePart {
    let (indicator, direction) = (scored.indicator, scored.indicator.direction);
    let name = &indicator.name;
    ScorePart {
        kind: ScorePartKind::NotScored,
        item: String::new(),
        method: Method::Group,
        subject: scored.subject(),
        name: name.to_string(),
        weight: Points::ZERO,
        earned: Points::ZERO,
        unknown: Points::ZERO,
        deducted: Points::ZERO,
        target: scored.value,
        actual: scored.actual,
        completion: Completion::of(direction, scored.value, scored.actual).percent,
        formula: "0.00".into(),
        explanation_zh: format!("{name}：评分办法中没有对应项目，不计分"),
        explanation_en: format!("{name}: the scheme has no item for it"),
    }
}

fn shown(rate: Option<Rate>) -> String {
    rate.map_or_else(|| "—".into(), |rate| format!("{rate}%"))
}
