//! How approvals are kept. The only code that knows the `approval` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::ApprovalFilter;
use crate::domain::approval::{ApprovalFacts, ApprovalKey};
use crate::domain::kept::{Kept, Resource};
use crate::store::Error;
use crate::store::table::{Column, Model, Table};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{AsPrinted, Prose, UnitCode},
        period::{StatedDate, Year},
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "approval")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit: UnitCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        pub document: Option<AsPrinted>,
        pub approved_on: Option<StatedDate>,
        pub note: Option<Prose>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of approvals.
#[derive(Debug)]
pub enum Approvals {}

impl Table for Approvals {
    const RESOURCE: Resource = Resource::Approvals;
    type Key = ApprovalKey;
    type Facts = ApprovalFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Unit, row::Column::Year]
    }

    fn key_values(key: &ApprovalKey) -> Vec<Value> {
        vec![key.unit.clone().into(), key.year.into()]
    }

    fn unit(key: &ApprovalKey, _: Option<&ApprovalFacts>) -> Option<String> {
        Some(key.unit.to_string())
    }

    fn row(county: &str, kept: Kept<ApprovalKey, ApprovalFacts>) -> Model<Self> {
        let ApprovalKey { unit, year } = kept.key;
        let ApprovalFacts { document, approved_on, note } = kept.facts;
        row::Model { county: county.into(), unit, year, document, approved_on, note, revision: kept.revision }
    }

    fn kept(row: Model<Self>) -> Result<Kept<ApprovalKey, ApprovalFacts>, Error> {
        let row::Model { county: _, unit, year, document, approved_on, note, revision } = row;
        Ok(Kept { key: ApprovalKey { unit, year }, facts: ApprovalFacts { document, approved_on, note }, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &ApprovalFilter) -> Condition {
    let ApprovalFilter { unit, year } = filter;
    Condition::all()
        .add_option(unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(year.map(|one| row::Column::Year.eq(one)))
}

/// The column of the unit.
pub(super) const UNIT: row::Column = row::Column::Unit;
