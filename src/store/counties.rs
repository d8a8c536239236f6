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

/// A county, and how far its journal has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct County {
    /// Its division code.
    pub code: String,
    /// The number of its newest change; 0 before the first.
    pub position: i64,
}

impl Store {
    /// Single reads of a county of the database. Whether the caller may read it is asked before.
    pub fn view_of<'a>(&'a self, county: &'a str) -> View<'a> {
        View { db: (&self.reading).into(), county, knowing: None, live: None }
    }

    /// The counties in reach that were begun, in the order of their codes, from behind one, at most so many.
    ///
    /// # Errors
    /// The database's.
    pub async fn counties(&self, reach: &Reach, after: Option<&str>, limit: u64) -> Result<Vec<County>, Error> {
        let mut select = head::Entity::find().filter(match reach {
            Reach::Own => head::Column::County.eq(&self.county),
            // A colon stands behind every digit.
            Reach::Region(region) => head::Column::County.between(region.to_string(), format!("{region}:")),
        });
        if let Some(after) = after {
            select = select.filter(head::Column::County.gt(after));
        }
        let found = select.order_by_asc(head::Column::County).limit(limit).all(&self.reading).await?;
        Ok(found.into_iter().map(|head| County { code: head.county, position: head.changed }).collect())
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
        let begun = head::Entity::find().filter(head::Column::County.is_in(reached));
        let begun = begun.order_by_asc(head::Column::County).all(&self.reading).await?;
        Ok(begun.into_iter().map(|head| head.county).collect())
    }
}
