//! What an upload must know of a kind of row to take it.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::str::FromStr;

use deserr::Deserr;

use super::county::County;
use crate::domain::codes::{ProjectCode, UnitCode};
use crate::domain::frozen::Frozen;
use crate::domain::kept::Kept;
use crate::domain::period::Year;
use crate::domain::violation::{Violations, Wrong};
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Upload};
use crate::store::View;
use crate::store::table::Table;

/// A kind of row that can be uploaded.
pub(super) trait Intake:
    Table<Key: FromStr<Err = Wrong> + Hash + 'static, Facts: Deserr<Violations> + Clone + 'static> + 'static
{
    /// Whether rows may refer to one another, so that all of them must be known before one is judged.
    const TOGETHER: bool = false;

    /// Whether several rows may state parts of one item.
    const JOINED: bool = false;

    /// Refuses a caller who may not state rows of this kind at all.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`].
    fn admit(caller: &Caller<Upload>) -> Result<(), ApiError>;

    /// The unit whose row it is, and its year; nothing for what belongs to the county.
    fn whose(key: &Self::Key) -> Option<(&UnitCode, Option<Year>)>;

    /// Whether the caller may state the row at all, or take it away, beyond seeing its unit.
    ///
    /// # Errors
    /// What the caller may not do.
    fn permit(_: &County, _: &Caller<Upload>, _: &Self::Key, _exists: bool) -> Result<(), Violations> {
        Ok(())
    }

    /// What freezes an item, if anything does.
    fn frozen(county: &County, key: &Self::Key) -> Option<Frozen> {
        let (unit, year) = Self::whose(key)?;
        county.frozen(unit, year?, Self::project(key))
    }

    /// What holds an item beside that: it may be changed row by row, by its own rules, but not be taken back.
    fn held(_: &County, _: &Self::Key) -> Option<Frozen> {
        None
    }

    /// The project an item belongs to.
    fn project(_: &Self::Key) -> Option<&ProjectCode> {
        None
    }

    /// Whether the row may be stated, beyond the caller seeing its unit.
    ///
    /// # Errors
    /// The broken rules.
    fn check(
        county: &County,
        caller: &Caller<Upload>,
        key: &Self::Key,
        facts: &Self::Facts,
        before: Option<&Kept<Self::Key, Self::Facts>>,
    ) -> Result<(), Violations>;

    /// The numbers that a row replaces others by, with their fields, to notice that one is in another unit.
    fn numbers(_: &Self::Facts) -> Vec<(&'static str, Option<i64>)> {
        Vec::new()
    }

    /// Whether rows refer to an item in a way that the database does not hold.
    fn in_use(_: &County, _: &Self::Key) -> bool {
        false
    }

    /// What is odd about the new rows beside those of other months, by id; `since` is the last entry before them.
    async fn look_around(
        _: &View<'_>,
        _: &BTreeSet<(UnitCode, Year)>,
        _: i64,
    ) -> Result<Vec<(String, &'static str, Wrong)>, ApiError> {
        Ok(Vec::new())
    }

    /// Takes note of a row that is right, for those that refer to it.
    fn learn(_: &mut County, _: &Self::Key, _: &Self::Facts) {}

    /// Takes note of a row that is gone.
    fn forget(_: &mut County, _: &Self::Key) {}
}
