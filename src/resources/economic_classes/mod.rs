//! Economic classes: the official list of each year.

pub mod http;
pub mod store;

use self::http::EconomicClassFilter;
use self::store::EconomicClasses;
use crate::domain::code_list::{EconomicClassFacts, EconomicClassKey};
use crate::domain::kept::Kept;
use crate::domain::period::Year;
use crate::domain::violation::Wrong;
use crate::http::error::ApiError;
use crate::http::page::Listing;
use crate::store::View;
use crate::store::write::{Expected, Outcome, Write};

/// An economic class as it is kept.
pub type Item = Kept<EconomicClassKey, EconomicClassFacts>;

/// A page of them. Every caller of the county may read them.
///
/// # Errors
/// A bad cursor, or the database's.
pub async fn list(view: &View<'_>, listing: &Listing<EconomicClassFilter>) -> Result<Vec<Item>, ApiError> {
    let wanted = store::matching(&listing.filter);
    Ok(view.list::<EconomicClasses>(wanted, listing.after()?.as_ref(), Some(listing.limit + 1)).await?)
}

/// One of them.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn get(view: &View<'_>, key: &EconomicClassKey) -> Result<Item, ApiError> {
    view.find::<EconomicClasses>(key).await?.ok_or(ApiError::NotFound)
}

/// States one.
///
/// # Errors
/// Broken rules of [`EconomicClassFacts::check`]; conditions not met.
pub async fn put(
    write: &mut Write,
    key: EconomicClassKey,
    facts: EconomicClassFacts,
    expected: Expected,
) -> Result<(Item, Outcome), ApiError> {
    let parent = facts.parent.clone().map(|code| EconomicClassKey { year: key.year, code });
    let parent_known = match &parent {
        Some(parent) => write.view().find::<EconomicClasses>(parent).await?.is_some(),
        None => false,
    };
    facts.check(&key, parent_known)?;
    Ok(write.put::<EconomicClasses>(key, facts, expected).await?)
}

/// The national list (部门预算支出经济分类科目), classes before those below them.
const OFFICIAL: &str = include_str!("official.csv");

/// States the national list as that of a year, leaving classes that are there as they are; tells how many are new.
///
/// # Errors
/// The database's.
pub async fn put_official(write: &mut Write, year: Year) -> Result<usize, ApiError> {
    let unreadable = |error: &dyn std::fmt::Display| ApiError::internal(format!("official.csv: {error}"));
    let mut new = 0;
    for row in csv::Reader::from_reader(OFFICIAL.as_bytes()).deserialize::<(String, String, String)>() {
        let (code, name, parent) = row.map_err(|error| unreadable(&error))?;
        let read = || -> Result<_, Wrong> {
            let parent = if parent.is_empty() { None } else { Some(parent.parse()?) };
            let facts = EconomicClassFacts { name: name.parse()?, parent, retired: false };
            Ok((EconomicClassKey { year, code: code.parse()? }, facts))
        };
        let (key, facts) = read().map_err(|wrong| unreadable(&wrong.en))?;
        // A class that the county has changed stays as it is.
        if write.view().find::<EconomicClasses>(&key).await?.is_none() {
            put(write, key, facts, Expected::Unsaid).await?;
            new += 1;
        }
    }
    Ok(new)
}

/// Takes one away.
///
/// # Errors
/// [`ApiError::NotFound`], [`ApiError::InUse`], conditions not met.
pub async fn delete(write: &mut Write, key: &EconomicClassKey, expected: Expected) -> Result<(), ApiError> {
    let mut below = EconomicClassFilter { year: Some(key.year), ..EconomicClassFilter::default() };
    below.parent = Some(key.code.clone());
    if !write.view().list::<EconomicClasses>(store::matching(&below), None, Some(1)).await?.is_empty() {
        return Err(ApiError::InUse);
    }
    if write.delete::<EconomicClasses>(key, expected).await? { Ok(()) } else { Err(ApiError::NotFound) }
}
