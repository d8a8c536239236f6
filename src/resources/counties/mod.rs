//! Counties (各县): the rows of several counties on one page, for whoever oversees a region.
//!
//! Each county is read by itself, in the order of the codes: a page is a piece of one county's rows behind another, so that
//! each query goes to one shard. Every row is right as it stands; a page is of no one moment, for counties have none in
//! common.

pub mod http;

use std::fmt;
use std::str::FromStr;

use sea_orm::Condition;

use self::http::{CountyFilter, RowFilter};
use crate::domain::chain::canonical;
use crate::domain::codes::DivisionCode;
use crate::domain::county::{CountyItem, CountyRow};
use crate::domain::entry::Became;
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::Year;
use crate::domain::violation::Wrong;
use crate::domain::word::bad_id;
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Lack, Permission, Scope};
use crate::http::page::{Present, invalid_cursor};
use crate::resources::approvals::store::Approvals;
use crate::resources::budget_lines::store::BudgetLines;
use crate::resources::closings::store::Closings;
use crate::resources::divisions::store::Divisions;
use crate::resources::economic_classes::store::EconomicClasses;
use crate::resources::expenditures::store::Expenditures;
use crate::resources::indicators::store::Indicators;
use crate::resources::progress::store::Progresses;
use crate::resources::projects::store::Projects;
use crate::resources::schemes::store::Schemes;
use crate::resources::standards::store::Standards;
use crate::resources::targets::store::Targets;
use crate::resources::units::store::Units;
use crate::store::counties::Reach;
use crate::store::table::{Table, of_year};
use crate::store::{Store, View};

/// What callers lack who are bound to a unit.
const OVERVIEW: Lack = ("查看全县数据", "see all of a county");

/// How many counties are looked at for a page; then it ends, full or not, and the next goes on.
const MOST_LOOKED_AT: usize = 16;

/// Where a page ends: in a county behind a row, or behind all of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageEnd {
    county: DivisionCode,
    row: Option<String>,
}

impl fmt::Display for PageEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.county, self.row.as_deref().unwrap_or_default())
    }
}

impl FromStr for PageEnd {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let (county, row) = text.split_once('/').ok_or_else(|| bad_id("430922/209002"))?;
        Ok(Self { county: county.parse()?, row: Some(row.to_owned()).filter(|row| !row.is_empty()) })
    }
}

/// Which counties a caller may read.
///
/// # Errors
/// [`ApiError::Forbidden`] for a caller who is bound to a unit.
fn reach<P: Permission>(caller: &Caller<P>) -> Result<Reach, ApiError> {
    match (&caller.scope, &caller.region) {
        (Scope::Subtree(_), _) => Err(ApiError::Forbidden { role: caller.role, needs: OVERVIEW }),
        (Scope::County, None) => Ok(Reach::Own),
        (Scope::County, Some(region)) => Ok(Reach::Region(region.clone())),
    }
}

/// A page of the counties in reach, in the order of their codes, and one more.
///
/// # Errors
/// A caller who is bound to a unit, a bad cursor, or the database's.
pub async fn list<P: Permission>(
    store: &Store,
    caller: &Caller<P>,
    listing: &Present<CountyFilter>,
) -> Result<Vec<CountyItem>, ApiError> {
    let after: Option<DivisionCode> = listing.after()?;
    let from = after.as_ref().map_or("", DivisionCode::as_str);
    // The one that the page before ended with is found again.
    let found = store.counties(&reach(caller)?, from, listing.limit + 2).await?;
    let behind = found.iter().filter(|(county, _)| Some(county.as_str()) != after.as_ref().map(DivisionCode::as_str));
    behind.map(|(county, position)| Ok(CountyItem { county: code(county)?, position: *position })).collect()
}

/// A page of rows of a resource, those of one county behind those of the one before, in each in the order of their keys; and
/// where the next goes on. It may be short, or empty, and yet not the last.
///
/// # Errors
/// A county that is not in reach or not there, a filter that the resource does not know, or the database's.
pub async fn rows<P: Permission>(
    store: &Store,
    caller: &Caller<P>,
    listing: &Present<RowFilter>,
) -> Result<(Vec<CountyRow>, Option<PageEnd>), ApiError> {
    let wanted = usize::try_from(listing.limit).unwrap_or(usize::MAX);
    let after: Option<PageEnd> = listing.after()?;
    let counties = asked_for(store, &reach(caller)?, &listing.filter, after.as_ref()).await?;
    let mut found: Vec<CountyRow> = Vec::new();
    let mut last = None;
    for (number, county) in counties.into_iter().enumerate() {
        if number == MOST_LOOKED_AT || found.len() >= wanted {
            return Ok((found, last));
        }
        let behind = after.as_ref().filter(|end| end.county == county).and_then(|end| end.row.as_deref());
        let rest = wanted - found.len();
        let mut rows =
            rows_of(&store.view_of(county.as_str()), &county, &listing.filter, behind, rest as u64 + 1).await?;
        let more = rows.len() > rest;
        rows.truncate(rest);
        found.extend(rows);
        if more {
            let row = found.last().map(|row| row.id.clone());
            return Ok((found, Some(PageEnd { county, row })));
        }
        last = Some(PageEnd { county, row: None });
    }
    Ok((found, None))
}

/// The counties that are asked for, from where the page before ended: those named, or all in reach, of which one more than are
/// looked at.
async fn asked_for(
    store: &Store,
    reach: &Reach,
    filter: &RowFilter,
    after: Option<&PageEnd>,
) -> Result<Vec<DivisionCode>, ApiError> {
    let from = after.map_or("", |end| end.county.as_str());
    let codes = match &filter.county {
        None => {
            let found = store.counties(reach, from, MOST_LOOKED_AT as u64 + 2).await?;
            found.into_iter().map(|(county, _)| county).collect()
        }
        Some(named) => {
            let named = named.codes();
            let there = store.those_in_reach(reach, &named).await?;
            if let Some(missing) = named.iter().find(|code| !there.contains(code)) {
                // Whether it is there is not told to whoever may not read it.
                let (zh, en) = ("没有这个县，或不在可读范围内", "there is no such county, or it is not yours to read");
                return Err(ApiError::parameter("county", Wrong::new("unknown_reference", zh, en), missing));
            }
            there
        }
    };
    // Of the county that the page before ended with there may be more rows, or it was read to its end.
    let done = |county: &String| {
        county.as_str() < from || after.is_some_and(|end| end.row.is_none() && end.county.as_str() == county)
    };
    codes.iter().filter(|county| !done(county)).map(|one| code(one)).collect()
}

async fn rows_of(
    view: &View<'_>,
    county: &DivisionCode,
    filter: &RowFilter,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<CountyRow>, ApiError> {
    macro_rules! read {
        ($($resource:ident: $table:ident,)+ ; $($other:ident),+) => {
            match filter.resource {
                $(Resource::$resource => of::<$table>(view, county, filter.year, after, limit).await,)+
                // What people wrote about people, what is not decided yet, their files, and who is told of changes are the
                // county's own; what is published is everybody's.
                $(Resource::$other)|+ => {
                    let (zh, en) = ("这类数据由各县自行提供", "this is asked of each county's own service");
                    Err(ApiError::parameter("resource", Wrong::new("unknown_value", zh, en), filter.resource.code()))
                }
            }
        };
    }
    read! {
        Units: Units,
        Projects: Projects,
        EconomicClasses: EconomicClasses,
        Divisions: Divisions,
        BudgetLines: BudgetLines,
        Indicators: Indicators,
        Targets: Targets,
        Progress: Progresses,
        Closings: Closings,
        Approvals: Approvals,
        Expenditures: Expenditures,
        Standards: Standards,
        Schemes: Schemes,
        ; Evaluations, Reviews, Rectifications, Uploads, Webhooks
    }
}

async fn of<T: Table<Key: FromStr<Err = Wrong>>>(
    view: &View<'_>,
    county: &DivisionCode,
    year: Option<Year>,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<CountyRow>, ApiError> {
    let after = after.map(|id| id.parse::<T::Key>().map_err(|_| invalid_cursor(id)));
    let no_year = |year: Year| {
        let (zh, en) = ("该资源不分年度", "rows of this resource have no year");
        ApiError::parameter("year", Wrong::new("has_no_year", zh, en), &year.to_string())
    };
    let wanted = year.map_or_else(|| Ok(Condition::all()), |year| of_year::<T>(year).ok_or_else(|| no_year(year)))?;
    let found = view.list::<T>(wanted, after.transpose()?.as_ref(), Some(limit)).await?;
    let row = |kept: Kept<T::Key, T::Facts>| {
        let facts = canonical(&kept.facts).and_then(|json| Became::of(Some(json)));
        Ok(CountyRow {
            county: county.clone(),
            resource: T::RESOURCE,
            unit: T::unit(&kept.key, Some(&kept.facts)),
            id: kept.key.to_string(),
            revision: kept.revision,
            facts: facts.map_err(|error| ApiError::internal(error.to_string()))?,
        })
    };
    found.into_iter().map(row).collect()
}

fn code(text: &str) -> Result<DivisionCode, ApiError> {
    text.parse().map_err(|_| ApiError::internal(format!("{text} is no county")))
}
