//! What writers read again and again: the unit, the indicator, whether the year is open. A writer holds the head of the
//! journal, or writes only if it has not moved, so it knows what changed since something was read, and reads it again
//! only then.
//!
//! Readers do not use it: what they see is of their own moment.

use std::any::{Any, TypeId};
use std::sync::Arc;

use quick_cache::sync::Cache;

use super::newest::Newest;
use super::table::Table;
use super::{Error, View};
use crate::domain::kept::{Kept, Resource};

/// How many things are known.
const MOST: usize = 10_000;

/// Something that was read, and of which history it is, and the newest change that concerned it then.
type Read = ((u64, i64), Arc<dyn Any + Send + Sync>);

/// What was read.
#[derive(Clone)]
pub(super) struct Known(Arc<Cache<(TypeId, String), Read>>);

impl Default for Known {
    fn default() -> Self {
        Self(Arc::new(Cache::new(MOST)))
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

/// What is known to a writer.
#[derive(Debug)]
pub(super) struct Knowing<'a> {
    pub(super) known: &'a Known,
    /// The history of the database that the numbers are of.
    pub(super) history: u64,
    /// The newest changes that are committed, and those of the writer's own transaction.
    pub(super) committed: &'a Newest,
    pub(super) now: &'a Newest,
}

impl Knowing<'_> {
    /// The newest change of these resources; nothing where the transaction itself changed one of them, for that may yet
    /// come to nothing.
    fn at(&self, of: &[Resource]) -> Option<(u64, i64)> {
        let committed = self.committed.of(of);
        (self.now.of(of) == committed).then_some((self.history, committed))
    }
}

impl View<'_> {
    /// What `read` says of rows of these resources, or said before any of them changed. The name, and what is read, tell
    /// it apart from everything else.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn known<V, E>(
        &self,
        of: &[Resource],
        name: String,
        read: impl AsyncFnOnce() -> Result<V, E>,
    ) -> Result<V, E>
    where
        V: Clone + Send + Sync + 'static,
    {
        let known = self.knowing.as_ref().and_then(|knowing| Some((&knowing.known.0, knowing.at(of)?)));
        let Some((cache, now)) = known else { return read().await };
        let key = (TypeId::of::<V>(), format!("{}:{name}", self.county));
        if let Some((at, value)) = cache.get(&key)
            && at == now
            && let Some(value) = value.downcast_ref::<V>()
        {
            return Ok(value.clone());
        }
        let value = read().await?;
        cache.insert(key, (now, Arc::new(value.clone())));
        Ok(value)
    }

    /// The item with a key, which others refer to: writers read it again only when its resource has changed.
    ///
    /// # Errors
    /// The database's.
    pub async fn find_known<T: Table>(&self, key: &T::Key) -> Result<Option<Kept<T::Key, T::Facts>>, Error> {
        self.known(&[T::RESOURCE], key.to_string(), async || self.find::<T>(key).await).await
    }
}
