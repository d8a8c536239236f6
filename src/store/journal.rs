//! The journal (流水账): every accepted change of a county, in order, numbered without gaps.
//!
//! The row of `journal_head` is the lock: whoever writes holds it from the beginning to the commit, so that numbers
//! are given in commit order and a reader never sees an entry before an earlier one.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{ActiveValue::Set, QuerySelect};

use super::newest::Newest;
use super::stamp::Stamp;
use super::{Error, View};
use crate::domain::chain::{Digest, Link};

/// An entry of the journal.
pub mod entry {
    use sea_orm::entity::prelude::*;

    /// An entry of the journal. Its sequence is the revision of the row it is about.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "journal")]
    pub struct Model {
        /// The county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// Its number, from 1, without gaps, in commit order.
        #[sea_orm(primary_key, auto_increment = false)]
        pub sequence: i64,
        /// When it was accepted.
        pub at: DateTimeUtc,
        /// Who did it: the token's subject.
        #[sea_orm(column_type = "Text")]
        pub actor: String,
        /// In which role.
        #[sea_orm(column_type = "Text")]
        pub role: String,
        /// The token's id; null for whoever sits at the machine.
        #[sea_orm(column_type = "Text", nullable)]
        pub token: Option<String>,
        /// The address the request came from; null likewise.
        #[sea_orm(column_type = "Text", nullable)]
        pub address: Option<String>,
        /// The request it came with.
        #[sea_orm(column_type = "Text")]
        pub request_id: String,
        /// The upload it came with; null for a single change.
        #[sea_orm(column_type = "Text", nullable)]
        pub upload: Option<String>,
        /// `created`, `updated` or `deleted`; of [`ACCESS`](super::ACCESS) `refused`, `performed` or `released`.
        #[sea_orm(column_type = "Text")]
        pub operation: String,
        /// The resource.
        #[sea_orm(column_type = "Text")]
        pub resource: String,
        /// The unit whose row it is; null for what belongs to the county.
        #[sea_orm(column_type = "Text", nullable)]
        pub unit: Option<String>,
        /// The row's id.
        #[sea_orm(column_type = "Text")]
        pub id: String,
        /// The facts the row holds from now on, as JSON in canonical form; null when it is gone.
        #[sea_orm(column_type = "Text", nullable)]
        pub became: Option<String>,
        /// The digest of the entry and of all before it; null for entries from before there was a chain.
        #[sea_orm(column_type = "Blob", nullable)]
        pub digest: Option<Vec<u8>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The head of the journal: the lock, and the newest number.
pub mod head {
    use sea_orm::entity::prelude::*;

    /// A county's newest number.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "journal_head")]
    pub struct Model {
        /// The county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// The newest number.
        pub sequence: i64,
        /// The digest of that entry.
        #[sea_orm(column_type = "Blob", nullable)]
        pub digest: Option<Vec<u8>>,
        /// The newest entry that changed a row.
        #[sea_orm(default_value = 0)]
        pub changed: i64,
        /// The newest change of each resource, as a JSON object.
        #[sea_orm(column_type = "Text", default_value = "{}")]
        pub newest: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl head::Model {
    fn position(&self) -> Result<Position, Error> {
        let newest = Newest::read(&self.newest)?;
        Ok(Position { sequence: self.sequence, changed: self.changed, digest: self.seal(), newest })
    }

    fn seal(&self) -> Digest {
        self.digest.as_deref().and_then(Digest::of_bytes).unwrap_or(Digest::NONE)
    }
}

/// An instant as the chain writes it.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl entry::Model {
    /// The entry as the chain sees it, `at` being [`instant`] of its own.
    pub fn link<'a>(&'a self, at: &'a str) -> Link<'a> {
        Link {
            county: &self.county,
            sequence: self.sequence,
            at,
            actor: &self.actor,
            role: &self.role,
            token: self.token.as_deref(),
            address: self.address.as_deref(),
            request_id: &self.request_id,
            upload: self.upload.as_deref(),
            operation: &self.operation,
            resource: &self.resource,
            unit: self.unit.as_deref(),
            id: &self.id,
            became: self.became.as_deref(),
        }
    }
}

/// The resource of entries that changed no row: attempts that were refused, what was done beside rows, what was let go of.
pub const ACCESS: &str = "access";

/// Takes the lock of a county's journal and tells where it stands.
pub(super) async fn lock(db: &impl ConnectionTrait, county: &str) -> Result<Position, Error> {
    let wanted = || head::Entity::find_by_id(county).lock_exclusive().one(db);
    let head = if let Some(head) = wanted().await? {
        head
    } else {
        let (sequence, digest, changed, newest) = (Set(0), Set(None), Set(0), Set("{}".into()));
        let first = head::ActiveModel { county: Set(county.into()), sequence, digest, changed, newest };
        let keep = OnConflict::column(head::Column::County).do_nothing().to_owned();
        head::Entity::insert(first).on_conflict(keep).try_insert().exec_without_returning(db).await?;
        wanted().await?.ok_or_else(|| Error::Corrupt("the journal has no head".into()))?
    };
    head.position()
}

/// Where the journal stands, held by nobody; nothing where it was never begun.
pub(super) async fn position(db: &impl ConnectionTrait, county: &str) -> Result<Option<Position>, Error> {
    head::Entity::find_by_id(county).one(db).await?.as_ref().map(head::Model::position).transpose()
}

/// Where the journal stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// The newest entry.
    pub(super) sequence: i64,
    /// The newest that changed a row.
    pub(super) changed: i64,
    /// The digest of the newest.
    pub(super) digest: Digest,
    /// The newest change of each resource.
    pub(super) newest: Newest,
}

/// An entry before it is written; what it shares with others of its transaction stands in [`Shared`].
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) sequence: i64,
    pub(super) operation: &'static str,
    pub(super) unit: Option<String>,
    pub(super) id: String,
    pub(super) became: Option<String>,
    pub(super) digest: Digest,
}

/// What the entries of one statement have in common.
pub(super) struct Shared<'a> {
    pub(super) county: &'a str,
    pub(super) stamp: &'a Stamp,
    pub(super) at: DateTime<Utc>,
    pub(super) resource: &'static str,
}

impl View<'_> {
    /// The number of the county's newest change; 0 before the first.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_position(&self) -> Result<i64, Error> {
        let head = head::Entity::find_by_id(self.county()).one(&self.db).await?;
        Ok(head.map_or(0, |head| head.changed))
    }

    /// The digest of an entry; nothing where there is no such entry, or it is older than the chain.
    ///
    /// # Errors
    /// The database's.
    pub async fn digest_of(&self, sequence: i64) -> Result<Option<Digest>, Error> {
        let entry = entry::Entity::find_by_id((self.county().to_owned(), sequence)).one(&self.db).await?;
        Ok(entry.and_then(|entry| entry.digest).as_deref().and_then(Digest::of_bytes))
    }

    /// The newest number of the county's journal, and the digest of that entry.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_head(&self) -> Result<(i64, Digest), Error> {
        let head = head::Entity::find_by_id(self.county()).one(&self.db).await?;
        Ok(head.map_or((0, Digest::NONE), |head| (head.sequence, head.seal())))
    }

    /// The entries about a resource from one number to another, the newest first, at most so many.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_between(
        &self,
        resource: &str,
        first: i64,
        last: i64,
        limit: u64,
    ) -> Result<Vec<entry::Model>, Error> {
        use sea_orm::QueryOrder;
        let entries = entry::Entity::find()
            .filter(entry::Column::County.eq(self.county()))
            .filter(entry::Column::Resource.eq(resource))
            .filter(entry::Column::Sequence.between(first, last))
            .order_by_desc(entry::Column::Sequence)
            .limit(limit);
        Ok(entries.all(&self.db).await?)
    }

    /// What rows were before an entry: the newest earlier entry about each, by id; those without one were not there.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_before(
        &self,
        resource: &str,
        ids: &[&str],
        sequence: i64,
    ) -> Result<HashMap<String, Option<String>>, Error> {
        use sea_orm::sea_query::ExprTrait;
        let newest = Query::select()
            .expr(Expr::col(entry::Column::Sequence).max())
            .from(entry::Entity)
            .and_where(Expr::col(entry::Column::County).eq(self.county()))
            .and_where(Expr::col(entry::Column::Resource).eq(resource))
            .and_where(Expr::col(entry::Column::Id).is_in(ids.iter().copied()))
            .and_where(Expr::col(entry::Column::Sequence).lt(sequence))
            .group_by_col(entry::Column::Id)
            .take();
        let entries = entry::Entity::find()
            .filter(entry::Column::County.eq(self.county()))
            .filter(entry::Column::Sequence.in_subquery(newest));
        Ok(entries.all(&self.db).await?.into_iter().map(|entry| (entry.id, entry.became)).collect())
    }

    /// Of these rows of a resource, those that an entry up to this number is about.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_knew(
        &self,
        resource: &str,
        ids: Vec<String>,
        sequence: i64,
    ) -> Result<HashSet<String>, Error> {
        let mut known = HashSet::new();
        for ids in super::bulk::chunks(ids) {
            let found = entry::Entity::find()
                .select_only()
                .column(entry::Column::Id)
                .distinct()
                .filter(entry::Column::County.eq(self.county()))
                .filter(entry::Column::Resource.eq(resource))
                .filter(entry::Column::Id.is_in(ids))
                .filter(entry::Column::Sequence.lte(sequence));
            known.extend(found.into_tuple::<String>().all(&self.db).await?);
        }
        Ok(known)
    }

    /// The entries after a number, in order.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_after(&self, sequence: i64, limit: u64) -> Result<Vec<entry::Model>, Error> {
        use sea_orm::QueryOrder;
        let entries = entry::Entity::find()
            .filter(entry::Column::County.eq(self.county()))
            .filter(entry::Column::Sequence.gt(sequence))
            .order_by_asc(entry::Column::Sequence)
            .limit(limit);
        Ok(entries.all(&self.db).await?)
    }
}
