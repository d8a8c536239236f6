//! How economic classes are kept. The only code that knows the `economic_class` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::EconomicClassFilter;
use crate::domain::code_list::{EconomicClassFacts, EconomicClassKey};
use crate::domain::codes::EconomicCode;
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::Year;
use crate::store::Error;
use crate::store::table::{Column, Model, Table};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{EconomicCode, Name},
        period::Year,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "economic_class")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: EconomicCode,
        pub name: Name,
        pub parent: Option<EconomicCode>,
        pub retired: bool,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of economic classes.
#[derive(Debug)]
pub enum EconomicClasses {}

impl Table for EconomicClasses {
    const RESOURCE: Resource = Resource::EconomicClasses;
    type Key = EconomicClassKey;
    type Facts = EconomicClassFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Year, row::Column::Code]
    }

    fn key_values(key: &EconomicClassKey) -> Vec<Value> {
        vec![key.year.into(), key.code.clone().into()]
    }

    fn unit(_: &EconomicClassKey, _: Option<&EconomicClassFacts>) -> Option<String> {
        None
    }

    fn row(county: &str, kept: Kept<EconomicClassKey, EconomicClassFacts>) -> Model<Self> {
        let EconomicClassKey { year, code } = kept.key;
        let EconomicClassFacts { name, parent, retired } = kept.facts;
        row::Model { county: county.into(), year, code, name, parent, retired, revision: kept.revision }
    }

    fn kept(row: Model<Self>) -> Result<Kept<EconomicClassKey, EconomicClassFacts>, Error> {
        let row::Model { county: _, year, code, name, parent, retired, revision } = row;
        let facts = EconomicClassFacts { name, parent, retired };
        Ok(Kept { key: EconomicClassKey { year, code }, facts, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &EconomicClassFilter) -> Condition {
    let EconomicClassFilter { year, parent } = filter;
    Condition::all()
        .add_option(year.map(|one| row::Column::Year.eq(one)))
        .add_option(parent.as_ref().map(|one| row::Column::Parent.eq(one.clone())))
}

/// These classes of a year's list.
pub fn of_year(year: Year, codes: impl IntoIterator<Item = EconomicCode>) -> Condition {
    Condition::all().add(row::Column::Year.eq(year)).add(row::Column::Code.is_in(codes))
}
