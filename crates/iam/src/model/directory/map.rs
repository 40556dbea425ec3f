//! A map of shards.

use super::sharded::Sharded;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// The map. Its values are shared, so that a copied shard is a list of pointers.
#[derive(Debug)]
pub(crate) struct Map<K, V> {
    shards: Sharded<HashMap<K, Arc<V>>>,
    len: usize,
}

impl<K, V> Clone for Map<K, V> {
    fn clone(&self) -> Self {
        Self {
            shards: self.shards.clone(),
            len: self.len,
        }
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self {
            shards: Sharded::default(),
            len: 0,
        }
    }
}

impl<K: Eq + Hash, V: PartialEq> PartialEq for Map<K, V> {
    fn eq(&self, other: &Self) -> bool {
        let has_entry = |(key, value): (&K, &V)| other.get(key).is_some_and(|found| found == value);
        self.len == other.len && self.iter().all(has_entry)
    }
}

impl<K: Eq + Hash, V> Map<K, V> {
    /// The value of the key.
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.shards.of(key)?.get(key).map(Arc::as_ref)
    }

    /// Whether the map has the key.
    pub(crate) fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.get(key).is_some()
    }

    /// Whether there is no entry.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All entries, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let entries = self.shards.iter().flatten();
        entries.map(|(key, value)| (key, value.as_ref()))
    }

    /// All keys, in no order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// All values, in no order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<K: Eq + Hash + Clone, V> Map<K, V> {
    /// Inserts or replaces a value.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let shard = self.shards.of_mut(&key);
        let old = shard.and_then(|shard| shard.insert(key, Arc::new(value)));
        self.len += usize::from(old.is_none());
    }

    /// Removes the key, if it exists.
    pub(crate) fn remove<Q>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if !self.contains_key(key) {
            return;
        }
        let shard = self.shards.of_mut(key);
        let old = shard.and_then(|shard| shard.remove(key));
        self.len -= usize::from(old.is_some());
    }
}

impl<K: Eq + Hash + Clone, V: Clone + Default> Map<K, V> {
    /// Changes the value of the key, starting with the default if there is none.
    pub(crate) fn change(&mut self, key: K, change: impl FnOnce(&mut V)) {
        let before = self.contains_key(&key);
        if let Some(shard) = self.shards.of_mut(&key) {
            change(Arc::make_mut(shard.entry(key).or_default()));
        }
        self.len += usize::from(!before);
    }
}

impl<K: Eq + Hash + Clone, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::super::sharded::SHARDS;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_map_and_copies_keep_what_they_held(
            steps in prop::collection::vec((0_u8..40, prop::option::of(0_u8..9), any::<bool>()), 0..80)
        ) {
            let (mut tested, mut model) = (Map::default(), HashMap::new());
            let mut copies = Vec::new();
            for (key, value, is_copied) in steps {
                if is_copied {
                    copies.push((tested.clone(), model.clone()));
                }
                match value {
                    Some(value) => {
                        tested.insert(key, value);
                        model.insert(key, value);
                    }
                    None => {
                        tested.remove(&key);
                        model.remove(&key);
                    }
                }
            }
            copies.push((tested, model));
            for (tested, model) in copies {
                let found: HashMap<u8, u8> = tested.iter().map(|(key, value)| (*key, *value)).collect();
                prop_assert_eq!(tested.len, model.len());
                prop_assert_eq!(&found, &model);
                prop_assert_eq!(tested.is_empty(), model.is_empty());
                let again: Map<u8, u8> = model.into_iter().collect();
                prop_assert!(tested == again);
            }
        }
    }

    #[test]
    fn copies_share_what_was_not_changed() {
        let mut original: Map<u32, u32> = (0..10_000).map(|number| (number, number)).collect();
        let copy = original.clone();
        original.change(7, |value| *value += 1);
        assert_eq!(original.shards.shared_with(&copy.shards), SHARDS - 1);
        assert_eq!((original.get(&7), copy.get(&7)), (Some(&8), Some(&7)));
    }
}
