//! Letting go of refused attempts whose time is over. Nothing else of the journal is ever let go of.
//!
//! That they go is an entry of the chain itself, with the digest from which the chain goes on; the database refuses to
//! delete what is not written down so.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect};

use super::journal::entry;
use super::write::Write;
use super::{Error, View};
use crate::domain::chain::{Digest, Released};

/// What refused attempts are called among operations.
const REFUSED: &str = "refused";

/// Entries that were let go of.
pub mod released {
    use sea_orm::entity::prelude::*;

    /// Entries one behind the other that were let go of.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "journal_released")]
    pub struct Model {
        /// The county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// The first.
        #[sea_orm(primary_key, auto_increment = false)]
        pub first: i64,
        /// The last.
        pub last: i64,
        /// The digest of the last.
        #[sea_orm(column_type = "Blob")]
        pub digest: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl View<'_> {
    /// Refused attempts before an instant and behind a number, in order.
    ///
    /// # Errors
    /// The database's.
    pub async fn refused_before(
        &self,
        instant: DateTime<Utc>,
        after: i64,
        limit: u64,
    ) -> Result<Vec<entry::Model>, Error> {
        let entries = entry::Entity::find()
            .filter(entry::Column::County.eq(self.county()))
            .filter(entry::Column::Operation.eq(REFUSED))
            .filter(entry::Column::Sequence.gt(after))
            .filter(entry::Column::At.lt(instant))
            .order_by_asc(entry::Column::Sequence)
            .limit(limit);
        Ok(entries.all(self.db()).await?)
    }

    /// All that was let go of, in order.
    ///
    /// # Errors
    /// The database's.
    pub async fn released(&self) -> Result<Vec<Released>, Error> {
        let all = released::Entity::find().filter(released::Column::County.eq(self.county()));
        let all = all.order_by_asc(released::Column::First).all(self.db()).await?;
        let corrupt = || Error::Corrupt("what was let go of has no digest".into());
        let one = |row: released::Model| {
            let digest = Digest::of_bytes(&row.digest).ok_or_else(corrupt)?;
            Ok(Released { first: row.first, last: row.last, digest })
        };
        all.into_iter().map(one).collect()
    }
}

impl Write {
    /// Writes down that refused attempts go, and takes them away; `record` is what is written down.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(&mut self, runs: &[Released], record: String) -> Result<(), Error> {
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Ok(()) };
        let (pen, mut sender) = self.hands();
        sender.send(pen.released(format!("{}-{}", first.first, last.last), record)).await?;
        let view = self.beside()?;
        let rows = runs.iter().map(|run| released::ActiveModel {
            county: Set(view.county().into()),
            first: Set(run.first),
            last: Set(run.last),
            digest: Set(run.digest.bytes().to_vec()),
        });
        released::Entity::insert_many(rows).exec_without_returning(view.db()).await?;
        for run in runs {
            let go = entry::Entity::delete_many()
                .filter(entry::Column::County.eq(view.county()))
                .filter(entry::Column::Operation.eq(REFUSED))
                .filter(entry::Column::Sequence.between(run.first, run.last));
            go.exec(view.db()).await?;
        }
        Ok(())
    }
}
