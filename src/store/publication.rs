//! What was made public of an evaluation, word by word as it was when it was made public: whoever reads it needs no other
//! row, and no row that changes later changes it. Written in the transaction of the action that makes it public.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use super::write::Write;
use super::{Error, View};

/// What everybody may read of an evaluation.
pub mod kept {
    use sea_orm::entity::prelude::*;

    /// What everybody may read of an evaluation.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "publication")]
    pub struct Model {
        /// The county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// The evaluation's id.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub evaluation: String,
        /// The JSON that is sent.
        #[sea_orm(column_type = "Text")]
        pub body: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Write {
    /// Makes a text public, in place of what was public of the evaluation.
    ///
    /// # Errors
    /// The database's.
    pub async fn publish(&self, evaluation: &str, body: String) -> Result<(), Error> {
        let county = Set(self.beside()?.county().into());
        let row = kept::ActiveModel { county, evaluation: Set(evaluation.into()), body: Set(body) };
        let key = [kept::Column::County, kept::Column::Evaluation];
        let anew = OnConflict::columns(key).update_column(kept::Column::Body).to_owned();
        kept::Entity::insert(row).on_conflict(anew).exec_without_returning(self.beside()?.db()).await?;
        Ok(())
    }

    /// Takes back what was public of an evaluation, if anything was.
    ///
    /// # Errors
    /// The database's.
    pub async fn unpublish(&self, evaluation: &str) -> Result<(), Error> {
        let key = (self.beside()?.county().to_owned(), evaluation.to_owned());
        kept::Entity::delete_by_id(key).exec(self.beside()?.db()).await?;
        Ok(())
    }
}

impl View<'_> {
    /// What is public of these evaluations, by their ids.
    ///
    /// # Errors
    /// The database's.
    pub async fn published(&self, evaluations: Vec<String>) -> Result<BTreeMap<String, String>, Error> {
        let found = kept::Entity::find()
            .filter(kept::Column::County.eq(self.county()))
            .filter(kept::Column::Evaluation.is_in(evaluations))
            .all(self.db())
            .await?;
        Ok(found.into_iter().map(|row| (row.evaluation, row.body)).collect())
    }
}
