//! Where the journal stands, asked once for all who wait to know.
//!
//! What was read at a number of the journal is right until an entry that concerns it. So whoever has read something before
//! needs to know one thing to use it again: the newest change of each resource. A request must see everything that was
//! committed before it came, so the question is put after it came; but many requests that came meanwhile share it.

use std::collections::BTreeMap;
use std::sync::Arc;

use sea_orm::EntityTrait;

use super::journal::head;
use super::{Error, Store, View};
use crate::domain::kept::Resource;

/// The newest change of each resource of a county, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Newest(BTreeMap<String, i64>);

impl Newest {
    /// The newest change of anything; 0 before the first.
    pub fn of_any(&self) -> i64 {
        self.0.values().copied().fold(0, Ord::max)
    }

    /// The newest change of one of these resources; 0 where there is none.
    pub fn of(&self, resources: &[Resource]) -> i64 {
        resources.iter().filter_map(|resource| self.0.get(resource.code())).copied().fold(0, Ord::max)
    }

    /// Notes a change.
    pub(super) fn note(&mut self, resource: &str, sequence: i64) {
        match self.0.get_mut(resource) {
            Some(newest) => *newest = sequence,
            None => drop(self.0.insert(resource.to_owned(), sequence)),
        }
    }

    /// Reads what the head of the journal says.
    pub(super) fn read(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map(Self).map_err(|error| Error::Corrupt(format!("the journal's head: {error}")))
    }
}

impl FromIterator<(String, i64)> for Newest {
    fn from_iter<I: IntoIterator<Item = (String, i64)>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

/// As the head of the journal keeps it.
impl std::fmt::Display for Newest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| std::fmt::Error)?)
    }
}

impl View<'_> {
    /// The newest change of each resource.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest(&self) -> Result<Newest, Error> {
        let head = head::Entity::find_by_id(self.county()).one(&self.db).await?;
        head.map_or_else(|| Ok(Newest::default()), |head| Newest::read(&head.newest))
    }
}

impl Store {
    /// The newest change of each resource, at a moment after this was called.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest(&self) -> Result<Arc<Newest>, Error> {
        let store = self.clone();
        let read = move |askers: Vec<()>| {
            let store = store.clone();
            async move {
                let newest = store.insisting(|| async { store.view().newest().await });
                let newest = Arc::new(newest.await.ok()?);
                Some(vec![newest; askers.len()])
            }
        };
        match self.question.ask((), read).await {
            Some(newest) => Ok(newest),
            // Why it failed belongs to whoever asks: they ask for themselves.
            None => Ok(Arc::new(self.view().newest().await?)),
        }
    }
}
