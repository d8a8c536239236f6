//! Indicators (指标): what is measured, in which unit, and which way is good.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{Count, IndicatorCode, Name};
use super::kept::{Kept, Resource, dangling, too_many};
use super::violation::{Violations, Wrong};

crate::choice! {
    /// First level of the indicator tree (一级指标, 财预〔2020〕10号; 成本 since 财预〔2021〕101号).
    pub enum Category {
        /// 产出指标
        Output = "output", "产出";
        /// 效益指标
        Benefit = "benefit", "效益";
        /// 满意度指标
        Satisfaction = "satisfaction", "满意度";
        /// 成本指标
        Cost = "cost", "成本";
    }
}

crate::choice! {
    /// Second level of the indicator tree (二级指标).
    pub enum Subcategory {
        /// 数量指标
        Quantity = "quantity", "数量";
        /// 质量指标
        Quality = "quality", "质量";
        /// 时效指标
        Timeliness = "timeliness", "时效";
        /// 成本指标, below 产出 before 2021
        Cost = "cost", "成本";
        /// 经济效益指标
        EconomicBenefit = "economic_benefit", "经济效益";
        /// 社会效益指标
        SocialBenefit = "social_benefit", "社会效益";
        /// 生态效益指标
        EcologicalBenefit = "ecological_benefit", "生态效益";
        /// 可持续影响指标
        SustainableImpact = "sustainable_impact", "可持续影响";
        /// 服务对象满意度指标
        ServiceSatisfaction = "service_satisfaction", "服务对象满意度";
        /// 经济成本指标
        EconomicCost = "economic_cost", "经济成本";
        /// 社会成本指标
        SocialCost = "social_cost", "社会成本";
        /// 生态环境成本指标
        EcologicalCost = "ecological_cost", "生态环境成本";
    }
}

impl Subcategory {
    /// The first level it belongs to.
    pub const fn category(self) -> Category {
        match self {
            Self::Quantity | Self::Quality | Self::Timeliness | Self::Cost => Category::Output,
            Self::EconomicBenefit | Self::SocialBenefit | Self::EcologicalBenefit | Self::SustainableImpact => {
                Category::Benefit
            }
            Self::ServiceSatisfaction => Category::Satisfaction,
            Self::EconomicCost | Self::SocialCost | Self::EcologicalCost => Category::Cost,
        }
    }
}

crate::choice! {
    /// Which way is good (指标方向, computesign).
    pub enum Direction {
        /// ≥
        AtLeast = "at_least", "不低于（≥）";
        /// >
        MoreThan = "more_than", "大于（>）";
        /// =
        Equal = "equal", "等于（=）";
        /// <
        LessThan = "less_than", "小于（<）";
        /// ≤
        AtMost = "at_most", "不高于（≤）";
        /// 定性: the actual is the percentage achieved, 0 to 100
        Qualitative = "qualitative", "定性";
    }
}

/// What is stated of an indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct IndicatorFacts {
    /// Name (指标名称).
    pub name: Name,
    /// Measure unit (计量单位): 亿元, 万美元, 个.
    pub measure_unit: Name,
    /// First level.
    pub category: Category,
    /// Second level.
    pub subcategory: Subcategory,
    /// Which way is good.
    pub direction: Direction,
    /// Whether monthly figures are cumulative from January (1–7月) or for the month alone.
    pub cumulative: bool,
    /// Its place on the form (序号); scorecards list targets by it, those without one last.
    #[deserr(default)]
    pub place: Option<Count>,
    /// The indicators whose sum already contains this one: 湘商回湘到位资金 is part of 省外境内 + 域外省内, never added to it.
    #[deserr(default)]
    #[schema(max_items = 20)]
    pub part_of: Vec<IndicatorCode>,
}

impl IndicatorFacts {
    /// Whether figures of several units, or months, add up: counts and amounts do, percentages and qualities do not.
    pub fn adds_up(&self) -> bool {
        self.direction != Direction::Qualitative && !matches!(self.measure_unit.as_str(), "%" | "％" | "‰")
    }

    /// An indicator is part of at most so many others.
    pub const MOST_WHOLES: usize = 20;

    /// Whether an indicator may say this, `unknown` being those of `part_of` that are not there.
    ///
    /// # Errors
    /// A second level of another first level, a whole that is the part itself or is not there.
    pub fn check(&self, code: &IndicatorCode, unknown: &[IndicatorCode]) -> Result<(), Violations> {
        let mut broken = Violations::default();
        broken.require(self.subcategory.category() == self.category, || {
            let (sub, category) = (self.subcategory, self.subcategory.category());
            Wrong::new(
                "wrong_category",
                format!("“{}”属于“{}”", sub.zh(), category.zh()),
                format!("`{sub}` is below `{category}`"),
            )
            .at("/subcategory")
        });
        broken.require(self.part_of.len() <= Self::MOST_WHOLES, || too_many("/part_of", Self::MOST_WHOLES));
        for (place, whole) in self.part_of.iter().enumerate() {
            let pointer = format!("/part_of/{place}");
            if whole == code {
                broken.0.push(Wrong::new("cycle", "不能包含于自己", "cannot be part of itself").at(pointer));
            } else if unknown.contains(whole) {
                broken.0.push(dangling(pointer, Resource::Indicators, whole));
            }
        }
        broken.into_result()
    }
}

/// An indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Indicator {
    /// Its code.
    pub id: IndicatorCode,
    /// What was stated.
    pub facts: IndicatorFacts,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<IndicatorCode, IndicatorFacts>> for Indicator {
    fn from(kept: Kept<IndicatorCode, IndicatorFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        Self { id: key, facts, revision }
    }
}
