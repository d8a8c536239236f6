//! How rectification notices are kept. The only code that knows the `rectification` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::RectificationFilter;
use crate::domain::kept::{Kept, Resource};
use crate::domain::rectification::{RectificationFacts, RectificationKey};
use crate::store::Error;
use crate::store::table::{Column, Model, Table, read_facts, write_facts};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{RectificationCode, UnitCode},
        period::Year,
        rectification::RectificationState,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rectification")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit: UnitCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: RectificationCode,
        /// The state again, to be searched by.
        pub state: RectificationState,
        #[sea_orm(column_type = "JsonBinary")]
        pub facts: Json,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of notices.
#[derive(Debug)]
pub enum Rectifications {}

impl Table for Rectifications {
    const RESOURCE: Resource = Resource::Rectifications;
    type Key = RectificationKey;
    type Facts = RectificationFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Unit, row::Column::Year, row::Column::Code]
    }

    fn key_values(key: &RectificationKey) -> Vec<Value> {
        vec![key.unit.clone().into(), key.year.into(), key.code.clone().into()]
    }

    fn unit(key: &RectificationKey, _: Option<&RectificationFacts>) -> Option<String> {
        Some(key.unit.to_string())
    }

    fn row(county: &str, kept: Kept<RectificationKey, RectificationFacts>) -> Model<Self> {
        let Kept { key: RectificationKey { unit, year, code }, facts, revision } = kept;
        let (county, state, facts) = (county.into(), facts.state, write_facts(&facts));
        row::Model { county, unit, year, code, state, facts, revision }
    }

    fn kept(row: Model<Self>) -> Result<Kept<RectificationKey, RectificationFacts>, Error> {
        let row::Model { county: _, unit, year, code, state: _, facts, revision } = row;
        Ok(Kept { key: RectificationKey { unit, year, code }, facts: read_facts(facts)?, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &RectificationFilter) -> Condition {
    let RectificationFilter { unit, year, state } = filter;
    Condition::all()
        .add_option(unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(year.map(|one| row::Column::Year.eq(one)))
        .add_option(state.map(|one| row::Column::State.eq(one)))
}

/// The column of the unit.
pub const UNIT: Column<Rectifications> = row::Column::Unit;
