//! The moment a read sees: now, or an earlier one (`?as_of=`), by a revision or an instant.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::{DateTime, Utc};
use utoipa::IntoParams;

use super::Context;
use super::again::{Made, Shown};
use super::answer::{self, Tag};
use super::body::pairs;
use super::error::ApiError;
use crate::domain::day::Day;
use crate::domain::kept::Resource;
use crate::domain::period::Moment;
use crate::domain::violation::Wrong;
use crate::store::newest::Newest;
use crate::store::past::Past;
use crate::store::{Snapshot, Store, View};

/// The name of the parameter.
pub const AS_OF: &str = "as_of";

/// Which moment.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter; `AsOf` reads it")]
pub struct AsOfParameter {
    /// What was there at an earlier moment: a number of the journal (`1742`), or an instant (`2024-04-30T16:00:00Z`).
    #[param(
        min_length = 1,
        max_length = 35,
        pattern = "^([0-9]{1,16}|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]{8,18}([Zz]|[+-][0-9]{2}:[0-9]{2}))$"
    )]
    as_of: Option<String>,
}

/// The moment that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// None: the present.
    Now,
    /// A number of the journal.
    Entry(i64),
    /// An instant.
    Instant(DateTime<Utc>),
}

impl FromRequest for AsOf {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(pairs(request).and_then(|pairs| {
            let Some((_, text)) = pairs.into_iter().find(|(name, _)| name == AS_OF) else { return Ok(Self::Now) };
            if let Some(entry) = text.parse().ok().filter(|entry| (0..=9_007_199_254_740_991).contains(entry)) {
                return Ok(Self::Entry(entry));
            }
            text.parse::<Moment>().map(|moment| Self::Instant(moment.0)).map_err(|_| {
                let zh = "应为流水账号（如 1742）或 RFC 3339 时刻（如 2024-04-30T16:00:00Z）";
                let en = "must be a number of the journal such as 1742, or an instant such as 2024-04-30T16:00:00Z";
                ApiError::parameter(AS_OF, Wrong::new("invalid_moment", zh, en), &text)
            })
        }))
    }
}

/// What a read sees.
#[derive(Debug)]
pub struct Sight {
    rows: Rows,
    /// Where the journal stood before any of it was read, where answers are kept.
    newest: Option<Arc<Newest>>,
    /// The day it is, or was, in China.
    pub today: Day,
}

#[derive(Debug)]
enum Rows {
    Live(Box<Store>),
    Now(Snapshot),
    Then(Arc<Past>),
}

impl Sight {
    /// Reads of that moment.
    pub fn view(&self) -> View<'_> {
        match &self.rows {
            Rows::Live(store) => store.view(),
            Rows::Now(snapshot) => snapshot.view(),
            Rows::Then(past) => past.view(),
        }
    }
}

impl Sight {
    /// The journal, which the past has none of its own of. Of the present it is read in the same snapshot: whoever holds a
    /// connection and waits for another may wait for ever.
    pub fn journal<'a>(&'a self, store: &'a Store) -> View<'a> {
        match &self.rows {
            Rows::Now(snapshot) => snapshot.view(),
            Rows::Live(live) => live.view(),
            Rows::Then(_) => store.view(),
        }
    }

    /// The tag of an item that shows only its own facts.
    pub fn item_tag(&self, revision: i64) -> Tag {
        answer::tag(revision).made(self.made(Shown::Computed))
    }

    /// The tag of an item that shows its own facts, and what the day makes of them.
    pub fn dated_tag(&self, revision: i64) -> Tag {
        answer::computed_tag(revision, 0, self.today).made(self.made(Shown::Computed))
    }

    /// The tag of a list that shows rows of these resources: the newest change of one of them. It is the same for every
    /// caller; what a caller may see changes with the units, which are always among them.
    ///
    /// # Errors
    /// The database's.
    pub async fn tag(&self, shown: &[Resource]) -> Result<Tag, ApiError> {
        let shown = [shown, &[Resource::Units]].concat();
        let newest = match &self.newest {
            Some(newest) => newest.of(&shown),
            None => self.view().newest_of(&shown).await?,
        };
        Ok(answer::list_tag(newest).made(self.made(Shown::Rows(shown))))
    }

    /// The tag of a list of what is computed from rows of any kind.
    ///
    /// # Errors
    /// The database's.
    pub async fn computed_tag(&self) -> Result<Tag, ApiError> {
        self.computed_tag_of(0).await
    }

    /// The tag of an item, at a revision, that also shows what is computed from other rows.
    ///
    /// # Errors
    /// The database's.
    pub async fn computed_tag_of(&self, revision: i64) -> Result<Tag, ApiError> {
        let position = match &self.newest {
            Some(newest) => newest.of_any(),
            None => self.view().journal_position().await?,
        };
        Ok(answer::computed_tag(revision, position, self.today).made(self.made(Shown::Computed)))
    }

    /// What an answer of the present is made of, where answers are kept.
    fn made(&self, of: Shown) -> Option<Made> {
        let newest = self.newest.as_ref()?;
        Some(Made { at: of.newest(newest), of, on: self.today })
    }
}

impl Context {
    /// What a single read at a moment sees.
    ///
    /// # Errors
    /// A moment that has not come yet; the database's.
    pub async fn glance(&self, as_of: AsOf) -> Result<Sight, ApiError> {
        match as_of {
            AsOf::Now => {
                let (newest, store) = self.asked_first().await?;
                Ok(Sight { rows: Rows::Live(Box::new(store)), newest, today: self.today()? })
            }
            then => self.then(then).await,
        }
    }

    /// What several reads at a moment see, all of one moment.
    ///
    /// # Errors
    /// A moment that has not come yet; the database's.
    pub async fn sight(&self, as_of: AsOf) -> Result<Sight, ApiError> {
        match as_of {
            AsOf::Now => {
                let (newest, store) = self.asked_first().await?;
                Ok(Sight { rows: Rows::Now(store.snapshot().await?), newest, today: self.today()? })
            }
            then => self.then(then).await,
        }
    }

    /// Where the journal stands, where answers are kept, and what rows are read from. It is asked first: rows that are newer
    /// than their tag are read once more, older ones would be wrong.
    async fn asked_first(&self) -> Result<(Option<Arc<Newest>>, Store), ApiError> {
        if !self.again.keeps() && !self.store.has_replica() {
            return Ok((None, self.store.clone()));
        }
        let newest = self.store.newest().await?;
        let store = self.store.for_reading(&newest).await.clone();
        Ok((Some(newest), store))
    }

    /// What to read from now.
    ///
    /// # Errors
    /// The database's.
    pub async fn reading(&self) -> Result<Store, ApiError> {
        Ok(self.asked_first().await?.1)
    }

    async fn then(&self, as_of: AsOf) -> Result<Sight, ApiError> {
        let view = self.store.view();
        let (newest, _) = view.journal_head().await?;
        let sequence = match as_of {
            AsOf::Now => newest,
            AsOf::Entry(entry) if entry > newest => {
                let (zh, en) = (format!("流水账目前到第 {newest} 条"), format!("the journal is at entry {newest}"));
                return Err(ApiError::parameter(AS_OF, Wrong::new("not_reached", zh, en), &entry.to_string()));
            }
            AsOf::Entry(entry) => entry,
            AsOf::Instant(instant) if instant > (self.now)() => {
                let wrong = Wrong::new("not_reached", "这个时刻还没有到", "that instant has not come yet");
                return Err(ApiError::parameter(AS_OF, wrong, &Moment(instant).to_string()));
            }
            AsOf::Instant(instant) => view.journal_position_at(instant).await?,
        };
        // Attempts that were refused change nothing: the moment is that of the change before.
        let sequence = view.newest_change(sequence).await?;
        let past = self.store.as_of(sequence, &self.replays).await?;
        let then = match as_of {
            AsOf::Instant(instant) => instant,
            _ => past.at.unwrap_or_else(|| (self.now)()),
        };
        Ok(Sight { rows: Rows::Then(past), newest: None, today: Self::day_of(then)? })
    }
}
