//! A sorted map whose copy costs nothing: a B-tree of shared nodes. A copy is a snapshot; whoever changes the map
//! afterwards copies the few nodes on the way to the change, once, and leaves the snapshot as it was.
//!
//! Where no snapshot is held, changes happen in place.

pub(crate) mod finger;

use crate::guard;
use std::borrow::Borrow;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Entries of a node. What a change copies for a snapshot is at most this many on each level.
const FANOUT: usize = 64;

/// Entries of the lower half of a node that has grown too large. Names mostly come in order: it is left full rather than half
/// empty.
const FILL: usize = FANOUT * 3 / 4;

#[derive(Debug, Clone)]
enum Node<K, V> {
    Leaf(Vec<(K, V)>),
    /// Each with a key that no entry of it is below, and every entry of those before it is.
    Inner(Vec<(K, Arc<Self>)>),
}

/// A sorted map, shared by its copies.
#[derive(Debug, Clone)]
pub(crate) struct Tree<K, V> {
    root: Arc<Node<K, V>>,
    len: usize,
}

impl<K, V> Default for Tree<K, V> {
    fn default() -> Self {
        Self {
            root: Arc::new(Node::Leaf(Vec::new())),
            len: 0,
        }
    }
}

/// The place of the child that may hold `key`.
fn child<K: Borrow<Q>, V, Q: Ord + ?Sized>(children: &[(K, V)], key: &Q) -> usize {
    children
        .partition_point(|(low, _)| low.borrow() <= key)
        .saturating_sub(1)
}

impl<K: Clone + Ord, V: Clone> Node<K, V> {
    fn lowest(&self) -> Option<K> {
        match self {
            Self::Leaf(entries) => entries.first().map(|(key, _)| key.clone()),
            Self::Inner(children) => children.first().map(|(key, _)| key.clone()),
        }
    }

    fn insert(&mut self, key: K, value: V) -> (Option<V>, Option<(K, Arc<Self>)>) {
        match self {
            Self::Leaf(entries) => {
                match entries.binary_search_by(|(entry_key, _)| entry_key.cmp(&key)) {
                    Ok(at) => {
                        let slot = entries.get_mut(at);
                        return (
                            slot.map(|(_, slot_value)| std::mem::replace(slot_value, value)),
                            None,
                        );
                    }
                    Err(at) => entries.insert(at, (key, value)),
                }
                (
                    None,
                    split(entries).map(|(low, upper)| (low, Arc::new(Self::Leaf(upper)))),
                )
            }
            Self::Inner(children) => {
                let at = child(children, &key);
                let Some((low, node)) = children.get_mut(at) else {
                    return (None, None);
                };
                if key < *low {
                    *low = key.clone();
                }
                let (replaced, sibling) = Arc::make_mut(node).insert(key, value);
                if let Some(sibling) = sibling {
                    children.insert(at + 1, sibling);
                }
                let split = split(children);
                (
                    replaced,
                    split.map(|(low, upper)| (low, Arc::new(Self::Inner(upper)))),
                )
            }
        }
    }

    /// Takes out `key`, which is there; says whether nothing is left.
    fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> (Option<V>, bool)
    where
        K: Borrow<Q>,
    {
        match self {
            Self::Leaf(entries) => {
                let found = entries.binary_search_by(|(entry_key, _)| entry_key.borrow().cmp(key));
                let value = found.ok().map(|at| entries.remove(at).1);
                (value, entries.is_empty())
            }
            Self::Inner(children) => {
                let at = child(children, key);
                let Some((_, node)) = children.get_mut(at) else {
                    return (None, children.is_empty());
                };
                let (value, is_empty) = Arc::make_mut(node).remove(key);
                if is_empty {
                    children.remove(at);
                }
                (value, children.is_empty())
            }
        }
    }
}

/// The upper half of a node that has grown too large, with its lowest key.
fn split<K: Clone, T>(entries: &mut Vec<(K, T)>) -> Option<(K, Vec<(K, T)>)> {
    if entries.len() <= FANOUT {
        return None;
    }
    let upper = entries.split_off(FILL);
    upper
        .first()
        .map(|(low, _)| low.clone())
        .map(|low| (low, upper))
}

impl<K, V> Tree<K, V> {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let mut node = self.root.as_ref();
        loop {
            match node {
                Node::Leaf(entries) => {
                    let found =
                        entries.binary_search_by(|(entry_key, _)| entry_key.borrow().cmp(key));
                    return entries.get(found.ok()?).map(|(_, value)| value);
                }
                Node::Inner(children) => node = children.get(child(children, key))?.1.as_ref(),
            }
        }
    }

    /// Hands out the entries from `key` on, ascending.
    pub(crate) fn each_from<Q: Ord + ?Sized, B>(
        &self,
        key: &Q,
        take: &mut impl FnMut(&K, &V) -> ControlFlow<B>,
    ) -> ControlFlow<B>
    where
        K: Borrow<Q>,
    {
        each_from(&self.root, key, take)
    }

    /// Whether it is a copy of `other`, and neither has changed since.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.root, &other.root)
    }

    /// Hands out all entries, ascending.
    pub(crate) fn each(&self, mut take: impl FnMut(&K, &V)) {
        let end: ControlFlow<()> = each(&self.root, &mut |key, value| {
            take(key, value);
            ControlFlow::Continue(())
        });
        debug_assert!(end.is_continue());
    }
}

impl<K: Clone, V> Tree<K, V> {
    /// The map of these entries, whose keys ascend. It is built from the leaves up; inserting one after the other would search for each.
    pub(crate) fn of_sorted(entries: Vec<(K, V)>) -> Self {
        let len = entries.len();
        let mut nodes = parts(entries, Node::Leaf);
        while nodes.len() > 1 {
            nodes = parts(nodes, Node::Inner);
        }
        match nodes.pop() {
            Some((_, root)) => Self { root, len },
            None => Self::default(),
        }
    }
}

/// Nodes of these entries, as full as a [`split`] leaves them, each with its lowest key.
fn parts<K: Clone, T, N>(
    entries: Vec<(K, T)>,
    node: impl Fn(Vec<(K, T)>) -> N,
) -> Vec<(K, Arc<N>)> {
    let mut nodes = Vec::with_capacity(entries.len() / FILL + 1);
    let mut entries = entries.into_iter();
    loop {
        let entries_of_node: Vec<(K, T)> = entries.by_ref().take(FILL).collect();
        let Some((low, _)) = entries_of_node.first() else {
            return nodes;
        };
        nodes.push((low.clone(), Arc::new(node(entries_of_node))));
    }
}

impl<K: Clone + Ord, V: Clone> Tree<K, V> {
    /// Puts `value` under `key`; returns what was there.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (replaced, sibling) = Arc::make_mut(&mut self.root).insert(key, value);
        if let Some((low, upper)) = sibling {
            let lower = Arc::clone(&self.root);
            let lowest = lower.lowest().unwrap_or_else(|| low.clone());
            let children = vec![(lowest, lower), (low, upper)];
            self.root = Arc::new(Node::Inner(children));
        }
        self.len += usize::from(replaced.is_none());
        replaced
    }

    /// Takes out what is under `key`.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        // Looked for first, so that nothing is copied for what is not there.
        self.get(key)?;
        let (value, is_empty) = Arc::make_mut(&mut self.root).remove(key);
        if is_empty {
            *self = Self::default();
        } else {
            self.len -= usize::from(value.is_some());
        }
        value
    }

    /// The value under `key`, mutable.
    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let mut node = &mut self.root;
        loop {
            match Arc::make_mut(node) {
                Node::Leaf(entries) => {
                    let found =
                        entries.binary_search_by(|(entry_key, _)| entry_key.borrow().cmp(key));
                    return entries.get_mut(found.ok()?).map(|(_, value)| value);
                }
                Node::Inner(children) => {
                    let at = child(children, key);
                    node = &mut children.get_mut(at)?.1;
                }
            }
        }
    }
}

fn each_from<K: Borrow<Q>, V, Q: Ord + ?Sized, B>(
    node: &Node<K, V>,
    key: &Q,
    take: &mut impl FnMut(&K, &V) -> ControlFlow<B>,
) -> ControlFlow<B> {
    match node {
        Node::Leaf(entries) => {
            let at = entries.partition_point(|(entry_key, _)| entry_key.borrow() < key);
            let mut rest = entries.iter().skip(at);
            rest.try_for_each(|(key, value)| {
                guard::step(1);
                take(key, value)
            })
        }
        Node::Inner(children) => {
            let at = child(children, key);
            let mut rest = children.iter().skip(at);
            if let Some((_, first)) = rest.next() {
                each_from(first, key, take)?;
            }
            rest.try_for_each(|(_, child)| each(child, take))
        }
    }
}

fn each<K, V, B>(
    node: &Node<K, V>,
    take: &mut impl FnMut(&K, &V) -> ControlFlow<B>,
) -> ControlFlow<B> {
    match node {
        Node::Leaf(entries) => entries.iter().try_for_each(|(key, value)| {
            guard::step(1);
            take(key, value)
        }),
        Node::Inner(children) => children.iter().try_for_each(|(_, child)| each(child, take)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn all(tree: &Tree<u16, u32>) -> Vec<(u16, u32)> {
        let mut out = Vec::new();
        tree.each(|key, value| out.push((*key, *value)));
        out
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_map_and_its_copies_stay_as_they_were(
            operations in prop::collection::vec((0_u8..8, 0_u16..900, any::<u32>()), 0..3000),
        ) {
            let mut tree = Tree::default();
            let mut model = BTreeMap::new();
            let mut snapshots = Vec::new();
            for (kind, key, value) in operations {
                match kind {
                    0..4 => prop_assert_eq!(tree.insert(key, value), model.insert(key, value)),
                    4..6 => prop_assert_eq!(tree.remove(&key), model.remove(&key)),
                    6 => {
                        let (found, same) = (tree.get_mut(&key), model.get_mut(&key));
                        prop_assert_eq!(&found, &same);
                        found.into_iter().chain(same).for_each(|value| *value ^= 1);
                    }
                    _ if snapshots.len() < 4 && value % 64 == 0 => {
                        snapshots.push((tree.clone(), model.clone()));
                    }
                    _ => {}
                }
                prop_assert_eq!(tree.get(&key), model.get(&key));
                let from = |key| tree.finger().seek(&key, true).map(|(key, value)| (*key, *value));
                prop_assert_eq!(from(key), model.range(key..).next().map(|(k, v)| (*k, *v)));
                let after = tree.finger().seek(&key, false).map(|(key, value)| (*key, *value));
                prop_assert_eq!(after, from(key.saturating_add(1)));
            }
            snapshots.push((tree, model));
            for (tree, model) in snapshots {
                prop_assert_eq!(tree.len(), model.len());
                prop_assert_eq!(all(&tree), model.clone().into_iter().collect::<Vec<_>>());
                let mut tail = Vec::new();
                let _ = tree.each_from(&450, &mut |key, value| {
                    tail.push((*key, *value));
                    ControlFlow::<()>::Continue(())
                });
                prop_assert_eq!(tail, model.range(450..).map(|(k, v)| (*k, *v)).collect::<Vec<_>>());
            }
        }
    }

    proptest! {
        #[test]
        fn one_that_was_put_down_at_once_is_like_one_that_has_grown(
            entries in prop::collection::btree_map(any::<u16>(), any::<u32>(), 0..4000),
            later in prop::collection::vec((any::<u16>(), any::<u32>()), 0..50),
        ) {
            let mut model = entries.clone();
            let mut tree = Tree::of_sorted(entries.into_iter().collect());
            let before = tree.clone();
            prop_assert!(tree.is_same(&before));
            prop_assert_eq!(all(&tree), model.clone().into_iter().collect::<Vec<_>>());
            for (key, value) in &later {
                prop_assert_eq!(tree.insert(*key, *value), model.insert(*key, *value));
            }
            prop_assert_eq!(tree.len(), model.len());
            prop_assert_eq!(all(&tree), model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_change_after_a_snapshot_copies_a_path_and_not_the_map() {
        let mut tree = Tree::default();
        for key in 0..100_000_u32 {
            tree.insert(key, Arc::new(()));
        }
        let counted = Arc::clone(tree.get(&50_000).unwrap());
        let snapshot = tree.clone();
        assert_eq!(Arc::strong_count(&counted), 2);
        tree.insert(70_000, Arc::new(()));
        assert_eq!(
            Arc::strong_count(&counted),
            2,
            "another leaf is shared still"
        );
        tree.insert(50_001, Arc::new(()));
        assert_eq!(Arc::strong_count(&counted), 3, "its own leaf was copied");
        drop(snapshot);
        assert_eq!(Arc::strong_count(&counted), 2);
    }
}
