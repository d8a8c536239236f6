//! How targets are kept. The only code that knows the `target` table.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::TableCreateStatement;
use sea_orm::{ColumnTrait, Condition, DbBackend, Value};

use super::http::TargetFilter;
use crate::domain::codes::UnitCode;
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::Year;
use crate::domain::target::{TargetFacts, TargetKey};
use crate::store::Error;
use crate::store::table::{Column, Followers, Model, Table, created};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{AsPrinted, Assigner, IndicatorCode, MaybeProject, ProjectCode, Prose, UnitCode},
        period::Year,
        quantity::Quantity,
        target::TargetKey,
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
        pub parent: Option<TargetKey>,
        pub adjustment_reason: Option<Prose>,
        pub adjustment_document: Option<AsPrinted>,
        /// The project again, null for none: what the database refuses to delete a project by.
        pub project_ref: Option<ProjectCode>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A target that was handed down, so that the database holds the one it comes from.
mod handed_down {
    use sea_orm::entity::prelude::*;

    use crate::domain::codes::{Assigner, IndicatorCode, MaybeProject, UnitCode};
    use crate::domain::period::Year;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "handed_down")]
    pub(super) struct Model {
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
        pub parent_unit: UnitCode,
        pub parent_project: MaybeProject,
        pub parent_assigner: Assigner,
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

    fn follow(
        followers: &mut Followers,
        county: &str,
        before: Option<&TargetFacts>,
        kept: &Kept<TargetKey, TargetFacts>,
    ) {
        let parent = kept.facts.parent.as_ref();
        if before.is_none_or(|before| before.parent.is_none()) && parent.is_none() {
            return;
        }
        let TargetKey { unit, year, project, indicator, assigner } = &kept.key;
        let mine = Condition::all()
            .add(handed_down::Column::County.eq(county))
            .add(handed_down::Column::Unit.eq(unit.clone()))
            .add(handed_down::Column::Year.eq(*year))
            .add(handed_down::Column::Project.eq(project.clone()))
            .add(handed_down::Column::Indicator.eq(indicator.clone()))
            .add(handed_down::Column::Assigner.eq(assigner.clone()));
        let new = parent.map(|parent| handed_down::ActiveModel {
            county: Set(county.into()),
            unit: Set(unit.clone()),
            year: Set(*year),
            project: Set(project.clone()),
            indicator: Set(indicator.clone()),
            assigner: Set(assigner.clone()),
            parent_unit: Set(parent.unit.clone()),
            parent_project: Set(parent.project.clone()),
            parent_assigner: Set(parent.assigner.clone()),
        });
        followers.replace::<handed_down::Entity>(mine, new);
    }

    fn row(county: &str, kept: Kept<TargetKey, TargetFacts>) -> Model<Self> {
        let TargetKey { unit, year, project, indicator, assigner } = kept.key;
        let project_ref = project.0.clone();
        let TargetFacts { value, value_as_printed, goal, document, parent, adjustment_reason, adjustment_document } =
            kept.facts;
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
            parent,
            adjustment_reason,
            adjustment_document,
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
            parent,
            adjustment_reason,
            adjustment_document,
            project_ref: _,
            revision,
        } = row;
        let facts =
            TargetFacts { value, value_as_printed, goal, document, parent, adjustment_reason, adjustment_document };
        Ok(Kept { key: TargetKey { unit, year, project, indicator, assigner }, facts, revision })
    }
}

/// How the entity of targets handed down would create its table.
pub fn handed_down(backend: DbBackend) -> TableCreateStatement {
    created::<handed_down::Entity>(backend)
}

/// The targets that were handed down from these.
pub fn handed_down_from(parents: impl IntoIterator<Item = TargetKey>) -> Condition {
    Condition::all().add(row::Column::Parent.is_in(parents))
}

/// The targets for the same unit, year, project and indicator, whoever set them.
pub fn rivals(key: &TargetKey) -> Condition {
    let TargetKey { unit, year, project, indicator, assigner: _ } = key.clone();
    of_units(year, [unit]).add(row::Column::Project.eq(project)).add(row::Column::Indicator.eq(indicator))
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
