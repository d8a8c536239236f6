//! How standards are kept. The only code that knows the `standard` table.

use sea_orm::Value;

use crate::domain::kept::{Kept, Resource};
use crate::domain::standard::{StandardFacts, StandardKey};
use crate::store::Error;
use crate::store::table::{Column, Model, Table, read_facts, write_facts};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::period::Year;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "standard")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        #[sea_orm(column_type = "JsonBinary")]
        pub facts: Json,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of standards.
#[derive(Debug)]
pub enum Standards {}

impl Table for Standards {
    const RESOURCE: Resource = Resource::Standards;
    type Key = StandardKey;
    type Facts = StandardFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Year]
    }

    fn key_values(key: &StandardKey) -> Vec<Value> {
        vec![key.year.into()]
    }

    fn unit(_: &StandardKey, _: Option<&StandardFacts>) -> Option<String> {
        None
    }

    fn row(county: &str, kept: Kept<StandardKey, StandardFacts>) -> Model<Self> {
        let Kept { key: StandardKey { year }, facts, revision } = kept;
        row::Model { county: county.into(), year, facts: write_facts(&facts), revision }
    }

    fn kept(row: Model<Self>) -> Result<Kept<StandardKey, StandardFacts>, Error> {
        let row::Model { county: _, year, facts, revision } = row;
        Ok(Kept { key: StandardKey { year }, facts: read_facts(facts)?, revision })
    }
}
