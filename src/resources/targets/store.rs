//! How targets are kept. The only code that knows the `target` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::TargetFilter;
use crate::domain::codes::UnitCode;
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::Year;
use crate::domain::target::{TargetFacts, TargetKey};
use crate::store::Error;
use crate::store::table::{Column, Model, Table};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{AsPrinted, Assigner, IndicatorCode, MaybeProject, ProjectCode, Prose, UnitCode},
        period::Year,
        quantity::Quantity,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "target")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit: UnitCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        #[sea_orm(primary_key, auto_increment = false)]
        pub project: MaybeProject,
        #[sea_orm(primary_key, auto_increment = false)]
        pub indicator: IndicatorCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub assigner: Assigner,
        pub value: Option<Quantity>,
        pub value_as_printed: Option<AsPrinted>,
        pub goal: Option<Prose>,
        pub document: Option<AsPrinted>,
        /// The project again, null for none: what the database refuses to delete a project by.
        pub project_ref: Option<ProjectCode>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of targets.
#[derive(Debug)]
pub enum Targets {}

impl Table for Targets {
    const RESOURCE: Resource = Resource::Targets;
    type Key = TargetKey;
    type Facts = TargetFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Unit, row::Column::Year, row::Column::Project, row::Column::Indicator, row::Column::Assigner]
    }

    fn key_values(key: &TargetKey) -> Vec<Value> {
        vec![
            key.unit.clone().into(),
            key.year.into(),
            key.project.clone().into(),
            key.indicator.clone().into(),
            key.assigner.clone().into(),
        ]
    }

    fn unit(key: &TargetKey, _: Option<&TargetFacts>) -> Option<String> {
        Some(key.unit.to_string())
    }

    fn row(county: &str, kept: Kept<TargetKey, TargetFacts>) -> Model<Self> {
        let TargetKey { unit, year, project, indicator, assigner } = kept.key;
        let project_ref = project.0.clone();
        let TargetFacts { value, value_as_printed, goal, document } = kept.facts;
        row::Model {
            county: county.into(),
            unit,
            year,
            project,
            indicator,
            assigner,
            value,
            value_as_printed,
            goal,
            document,
            project_ref,
            revision: kept.revision,
        }
    }

    fn kept(row: Model<Self>) -> Result<Kept<TargetKey, TargetFacts>, Error> {
        let row::Model {
            county: _,
            unit,
            year,
            project,
            indicator,
            assigner,
            value,
            value_as_printed,
            goal,
            document,
            project_ref: _,
            revision,
        } = row;
        let facts = TargetFacts { value, value_as_printed, goal, document };
        Ok(Kept { key: TargetKey { unit, year, project, indicator, assigner }, facts, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &TargetFilter) -> Condition {
    let TargetFilter { unit, year, indicator, assigner } = filter;
    Condition::all()
        .add_option(unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(year.map(|one| row::Column::Year.eq(one)))
        .add_option(indicator.as_ref().map(|one| row::Column::Indicator.eq(one.clone())))
        .add_option(assigner.as_ref().map(|one| row::Column::Assigner.eq(one.clone())))
}

/// The targets of these units in a year.
pub fn of_units(year: Year, units: impl IntoIterator<Item = UnitCode>) -> Condition {
    of_year(year).add(row::Column::Unit.is_in(units))
}

/// The targets of a year.
pub fn of_year(year: Year) -> Condition {
    Condition::all().add(row::Column::Year.eq(year))
}

/// The column of the unit.
pub const UNIT: Column<Targets> = row::Column::Unit;
