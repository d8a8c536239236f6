//! How uploads are kept. The only code that knows the `upload` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::UploadFilter;
use crate::domain::codes::UnitCode;
use crate::domain::kept::{Kept, Resource};
use crate::domain::upload::item::{Reversal, Signature, UploadFacts, UploadId};
use crate::domain::upload::receipt::Receipt;
use crate::store::Error;
use crate::store::table::{Column, Model, Table, read_list, write_list};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::codes::UnitCode;
    use crate::domain::upload::item::UploadId;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "upload")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: UploadId,
        pub scope: Option<UnitCode>,
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        #[sea_orm(column_type = "Text")]
        pub state: String,
        #[sea_orm(column_type = "Text")]
        pub fingerprint: String,
        pub year: i32,
        #[sea_orm(column_type = "JsonBinary")]
        pub receipt: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub signature: Json,
        pub first_entry: Option<i64>,
        pub last_entry: Option<i64>,
        #[sea_orm(column_type = "JsonBinary")]
        pub reversals: Json,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of uploads.
#[derive(Debug)]
pub enum Uploads {}

impl Table for Uploads {
    const RESOURCE: Resource = Resource::Uploads;
    type Key = UploadId;
    type Facts = UploadFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Id]
    }

    fn key_values(key: &UploadId) -> Vec<Value> {
        vec![key.clone().into()]
    }

    fn unit(_: &UploadId, facts: Option<&UploadFacts>) -> Option<String> {
        facts.and_then(|facts| facts.receipt.scope.clone())
    }

    fn row(county: &str, kept: Kept<UploadId, UploadFacts>) -> Model<Self> {
        let UploadFacts { receipt, signature, reversals, fingerprint, entries } = kept.facts;
        row::Model {
            county: county.into(),
            id: kept.key,
            // A scope is a unit's code, because the token that said so was verified.
            scope: receipt.scope.as_ref().and_then(|unit| unit.parse().ok()),
            kind: receipt.kind.code().into(),
            state: receipt.state.code().into(),
            fingerprint,
            year: year(&receipt),
            receipt: serde_json::to_value(&receipt).unwrap_or_default(),
            signature: serde_json::to_value(&signature).unwrap_or_default(),
            first_entry: entries.map(|(first, _)| first),
            last_entry: entries.map(|(_, last)| last),
            reversals: write_list(&reversals),
            revision: kept.revision,
        }
    }

    fn kept(row: Model<Self>) -> Result<Kept<UploadId, UploadFacts>, Error> {
        let row::Model {
            county: _,
            id,
            scope: _,
            kind: _,
            state: _,
            fingerprint,
            year: _,
            receipt,
            signature,
            first_entry,
            last_entry,
            reversals,
            revision,
        } = row;
        let only = |list: Vec<Receipt>| list.into_iter().next();
        let missing = || Error::Corrupt("an upload without receipt or signature".into());
        let receipt = only(read_list(serde_json::Value::Array(vec![receipt]))?).ok_or_else(missing)?;
        let signature: Vec<Signature> = read_list(serde_json::Value::Array(vec![signature]))?;
        let reversals: Vec<Reversal> = read_list(reversals)?;
        let signature = signature.into_iter().next().ok_or_else(missing)?;
        let entries = first_entry.zip(last_entry);
        Ok(Kept { key: id, facts: UploadFacts { receipt, signature, reversals, fingerprint, entries }, revision })
    }
}

/// The calendar year of a receipt, in China.
fn year(receipt: &Receipt) -> i32 {
    use chrono::{DateTime, Datelike, TimeDelta};
    DateTime::parse_from_rfc3339(&receipt.received_at).map_or(0, |at| (at + TimeDelta::hours(8)).year())
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &UploadFilter) -> Condition {
    let UploadFilter { kind, state } = filter;
    Condition::all()
        .add_option(kind.map(|one| row::Column::Kind.eq(one.code())))
        .add_option(state.map(|one| row::Column::State.eq(one.code())))
}

/// The rows that a caller may see: those sent by tokens of these units.
pub(super) fn sent_by(units: Vec<UnitCode>) -> Condition {
    Condition::all().add(row::Column::Scope.is_in(units))
}

/// The rows of the same file, sent in the same year.
pub(super) fn same(fingerprint: &str, year: i32) -> Condition {
    Condition::all().add(row::Column::Fingerprint.eq(fingerprint)).add(row::Column::Year.eq(year))
}
