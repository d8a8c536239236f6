//! Items that are asked for at the same time are found by one query.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use super::outage::Doubt;
use super::table::Table;
use super::together::Together;
use super::{Error, Store};
use crate::domain::kept::Kept;

/// The item of a table.
type Item<T> = Kept<<T as Table>::Key, <T as Table>::Facts>;

/// The questions about a table.
type Questions<T> = Together<<T as Table>::Key, Option<Item<T>>>;

/// The questions about each table.
#[derive(Debug, Clone)]
pub(super) struct Finds {
    all: Arc<RwLock<HashMap<TypeId, Box<dyn Any + Send + Sync>>>>,
    doubt: Doubt,
}

impl Finds {
    /// Questions to a database whose connections may be doubted.
    pub(super) fn new(doubt: Doubt) -> Self {
        Self { all: Arc::default(), doubt }
    }

    fn of<T: Table>(&self) -> Questions<T> {
        let known = |all: &HashMap<TypeId, Box<dyn Any + Send + Sync>>| {
            all.get(&TypeId::of::<T>()).and_then(|one| one.downcast_ref::<Questions<T>>()).cloned()
        };
        if let Some(questions) = known(&self.all.read().unwrap_or_else(PoisonError::into_inner)) {
            return questions;
        }
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        known(&all).unwrap_or_else(|| {
            let questions = Questions::<T>::new(self.doubt.clone());
            all.insert(TypeId::of::<T>(), Box::new(questions.clone()));
            questions
        })
    }
}

impl Store {
    /// The item with a key, found together with others that are asked for meanwhile; the outer nothing where that failed.
    pub(super) async fn find_together<T: Table>(&self, key: &T::Key) -> Option<Option<Item<T>>> {
        let store = self.clone();
        let read = move |keys: Vec<T::Key>| {
            let store = store.clone();
            async move { store.insisting(|| store.find_each::<T>(&keys)).await.ok() }
        };
        self.finds.of::<T>().ask(key.clone(), read).await
    }

    async fn find_each<T: Table>(&self, keys: &[T::Key]) -> Result<Vec<Option<Item<T>>>, Error> {
        let view = self.view();
        if let [key] = keys {
            return Ok(vec![view.find_alone::<T>(key).await?]);
        }
        let wanted: Vec<&T::Key> = keys.iter().collect();
        let found: BTreeMap<_, _> =
            view.find_all::<T>(&wanted).await?.into_iter().map(|item| (item.key.clone(), item)).collect();
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }
}
