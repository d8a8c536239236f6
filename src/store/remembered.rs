//! Answers that are remembered under an `Idempotency-Key`, written in the transaction of the work they answer for.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::write::Write;
use super::{Error, View};

/// How long an answer is remembered at least. A township's retry may come on Monday.
pub const KEPT: TimeDelta = TimeDelta::days(7);

/// A remembered answer.
pub mod answer {
    use sea_orm::entity::prelude::*;

    /// A remembered answer.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "remembered")]
    pub struct Model {
        /// The county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// Who asked: the token's subject and scope.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub caller: String,
        /// What was asked: method and path.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub operation: String,
        /// The key the caller chose.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub key: String,
        /// When it was answered.
        pub at: DateTimeUtc,
        /// The digest of query and body.
        #[sea_orm(column_type = "Text")]
        pub fingerprint: String,
        /// The status of the answer.
        pub status: i32,
        /// The `Location` of the answer.
        #[sea_orm(column_type = "Text", nullable)]
        pub location: Option<String>,
        /// Its body.
        #[sea_orm(column_type = "Text")]
        pub body: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which request: who, what and the key they chose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// The token's subject and scope.
    pub caller: String,
    /// Method and path.
    pub operation: String,
    /// The key.
    pub key: String,
}

/// An answer to be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The digest of query and body it answers.
    pub fingerprint: String,
    /// Its status.
    pub status: u16,
    /// Its `Location`.
    pub location: Option<String>,
    /// Its body, JSON.
    pub body: String,
}

impl View<'_> {
    /// The answer that was given to a request, if it is remembered.
    ///
    /// # Errors
    /// The database's.
    pub async fn remembered(&self, request: &Request) -> Result<Option<Remembered>, Error> {
        let Request { caller, operation, key } = request.clone();
        let found = answer::Entity::find_by_id((self.county().to_owned(), caller, operation, key)).one(self.db());
        Ok(found.await?.map(|answer| Remembered {
            fingerprint: answer.fingerprint,
            status: u16::try_from(answer.status).unwrap_or(500),
            location: answer.location,
            body: answer.body,
        }))
    }
}

impl Write {
    /// Forgets all answers of an operation.
    ///
    /// # Errors
    /// The database's.
    pub async fn forget(&self, operation: &str) -> Result<(), Error> {
        let view = self.beside()?;
        let old = answer::Entity::delete_many().filter(answer::Column::County.eq(view.county()));
        old.filter(answer::Column::Operation.eq(operation)).exec(view.db()).await?;
        Ok(())
    }

    /// Remembers an answer, in this transaction; forgets those older than [`KEPT`].
    ///
    /// # Errors
    /// The database's.
    pub async fn remember(&self, request: Request, answer: Remembered, at: DateTime<Utc>) -> Result<(), Error> {
        let view = self.beside()?;
        let county = view.county();
        let old = answer::Entity::delete_many()
            .filter(answer::Column::County.eq(county))
            .filter(answer::Column::At.lt(at - KEPT));
        old.exec(view.db()).await?;
        let row = answer::ActiveModel {
            county: Set(county.into()),
            caller: Set(request.caller),
            operation: Set(request.operation),
            key: Set(request.key),
            at: Set(at),
            fingerprint: Set(answer.fingerprint),
            status: Set(answer.status.into()),
            location: Set(answer.location),
            body: Set(answer.body),
        };
        answer::Entity::insert(row).exec_without_returning(view.db()).await?;
        Ok(())
    }
}
