//! Code lists, a fresh one each year: economic classes of spending and administrative divisions.
//!
//! The finance ministry reissues its classification every year, and townships merge: a code means what it meant then.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{DivisionCode, EconomicCode, Name};
use super::kept::{Kept, Resource, dangling};
use super::period::Year;
use super::violation::{Violations, Wrong};

crate::key! {
    /// An economic class in one year's list.
    pub struct EconomicClassKey {
        /// The year of the list.
        year: Year,
        /// The class.
        code: EconomicCode,
    }
    example "2023:30201"
}

/// What is stated of an economic class (部门预算支出经济分类科目).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct EconomicClassFacts {
    /// Official name.
    pub name: Name,
    /// The class (类) above; null for a 类 itself.
    #[deserr(default)]
    pub parent: Option<EconomicCode>,
    /// Whether it is no longer to be used.
    #[deserr(default)]
    #[schema(default = false)]
    pub retired: bool,
}

impl EconomicClassFacts {
    /// Whether a class may say this, given whether its parent is in the same list.
    ///
    /// # Errors
    /// A 款 whose parent is not its first three digits or not in the list; a 类 with a parent.
    pub fn check(&self, key: &EconomicClassKey, parent_known: bool) -> Result<(), Violations> {
        let mut broken = Violations::default();
        let expected = key.code.as_str().get(..3).filter(|_| key.code.as_str().len() > 3);
        let stated = self.parent.as_ref().map(EconomicCode::as_str);
        if stated != expected {
            broken.0.push(
                Wrong::new(
                    "wrong_parent",
                    "款的上级是其前三位；类没有上级",
                    "the parent of a five-digit class is its first three digits; a three-digit class has none",
                )
                .at("/parent"),
            );
        } else if let Some(parent) = &self.parent {
            broken.require(parent_known, || dangling("/parent", Resource::EconomicClasses, parent));
        }
        broken.into_result()
    }
}

/// An economic class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EconomicClass {
    /// `year:code`.
    pub id: EconomicClassKey,
    /// The year of the list.
    pub year: Year,
    /// The class.
    pub code: EconomicCode,
    /// What was stated.
    pub facts: EconomicClassFacts,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<EconomicClassKey, EconomicClassFacts>> for EconomicClass {
    fn from(kept: Kept<EconomicClassKey, EconomicClassFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let EconomicClassKey { year, code } = key.clone();
        Self { id: key, year, code, facts, revision }
    }
}

crate::key! {
    /// A division in one year's list.
    pub struct DivisionKey {
        /// The year of the list.
        year: Year,
        /// The division.
        code: DivisionCode,
    }
    example "2023:430922"
}

crate::choice! {
    /// The level of a division (行政区划级别).
    pub enum DivisionLevel {
        /// 省
        Province = "province", "省级";
        /// 地、市、州
        Prefecture = "prefecture", "地级";
        /// 县、市、区
        County = "county", "县级";
        /// 乡、镇、街道
        Township = "township", "乡级";
    }
}

/// What is stated of a division.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct DivisionFacts {
    /// Official name.
    pub name: Name,
    /// Its level.
    pub level: DivisionLevel,
    /// The division above; null at the top of the list.
    #[deserr(default)]
    pub parent: Option<DivisionCode>,
}

impl DivisionFacts {
    /// Whether a division may say this, given the level of its parent and the highest of those right below it, in
    /// the same list.
    ///
    /// # Errors
    /// A parent that is not in the list; a level that is not between them, which also rules out cycles.
    pub fn check(&self, parent: Option<DivisionLevel>, below: Option<DivisionLevel>) -> Result<(), Violations> {
        let mut broken = Violations::default();
        broken.require(below.is_none_or(|below| self.level < below), || {
            Wrong::new("wrong_level", "级别须高于其下级区划", "the level must be above that of its divisions")
                .at("/level")
        });
        match (&self.parent, parent) {
            (Some(code), None) => broken.0.push(dangling("/parent", Resource::Divisions, code)),
            (Some(_), Some(level)) => broken.require(level < self.level, || {
                Wrong::new("wrong_parent", "上级区划的级别必须更高", "the parent must be of a higher level")
                    .at("/parent")
            }),
            (None, _) => {}
        }
        broken.into_result()
    }
}

/// A division.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Division {
    /// `year:code`.
    pub id: DivisionKey,
    /// The year of the list.
    pub year: Year,
    /// The division.
    pub code: DivisionCode,
    /// What was stated.
    pub facts: DivisionFacts,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<DivisionKey, DivisionFacts>> for Division {
    fn from(kept: Kept<DivisionKey, DivisionFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let DivisionKey { year, code } = key.clone();
        Self { id: key, year, code, facts, revision }
    }
}

/// A name without what writers vary: brackets of either width, spaces. 维修(护)费 and 维修（护）费 are one.
pub fn plain_name(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '（' => '(',
            '）' => ')',
            c => c,
        })
        .collect()
}
