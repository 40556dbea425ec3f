//! Counts by key in bounded memory: in two generations, of which the older is forgotten as a whole when the younger is full.
//! A count that is used is young.

use std::collections::HashMap;
use std::hash::Hash;

/// A table of counts by key, in bounded memory.
#[derive(Debug)]
pub struct Table<K, V> {
    most: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash + Clone, V: Default> Table<K, V> {
    /// So many counts at the most, and never fewer than two.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(2),
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A count, if there is one.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if self.young.contains_key(key) || self.old.contains_key(key) {
            return Some(self.entry(key.clone()));
        }
        None
    }

    /// A count; one from nothing where there was none.
    pub fn entry(&mut self, key: K) -> &mut V {
        let known = self.old.remove(&key);
        if !self.young.contains_key(&key) && self.young.len() >= self.most / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young
            .entry(key)
            .or_insert_with(|| known.unwrap_or_default())
    }

    /// Forgets a count.
    pub fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Never more than it may hold, never a wrong count, and never without what was used last.
        #[test]
        fn it_is_bounded_and_forgets_what_is_longest_unused(
            most in 2..12_usize,
            keys in prop::collection::vec(0..30_u8, 0..200),
        ) {
            let mut table: Table<u8, u32> = Table::new(most);
            let mut counts = [0_u32; 30];
            for (at, key) in keys.iter().enumerate() {
                let true_count = &mut counts[usize::from(*key)];
                let count = table.entry(*key);
                // What was forgotten begins anew; what was not is exact.
                prop_assert!(*count == *true_count || *count == 0);
                *count += 1;
                *true_count = *count;
                prop_assert!(table.len() <= most);
                let mut recent: Vec<u8> = keys[..=at].to_vec();
                recent.reverse();
                let mut seen: Vec<u8> = Vec::new();
                for key in recent {
                    if !seen.contains(&key) {
                        seen.push(key);
                    }
                }
                for key in seen.iter().take(most / 2) {
                    let is_known = table.young.contains_key(key) || table.old.contains_key(key);
                    prop_assert!(is_known, "{key} was used just now");
                }
            }
        }
    }

    #[test]
    fn what_is_removed_begins_anew() {
        let mut table: Table<u8, u32> = Table::new(4);
        *table.entry(1) = 7;
        assert_eq!(table.get_mut(&1), Some(&mut 7));
        table.remove(&1);
        assert_eq!(table.get_mut(&1), None);
        assert!(table.is_empty());
    }
}
