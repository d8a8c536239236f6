//! How evaluations are kept. The only code that knows the `evaluation` table.

use sea_orm::ActiveValue::Set;
use sea_orm::DbBackend;
use sea_orm::sea_query::TableCreateStatement;
use sea_orm::{ColumnTrait, Condition, Value};

use super::http::EvaluationFilter;
use crate::domain::evaluation::{EvaluationFacts, EvaluationKey};
use crate::domain::kept::{Kept, Resource};
use crate::store::Error;
use crate::store::table::{Column, Followers, Model, Table, created, read_list, write_list};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{AsPrinted, MaybeProject, Name, ProjectCode, SchemeCode, UnitCode},
        evaluation::EvaluationKind,
        money::Money,
        period::{StatedDate, Year},
        quantity::{Percent, Points, Quantity},
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "evaluation")]
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
        pub kind: EvaluationKind,
        pub scheme: SchemeCode,
        pub stated_score: Option<Points>,
        pub stated_grade: Option<Name>,
        pub stated_executed: Option<Money>,
        pub stated_executed_as_printed: Option<AsPrinted>,
        pub stated_execution_rate: Option<Percent>,
        #[sea_orm(column_type = "JsonBinary")]
        pub indicators: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub activities: Json,
        pub exchange_rate: Option<Quantity>,
        pub contact: Option<Name>,
        pub signed_by: Option<Name>,
        pub signed_on: Option<StatedDate>,
        pub submitted_on: Option<StatedDate>,
        /// The project again, null for none: what the database refuses to delete a project by.
        pub project_ref: Option<ProjectCode>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A target that an evaluation claims, so that the database holds the reference.
mod claim {
    use sea_orm::entity::prelude::*;

    use crate::domain::codes::{Assigner, IndicatorCode, MaybeProject, UnitCode};
    use crate::domain::{evaluation::EvaluationKind, period::Year};

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "claim")]
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
        pub kind: EvaluationKind,
        #[sea_orm(primary_key, auto_increment = false)]
        pub target_unit: UnitCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub target_project: MaybeProject,
        #[sea_orm(primary_key, auto_increment = false)]
        pub indicator: IndicatorCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub assigner: Assigner,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of evaluations.
#[derive(Debug)]
pub enum Evaluations {}

impl Table for Evaluations {
    const RESOURCE: Resource = Resource::Evaluations;
    type Key = EvaluationKey;
    type Facts = EvaluationFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Unit, row::Column::Year, row::Column::Project, row::Column::Kind]
    }

    fn key_values(key: &EvaluationKey) -> Vec<Value> {
        vec![key.unit.clone().into(), key.year.into(), key.project.clone().into(), key.kind.into()]
    }

    fn unit(key: &EvaluationKey, _: Option<&EvaluationFacts>) -> Option<String> {
        Some(key.unit.to_string())
    }

    fn row(county: &str, kept: Kept<EvaluationKey, EvaluationFacts>) -> Model<Self> {
        let EvaluationKey { unit, year, project, kind } = kept.key;
        let project_ref = project.0.clone();
        let EvaluationFacts {
            scheme,
            stated_score,
            stated_grade,
            stated_executed,
            stated_executed_as_printed,
            stated_execution_rate,
            indicators,
            activities,
            exchange_rate,
            contact,
            signed_by,
            signed_on,
            submitted_on,
        } = kept.facts;
        row::Model {
            county: county.into(),
            unit,
            year,
            project,
            kind,
            scheme,
            stated_score,
            stated_grade,
            stated_executed,
            stated_executed_as_printed,
            stated_execution_rate,
            indicators: write_list(&indicators),
            activities: write_list(&activities),
            exchange_rate,
            contact,
            signed_by,
            signed_on,
            submitted_on,
            project_ref,
            revision: kept.revision,
        }
    }

    fn kept(row: Model<Self>) -> Result<Kept<EvaluationKey, EvaluationFacts>, Error> {
        let row::Model {
            county: _,
            unit,
            year,
            project,
            kind,
            scheme,
            stated_score,
            stated_grade,
            stated_executed,
            stated_executed_as_printed,
            stated_execution_rate,
            indicators,
            activities,
            exchange_rate,
            contact,
            signed_by,
            signed_on,
            submitted_on,
            project_ref: _,
            revision,
        } = row;
        let facts = EvaluationFacts {
            scheme,
            stated_score,
            stated_grade,
            stated_executed,
            stated_executed_as_printed,
            stated_execution_rate,
            indicators: read_list(indicators)?,
            activities: read_list(activities)?,
            exchange_rate,
            contact,
            signed_by,
            signed_on,
            submitted_on,
        };
        Ok(Kept { key: EvaluationKey { unit, year, project, kind }, facts, revision })
    }

    fn follow(
        followers: &mut Followers,
        county: &str,
        _: Option<&EvaluationFacts>,
        kept: &Kept<EvaluationKey, EvaluationFacts>,
    ) {
        let EvaluationKey { unit, year, project, kind } = &kept.key;
        let mine = Condition::all()
            .add(claim::Column::County.eq(county))
            .add(claim::Column::Unit.eq(unit.clone()))
            .add(claim::Column::Year.eq(*year))
            .add(claim::Column::Project.eq(project.clone()))
            .add(claim::Column::Kind.eq(*kind));
        let claims = kept.facts.indicators.iter().map(|assessed| claim::ActiveModel {
            county: Set(county.into()),
            unit: Set(unit.clone()),
            year: Set(*year),
            project: Set(project.clone()),
            kind: Set(*kind),
            target_unit: Set(assessed.target.unit.clone()),
            target_project: Set(assessed.target.project.clone()),
            indicator: Set(assessed.target.indicator.clone()),
            assigner: Set(assessed.target.assigner.clone()),
        });
        followers.replace::<claim::Entity>(mine, claims);
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &EvaluationFilter) -> Condition {
    let EvaluationFilter { unit, year, kind } = filter;
    Condition::all()
        .add_option(unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(year.map(|one| row::Column::Year.eq(one)))
        .add_option(kind.map(|one| row::Column::Kind.eq(one)))
}

/// The column of the unit.
pub const UNIT: Column<Evaluations> = row::Column::Unit;

/// How the claims' entity would create its table.
pub fn claims(backend: DbBackend) -> TableCreateStatement {
    created::<claim::Entity>(backend)
}
