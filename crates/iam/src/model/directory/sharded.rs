//! A collection that is cheap to copy and to change after a copy: its entries are in shards, and copies share every shard that neither has
//! changed.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

/// The first change of a shard copies it: with a hundred thousand entries some four hundred pointers. The first change
/// after a copy also copies the list of shards, as many pointers once.
pub(super) const SHARDS: usize = 256;

/// The shards, each a collection of its own; none before the first entry.
#[derive(Debug)]
pub(super) struct Sharded<C> {
    shards: Arc<Vec<Arc<C>>>,
    hasher: RandomState,
}

impl<C> Clone for Sharded<C> {
    fn clone(&self) -> Self {
        Self {
            shards: Arc::clone(&self.shards),
            hasher: self.hasher.clone(),
        }
    }
}

impl<C> Default for Sharded<C> {
    fn default() -> Self {
        Self {
            shards: Arc::default(),
            hasher: RandomState::new(),
        }
    }
}

impl<C> Sharded<C> {
    fn index<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        let hash = self.hasher.hash_one(key);
        usize::try_from(hash % SHARDS as u64).unwrap_or_default()
    }

    /// The shard of the key.
    pub(super) fn of<Q: Hash + ?Sized>(&self, key: &Q) -> Option<&C> {
        self.shards.get(self.index(key)).map(Arc::as_ref)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &C> {
        self.shards.iter().map(Arc::as_ref)
    }

    /// How many are the same memory in both.
    #[cfg(test)]
    pub(super) fn shared_with(&self, other: &Self) -> usize {
        let pairs = self.shards.iter().zip(other.shards.iter());
        pairs.filter(|(a, b)| Arc::ptr_eq(a, b)).count()
    }
}

impl<C: Clone + Default> Sharded<C> {
    /// The shard of the key, to be changed.
    pub(super) fn of_mut<Q: Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut C> {
        let index = self.index(key);
        let shards = Arc::make_mut(&mut self.shards);
        if shards.is_empty() {
            shards.resize_with(SHARDS, Arc::default);
        }
        shards.get_mut(index).map(Arc::make_mut)
    }
}
