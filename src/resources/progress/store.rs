//! How progress rows are kept. The only code that knows the `progress` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::ProgressFilter;
use crate::domain::codes::{IndicatorCode, UnitCode};
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::Year;
use crate::domain::progress::{ProgressFacts, ProgressKey};
use crate::store::Error;
use crate::store::table::{Column, Model, Table};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{AsPrinted, IndicatorCode, Prose, UnitCode},
        period::Month,
        quantity::Quantity,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "progress")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit: UnitCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: Month,
        #[sea_orm(primary_key, auto_increment = false)]
        pub indicator: IndicatorCode,
        pub value: Quantity,
        pub value_as_printed: Option<AsPrinted>,
        pub note: Option<Prose>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of progress rows.
#[derive(Debug)]
pub enum Progresses {}

impl Table for Progresses {
    const RESOURCE: Resource = Resource::Progress;
    type Key = ProgressKey;
    type Facts = ProgressFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Unit, row::Column::Month, row::Column::Indicator]
    }

    fn key_values(key: &ProgressKey) -> Vec<Value> {
        vec![key.unit.clone().into(), key.month.into(), key.indicator.clone().into()]
    }

    fn row(county: &str, kept: Kept<ProgressKey, ProgressFacts>) -> Model<Self> {
        let ProgressKey { unit, month, indicator } = kept.key;
        let ProgressFacts { value, value_as_printed, note } = kept.facts;
        row::Model {
            county: county.into(),
            unit,
            month,
            indicator,
            value,
            value_as_printed,
            note,
            revision: kept.revision,
        }
    }

    fn kept(row: Model<Self>) -> Result<Kept<ProgressKey, ProgressFacts>, Error> {
        let row::Model { county: _, unit, month, indicator, value, value_as_printed, note, revision } = row;
        let facts = ProgressFacts { value, value_as_printed, note };
        Ok(Kept { key: ProgressKey { unit, month, indicator }, facts, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &ProgressFilter) -> Condition {
    let ProgressFilter { unit, year, month, indicator } = filter;
    Condition::all()
        .add_option(unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(year.map(of_year))
        .add_option(month.map(|one| row::Column::Month.eq(one)))
        .add_option(indicator.as_ref().map(|one| row::Column::Indicator.eq(one.clone())))
}

/// The months of a year. They are text, `2023-07`, whose order is that of time.
fn of_year(year: Year) -> Condition {
    Condition::all().add(row::Column::Month.gte(format!("{year}-01"))).add(row::Column::Month.lte(format!("{year}-12")))
}

/// The column of the unit.
pub(super) const UNIT: row::Column = row::Column::Unit;

/// What units reported of indicators in a year.
pub fn reported(
    year: Year,
    units: impl IntoIterator<Item = UnitCode>,
    indicators: impl IntoIterator<Item = IndicatorCode>,
) -> Condition {
    of_year(year).add(row::Column::Unit.is_in(units)).add(row::Column::Indicator.is_in(indicators))
}
