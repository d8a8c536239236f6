//! The counties of a database, for whoever oversees several: each is read by itself, so that each query goes to one shard.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};

use super::journal::head;
use super::{Error, Store, View};
use crate::domain::codes::Region;

/// Which counties somebody may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// The service's own.
    Own,
    /// Those of a region.
    Region(Region),
}

impl Store {
    /// Single reads of a county of the database. Whether the caller may read it is asked before.
    pub fn view_of<'a>(&'a self, county: &'a str) -> View<'a> {
        View { db: (&self.reading).into(), county, knowing: None, live: None }
    }

    /// The counties in reach that were begun, in the order of their codes, from one on, at most so many; with the number of
    /// the newest change of each.
    ///
    /// # Errors
    /// The database's.
    pub async fn counties(&self, reach: &Reach, from: &str, limit: u64) -> Result<Vec<(String, i64)>, Error> {
        let select = head::Entity::find().filter(match reach {
            Reach::Own => head::Column::County.eq(&self.county),
            // A colon stands behind every digit.
            Reach::Region(region) => head::Column::County.between(region.to_string(), format!("{region}:")),
        });
        let select = select.select_only().columns([head::Column::County, head::Column::Changed]);
        let select = select.filter(head::Column::County.gte(from)).order_by_asc(head::Column::County);
        Ok(select.limit(limit).into_tuple().all(&self.reading).await?)
    }

    /// Those of some counties that are in reach and were begun, in the order of their codes.
    ///
    /// # Errors
    /// The database's.
    pub async fn those_in_reach(&self, reach: &Reach, codes: &[String]) -> Result<Vec<String>, Error> {
        let reached = |code: &&String| match reach {
            Reach::Own => **code == self.county,
            Reach::Region(region) => region.covers(code),
        };
        let reached: Vec<&String> = codes.iter().filter(reached).collect();
        let begun = head::Entity::find().select_only().column(head::Column::County);
        let begun = begun.filter(head::Column::County.is_in(reached)).order_by_asc(head::Column::County);
        Ok(begun.into_tuple().all(&self.reading).await?)
    }
}
