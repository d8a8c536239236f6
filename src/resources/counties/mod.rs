//! Counties (各县): the rows of several counties on one page, for whoever oversees a region.
//!
//! Each county is read by itself, in the order of the codes: a page is a piece of one county's rows behind another, so that
//! each query goes to one shard. Every row is right as it stands; a page is of no one moment, for counties have none in
//! common.

pub mod http;

use std::fmt;
use std::str::FromStr;

use sea_orm::{ColumnTrait, Condition, IdenStatic};

use self::http::RowFilter;
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
use crate::http::page::Present;
use crate::resources::approvals::store::Approvals;
use crate::resources::budget_lines::store::BudgetLines;
use crate::resources::closings::store::Closings;
use crate::resources::divisions::store::Divisions;
use crate::resources::economic_classes::store::EconomicClasses;
use crate::resources::evaluations::store::Evaluations;
use crate::resources::expenditures::store::Expenditures;
use crate::resources::indicators::store::Indicators;
use crate::resources::progress::store::Progresses;
use crate::resources::projects::store::Projects;
use crate::resources::rectifications::store::Rectifications;
use crate::resources::reviews::store::Reviews;
use crate::resources::schemes::store::Schemes;
use crate::resources::standards::store::Standards;
use crate::resources::targets::store::Targets;
use crate::resources::units::store::Units;
use crate::store::counties::Reach;
use crate::store::table::Table;
use crate::store::{Store, View};

/// What callers lack who are bound to a unit.
const WHOLE_COUNTY: Lack = ("查看全县数据", "see all of a county");

/// Where a page ends: a county, and the id of its last row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    county: DivisionCode,
    id: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.county, self.id)
    }
}

impl FromStr for Place {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let (county, id) = text.split_once('/').ok_or_else(|| bad_id("430922/209002"))?;
        Ok(Self { county: county.parse()?, id: id.to_owned() })
    }
}

impl Place {
    fn of(row: &CountyRow) -> Self {
        Self { county: row.county.clone(), id: row.id.clone() }
    }
}

/// Which counties a caller may read.
///
/// # Errors
/// [`ApiError::Forbidden`] for a caller who is bound to a unit.
fn reach<P: Permission>(caller: &Caller<P>) -> Result<Reach, ApiError> {
    match (&caller.scope, &caller.region) {
        (Scope::Subtree(_), _) => Err(ApiError::Forbidden { role: caller.role, needs: WHOLE_COUNTY }),
        (Scope::County, None) => Ok(Reach::Own),
        (Scope::County, Some(region)) => Ok(Reach::Region(region.clone())),
    }
}

/// A page of the counties in reach, in the order of their codes.
///
/// # Errors
/// A caller who is bound to a unit, a bad cursor, or the database's.
pub async fn list<P: Permission>(
    store: &Store,
    caller: &Caller<P>,
    after: Option<DivisionCode>,
    limit: u64,
) -> Result<Vec<CountyItem>, ApiError> {
    let after = after.as_ref().map(DivisionCode::as_str);
    let found = store.counties(&reach(caller)?, after, limit).await?;
    found.into_iter().map(|one| Ok(CountyItem { county: code(&one.code)?, position: one.position })).collect()
}

/// Rows of a resource, those of one county behind those of the one before, in each in the order of their ids; one more than a
/// page.
///
/// # Errors
/// A county that is not in reach or not there, a filter that the resource does not know, or the database's.
pub async fn rows<P: Permission>(
    store: &Store,
    caller: &Caller<P>,
    listing: &Present<RowFilter>,
) -> Result<Vec<(Place, CountyRow)>, ApiError> {
    let wanted = listing.limit + 1;
    let after: Option<Place> = listing.after()?;
    let mut found: Vec<CountyRow> = Vec::new();
    for county in asked_for(store, &reach(caller)?, &listing.filter).await? {
        let rest = wanted.saturating_sub(found.len() as u64);
        if rest == 0 {
            break;
        }
        let after = match &after {
            Some(place) if county < place.county => continue,
            Some(place) if county == place.county => Some(place.id.as_str()),
            _ => None,
        };
        let view = store.view_of(county.as_str());
        found.extend(rows_of(&view, &county, &listing.filter, after, rest).await?);
    }
    Ok(found.into_iter().map(|row| (Place::of(&row), row)).collect())
}

/// The counties that are asked for: those named, or all in reach.
async fn asked_for(store: &Store, reach: &Reach, filter: &RowFilter) -> Result<Vec<DivisionCode>, ApiError> {
    let codes = match &filter.county {
        None => store.counties(reach, None, u64::MAX >> 1).await?.into_iter().map(|one| one.code).collect(),
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
    codes.iter().map(|one| code(one)).collect()
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
                // Files of people, and who is told of changes, are a county's own business.
                $(Resource::$other)|+ => {
                    let (zh, en) = ("该资源不向外县提供", "this resource is not shown to others");
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
        Evaluations: Evaluations,
        Reviews: Reviews,
        Rectifications: Rectifications,
        Closings: Closings,
        Approvals: Approvals,
        Expenditures: Expenditures,
        Standards: Standards,
        Schemes: Schemes,
        ; Uploads, Webhooks
    }
}

async fn of<T: Table<Key: FromStr<Err = Wrong>>>(
    view: &View<'_>,
    county: &DivisionCode,
    year: Option<Year>,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<CountyRow>, ApiError> {
    let after = after.map(|id| id.parse::<T::Key>().map_err(|wrong| ApiError::parameter("after", wrong, id)));
    let wanted = year.map_or_else(|| Ok(Condition::all()), of_year::<T>)?;
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

/// The rows of a year, in a table whose key has a year or a month.
fn of_year<T: Table>(year: Year) -> Result<Condition, ApiError> {
    let named = |name: &str| T::key_columns().into_iter().find(|column| column.as_str() == name);
    if let Some(column) = named("year") {
        return Ok(Condition::all().add(column.eq(year)));
    }
    if let Some(column) = named("month") {
        // Months are text, `2023-07`, whose order is that of time.
        return Ok(Condition::all().add(column.between(format!("{year}-01"), format!("{year}-12"))));
    }
    let (zh, en) = ("该资源不分年度", "rows of this resource have no year");
    Err(ApiError::parameter("year", Wrong::new("has_no_year", zh, en), &year.to_string()))
}

fn code(text: &str) -> Result<DivisionCode, ApiError> {
    text.parse().map_err(|_| ApiError::internal(format!("{text} is no county")))
}
