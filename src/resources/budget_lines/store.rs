//! How budget lines are kept. The only code that knows the `budget_line` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::BudgetLineFilter;
use crate::domain::budget_line::{BudgetLineFacts, BudgetLineKey};
use crate::domain::codes::UnitCode;
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::Year;
use crate::store::Error;
use crate::store::table::{Column, Model, Table};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{AsPrinted, EconomicCode, ProjectCode, UnitCode},
        money::Money,
        period::Year,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "budget_line")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit: UnitCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        #[sea_orm(primary_key, auto_increment = false)]
        pub project: ProjectCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub economic_class: EconomicCode,
        pub name_as_printed: Option<AsPrinted>,
        pub approved: Option<Money>,
        pub approved_as_printed: Option<AsPrinted>,
        pub adjusted: Option<Money>,
        pub adjusted_as_printed: Option<AsPrinted>,
        pub executed: Option<Money>,
        pub executed_as_printed: Option<AsPrinted>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of budget lines.
#[derive(Debug)]
pub enum BudgetLines {}

impl Table for BudgetLines {
    const RESOURCE: Resource = Resource::BudgetLines;
    type Key = BudgetLineKey;
    const SIDE_BY_SIDE: bool = true;
    type Facts = BudgetLineFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Unit, row::Column::Year, row::Column::Project, row::Column::EconomicClass]
    }

    fn key_values(key: &BudgetLineKey) -> Vec<Value> {
        vec![key.unit.clone().into(), key.year.into(), key.project.clone().into(), key.economic_class.clone().into()]
    }

    fn unit(key: &BudgetLineKey, _: Option<&BudgetLineFacts>) -> Option<String> {
        Some(key.unit.to_string())
    }

    fn row(county: &str, kept: Kept<BudgetLineKey, BudgetLineFacts>) -> Model<Self> {
        let BudgetLineKey { unit, year, project, economic_class } = kept.key;
        let BudgetLineFacts {
            name_as_printed,
            approved,
            approved_as_printed,
            adjusted,
            adjusted_as_printed,
            executed,
            executed_as_printed,
        } = kept.facts;
        row::Model {
            county: county.into(),
            unit,
            year,
            project,
            economic_class,
            name_as_printed,
            approved,
            approved_as_printed,
            adjusted,
            adjusted_as_printed,
            executed,
            executed_as_printed,
            revision: kept.revision,
        }
    }

    fn kept(row: Model<Self>) -> Result<Kept<BudgetLineKey, BudgetLineFacts>, Error> {
        let row::Model {
            county: _,
            unit,
            year,
            project,
            economic_class,
            name_as_printed,
            approved,
            approved_as_printed,
            adjusted,
            adjusted_as_printed,
            executed,
            executed_as_printed,
            revision,
        } = row;
        let facts = BudgetLineFacts {
            name_as_printed,
            approved,
            approved_as_printed,
            adjusted,
            adjusted_as_printed,
            executed,
            executed_as_printed,
        };
        Ok(Kept { key: BudgetLineKey { unit, year, project, economic_class }, facts, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &BudgetLineFilter) -> Condition {
    let BudgetLineFilter { unit, year, project, economic_class } = filter;
    Condition::all()
        .add_option(unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(year.map(|one| row::Column::Year.eq(one)))
        .add_option(project.as_ref().map(|one| row::Column::Project.eq(one.clone())))
        .add_option(economic_class.as_ref().map(|one| row::Column::EconomicClass.eq(one.clone())))
}

/// The lines of these units in a year.
pub fn of_units(year: Year, units: impl IntoIterator<Item = UnitCode>) -> Condition {
    Condition::all().add(row::Column::Year.eq(year)).add(row::Column::Unit.is_in(units))
}

/// The lines of a year.
pub fn of_year(year: Year) -> Condition {
    Condition::all().add(row::Column::Year.eq(year))
}

/// The column of the unit.
pub const UNIT: row::Column = row::Column::Unit;
