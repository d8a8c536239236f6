//! The courses of a year, aggregated where the rows are: a month of a thousand units is one read.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, QueryResult, Statement};

use crate::domain::codes::{IndicatorCode, UnitCode};
use crate::domain::course::Course;
use crate::domain::period::{Month, Year};
use crate::domain::quantity::Quantity;
use crate::store::table::{each_of, json_list, newest};
use crate::store::{Error, View};

/// What a unit reported of an indicator in a year.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reported {
    /// Through the month.
    pub course: Course,
    /// Through the last month that counts.
    pub whole: Course,
    /// The journal entry of the month's own row.
    pub revision: Option<i64>,
}

/// Of each unit, of each indicator.
pub type Courses = BTreeMap<UnitCode, BTreeMap<IndicatorCode, Reported>>;

/// What units reported from January through a month, and of the whole year where that is wanted as well.
///
/// # Errors
/// The database's.
pub async fn through(view: &View<'_>, units: &[UnitCode], month: Month, whole_year: bool) -> Result<Courses, Error> {
    let mut courses = Courses::new();
    if units.is_empty() {
        return Ok(courses);
    }
    let (first, last) = (of_year(month.year(), 1), of_year(month.year(), 12));
    let until = if whole_year { last } else { month.to_string() };
    let values = [view.county().into(), first.into(), until.into(), month.into(), json_list(units)];
    let backend = view.db().get_database_backend();
    // Sums are taken of the whole part and of the millionths: twelve of the largest quantities do not fit one column.
    let sums = |name: &str, when: &str| {
        format!(
            "CAST(SUM(CASE WHEN {when} THEN value / 1000000 END) AS BIGINT) AS {name}_whole,
             CAST(SUM(CASE WHEN {when} THEN value % 1000000 END) AS BIGINT) AS {name}_rest"
        )
    };
    let rest = if whole_year {
        format!(", MAX(month || ':' || value) AS year_last, {}", sums("year", "month <= $3"))
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT unit, indicator,
            MAX(CASE WHEN month = $4 THEN value END) AS this,
            MAX(CASE WHEN month = $4 THEN revision END) AS this_revision,
            MAX(CASE WHEN month <= $4 THEN month || ':' || value END) AS last,
            MAX(CASE WHEN month < $4 THEN month || ':' || value END) AS before,
            {}, {}{rest}
         FROM progress WHERE county = $1 AND month BETWEEN $2 AND $3 AND unit IN ({})
         GROUP BY unit, indicator",
        sums("sum", "month <= $4"),
        sums("sum_before", "month < $4"),
        each_of(backend, 5)
    );
    let statement = Statement::from_sql_and_values(backend, sql, values);
    for row in view.db().query_all_raw(statement).await? {
        let course = Course {
            this: row.try_get::<Option<Quantity>>("", "this")?,
            last: figure(&row, "last")?,
            before: figure(&row, "before")?,
            sum: sum(&row, "sum")?,
            sum_before: sum(&row, "sum_before")?,
        };
        let whole = if whole_year {
            let (last, sum) = (figure(&row, "year_last")?, sum(&row, "year")?);
            Course { this: last.map(|one| one.1), last, sum, ..Course::default() }
        } else {
            course
        };
        let reported = Reported { course, whole, revision: row.try_get("", "this_revision")? };
        let unit: UnitCode = row.try_get("", "unit")?;
        courses.entry(unit).or_default().insert(row.try_get("", "indicator")?, reported);
    }
    Ok(courses)
}

fn of_year(year: Year, month: u8) -> String {
    format!("{year}-{month:02}")
}

/// A month and its figure.
fn figure(row: &QueryResult, column: &str) -> Result<Option<(Month, Quantity)>, Error> {
    Ok(newest(row, column)?.map(|(month, micros)| (month, Quantity::of_micros(micros))))
}

/// A sum, if it is one that a quantity can hold.
fn sum(row: &QueryResult, name: &str) -> Result<Option<Quantity>, Error> {
    let whole: Option<i64> = row.try_get("", &format!("{name}_whole"))?;
    let rest: Option<i64> = row.try_get("", &format!("{name}_rest"))?;
    let sum = whole.zip(rest).and_then(|(whole, rest)| whole.checked_mul(1_000_000)?.checked_add(rest));
    Ok(sum.map(Quantity::of_micros))
}
