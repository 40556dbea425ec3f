//! A place in a map, from which what lies near is found without a search from the root: a walk through names mostly goes on to
//! one of the next few.

use super::{Node, Tree, child};
use std::borrow::Borrow;

/// A position between two entries of a leaf.
#[derive(Debug)]
pub(crate) struct Finger<'t, K, V> {
    root: &'t Node<K, V>,
    leaf: &'t [(K, V)],
    /// The position in `leaf` of the entry that was found last.
    at: usize,
}

impl<K, V> Tree<K, V> {
    /// A finger before the first entry.
    pub(crate) fn finger(&self) -> Finger<'_, K, V> {
        Finger {
            root: &self.root,
            leaf: &[],
            at: 0,
        }
    }
}

impl<'t, K, V> Finger<'t, K, V> {
    /// The first entry from `key` on, or after it when that is not `included`.
    pub(crate) fn seek<Q: Ord + ?Sized>(
        &mut self,
        key: &Q,
        included: bool,
    ) -> Option<(&'t K, &'t V)>
    where
        K: Borrow<Q>,
    {
        let is_before = |(entry_key, _): &(K, V)| match included {
            true => entry_key.borrow() < key,
            false => entry_key.borrow() <= key,
        };
        if let Some(at) = self.seek_in_leaf(is_before) {
            self.at = at;
        } else {
            (self.leaf, self.at) = find(self.root, key, &is_before)?;
        }
        self.leaf.get(self.at).map(|(key, value)| (key, value))
    }

    /// The value under `key`.
    pub(crate) fn get<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&'t V>
    where
        K: Borrow<Q>,
    {
        let (found, value) = self.seek(key, true)?;
        (found.borrow() == key).then_some(value)
    }

    /// The first entry of the leaf that is not before what is sought; `None` where another leaf may have it.
    fn seek_in_leaf(&self, is_before: impl Fn(&(K, V)) -> bool) -> Option<usize> {
        let is_before_at = |at: usize| self.leaf.get(at).map(&is_before);
        let (from, to) = match is_before_at(self.at)? {
            true => {
                if is_before_at(self.at + 1) == Some(false) {
                    return Some(self.at + 1);
                }
                let last = self.leaf.len().checked_sub(1)?;
                if is_before_at(last)? {
                    return None;
                }
                (self.at + 1, last)
            }
            false => {
                let previous = self.at.checked_sub(1)?;
                if is_before_at(previous)? {
                    return Some(self.at);
                }
                if !is_before_at(0)? {
                    return None;
                }
                (0, previous)
            }
        };
        let between = self.leaf.get(from..to)?;
        Some(from + between.partition_point(is_before))
    }
}

/// The leaf with the first entry that is not before `key`, and the place of the entry there.
fn find<'t, K: Borrow<Q>, V, Q: Ord + ?Sized>(
    node: &'t Node<K, V>,
    key: &Q,
    is_before: &impl Fn(&(K, V)) -> bool,
) -> Option<(&'t [(K, V)], usize)> {
    match node {
        Node::Leaf(entries) => {
            let at = entries.partition_point(is_before);
            (at < entries.len()).then_some((entries.as_slice(), at))
        }
        Node::Inner(children) => {
            let at = child(children, key);
            let mut some = children.iter().skip(at).take(2);
            // The second one holds only larger keys, and at least one.
            some.find_map(|(_, child)| find(child, key, is_before))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ops::Bound;

    proptest! {
        #[test]
        fn it_finds_what_a_search_from_the_root_finds(
            entries in prop::collection::btree_map(0_u16..2000, any::<u32>(), 0..1500),
            sought in prop::collection::vec((0_u16..2000, 0_u16..4, any::<bool>()), 0..500),
        ) {
            let tree = Tree::of_sorted(entries.clone().into_iter().collect());
            let mut finger = tree.finger();
            let mut last = 0;
            for (key, near, included) in sought {
                // Mostly near the one before, in either direction.
                last = match near {
                    0 => key,
                    1 => last.saturating_sub(1),
                    more => last + more - 1,
                };
                let from = if included { Bound::Included(last) } else { Bound::Excluded(last) };
                let expected = entries.range((from, Bound::Unbounded)).next();
                prop_assert_eq!(finger.seek(&last, included), expected);
                if included {
                    prop_assert_eq!(finger.get(&last), entries.get(&last));
                }
            }
        }
    }
}
