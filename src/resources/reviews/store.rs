//! How reviews are kept. The only code that knows the `review` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::ReviewFilter;
use crate::domain::codes::UnitCode;
use crate::domain::evaluation::EvaluationKey;
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::Year;
use crate::domain::review::{ReviewFacts, ReviewState};
use crate::store::Error;
use crate::store::table::{Column, Model, Table, read_facts, write_facts};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{MaybeProject, UnitCode},
        evaluation::EvaluationKind,
        period::Year,
        review::ReviewState,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "review")]
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
        /// The state again, to be searched by.
        pub state: ReviewState,
        #[sea_orm(column_type = "JsonBinary")]
        pub facts: Json,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of reviews.
#[derive(Debug)]
pub enum Reviews {}

impl Table for Reviews {
    const RESOURCE: Resource = Resource::Reviews;
    type Key = EvaluationKey;
    type Facts = ReviewFacts;
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

    fn unit(key: &EvaluationKey, _: Option<&ReviewFacts>) -> Option<String> {
        Some(key.unit.to_string())
    }

    fn row(county: &str, kept: Kept<EvaluationKey, ReviewFacts>) -> Model<Self> {
        let Kept { key: EvaluationKey { unit, year, project, kind }, facts, revision } = kept;
        let (county, state, facts) = (county.into(), facts.state, write_facts(&facts));
        row::Model { county, unit, year, project, kind, state, facts, revision }
    }

    fn kept(row: Model<Self>) -> Result<Kept<EvaluationKey, ReviewFacts>, Error> {
        let row::Model { county: _, unit, year, project, kind, state: _, facts, revision } = row;
        Ok(Kept { key: EvaluationKey { unit, year, project, kind }, facts: read_facts(facts)?, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &ReviewFilter) -> Condition {
    let ReviewFilter { unit, year, state } = filter;
    of(unit.as_ref(), *year).add_option(state.map(|one| row::Column::State.eq(one)))
}

/// Those of a unit and a year, where these are named.
pub fn of(unit: Option<&UnitCode>, year: Option<Year>) -> Condition {
    Condition::all()
        .add_option(unit.map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(year.map(|one| row::Column::Year.eq(one)))
}

/// Those whose state holds the rows of a unit's year.
pub fn holding(unit: &UnitCode, year: Year) -> Condition {
    all_holding().add(of(Some(unit), Some(year)))
}

/// Those whose state holds the rows of a year.
pub fn all_holding() -> Condition {
    in_states(|state| state.holds_the_year())
}

/// Those in one of these states.
pub fn in_states(wanted: impl Fn(&ReviewState) -> bool) -> Condition {
    Condition::all().add(row::Column::State.is_in(ReviewState::ALL.iter().copied().filter(wanted)))
}

/// The column of the unit.
pub const UNIT: Column<Reviews> = row::Column::Unit;
