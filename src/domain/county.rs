//! Several counties at once, as those see them who oversee a region (地区).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use utoipa::ToSchema;

use super::codes::DivisionCode;
use super::entry::Became;
use super::kept::Resource;
use super::violation::Wrong;
use super::word::Word;

/// The most counties that are named in one question; a province has fewer.
pub const MOST: usize = 200;

/// Counties by their division codes, in order, each once: `430922,430923`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counties(Vec<DivisionCode>);

impl Counties {
    /// Their codes.
    pub fn codes(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Counties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.codes().join(","))
    }
}

impl FromStr for Counties {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let mut codes: Vec<DivisionCode> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        if codes.len() > MOST {
            return Err(Wrong::new("too_many", format!("最多 {MOST} 个县"), format!("at most {MOST} counties")));
        }
        codes.sort();
        codes.dedup();
        Ok(Self(codes))
    }
}

impl Word for Counties {
    fn pattern() -> Cow<'static, str> {
        "[1-9][0-9]{5}([0-9]{3})?(,[1-9][0-9]{5}([0-9]{3})?){0,199}".into()
    }
    const MIN_LENGTH: usize = 6;
    const MAX_LENGTH: usize = 10 * MOST - 1;
    const EXAMPLE: &'static str = "430922,430923";
}

crate::word!(Counties);

/// A county that somebody may read.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountyItem {
    /// Its division code.
    pub county: DivisionCode,
    /// The number of its newest change; 0 before the first.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub position: i64,
}

/// A row of a county, as it was stated.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountyRow {
    /// The county: ids are unique in it.
    pub county: DivisionCode,
    /// The resource.
    pub resource: Resource,
    /// The unit whose row it is; null for what belongs to the county.
    #[schema(max_length = 40)]
    pub unit: Option<String>,
    /// The row's id.
    #[schema(max_length = 400)]
    pub id: String,
    /// Its revision: the number of the change in its county's journal that made it so.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
    /// What was stated.
    pub facts: Became,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counties_are_named_in_order_and_once() {
        let counties: Counties = "430923,430922,430923".parse().unwrap();
        assert_eq!(counties.to_string(), "430922,430923");
        for wrong in ["", "430922,", "43", "430922;430923"] {
            assert!(wrong.parse::<Counties>().is_err(), "{wrong}");
        }
        let many = vec!["430922"; MOST + 1].join(",");
        assert_eq!(many.parse::<Counties>().unwrap_err().code, "too_many");
    }
}
