//! The journal read along: entries in order, and the rows as they were at an entry.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{Condition, DbBackend, QueryOrder, QuerySelect};

use super::journal::{ACCESS, entry};
use super::{Error, View};
use crate::domain::codes::UnitCode;
use crate::domain::kept::Resource;

/// How many entries are looked at first for those that still stand.
const FIRST_STRETCH: i64 = 4_000;

/// A part of the journal.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Entries after this one.
    pub after: i64,
    /// Up to this one.
    pub until: i64,
    /// At most so many.
    pub limit: u64,
}

/// A row of any resource.
#[derive(Debug)]
pub struct Standing {
    /// The unit whose row it is; nothing for what belongs to the county.
    pub unit: Option<UnitCode>,
    /// Its facts.
    pub facts: serde_json::Value,
}

impl View<'_> {
    /// The entries of a part that are wanted, in order.
    ///
    /// # Errors
    /// The database's.
    pub async fn entries(&self, part: Part, wanted: Condition) -> Result<Vec<entry::Model>, Error> {
        let entries = entry::Entity::find().filter(self.within(part)).filter(wanted).limit(part.limit);
        Ok(entries.order_by_asc(entry::Column::Sequence).all(&self.db).await?)
    }

    /// The number of the newest entry up to a number that changed a row; 0 where there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest_change(&self, until: i64) -> Result<i64, Error> {
        self.newest_wanted(until, Condition::all().add(entry::Column::Resource.ne(ACCESS))).await
    }

    /// The number of the newest entry up to a number that is wanted; 0 where there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest_wanted(&self, until: i64, wanted: Condition) -> Result<i64, Error> {
        let part = Part { after: 0, until, limit: 1 };
        let entries = entry::Entity::find().filter(self.within(part)).filter(wanted).limit(part.limit);
        let newest = entries.order_by_desc(entry::Column::Sequence).one(&self.db).await?;
        Ok(newest.map_or(0, |entry| entry.sequence))
    }

    /// The entries of a part that are wanted and still stand at its end: those of rows that were there then.
    ///
    /// # Errors
    /// The database's.
    pub async fn standing(&self, part: Part, wanted: Condition) -> Result<Vec<entry::Model>, Error> {
        let later = Alias::new("later");
        let same = |column: entry::Column| Expr::col((later.clone(), column)).eq(Expr::col((entry::Entity, column)));
        // The few entries about a row are looked up by its id. A database without statistics would rather walk the journal from
        // here to its end by their numbers, for each row again; of a sum it has no index.
        let number = || Expr::col((later.clone(), entry::Column::Sequence)).add(0);
        let mut superseded = Query::select()
            .expr(Expr::val(1))
            .from_as(entry::Entity, later.clone())
            .and_where(same(entry::Column::County))
            .and_where(same(entry::Column::Resource))
            .and_where(same(entry::Column::Id))
            .and_where(number().gt(Expr::col((entry::Entity, entry::Column::Sequence))))
            .and_where(number().lte(part.until))
            .take();
        if self.db.get_database_backend() == DbBackend::Postgres {
            // Row by row, and never as a join of the whole journal with itself.
            superseded.offset(0);
        }
        let standing =
            Condition::all().add(entry::Column::Became.is_not_null()).add(Expr::exists(superseded).not()).add(wanted);
        // A stretch at a time: a database without statistics looks at everything up to the end before it sorts and cuts. Where
        // little is found the next stretch is longer, so that they are few however long the journal is.
        let (mut found, mut after, mut length) = (Vec::new(), part.after, FIRST_STRETCH);
        while after < part.until && (found.len() as u64) < part.limit {
            let limit = part.limit - found.len() as u64;
            let stretch = Part { after, until: Ord::min(part.until, after.saturating_add(length)), limit };
            let entries = self.entries(stretch, standing.clone()).await?;
            if (entries.len() as u64) * 2 < limit {
                length = length.saturating_mul(4);
            }
            found.extend(entries);
            after = stretch.until;
        }
        Ok(found)
    }

    /// A row by the names of its resource and itself, as it is now; nothing where it is not there.
    ///
    /// # Errors
    /// The database's, and an entry that is no JSON.
    pub async fn stands(&self, resource: Resource, id: &str) -> Result<Option<Standing>, Error> {
        let entries = entry::Entity::find()
            .filter(entry::Column::County.eq(self.county()))
            .filter(entry::Column::Resource.eq(resource.code()))
            .filter(entry::Column::Id.eq(id));
        let newest = entries.order_by_desc(entry::Column::Sequence).one(&self.db).await?;
        let Some((unit, became)) = newest.and_then(|entry| Some((entry.unit, entry.became?))) else { return Ok(None) };
        let unit = unit.map(|unit| unit.parse().map_err(|_| Error::Corrupt(format!("{resource} {id}")))).transpose()?;
        let facts = serde_json::from_str(&became).map_err(|error| Error::Corrupt(error.to_string()))?;
        Ok(Some(Standing { unit, facts }))
    }

    /// The number of the newest change of one of these resources; 0 where there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest_of(&self, resources: &[Resource]) -> Result<i64, Error> {
        Ok(self.newest().await?.of(resources))
    }

    /// The newest entry of each row of a resource that is gone, from when it was still there.
    ///
    /// # Errors
    /// The database's.
    pub async fn last_of_the_gone(&self, resource: &str) -> Result<Vec<entry::Model>, Error> {
        let of_resource = || {
            Query::select()
                .from(entry::Entity)
                .and_where(entry::Column::County.eq(self.county()))
                .and_where(entry::Column::Resource.eq(resource))
                .take()
        };
        let newest =
            of_resource().expr(Expr::col(entry::Column::Sequence).max()).group_by_col(entry::Column::Id).take();
        let gone = of_resource()
            .column(entry::Column::Id)
            .and_where(entry::Column::Sequence.in_subquery(newest))
            .and_where(entry::Column::Became.is_null())
            .take();
        let last = of_resource()
            .expr(Expr::col(entry::Column::Sequence).max())
            .and_where(entry::Column::Became.is_not_null())
            .and_where(entry::Column::Id.in_subquery(gone))
            .group_by_col(entry::Column::Id)
            .take();
        let entries = entry::Entity::find()
            .filter(entry::Column::County.eq(self.county()))
            .filter(entry::Column::Sequence.in_subquery(last));
        Ok(entries.all(&self.db).await?)
    }

    fn within(&self, part: Part) -> Condition {
        Condition::all()
            .add(entry::Column::County.eq(self.county()))
            .add(entry::Column::Sequence.gt(part.after))
            .add(entry::Column::Sequence.lte(part.until))
    }
}
