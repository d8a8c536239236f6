//! How webhooks are kept. The only code that knows the `webhook` table.

use sea_orm::{ColumnTrait, Condition, Value};

use super::http::WebhookFilter;
use crate::domain::codes::{UnitCode, WebhookCode};
use crate::domain::kept::{Kept, Resource};
use crate::domain::webhook::WebhookFacts;
use crate::store::Error;
use crate::store::table::{Column, Model, Table, read_list, write_list};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::codes::{EventCount, Prose, UnitCode, WebhookCode, WebhookUrl};
    use crate::domain::period::Moment;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: WebhookCode,
        pub url: WebhookUrl,
        #[sea_orm(column_type = "JsonBinary")]
        pub resources: Json,
        pub unit: Option<UnitCode>,
        pub most_events: Option<EventCount>,
        pub paused: bool,
        pub disabled_at: Option<Moment>,
        pub note: Option<Prose>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of webhooks.
#[derive(Debug)]
pub enum Webhooks {}

impl Table for Webhooks {
    const RESOURCE: Resource = Resource::Webhooks;
    type Key = WebhookCode;
    type Facts = WebhookFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Id]
    }

    fn key_values(key: &WebhookCode) -> Vec<Value> {
        vec![key.clone().into()]
    }

    fn unit(_: &WebhookCode, facts: Option<&WebhookFacts>) -> Option<String> {
        facts.and_then(|facts| facts.unit.as_ref()).map(ToString::to_string)
    }

    fn row(county: &str, kept: Kept<WebhookCode, WebhookFacts>) -> Model<Self> {
        let WebhookFacts { url, resources, unit, most_events, paused, disabled_at, note } = kept.facts;
        let (county, id, revision) = (county.into(), kept.key, kept.revision);
        row::Model {
            county,
            id,
            url,
            resources: write_list(&resources),
            unit,
            most_events,
            paused,
            disabled_at,
            note,
            revision,
        }
    }

    fn kept(row: Model<Self>) -> Result<Kept<WebhookCode, WebhookFacts>, Error> {
        let row::Model { county: _, id, url, resources, unit, most_events, paused, disabled_at, note, revision } = row;
        let facts =
            WebhookFacts { url, resources: read_list(resources)?, unit, most_events, paused, disabled_at, note };
        Ok(Kept { key: id, facts, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &WebhookFilter) -> Condition {
    Condition::all().add_option(filter.unit.as_ref().map(|one| row::Column::Unit.eq(one.clone())))
}

/// Those of these units; what is told of the whole county is for whoever may see all of it.
pub(super) fn of_units(units: Vec<UnitCode>) -> Condition {
    Condition::all().add(row::Column::Unit.is_in(units))
}

/// Those that the service disabled.
pub(super) fn disabled() -> Condition {
    Condition::all().add(row::Column::DisabledAt.is_not_null())
}

/// Those that are not paused.
pub fn active() -> Condition {
    Condition::all().add(row::Column::Paused.eq(false))
}
