//! Evaluations (绩效评价): what a unit, its department or the finance bureau states about a project's year.
//!
//! What was stated is kept as stated; what it is worth is computed beside it by [`super::scoring`].

use std::collections::BTreeSet;

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::budget_line::{BudgetTotals, disagreement};
use super::codes::{AsPrinted, MaybeProject, Name, Prose, SchemeCode, UnitCode};
use super::indicator::Category;
use super::kept::{Kept, Resource, dangling, too_many};
use super::money::Money;
use super::period::{StatedDate, Year};
use super::quantity::{Percent, Points, Quantity};
use super::review::ReviewStanding;
use super::scheme::SchemeFacts;
use super::scoring::Score;
use super::target::TargetKey;
use super::violation::{Violations, Wrong};

crate::choice! {
    /// Who evaluates (财预〔2020〕10号 art. 4).
    pub enum EvaluationKind {
        /// 单位自评
        SelfEvaluation = "self", "单位自评";
        /// 部门评价
        Department = "department", "部门评价";
        /// 财政评价
        Finance = "finance", "财政评价";
    }
}

crate::choice! {
    /// Activities whose number a report states.
    pub enum ActivityKind {
        /// 外出招商
        OutreachTrip = "outreach_trip", "外出招商";
        /// 接待客商
        DelegationReceived = "delegation_received", "接待客商";
        /// 驻点招商人员
        StationedCadre = "stationed_cadre", "驻点人员";
        /// 调度会议
        DispatchMeeting = "dispatch_meeting", "调度会议";
        /// 培训
        Training = "training", "培训";
    }
}

crate::key! {
    /// An evaluation's key: unit, year, project (may be empty) and who evaluates.
    pub struct EvaluationKey {
        /// The unit evaluated.
        unit: UnitCode,
        /// The year.
        year: Year,
        /// The project, or nothing for the unit as a whole (部门整体支出).
        project: MaybeProject,
        /// Who evaluates.
        kind: EvaluationKind,
    }
    example "209002:2023:209002-2023-01:self"
}

/// A target that the evaluation claims as a result, with what it states about it.
///
/// The reference makes the claim visible: a unit that scores itself by its county's results says so here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct AssessedTarget {
    /// The target's id; of the evaluated unit, of a unit above it or of one below it.
    pub target: TargetKey,
    /// Its weight in points (分值); stated where the scheme leaves weights to the evaluation, null elsewhere.
    #[deserr(default)]
    pub weight: Option<Points>,
    /// The completion the report states, percent.
    #[deserr(default)]
    pub stated_completion: Option<Percent>,
    /// The points the report gives itself.
    #[deserr(default)]
    pub stated_points: Option<Points>,
    /// Reason for deviation (偏差原因分析).
    #[deserr(default)]
    pub deviation_reason: Option<Prose>,
    /// What will be done about it (改进措施).
    #[deserr(default)]
    pub improvement: Option<Prose>,
}

/// How often something was done, as the report prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ActivityCount {
    /// What was done.
    pub kind: ActivityKind,
    /// How often, as printed: 40余次.
    pub count_as_printed: AsPrinted,
}

/// What an evaluation states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct EvaluationFacts {
    /// The scheme it is scored by; the one of that code that is in force in the year.
    pub scheme: SchemeCode,
    /// Total score as stated.
    #[deserr(default)]
    pub stated_score: Option<Points>,
    /// Grade as stated, in the report's own word: 优秀.
    #[deserr(default)]
    pub stated_grade: Option<Name>,
    /// Total spent as stated, 元.
    #[deserr(default)]
    pub stated_executed: Option<Money>,
    /// The same as printed: 344.91万元.
    #[deserr(default)]
    pub stated_executed_as_printed: Option<AsPrinted>,
    /// Budget execution rate as stated, percent.
    #[deserr(default)]
    pub stated_execution_rate: Option<Percent>,
    /// The targets it claims as results.
    #[deserr(default)]
    #[schema(max_items = 200)]
    pub indicators: Vec<AssessedTarget>,
    /// Activities and how often.
    #[deserr(default)]
    #[schema(max_items = 20)]
    pub activities: Vec<ActivityCount>,
    /// The rate at which the report turns foreign currency into 元: 元 for one unit of it.
    #[deserr(default)]
    pub exchange_rate: Option<Quantity>,
    /// Contact (联系人、电话).
    #[deserr(default)]
    pub contact: Option<Name>,
    /// Who signed for the unit (单位负责人).
    #[deserr(default)]
    pub signed_by: Option<Name>,
    /// When it was signed.
    #[deserr(default)]
    pub signed_on: Option<StatedDate>,
    /// When it was handed in.
    #[deserr(default)]
    pub submitted_on: Option<StatedDate>,
}

/// What a rule must know of a target that an evaluation claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is there, for an indicator of this category, and its unit is the evaluated one or in its line, above or below.
    Fair(Category),
    /// It is not there.
    Missing,
    /// It belongs to a unit that is neither above nor below.
    Unrelated,
}

impl EvaluationKind {
    /// Whether the unit speaks for itself; the others speak for those above it.
    pub const fn is_of_the_unit_itself(self) -> bool {
        matches!(self, Self::SelfEvaluation)
    }
}

impl EvaluationFacts {
    /// At most so many targets are claimed.
    pub const MOST_INDICATORS: usize = 200;

    /// Whether an evaluation may say this, `claims` being what is known of its targets, in order.
    ///
    /// # Errors
    /// A scheme that is not in force in the year; claims of targets that are not there, of another year or of
    /// unrelated units, or twice; weights that do not add up to the points of their item, or that nobody wants; a
    /// total whose print says another amount.
    pub fn check(
        &self,
        key: &EvaluationKey,
        claims: &[Claim],
        project_known: bool,
        scheme: Option<&SchemeFacts>,
    ) -> Result<(), Violations> {
        let mut broken = Violations::default();
        broken.require(scheme.is_some(), || dangling("/scheme", Resource::Schemes, &self.scheme));
        broken.require(project_known, || dangling("", Resource::Projects, &key.project));
        broken
            .require(self.indicators.len() <= Self::MOST_INDICATORS, || too_many("/indicators", Self::MOST_INDICATORS));
        broken.require(self.activities.len() <= 20, || too_many("/activities", 20));
        broken.0.extend(disagreement(
            "/stated_executed_as_printed",
            self.stated_executed,
            self.stated_executed_as_printed.as_ref(),
        ));
        let mut kinds = BTreeSet::new();
        for (place, activity) in self.activities.iter().enumerate() {
            broken.require(kinds.insert(activity.kind), || {
                Wrong::new("duplicate", "同一活动出现两次", "the same activity twice")
                    .at(format!("/activities/{place}/kind"))
                    .showing(activity.kind)
            });
        }
        let mut seen = BTreeSet::new();
        for (place, (assessed, claim)) in self.indicators.iter().zip(claims).enumerate() {
            let pointer = format!("/indicators/{place}/target");
            let target = &assessed.target;
            match claim {
                Claim::Missing => broken.0.push(dangling(&pointer, Resource::Targets, target)),
                Claim::Unrelated => broken.0.push(
                    Wrong::new(
                        "unrelated_unit",
                        "只能引用本单位、上级或下级单位的目标",
                        "only targets of the unit itself, above it or below it can be claimed",
                    )
                    .at(&pointer)
                    .showing(target),
                ),
                Claim::Fair(_) => {}
            }
            broken.require(target.year == key.year, || {
                let year = key.year;
                Wrong::new("other_year", format!("应为 {year} 年度的目标"), format!("must be a target of {year}"))
                    .at(&pointer)
                    .showing(target)
            });
            broken.require(seen.insert(target), || {
                Wrong::new("duplicate", "同一目标出现两次", "the same target twice").at(&pointer).showing(target)
            });
        }
        if let Some(scheme) = scheme {
            self.check_weights(&mut broken, claims, scheme);
        }
        broken.into_result()
    }

    /// Weights stand where the scheme leaves them to the evaluation, and add up to the points of its item.
    fn check_weights(&self, broken: &mut Violations, claims: &[Claim], scheme: &SchemeFacts) {
        let mut wanted = vec![false; self.indicators.len()];
        for item in scheme.leaves().filter(|item| item.own_weights) {
            let covered = |claim: &Claim| matches!(claim, Claim::Fair(category) if item.covers(*category));
            let places: Vec<_> = (0..claims.len()).filter(|place| covered(&claims[*place])).collect();
            let sum: Points = places.iter().filter_map(|place| self.indicators[*place].weight).sum();
            let points = item.points;
            let stated = |place: &usize| self.indicators[*place].weight.is_some();
            let countable = claims.iter().all(|claim| matches!(claim, Claim::Fair(_))) && places.iter().all(stated);
            broken.require(sum == points || !countable, || {
                Wrong::new(
                    "weights_do_not_add_up",
                    format!("“{}”权重合计 {sum}，应为 {points}", item.name),
                    format!("the weights of `{}` add up to {sum}, not {points}", item.code),
                )
                .at("/indicators")
                .showing(sum)
            });
            for place in places {
                wanted[place] = true;
            }
        }
        for (place, (assessed, wanted)) in self.indicators.iter().zip(wanted).enumerate() {
            let pointer = format!("/indicators/{place}/weight");
            let known = claims.get(place).is_some_and(|claim| matches!(claim, Claim::Fair(_)));
            broken.require(wanted || assessed.weight.is_none() || !known, || {
                let scheme = &self.scheme;
                Wrong::new(
                    "weight_not_wanted",
                    format!("“{scheme}”的分值已定，请删去 weight 或改用 own"),
                    format!("`{scheme}` spreads its own weights; leave `weight` out or use `own`"),
                )
                .at(&pointer)
            });
            broken.require(!wanted || assessed.weight.is_some(), || {
                Wrong::new(
                    "missing_field",
                    "自定权重时每个指标都须填写 weight",
                    "where weights are the evaluation's own every target has a `weight`",
                )
                .at(&pointer)
            });
        }
    }
}

/// What is computed beside what was stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvaluationComputed {
    /// The score by the scheme, every point explained.
    pub score: Score,
    /// What the project's lines add up to, beside the stated total.
    pub totals: BudgetTotals,
}

/// The three scores of an evaluation, side by side; none takes another's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvaluationScores {
    /// What the evaluation states.
    pub stated: Option<Points>,
    /// What its scheme gives from the rows as they are now: earned for sure.
    pub computed: Points,
    /// The same if everything that is not known were earned.
    pub computed_at_most: Points,
    /// What the reviewer gives; null before it was accepted.
    pub reviewed: Option<Points>,
}

/// An evaluation: what was stated, and what is computed beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Evaluation {
    /// `unit:year:project:kind`.
    pub id: EvaluationKey,
    /// The unit evaluated.
    pub unit: UnitCode,
    /// The year.
    pub year: Year,
    /// The project; empty for the unit as a whole.
    pub project: MaybeProject,
    /// Who evaluates.
    pub kind: EvaluationKind,
    /// What was stated.
    pub facts: EvaluationFacts,
    /// What is computed beside it, from the rows as they are now.
    pub computed: EvaluationComputed,
    /// The three scores.
    pub scores: EvaluationScores,
    /// How far it is, and what the caller may do with it.
    pub review: ReviewStanding,
    /// The journal entry that made the stated part so.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl Evaluation {
    /// What was stated, with what is computed beside it.
    pub fn of(
        kept: Kept<EvaluationKey, EvaluationFacts>,
        computed: EvaluationComputed,
        review: ReviewStanding,
    ) -> Self {
        let Kept { key, facts, revision } = kept;
        let EvaluationKey { unit, year, project, kind } = key.clone();
        let scores = EvaluationScores {
            stated: facts.stated_score,
            computed: computed.score.earned,
            computed_at_most: computed.score.at_most,
            reviewed: review.facts.reviewed_score,
        };
        Self { id: key, unit, year, project, kind, facts, computed, scores, review, revision }
    }
}
