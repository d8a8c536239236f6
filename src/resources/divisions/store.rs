//! How divisions are kept. The only code that knows the `division` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::DivisionFilter;
use crate::domain::code_list::{DivisionFacts, DivisionKey};
use crate::domain::kept::{Kept, Resource};
use crate::store::Error;
use crate::store::table::{Column, Model, Table};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        code_list::DivisionLevel,
        codes::{DivisionCode, Name},
        period::Year,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "division")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: DivisionCode,
        pub name: Name,
        pub level: DivisionLevel,
        pub parent: Option<DivisionCode>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of divisions.
#[derive(Debug)]
pub enum Divisions {}

impl Table for Divisions {
    const RESOURCE: Resource = Resource::Divisions;
    type Key = DivisionKey;
    type Facts = DivisionFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Year, row::Column::Code]
    }

    fn key_values(key: &DivisionKey) -> Vec<Value> {
        vec![key.year.into(), key.code.clone().into()]
    }

    fn unit(_: &DivisionKey, _: Option<&DivisionFacts>) -> Option<String> {
        None
    }

    fn row(county: &str, kept: Kept<DivisionKey, DivisionFacts>) -> Model<Self> {
        let DivisionKey { year, code } = kept.key;
        let DivisionFacts { name, level, parent } = kept.facts;
        row::Model { county: county.into(), year, code, name, level, parent, revision: kept.revision }
    }

    fn kept(row: Model<Self>) -> Result<Kept<DivisionKey, DivisionFacts>, Error> {
        let row::Model { county: _, year, code, name, level, parent, revision } = row;
        let facts = DivisionFacts { name, level, parent };
        Ok(Kept { key: DivisionKey { year, code }, facts, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &DivisionFilter) -> Condition {
    let DivisionFilter { year, parent, level } = filter;
    Condition::all()
        .add_option(year.map(|one| row::Column::Year.eq(one)))
        .add_option(parent.as_ref().map(|one| row::Column::Parent.eq(one.clone())))
        .add_option(level.map(|one| row::Column::Level.eq(one)))
}
