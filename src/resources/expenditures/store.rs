//! How expenditures are kept. The only code that knows the `expenditure` table.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, Statement, Value};

use super::http::ExpenditureFilter;
use crate::domain::codes::UnitCode;
use crate::domain::expenditure::{ExpenditureFacts, ExpenditureKey};
use crate::domain::kept::{Kept, Resource};
use crate::domain::money::Balance;
use crate::domain::period::Month;
use crate::domain::spending::{ProjectSpent, Spent};
use crate::store::table::{Column, Model, Table, each_of, json_list, newest};
use crate::store::{Error, View};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{AsPrinted, ProjectCode, Prose, UnitCode},
        money::Money,
        period::{Month, Year},
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "expenditure")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit: UnitCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: Month,
        #[sea_orm(primary_key, auto_increment = false)]
        pub project: ProjectCode,
        pub executed: Money,
        pub executed_as_printed: Option<AsPrinted>,
        pub note: Option<Prose>,
        /// The month's year again: what the database holds the project by.
        pub year: Year,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of expenditures.
#[derive(Debug)]
pub enum Expenditures {}

impl Table for Expenditures {
    const RESOURCE: Resource = Resource::Expenditures;
    type Key = ExpenditureKey;
    type Facts = ExpenditureFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Unit, row::Column::Month, row::Column::Project]
    }

    fn key_values(key: &ExpenditureKey) -> Vec<Value> {
        vec![key.unit.clone().into(), key.month.into(), key.project.clone().into()]
    }

    fn unit(key: &ExpenditureKey, _: Option<&ExpenditureFacts>) -> Option<String> {
        Some(key.unit.to_string())
    }

    fn row(county: &str, kept: Kept<ExpenditureKey, ExpenditureFacts>) -> Model<Self> {
        let ExpenditureKey { unit, month, project } = kept.key;
        let ExpenditureFacts { executed, executed_as_printed, note } = kept.facts;
        let (county, year, revision) = (county.into(), month.year(), kept.revision);
        row::Model { county, unit, month, project, executed, executed_as_printed, note, year, revision }
    }

    fn kept(row: Model<Self>) -> Result<Kept<ExpenditureKey, ExpenditureFacts>, Error> {
        let row::Model { county: _, unit, month, project, executed, executed_as_printed, note, year: _, revision } =
            row;
        let facts = ExpenditureFacts { executed, executed_as_printed, note };
        Ok(Kept { key: ExpenditureKey { unit, month, project }, facts, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &ExpenditureFilter) -> Condition {
    let ExpenditureFilter { unit, month, project } = filter;
    Condition::all()
        .add_option(unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(month.map(|one| row::Column::Month.eq(one)))
        .add_option(project.as_ref().map(|one| row::Column::Project.eq(one.clone())))
}

/// The column of the unit.
pub(super) const UNIT: row::Column = row::Column::Unit;

/// What units reported of their projects from January through a month.
///
/// Of each project its last report counts, so that a project without news is not forgotten.
///
/// # Errors
/// The database's.
pub async fn through(view: &View<'_>, units: &[UnitCode], month: Month) -> Result<BTreeMap<UnitCode, Spent>, Error> {
    let mut spent: BTreeMap<UnitCode, Spent> = BTreeMap::new();
    if units.is_empty() {
        return Ok(spent);
    }
    let first = format!("{}-01", month.year());
    let values = [view.county().into(), first.into(), month.into(), json_list(units)];
    let backend = view.db().get_database_backend();
    let sql = format!(
        "SELECT unit, project, MAX(month || ':' || executed) AS last,
            MAX(CASE WHEN month < $3 THEN month || ':' || executed END) AS before,
            MAX(CASE WHEN month = $3 THEN revision END) AS revision
         FROM expenditure WHERE county = $1 AND month BETWEEN $2 AND $3 AND unit IN ({})
         GROUP BY unit, project",
        each_of(backend, 4)
    );
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let amount = |one: Option<(Month, i64)>| one.map(|(month, fen)| (month, Balance::of_fen(fen.into())));
    for row in view.db().query_all_raw(statement).await? {
        let project = ProjectSpent {
            last: amount(newest(&row, "last")?),
            before: amount(newest(&row, "before")?),
            revision: row.try_get("", "revision")?,
        };
        spent.entry(row.try_get("", "unit")?).or_default().insert(row.try_get("", "project")?, project);
    }
    Ok(spent)
}
