//! Progress (进度、完成值): what a unit reached of an indicator, month by month.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{AsPrinted, IndicatorCode, Prose, UnitCode};
use super::indicator::{Direction, IndicatorFacts};
use super::kept::{Kept, Resource, dangling};
use super::period::Month;
use super::quantity::Quantity;
use super::violation::{Violations, Wrong};

crate::key! {
    /// A progress row's key: unit, month and indicator.
    pub struct ProgressKey {
        /// The unit that reports.
        unit: UnitCode,
        /// The month reported on; for a cumulative indicator the figure is January through this month.
        month: Month,
        /// The indicator.
        indicator: IndicatorCode,
    }
    example "430922:2023-12:fdi"
}

/// What is stated of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ProgressFacts {
    /// The value reached, in the indicator's measure unit; the percentage achieved (0–100) of a qualitative one.
    pub value: Quantity,
    /// The same as printed, with its unit: 13家.
    #[deserr(default)]
    pub value_as_printed: Option<AsPrinted>,
    /// A remark, such as 1-12月份上报.
    #[deserr(default)]
    pub note: Option<Prose>,
}

impl ProgressFacts {
    /// Whether a month may say this of an indicator (`None`: there is no such indicator).
    ///
    /// # Errors
    /// An unknown indicator; a qualitative percentage outside 0 to 100.
    pub fn check(&self, key: &ProgressKey, direction: Option<Direction>) -> Result<(), Violations> {
        let mut broken = Violations::default();
        if direction.is_none() {
            broken.0.push(dangling("", Resource::Indicators, &key.indicator));
        }
        let percent = (0..=100_000_000).contains(&self.value.micros());
        broken.require(direction != Some(Direction::Qualitative) || percent, || {
            Wrong::new(
                "out_of_range",
                "定性指标填写完成百分比，0 至 100",
                "a qualitative indicator reports the percentage achieved, 0 to 100",
            )
            .at("/value")
            .showing(self.value)
        });
        broken.into_result()
    }
}

/// A progress row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// `unit:month:indicator`.
    pub id: ProgressKey,
    /// The unit.
    pub unit: UnitCode,
    /// The month.
    pub month: Month,
    /// The indicator.
    pub indicator: IndicatorCode,
    /// What was stated.
    pub facts: ProgressFacts,
    /// The journal entry that made it so; the item's `ETag`.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<ProgressKey, ProgressFacts>> for Progress {
    fn from(kept: Kept<ProgressKey, ProgressFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        let ProgressKey { unit, month, indicator } = key.clone();
        Self { id: key, unit, month, indicator, facts, revision }
    }
}

/// The year's actual: the last month reported for a cumulative or qualitative indicator, the sum of months otherwise.
///
/// Nothing reported is nothing known. The month is the last one reported on.
pub fn actual(indicator: &IndicatorFacts, months: &[&Kept<ProgressKey, ProgressFacts>]) -> Option<(Quantity, Month)> {
    let last = months.iter().max_by_key(|row| row.key.month)?;
    let value = if indicator.cumulative || indicator.direction == Direction::Qualitative {
        last.facts.value
    } else {
        Quantity::sum(months.iter().map(|row| row.facts.value))?
    };
    Some((value, last.key.month))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::indicator::{Category, Subcategory};

    #[test]
    fn the_last_month_counts_if_cumulative_and_the_sum_if_not() {
        let month = |id: &str, value: &str| Kept {
            key: format!("430922:{id}:fdi").parse().unwrap(),
            facts: ProgressFacts { value: value.parse().unwrap(), value_as_printed: None, note: None },
            revision: 1,
        };
        let rows = [month("2023-11", "20"), month("2023-12", "21"), month("2023-02", "3.5")];
        let rows: Vec<_> = rows.iter().collect();
        let indicator = |cumulative| IndicatorFacts {
            name: "外商直接投资".parse().unwrap(),
            measure_unit: "万美元".parse().unwrap(),
            category: Category::Output,
            subcategory: Subcategory::Quantity,
            direction: Direction::AtLeast,
            cumulative,
            place: None,
            part_of: Vec::new(),
        };
        let read = |cumulative| actual(&indicator(cumulative), &rows).map(|(v, m)| (v.to_string(), m.to_string()));
        assert_eq!(read(true), Some(("21".into(), "2023-12".into())));
        assert_eq!(read(false), Some(("44.5".into(), "2023-12".into())));
        assert_eq!(actual(&indicator(true), &[]), None);
    }
}
