//! How projects are kept. The only code that knows the `project` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::ProjectFilter;
use crate::domain::kept::{Kept, Resource};
use crate::domain::project::{ProjectFacts, ProjectKey};
use crate::store::Error;
use crate::store::table::{Column, Model, Table};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{FunctionalCode, Name, ProjectCode, Prose, UnitCode},
        period::Year,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "project")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit: UnitCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: ProjectCode,
        pub name: Name,
        pub long_term_goal: Option<Prose>,
        pub annual_goal: Option<Prose>,
        pub functional_class: Option<FunctionalCode>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of projects.
#[derive(Debug)]
pub enum Projects {}

impl Table for Projects {
    const RESOURCE: Resource = Resource::Projects;
    type Key = ProjectKey;
    type Facts = ProjectFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Unit, row::Column::Year, row::Column::Code]
    }

    fn key_values(key: &ProjectKey) -> Vec<Value> {
        vec![key.unit.clone().into(), key.year.into(), key.code.clone().into()]
    }

    fn unit(key: &ProjectKey, _: Option<&ProjectFacts>) -> Option<String> {
        Some(key.unit.to_string())
    }

    fn row(county: &str, kept: Kept<ProjectKey, ProjectFacts>) -> Model<Self> {
        let ProjectKey { unit, year, code } = kept.key;
        let ProjectFacts { name, long_term_goal, annual_goal, functional_class } = kept.facts;
        row::Model {
            county: county.into(),
            unit,
            year,
            code,
            name,
            long_term_goal,
            annual_goal,
            functional_class,
            revision: kept.revision,
        }
    }

    fn kept(row: Model<Self>) -> Result<Kept<ProjectKey, ProjectFacts>, Error> {
        let row::Model { county: _, unit, year, code, name, long_term_goal, annual_goal, functional_class, revision } =
            row;
        let facts = ProjectFacts { name, long_term_goal, annual_goal, functional_class };
        Ok(Kept { key: ProjectKey { unit, year, code }, facts, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &ProjectFilter) -> Condition {
    let ProjectFilter { unit, year } = filter;
    Condition::all()
        .add_option(unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(year.map(|one| row::Column::Year.eq(one)))
}

/// The column of the unit.
pub const UNIT: Column<Projects> = row::Column::Unit;
