//! The tables of the outbox.

/// How far the sender came with a webhook.
pub mod cursor {
    use sea_orm::entity::prelude::*;

    use crate::domain::codes::WebhookCode;

    /// How far the sender came with a webhook.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        /// The county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// The webhook.
        #[sea_orm(primary_key, auto_increment = false)]
        pub webhook: WebhookCode,
        /// The entry of the journal up to which everything is delivered, or not wanted.
        pub through: i64,
        /// The last event that was delivered; [`UNKNOWN`](super::super::UNKNOWN) where what is wanted has changed since.
        pub last_event: i64,
        /// The last event of a message that is being sent, so that it is the same message when it is tried again.
        pub until: Option<i64>,
        /// Attempts that failed since the last that did not.
        pub failures: i32,
        /// When the first of them was.
        pub failing_since: Option<DateTimeUtc>,
        /// When it is tried again.
        pub next_at: Option<DateTimeUtc>,
        /// Which sender has it: of all replicas one at a time.
        #[sea_orm(column_type = "Text", nullable)]
        pub holder: Option<String>,
        /// Until when; a sender that died does not keep it.
        pub held_until: Option<DateTimeUtc>,
        /// Grows whenever somebody states the webhook or moves it: what a sender found before is no longer so.
        pub generation: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A secret of a webhook.
pub mod secret {
    use sea_orm::entity::prelude::*;

    use crate::domain::codes::WebhookCode;

    /// A secret of a webhook.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_secret")]
    pub struct Model {
        /// The county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// The webhook.
        #[sea_orm(primary_key, auto_increment = false)]
        pub webhook: WebhookCode,
        /// Its number; the greatest is the newest.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// The bytes.
        #[sea_orm(column_type = "Blob")]
        pub secret: Vec<u8>,
        /// Until when it is signed with; null for the newest.
        pub valid_until: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// An attempt to deliver a message.
pub mod delivery {
    use sea_orm::entity::prelude::*;

    use crate::domain::codes::WebhookCode;

    /// An attempt to deliver a message.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "delivery")]
    pub struct Model {
        /// The county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// The webhook.
        #[sea_orm(primary_key, auto_increment = false)]
        pub webhook: WebhookCode,
        /// Its number.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// The message: its `webhook-id`.
        #[sea_orm(column_type = "Text")]
        pub message: String,
        /// When it began.
        pub at: DateTimeUtc,
        /// The first event of the message.
        pub first_event: i64,
        /// The last.
        pub last_event: i64,
        /// The event before the first.
        pub previous: i64,
        /// How many events the message has.
        pub events: i32,
        /// Which attempt; null where it was asked for.
        pub attempt: Option<i32>,
        /// Whether it was delivered.
        pub delivered: bool,
        /// The status of the answer.
        pub status: Option<i32>,
        /// Why there was none.
        #[sea_orm(column_type = "Text", nullable)]
        pub failure: Option<String>,
        /// How long it took, in milliseconds.
        pub took_ms: i32,
        /// Whether somebody asked for the message to be sent again, and it was not yet.
        pub again: bool,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
