//! How progress rows are kept. The only code that knows the `progress` table, with [`courses`].

pub mod courses;

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryResult, Statement, Value};

use super::http::ProgressFilter;
use crate::domain::codes::{IndicatorCode, UnitCode};
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::{Month, Year};
use crate::domain::progress::{ProgressFacts, ProgressKey};
use crate::domain::quantity::Quantity;
use crate::resources::units::store::codes;
use crate::store::table::{Column, Model, Table, of_year};
use crate::store::{Error, View};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{AsPrinted, IndicatorCode, Prose, UnitCode},
        period::Month,
        quantity::Quantity,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "progress")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit: UnitCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: Month,
        #[sea_orm(primary_key, auto_increment = false)]
        pub indicator: IndicatorCode,
        pub value: Quantity,
        pub value_as_printed: Option<AsPrinted>,
        pub note: Option<Prose>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of progress rows.
#[derive(Debug)]
pub enum Progresses {}

impl Table for Progresses {
    const RESOURCE: Resource = Resource::Progress;
    type Key = ProgressKey;
    const SIDE_BY_SIDE: bool = true;
    type Facts = ProgressFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Unit, row::Column::Month, row::Column::Indicator]
    }

    fn key_values(key: &ProgressKey) -> Vec<Value> {
        vec![key.unit.clone().into(), key.month.into(), key.indicator.clone().into()]
    }

    fn unit(key: &ProgressKey, _: Option<&ProgressFacts>) -> Option<String> {
        Some(key.unit.to_string())
    }

    fn row(county: &str, kept: Kept<ProgressKey, ProgressFacts>) -> Model<Self> {
        let ProgressKey { unit, month, indicator } = kept.key;
        let ProgressFacts { value, value_as_printed, note } = kept.facts;
        row::Model {
            county: county.into(),
            unit,
            month,
            indicator,
            value,
            value_as_printed,
            note,
            revision: kept.revision,
        }
    }

    fn kept(row: Model<Self>) -> Result<Kept<ProgressKey, ProgressFacts>, Error> {
        let row::Model { county: _, unit, month, indicator, value, value_as_printed, note, revision } = row;
        let facts = ProgressFacts { value, value_as_printed, note };
        Ok(Kept { key: ProgressKey { unit, month, indicator }, facts, revision })
    }
}

/// The rows a filter asks for, behind a key.
pub(super) fn matching(county: &str, filter: &ProgressFilter, after: Option<&ProgressKey>) -> Condition {
    let ProgressFilter { unit, year, month, indicator } = filter;
    // Those of an indicator lie unit by unit and within it month by month: the database goes to the months of each unit, where
    // it would pass all other years by.
    let unit_by_unit = unit.is_none() && indicator.is_some() && (year.is_some() || month.is_some());
    Condition::all()
        .add_option(unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
        .add_option(year.and_then(of_year::<Progresses>))
        .add_option(month.map(|one| row::Column::Month.eq(one)))
        .add_option(indicator.as_ref().map(|one| row::Column::Indicator.eq(one.clone())))
        .add_option(unit_by_unit.then(|| row::Column::Unit.in_subquery(codes(county, after.map(|key| &key.unit)))))
}

/// The column of the unit.
pub(super) const UNIT: row::Column = row::Column::Unit;

/// What units reported of indicators in a year, and perhaps of others.
///
/// Where more than a few are named the database walks the year of each unit once for each; to read what nobody asked for is
/// quicker.
pub fn reported(year: Year, units: BTreeSet<UnitCode>, indicators: &BTreeSet<IndicatorCode>) -> Condition {
    const FEW: usize = 3;
    let of_units = Condition::all().add_option(of_year::<Progresses>(year)).add(row::Column::Unit.is_in(units));
    let few = (indicators.len() <= FEW).then(|| row::Column::Indicator.is_in(indicators.iter().cloned()));
    of_units.add_option(few)
}

/// Two neighbouring months of a unit, an indicator and a year that do not go together; one of them is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leap {
    /// The new row.
    pub new: ProgressKey,
    /// The earlier month.
    pub earlier: Month,
    /// Its value.
    pub before: Quantity,
    /// The later month.
    pub later: Month,
    /// Its value.
    pub after: Quantity,
    /// Whether a cumulative value fell; otherwise one is about ten thousand times the other.
    pub fell: bool,
}

/// The leaps that rows written after an entry of the journal make, in the given units and years.
///
/// # Errors
/// The database's.
pub async fn leaps(view: &View<'_>, touched: &BTreeSet<(UnitCode, Year)>, since: i64) -> Result<Vec<Leap>, Error> {
    /// More units than this are looked at without naming them.
    const MOST_NAMED: usize = 500;
    let years = || touched.iter().map(|(_, year)| *year);
    let (Some(first), Some(last)) = (years().min(), years().max()) else { return Ok(Vec::new()) };
    let units: BTreeSet<&UnitCode> = touched.iter().map(|(unit, _)| unit).collect();
    let mut values: Vec<Value> =
        vec![view.county().into(), format!("{first}-01").into(), format!("{last}-12").into(), since.into()];
    let mut of_units = String::new();
    if units.len() <= MOST_NAMED {
        let places = (0..units.len()).map(|place| format!("${}", place + 5)).collect::<Vec<_>>().join(", ");
        of_units = format!("AND p.unit IN ({places})");
        values.extend(units.into_iter().map(|unit| Value::from(unit.clone())));
    }
    // Divided and not multiplied: a product of the largest value would not fit its column. The rows come in the order of an
    // index; a window over years as well would have them sorted.
    let sql = format!(
        "SELECT leap.*, i.cumulative FROM (
            SELECT p.unit, p.indicator, p.month AS later, p.value AS after, p.revision AS revision,
                lag(p.month) OVER w AS earlier, lag(p.value) OVER w AS before, lag(p.revision) OVER w AS last_revision
            FROM progress p WHERE p.county = $1 AND p.month BETWEEN $2 AND $3 {of_units}
            WINDOW w AS (PARTITION BY p.indicator, p.unit ORDER BY p.month)
        ) leap JOIN indicator i ON i.county = $1 AND i.code = leap.indicator
        WHERE substr(earlier, 1, 4) = substr(later, 1, 4) AND (leap.revision > $4 OR last_revision > $4) AND (
            (after < before AND cumulative)
            OR (before > 0 AND after / 5000 >= before) OR (after > 0 AND before / 5000 >= after)
        ) LIMIT 20000"
    );
    let statement = Statement::from_sql_and_values(view.db().get_database_backend(), sql, values);
    let rows = view.db().query_all_raw(statement).await?;
    let read = |row: &QueryResult| -> Result<Leap, Error> {
        let (earlier, later): (Month, Month) = (row.try_get("", "earlier")?, row.try_get("", "later")?);
        let (before, after): (Quantity, Quantity) = (row.try_get("", "before")?, row.try_get("", "after")?);
        let (unit, indicator) = (row.try_get("", "unit")?, row.try_get("", "indicator")?);
        let month = if row.try_get::<i64>("", "revision")? > since { later } else { earlier };
        let fell = row.try_get::<bool>("", "cumulative")? && after < before && before.micros() / 5000 < after.micros();
        Ok(Leap { new: ProgressKey { unit, month, indicator }, earlier, before, later, after, fell })
    };
    rows.iter().map(read).collect()
}
