//! Units (单位): the bodies that have a budget or a task, in a tree.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{Count, CreditCode, DivisionCode, Name, Prose, UnitCode};
use super::kept::{Kept, Resource, dangling, too_many};
use super::period::StatedDate;
use super::quantity::Rate;
use super::violation::{Violations, Wrong};

crate::choice! {
    /// What kind of body a unit is (单位类型).
    pub enum UnitKind {
        /// The county itself, top of the tree.
        County = "county", "县";
        /// A department of the county (主管部门、县直单位).
        Department = "department", "县直部门";
        /// A public institution (事业单位).
        PublicInstitution = "public_institution", "事业单位";
        /// A township or town (乡镇).
        Township = "township", "乡镇";
        /// An industrial park; it has no division code of its own.
        Park = "park", "园区";
        /// Any other body.
        Other = "other", "其他";
    }
}

/// A leadership post and how many there are of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct LeadershipPost {
    /// The post's title, such as 主任.
    pub title: Name,
    /// How many people hold it.
    pub count: Count,
}

/// What is stated of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct UnitFacts {
    /// Full name (单位名称).
    pub name: Name,
    /// What kind of body it is.
    pub kind: UnitKind,
    /// The unit above it; null only at the top of the tree.
    #[deserr(default)]
    pub parent: Option<UnitCode>,
    /// Division it lies in (GB/T 2260).
    #[deserr(default)]
    pub division_code: Option<DivisionCode>,
    /// Unified social credit code (GB 32100-2015), check digit verified.
    #[deserr(default)]
    pub social_credit_code: Option<CreditCode>,
    /// When it was founded, as precisely as known.
    #[deserr(default)]
    pub established_on: Option<StatedDate>,
    /// How it is funded (经费供给方式), such as 全额拨款.
    #[deserr(default)]
    pub funding: Option<Name>,
    /// Administrative level (行政级别), such as 副科级.
    #[deserr(default)]
    pub level: Option<Name>,
    /// Posts approved (核定编制).
    #[deserr(default)]
    pub approved_posts: Option<Count>,
    /// Posts filled (在编人数).
    #[deserr(default)]
    pub filled_posts: Option<Count>,
    /// Leadership posts (领导职数).
    #[deserr(default)]
    #[schema(max_items = 20)]
    pub leadership: Vec<LeadershipPost>,
    /// Duties (主要职责), one item each.
    #[deserr(default)]
    #[schema(max_items = 50)]
    pub duties: Vec<Prose>,
    /// First day it exists, for units that were renamed or merged.
    #[deserr(default)]
    pub valid_from: Option<StatedDate>,
    /// Last day it exists.
    #[deserr(default)]
    pub valid_to: Option<StatedDate>,
}

impl UnitFacts {
    /// The deepest tree: province, city, county, department, unit, and some to spare.
    const DEEPEST: usize = 12;

    /// Whether a unit may say this, `lineage` being its parent, the parent's parent and so on to the top;
    /// empty where the parent is not known.
    ///
    /// # Errors
    /// Unknown parent, a cycle, a tree too deep, lists too long, an end before the beginning.
    pub fn check(&self, code: &UnitCode, lineage: &[UnitCode]) -> Result<(), Violations> {
        let mut broken = Violations::default();
        if let Some(parent) = &self.parent {
            if parent == code || lineage.contains(code) {
                broken.0.push(
                    Wrong::new(
                        "cycle",
                        format!("单位层级成环：{code} 不能隶属于自己或自己的下级"),
                        format!("the tree would have a cycle: {code} cannot be below itself"),
                    )
                    .at("/parent")
                    .showing(parent),
                );
            } else if lineage.is_empty() {
                broken.0.push(dangling("/parent", Resource::Units, parent));
            }
            broken.require(lineage.len() < Self::DEEPEST, || {
                let most = Self::DEEPEST;
                Wrong::new("too_deep", format!("层级最多 {most} 层"), format!("the tree has at most {most} levels"))
                    .at("/parent")
            });
        }
        broken.require(self.leadership.len() <= 20, || too_many("/leadership", 20));
        broken.require(self.duties.len() <= 50, || too_many("/duties", 50));
        let backwards = matches!((&self.valid_from, &self.valid_to), (Some(from), Some(to)) if from.is_after(to));
        broken.require(!backwards, || {
            Wrong::new("period_backwards", "结束日期早于开始日期", "it would end before it begins").at("/valid_to")
        });
        broken.into_result()
    }
}

/// What follows from a unit's own facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitComputed {
    /// Approved posts not filled; negative when there are more people than posts; null when either is unknown.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub vacant_posts: Option<i32>,
    /// Filled ÷ approved posts, percent.
    pub fill_rate: Option<Rate>,
}

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unit {
    /// Its code.
    pub id: UnitCode,
    /// What was stated.
    pub facts: UnitFacts,
    /// What follows from it.
    pub computed: UnitComputed,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<UnitCode, UnitFacts>> for Unit {
    fn from(kept: Kept<UnitCode, UnitFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let posts = facts.approved_posts.zip(facts.filled_posts).map(|(a, f)| (a.number(), f.number()));
        let computed = UnitComputed {
            vacant_posts: posts.map(|(approved, filled)| approved - filled),
            fill_rate: posts.and_then(|(approved, filled)| Rate::of(filled, approved)),
        };
        Self { id: key, facts, computed, revision }
    }
}
