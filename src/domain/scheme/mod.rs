//! Assessment schemes (评分办法、考核办法): a tree of items with points, each scored by one of a closed set of methods.
//!
//! A scheme is data: what the national rules say is shipped ([`shipped()`]), what a county says of its townships is
//! stated. The one in force in a year is the newest of its code that is not of a later year.

mod check;
mod shipped;

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{AsPrinted, Assigner, IndicatorCode, Name, SchemeCode, SchemeItemCode};
use super::indicator::Category;
use super::kept::Kept;
use super::period::Year;
use super::quantity::{Percent, Points, Quantity};
use super::violation::Violations;

pub use self::shipped::shipped;

crate::key! {
    /// A scheme's key: its code and the first year it is for.
    pub struct SchemeKey {
        /// The code.
        code: SchemeCode,
        /// The year.
        year: Year,
    }
    example "national_2020:2020"
}

crate::choice! {
    /// How an item is scored.
    pub enum Method {
        /// Not itself: the items below it are
        Group = "group", "分组";
        /// Points × the budget execution rate, at most all of them (预算执行率)
        ExecutionRate = "execution_rate", "预算执行率";
        /// Each target: all points when met, in proportion when not (财预〔2020〕10号)
        National = "national", "全国办法";
        /// Each target: points × its completion, at most `cap`
        Proportional = "proportional", "按比例得分";
        /// Each target: all points from `met_from` on, none below
        AllOrNothing = "all_or_nothing", "达标得分";
        /// Each target: the share of the highest band it reaches
        Bands = "bands", "分档得分";
        /// All targets together: points − `each` for every one below `met_from`
        Deduction = "deduction", "缺项扣分";
        /// All targets together: points × the weighted mean of their completions, each at most `cap`
        WeightedMean = "weighted_mean", "加权平均";
        /// `each` × what was counted, at most the item's points, beside the hundred
        Bonus = "bonus", "加分";
        /// − `each` × what was counted, at most the item's points, beside the hundred
        Penalty = "penalty", "扣分";
    }
}

impl Method {
    /// Whether its points stand beside the hundred.
    pub const fn beside(self) -> bool {
        matches!(self, Self::Bonus | Self::Penalty)
    }

    /// Whether it looks at several targets at once, and only at those the item lists.
    pub const fn together(self) -> bool {
        matches!(self, Self::Deduction | Self::WeightedMean | Self::Bonus | Self::Penalty)
    }
}

/// An indicator that an item looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct SchemeIndicator {
    /// The indicator.
    pub indicator: IndicatorCode,
    /// Only the target set by this one; otherwise any, those from above before the unit's own.
    #[deserr(default)]
    pub assigner: Option<Assigner>,
    /// Its weight beside the others of the item; 1 where nothing is said.
    #[deserr(default)]
    pub weight: Option<Quantity>,
}

/// A band of completions, and the share of the points it earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct Band {
    /// Completion from which the band begins, percent.
    pub from: Percent,
    /// Share of the points, percent.
    pub share: Percent,
}

/// An item of a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct SchemeItem {
    /// Its code, once in the scheme.
    pub code: SchemeItemCode,
    /// The item it is below; those without are the first level.
    #[deserr(default)]
    pub parent: Option<SchemeItemCode>,
    /// Its name.
    pub name: Name,
    /// Its points (分值).
    pub points: Points,
    /// How it is scored.
    pub method: Method,
    /// The indicators it looks at; where there are none it looks at whatever targets an evaluation claims.
    #[deserr(default)]
    #[schema(max_items = 200)]
    pub indicators: Vec<SchemeIndicator>,
    /// Of the claimed targets only those of these categories.
    #[deserr(default)]
    #[schema(max_items = 4)]
    pub categories: Vec<Category>,
    /// Whether evaluations state how its points are spread over the targets they claim (自定权重); otherwise equally,
    /// what does not divide going to the first.
    #[deserr(default)]
    #[schema(default = false)]
    pub own_weights: bool,
    /// The completion that counts at most, percent; null is 100.
    #[deserr(default)]
    pub cap: Option<Percent>,
    /// The completion from which a target is met, percent; null is as its direction says.
    #[deserr(default)]
    pub met_from: Option<Percent>,
    /// Points for each one missed or counted.
    #[deserr(default)]
    pub each: Option<Points>,
    /// The bands, for the method of that name.
    #[deserr(default)]
    #[schema(max_items = 20)]
    pub bands: Vec<Band>,
}

/// What is stated of a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct SchemeFacts {
    /// Its name.
    pub name: Name,
    /// The document that sets it (文号).
    #[deserr(default)]
    pub document: Option<AsPrinted>,
    /// Its items, in the order of the form. The points of the first level add up to 100, those below an item to its own.
    #[schema(max_items = 200)]
    pub items: Vec<SchemeItem>,
}

impl SchemeFacts {
    /// A scheme has at most so many items.
    pub const MOST_ITEMS: usize = 200;

    /// The items that are scored: those without others below them.
    pub fn leaves(&self) -> impl Iterator<Item = &SchemeItem> {
        self.items.iter().filter(|item| item.method != Method::Group)
    }

    /// Whether an evaluation states the weights of its targets.
    pub fn wants_weights(&self) -> bool {
        self.leaves().any(|item| item.own_weights)
    }

    /// The indicators it names.
    pub fn indicators(&self) -> impl Iterator<Item = &IndicatorCode> {
        self.items.iter().flat_map(|item| &item.indicators).map(|one| &one.indicator)
    }
}

impl SchemeItem {
    /// Whether it looks at a claimed target of this category.
    pub fn covers(&self, category: Category) -> bool {
        self.categories.is_empty() || self.categories.contains(&category)
    }
}

/// A scheme with the key it is found by.
pub type KeptScheme = Kept<SchemeKey, SchemeFacts>;

/// A scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Scheme {
    /// `code:year`.
    pub id: SchemeKey,
    /// Its code.
    pub code: SchemeCode,
    /// The first year it is for.
    pub year: Year,
    /// What was stated, or what is shipped.
    pub facts: SchemeFacts,
    /// The journal entry that made it so; the item's `ETag`; 0 for one that is shipped.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<KeptScheme> for Scheme {
    fn from(kept: KeptScheme) -> Self {
        let Kept { key, facts, revision } = kept;
        let SchemeKey { code, year } = key.clone();
        Self { id: key, code, year, facts, revision }
    }
}
