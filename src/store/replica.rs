//! A copy of the database that follows it, for reading.
//!
//! It is asked only when it has come as far as the database itself had when the request came: so whoever wrote reads what they
//! wrote, nobody is shown an earlier state than they were shown before, and it does not matter which server they ask. Where
//! it is behind, or away, the database itself answers.

use std::time::Duration;

use sea_orm::SqlxPostgresConnector;

use super::newest::Newest;
use super::outage::Doubt;
use super::pools::reading_pool;
use super::{Error, Store, finds};

/// Longer than this nobody waits to hear how far it has come.
const PATIENCE: Duration = Duration::from_millis(500);

/// The copy.
#[derive(Debug, Clone)]
pub(super) struct Replica {
    store: Box<Store>,
    /// Whether it was away a moment ago.
    away: Doubt,
}

impl Store {
    /// The same, reading from a copy that follows the database where it has come far enough.
    ///
    /// # Errors
    /// An address that cannot be read. A copy that is away is no reason not to start.
    pub fn with_replica(mut self, url: &str) -> Result<Self, Error> {
        let doubt = Doubt::default();
        let reading = SqlxPostgresConnector::from_sqlx_postgres_pool(reading_pool(url, &doubt, None)?);
        let copy = Self {
            reading,
            question: super::Together::new(doubt.clone()),
            finds: finds::Finds::new(doubt.clone()),
            doubt,
            ..self.clone()
        };
        self.replica = Some(Replica { store: Box::new(copy), away: Doubt::default() });
        Ok(self)
    }

    /// Whether there is a copy for reading.
    pub fn has_replica(&self) -> bool {
        self.replica.is_some()
    }

    /// What to read from for a request, `newest` being what was asked of the database after the request came.
    pub async fn for_reading(&self, newest: &Newest) -> &Self {
        match &self.replica {
            Some(replica) if replica.has_come_to(newest.of_any()).await => &replica.store,
            _ => self,
        }
    }
}

impl Replica {
    /// Whoever opened the connections that are there is gone.
    pub(super) fn orphan(&self) {
        self.store.doubt.orphan();
    }

    /// It may be what does not answer.
    pub(super) fn mistrust(&self) {
        self.store.doubt.raise();
    }

    pub(super) fn pool(&self) -> &sea_orm::DatabaseConnection {
        &self.store.reading
    }

    /// It is asked every time, together for all who wait to know: one that died, or was put back, is not found out otherwise.
    async fn has_come_to(&self, change: i64) -> bool {
        if self.away.is_raised() {
            return false;
        }
        match tokio::time::timeout(PATIENCE, self.store.newest()).await {
            Ok(Ok(newest)) => newest.of_any() >= change,
            trouble => {
                tracing::warn!(?trouble, "the copy of the database for reading does not answer");
                self.away.raise();
                false
            }
        }
    }
}
