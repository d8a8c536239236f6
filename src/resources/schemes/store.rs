//! How schemes are kept. The only code that knows the `scheme` table and the indicators it names.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::TableCreateStatement;
use sea_orm::{ColumnTrait, Condition, DbBackend, Value};

use crate::domain::kept::{Kept, Resource};
use crate::domain::scheme::{SchemeFacts, SchemeKey};
use crate::store::Error;
use crate::store::table::{Column, Followers, Model, Table, created, read_facts, write_facts};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{codes::SchemeCode, period::Year};

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "scheme")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: SchemeCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        #[sea_orm(column_type = "JsonBinary")]
        pub facts: Json,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// An indicator that a scheme names, so that the database holds the reference.
mod named {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{IndicatorCode, SchemeCode},
        period::Year,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "scheme_indicator")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: SchemeCode,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: Year,
        #[sea_orm(primary_key, auto_increment = false)]
        pub indicator: IndicatorCode,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of schemes.
#[derive(Debug)]
pub enum Schemes {}

impl Table for Schemes {
    const RESOURCE: Resource = Resource::Schemes;
    type Key = SchemeKey;
    type Facts = SchemeFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Code, row::Column::Year]
    }

    fn key_values(key: &SchemeKey) -> Vec<Value> {
        vec![key.code.clone().into(), key.year.into()]
    }

    fn unit(_: &SchemeKey, _: Option<&SchemeFacts>) -> Option<String> {
        None
    }

    fn row(county: &str, kept: Kept<SchemeKey, SchemeFacts>) -> Model<Self> {
        let Kept { key: SchemeKey { code, year }, facts, revision } = kept;
        row::Model { county: county.into(), code, year, facts: write_facts(&facts), revision }
    }

    fn kept(row: Model<Self>) -> Result<Kept<SchemeKey, SchemeFacts>, Error> {
        let row::Model { county: _, code, year, facts, revision } = row;
        Ok(Kept { key: SchemeKey { code, year }, facts: read_facts(facts)?, revision })
    }

    fn follow(followers: &mut Followers, county: &str, _: Option<&SchemeFacts>, kept: &Kept<SchemeKey, SchemeFacts>) {
        let SchemeKey { code, year } = &kept.key;
        let mine = Condition::all()
            .add(named::Column::County.eq(county))
            .add(named::Column::Code.eq(code.clone()))
            .add(named::Column::Year.eq(*year));
        let indicators: std::collections::BTreeSet<_> = kept.facts.indicators().collect();
        let named = indicators.into_iter().map(|indicator| named::ActiveModel {
            county: Set(county.into()),
            code: Set(code.clone()),
            year: Set(*year),
            indicator: Set(indicator.clone()),
        });
        followers.replace::<named::Entity>(mine, named);
    }
}

/// How the entity of the named indicators would create its table.
pub fn named(backend: DbBackend) -> TableCreateStatement {
    created::<named::Entity>(backend)
}
