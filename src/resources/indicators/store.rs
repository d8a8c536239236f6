//! How indicators are kept. The only code that knows the `indicator` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::IndicatorFilter;
use crate::domain::codes::IndicatorCode;
use crate::domain::indicator::IndicatorFacts;
use crate::domain::kept::{Kept, Resource};
use crate::store::Error;
use crate::store::table::{Column, Model, Table, containing, read_list, write_list};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{Count, IndicatorCode, Name},
        indicator::{Category, Direction, Subcategory},
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "indicator")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: IndicatorCode,
        pub name: Name,
        pub measure_unit: Name,
        pub category: Category,
        pub subcategory: Subcategory,
        pub direction: Direction,
        pub cumulative: bool,
        pub place: Option<Count>,
        #[sea_orm(column_type = "JsonBinary")]
        pub part_of: Json,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of indicators.
#[derive(Debug)]
pub enum Indicators {}

impl Table for Indicators {
    const RESOURCE: Resource = Resource::Indicators;
    type Key = IndicatorCode;
    type Facts = IndicatorFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Code]
    }

    fn key_values(key: &IndicatorCode) -> Vec<Value> {
        vec![key.clone().into()]
    }

    fn unit(_: &IndicatorCode, _: Option<&IndicatorFacts>) -> Option<String> {
        None
    }

    fn row(county: &str, kept: Kept<IndicatorCode, IndicatorFacts>) -> Model<Self> {
        let code = kept.key;
        let IndicatorFacts { name, measure_unit, category, subcategory, direction, cumulative, place, part_of } =
            kept.facts;
        row::Model {
            county: county.into(),
            code,
            name,
            measure_unit,
            category,
            subcategory,
            direction,
            cumulative,
            place,
            part_of: write_list(&part_of),
            revision: kept.revision,
        }
    }

    fn kept(row: Model<Self>) -> Result<Kept<IndicatorCode, IndicatorFacts>, Error> {
        let row::Model {
            county: _,
            code,
            name,
            measure_unit,
            category,
            subcategory,
            direction,
            cumulative,
            place,
            part_of,
            revision,
        } = row;
        let facts = IndicatorFacts {
            name,
            measure_unit,
            category,
            subcategory,
            direction,
            cumulative,
            place,
            part_of: read_list(part_of)?,
        };
        Ok(Kept { key: code, facts, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &IndicatorFilter) -> Condition {
    let IndicatorFilter { category, subcategory, name, direction } = filter;
    Condition::all()
        .add_option(category.map(|one| row::Column::Category.eq(one)))
        .add_option(subcategory.map(|one| row::Column::Subcategory.eq(one)))
        .add_option(name.as_ref().map(|part| containing(row::Column::Name, part.as_str())))
        .add_option(direction.map(|one| row::Column::Direction.eq(one)))
}

/// The indicators with these codes.
pub fn with_codes(codes: impl IntoIterator<Item = IndicatorCode>) -> Condition {
    Condition::all().add(row::Column::Code.is_in(codes))
}
