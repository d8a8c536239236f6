//! What belongs to an upload beside its receipt: the file as it was sent, the errors in full.
//!
//! Kept in parts, so that a large file is never in memory as a whole.

use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder};

use super::write::Write;
use super::{Error, View};

/// The longest part, in bytes.
pub const PART: usize = 256 * 1024;

/// A part of an attachment.
pub mod part {
    use sea_orm::entity::prelude::*;

    /// A part of an attachment.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attachment")]
    pub struct Model {
        /// The county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// The upload it belongs to.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub upload: String,
        /// Which attachment of it.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        /// The part's number, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        /// The bytes.
        #[sea_orm(column_type = "Blob")]
        pub bytes: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Write {
    /// Keeps the next part of an attachment of an upload that is already written.
    ///
    /// # Errors
    /// The database's.
    pub async fn attach(&self, upload: &str, name: &str, number: i32, bytes: Vec<u8>) -> Result<(), Error> {
        let part = part::ActiveModel {
            county: Set(self.beside()?.county().into()),
            upload: Set(upload.into()),
            name: Set(name.into()),
            number: Set(number),
            bytes: Set(bytes),
        };
        part::Entity::insert(part).exec_without_returning(self.beside()?.db()).await?;
        Ok(())
    }
}

impl View<'_> {
    /// A part of an attachment; nothing behind the last.
    ///
    /// # Errors
    /// The database's.
    pub async fn attached(&self, upload: &str, name: &str, number: i32) -> Result<Option<Vec<u8>>, Error> {
        let key = (self.county().to_owned(), upload.to_owned(), name.to_owned(), number);
        let part = part::Entity::find_by_id(key).order_by_asc(part::Column::Number).one(self.db()).await?;
        Ok(part.map(|part| part.bytes))
    }
}
