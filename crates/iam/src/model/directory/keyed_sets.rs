//! Sets of ids by a key, such as the policies of each account.

use super::map::Map;
use std::collections::BTreeSet;
use std::hash::Hash;

/// The sets.
pub(super) type KeyedSets<K, V> = Map<K, BTreeSet<V>>;

/// Adds an id to the set of a key.
pub(super) fn put<K: Eq + Hash + Clone, V: Ord + Clone>(sets: &mut KeyedSets<K, V>, key: K, id: V) {
    sets.change(key, |set| {
        set.insert(id);
    });
}

/// Removes an id from the set of a key. An empty set is removed: a directory that was changed equals one that is read anew.
pub(super) fn take<K: Eq + Hash + Clone, V: Ord + Clone>(
    sets: &mut KeyedSets<K, V>,
    key: K,
    id: &V,
) {
    let is_alone = |set: &BTreeSet<V>| set.iter().all(|held| held == id);
    if sets.get(&key).is_none_or(is_alone) {
        sets.remove(&key);
    } else {
        sets.change(key, |set| {
            set.remove(id);
        });
    }
}
