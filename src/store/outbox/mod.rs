//! What the sender of webhooks keeps: how far it came with each, the secrets it signs with, the log of its attempts.
//!
//! None of it is a fact that somebody stated, so none of it is in the journal; who stated, changed or disabled a webhook
//! is. The sender takes no lock of the journal: nobody who writes ever waits for a receiver.

mod rows;

pub use self::rows::{cursor, delivery, secret};

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ActiveValue::Set, Condition, QueryOrder, QuerySelect, TransactionTrait};

use super::begin::for_writing;
use super::write::Write;
use super::{Error, Store, View};
use crate::domain::codes::WebhookCode;
use crate::domain::delivery::Secret;

/// That it must be looked up which event was the last that is wanted.
pub const UNKNOWN: i64 = -1;

/// Attempts that are kept of each webhook.
const KEPT: i64 = 10_000;

/// What an attempt leaves behind; the number of the attempt is given here.
#[derive(Debug)]
pub struct Settled {
    /// How far it is from now on.
    pub after: cursor::Model,
    /// The attempt; nothing where entries were passed by that are not wanted.
    pub attempt: Option<delivery::Model>,
    /// The attempt whose message was asked for again, and now was sent.
    pub asked: Option<i64>,
}

fn of_outbox(county: &str, webhook: &WebhookCode) -> Condition {
    Condition::all().add(cursor::Column::County.eq(county)).add(cursor::Column::Webhook.eq(webhook.clone()))
}

fn of_delivery(county: &str, webhook: &WebhookCode) -> Condition {
    Condition::all().add(delivery::Column::County.eq(county)).add(delivery::Column::Webhook.eq(webhook.clone()))
}

fn of_secret(county: &str, webhook: &WebhookCode) -> Condition {
    Condition::all().add(secret::Column::County.eq(county)).add(secret::Column::Webhook.eq(webhook.clone()))
}

impl Write {
    /// Begins to keep what the sender needs of a webhook that is already written: it is told what changes from now on.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_outbox(&self, webhook: &WebhookCode) -> Result<(), Error> {
        let row = cursor::Model {
            county: self.beside()?.county().into(),
            webhook: webhook.clone(),
            through: self.position(),
            last_event: UNKNOWN,
            until: None,
            failures: 0,
            failing_since: None,
            next_at: None,
            holder: None,
            held_until: None,
            generation: 0,
        };
        let row = cursor::ActiveModel::from(row).reset_all();
        let keep = OnConflict::columns([cursor::Column::County, cursor::Column::Webhook]).do_nothing().to_owned();
        cursor::Entity::insert(row).on_conflict(keep).try_insert().exec_without_returning(self.beside()?.db()).await?;
        Ok(())
    }

    /// Takes up a webhook anew that was stated otherwise: it is tried at once, and what failed before is forgotten.
    ///
    /// # Errors
    /// The database's.
    pub async fn refresh_outbox(&self, webhook: &WebhookCode) -> Result<(), Error> {
        let fresh = cursor::ActiveModel {
            last_event: Set(UNKNOWN),
            failures: Set(0),
            failing_since: Set(None),
            next_at: Set(None),
            ..Default::default()
        };
        self.change_outbox(webhook, fresh).await
    }

    /// Tries a webhook at once; that it failed is not forgotten.
    ///
    /// # Errors
    /// The database's.
    pub async fn nudge_outbox(&self, webhook: &WebhookCode) -> Result<(), Error> {
        self.change_outbox(webhook, cursor::ActiveModel { next_at: Set(None), ..Default::default() }).await
    }

    /// Goes back, or forward, with a webhook: it is told what changed after an entry.
    ///
    /// # Errors
    /// The database's.
    pub async fn rewind_outbox(&self, webhook: &WebhookCode, through: i64) -> Result<(), Error> {
        let there = cursor::ActiveModel {
            through: Set(through),
            last_event: Set(UNKNOWN),
            until: Set(None),
            failures: Set(0),
            failing_since: Set(None),
            next_at: Set(None),
            ..Default::default()
        };
        self.change_outbox(webhook, there).await
    }

    async fn change_outbox(&self, webhook: &WebhookCode, change: cursor::ActiveModel) -> Result<(), Error> {
        let view = self.beside()?;
        let next = Expr::col(cursor::Column::Generation).add(1);
        let update = cursor::Entity::update_many().set(change).col_expr(cursor::Column::Generation, next);
        update.filter(of_outbox(view.county(), webhook)).exec(view.db()).await?;
        Ok(())
    }

    /// Adds a secret. Messages are signed with those before it as well until an instant; with none of them where it is
    /// now. Tells whether there were any.
    ///
    /// # Errors
    /// The database's.
    pub async fn add_secret(
        &self,
        webhook: &WebhookCode,
        new: &Secret,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let view = self.beside()?;
        let all = || of_secret(view.county(), webhook);
        let newest = secret::Entity::find().filter(all()).order_by_desc(secret::Column::Number).one(view.db()).await?;
        let over = all().add(secret::Column::ValidUntil.lte(now));
        secret::Entity::delete_many().filter(over).exec(view.db()).await?;
        // A secret that ends is not made to last longer by another.
        let lasting = secret::Column::ValidUntil.is_null().or(secret::Column::ValidUntil.gt(until));
        let ending = secret::ActiveModel { valid_until: Set(Some(until)), ..Default::default() };
        secret::Entity::update_many().set(ending).filter(all().add(lasting)).exec(view.db()).await?;
        let row = secret::ActiveModel {
            county: Set(view.county().into()),
            webhook: Set(webhook.clone()),
            number: Set(newest.as_ref().map_or(0, |newest| newest.number) + 1),
            secret: Set(new.bytes().to_vec()),
            valid_until: Set(None),
        };
        secret::Entity::insert(row).exec_without_returning(view.db()).await?;
        Ok(newest.is_some())
    }

    /// Asks for the message of an attempt to be sent again; `false` if there is no such attempt.
    ///
    /// # Errors
    /// The database's.
    pub async fn send_again(&self, webhook: &WebhookCode, number: i64) -> Result<bool, Error> {
        let view = self.beside()?;
        let asked = delivery::ActiveModel { again: Set(true), ..Default::default() };
        let update = delivery::Entity::update_many().set(asked).filter(of_delivery(view.county(), webhook));
        Ok(update.filter(delivery::Column::Number.eq(number)).exec(view.db()).await?.rows_affected > 0)
    }
}

impl View<'_> {
    /// How far the sender came with a webhook.
    ///
    /// # Errors
    /// The database's.
    pub async fn outbox(&self, webhook: &WebhookCode) -> Result<Option<cursor::Model>, Error> {
        Ok(cursor::Entity::find().filter(of_outbox(self.county(), webhook)).one(self.db()).await?)
    }

    /// Those that nobody holds and whose wait is over: behind an entry of the journal, or asked for a message again.
    ///
    /// # Errors
    /// The database's.
    pub async fn due(&self, position: i64, now: DateTime<Utc>) -> Result<Vec<cursor::Model>, Error> {
        let again = Query::select()
            .expr(Expr::val(1))
            .from(delivery::Entity)
            .and_where(delivery::Column::County.into_expr().eq(cursor::Column::County.into_expr()))
            .and_where(delivery::Column::Webhook.into_expr().eq(cursor::Column::Webhook.into_expr()))
            .and_where(delivery::Column::Again.eq(true))
            .take();
        let over = |column: cursor::Column| Condition::any().add(column.is_null()).add(column.lte(now));
        let behind = Condition::all().add(cursor::Column::Through.lt(position)).add(over(cursor::Column::NextAt));
        let due = cursor::Entity::find()
            .filter(cursor::Column::County.eq(self.county()))
            .filter(over(cursor::Column::HeldUntil))
            .filter(Condition::any().add(behind).add(Expr::exists(again)));
        Ok(due.all(self.db()).await?)
    }

    /// The secrets that messages are signed with now, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn secrets(&self, webhook: &WebhookCode, now: DateTime<Utc>) -> Result<Vec<Secret>, Error> {
        let valid = Condition::any().add(secret::Column::ValidUntil.is_null()).add(secret::Column::ValidUntil.gt(now));
        let all = secret::Entity::find().filter(of_secret(self.county(), webhook)).filter(valid);
        let all = all.order_by_desc(secret::Column::Number).all(self.db()).await?;
        Ok(all.into_iter().map(|one| Secret::of_bytes(&one.secret)).collect())
    }

    /// Attempts after a number, or before one, that match a condition.
    ///
    /// # Errors
    /// The database's.
    pub async fn deliveries(
        &self,
        webhook: &WebhookCode,
        wanted: Condition,
        limit: u64,
    ) -> Result<Vec<delivery::Model>, Error> {
        let all = delivery::Entity::find().filter(of_delivery(self.county(), webhook)).filter(wanted);
        Ok(all.order_by_desc(delivery::Column::Number).limit(limit).all(self.db()).await?)
    }
}

impl Store {
    /// Takes a webhook for a sender until an instant; `false` if another has it.
    ///
    /// # Errors
    /// The database's.
    pub async fn hold(
        &self,
        webhook: &WebhookCode,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let free = Condition::any()
            .add(cursor::Column::HeldUntil.is_null())
            .add(cursor::Column::HeldUntil.lte(now))
            .add(cursor::Column::Holder.eq(holder));
        let held = cursor::ActiveModel {
            holder: Set(Some(holder.into())),
            held_until: Set(Some(until)),
            ..Default::default()
        };
        let update = cursor::Entity::update_many().set(held).filter(of_outbox(&self.county, webhook)).filter(free);
        Ok(update.exec(&self.sending).await?.rows_affected > 0)
    }

    /// Holds a webhook for a message that is to be sent now, up to its last event; `false` if it is no longer as the
    /// sender found it, or another sender's.
    ///
    /// # Errors
    /// The database's.
    pub async fn hold_for(
        &self,
        before: &cursor::Model,
        holder: &str,
        last: Option<i64>,
        until: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let held = cursor::ActiveModel { until: Set(last), held_until: Set(Some(until)), ..Default::default() };
        let update = cursor::Entity::update_many().set(held).filter(self.unmoved(before, holder));
        Ok(update.exec(&self.sending).await?.rows_affected > 0)
    }

    fn unmoved(&self, before: &cursor::Model, holder: &str) -> Condition {
        of_outbox(&self.county, &before.webhook)
            .add(cursor::Column::Holder.eq(holder))
            .add(cursor::Column::Generation.eq(before.generation))
    }

    /// Lets go of what a sender holds: one webhook, or all.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(&self, webhook: Option<&WebhookCode>, holder: &str) -> Result<(), Error> {
        let free = cursor::ActiveModel { holder: Set(None), held_until: Set(None), ..Default::default() };
        let mine = Condition::all()
            .add(cursor::Column::County.eq(&*self.county))
            .add(cursor::Column::Holder.eq(holder))
            .add_option(webhook.map(|webhook| cursor::Column::Webhook.eq(webhook.clone())));
        cursor::Entity::update_many().set(free).filter(mine).exec(&self.sending).await?;
        Ok(())
    }

    /// Keeps what an attempt left behind. If the webhook is no longer as the sender found it, or another sender's, that is
    /// the attempt alone, and the answer is `false`.
    ///
    /// # Errors
    /// The database's.
    pub async fn settle(&self, before: &cursor::Model, holder: &str, settled: Settled) -> Result<bool, Error> {
        let Settled { after, attempt, asked } = settled;
        let webhook = &before.webhook;
        let transaction = self.sending.begin_with_options(for_writing()).await?;
        // The attempt first: whoever takes the webhook away holds its row before those of its outbox, too.
        if let Some(attempt) = attempt {
            let newest = delivery::Entity::find().filter(of_delivery(&self.county, webhook));
            let newest = newest.order_by_desc(delivery::Column::Number).one(&transaction).await?;
            let number = newest.map_or(0, |newest| newest.number) + 1;
            let row = delivery::ActiveModel::from(delivery::Model { number, ..attempt }).reset_all();
            match delivery::Entity::insert(row).exec_without_returning(&transaction).await {
                // The webhook is gone, or another sender has numbered an attempt meanwhile.
                Err(error) if error.sql_err().is_some() => return Ok(false),
                other => drop(other?),
            }
            let old = delivery::Entity::delete_many().filter(of_delivery(&self.county, webhook));
            old.filter(delivery::Column::Number.lte(number - KEPT)).exec(&transaction).await?;
        }
        if let Some(asked) = asked {
            let done = delivery::ActiveModel { again: Set(false), ..Default::default() };
            let update = delivery::Entity::update_many().set(done).filter(of_delivery(&self.county, webhook));
            update.filter(delivery::Column::Number.eq(asked)).exec(&transaction).await?;
        }
        let change = cursor::ActiveModel {
            through: Set(after.through),
            last_event: Set(after.last_event),
            until: Set(after.until),
            failures: Set(after.failures),
            failing_since: Set(after.failing_since),
            next_at: Set(after.next_at),
            held_until: Set(after.held_until),
            ..Default::default()
        };
        let update = cursor::Entity::update_many().set(change).filter(self.unmoved(before, holder));
        let unmoved = update.exec(&transaction).await?.rows_affected > 0;
        transaction.commit().await?;
        Ok(unmoved)
    }
}
