//! How closings are kept. The only code that knows the `closing` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::ClosingFilter;
use crate::domain::closing::{ClosingFacts, ClosingKey};
use crate::domain::kept::{Kept, Resource};
use crate::store::Error;
use crate::store::table::{Column, Model, Table};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{AsPrinted, Prose, UnitCode},
        period::Year,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "closing")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit: UnitCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        pub reason: Option<Prose>,
        pub document: Option<AsPrinted>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of closings.
#[derive(Debug)]
pub enum Closings {}

impl Table for Closings {
    const RESOURCE: Resource = Resource::Closings;
    type Key = ClosingKey;
    type Facts = ClosingFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Unit, row::Column::Year]
    }

    fn key_values(key: &ClosingKey) -> Vec<Value> {
        vec![key.unit.clone().into(), key.year.into()]
    }

    fn unit(key: &ClosingKey, _: Option<&ClosingFacts>) -> Option<String> {
        Some(key.unit.to_string())
    }

    fn row(county: &str, kept: Kept<ClosingKey, ClosingFacts>) -> Model<Self> {
        let ClosingKey { unit, year } = kept.key;
        let ClosingFacts { reason, document } = kept.facts;
        row::Model { county: county.into(), unit, year, reason, document, revision: kept.revision }
    }

    fn kept(row: Model<Self>) -> Result<Kept<ClosingKey, ClosingFacts>, Error> {
        let row::Model { county: _, unit, year, reason, document, revision } = row;
        Ok(Kept { key: ClosingKey { unit, year }, facts: ClosingFacts { reason, document }, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &ClosingFilter) -> Condition {
    let ClosingFilter { unit, year } = filter;
    Condition::all()
        .add_option(unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(year.map(|one| row::Column::Year.eq(one)))
}

/// The column of the unit.
pub(super) const UNIT: row::Column = row::Column::Unit;
