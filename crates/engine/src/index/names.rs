//! The names of every tenant, sorted, and the walk that finds nodes by pattern.
//!
//! A walk descends element by element and **skips**: having seen one name below a child, it seeks to the first name
//! behind that child, so that a listing costs as many seeks as there are children, not as there are series.

use base::id::{SeriesRef, TenantId};
use base::pattern::{Element, Pattern};
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

type Tree = BTreeMap<Arc<str>, SeriesRef>;

/// Sorted names by tenant.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<TenantId, Tree>);

/// A node that fits a pattern.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) path: &'a str,
    pub(crate) leaf: Option<SeriesRef>,
    pub(crate) branch: bool,
}

impl Names {
    pub(crate) fn insert(&mut self, tenant: TenantId, name: Arc<str>, series: SeriesRef) {
        self.0.entry(tenant).or_default().insert(name, series);
    }

    pub(crate) fn remove(&mut self, tenant: TenantId, name: &str) {
        if let Some(tree) = self.0.get_mut(&tenant) {
            tree.remove(name);
            if tree.is_empty() {
                self.0.remove(&tenant);
            }
        }
    }

    /// How many series the tenant has.
    pub(crate) fn count(&self, tenant: TenantId) -> u64 {
        self.0.get(&tenant).map_or(0, |tree| tree.len() as u64)
    }

    /// How many tenants have series.
    pub(crate) fn tenants(&self) -> usize {
        self.0.len()
    }

    /// Hands every node of the tenant that fits `pattern` to `take`, each once, in no promised order.
    pub(crate) fn walk<B>(
        &self,
        tenant: TenantId,
        pattern: &Pattern,
        mut take: impl FnMut(Found<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match self.0.get(&tenant) {
            Some(tree) => descend(tree, &mut String::new(), pattern.elements(), &mut take),
            None => ControlFlow::Continue(()),
        }
    }

    /// Every series of the tenant below the node `path`.
    pub(crate) fn below(&self, tenant: TenantId, path: &str) -> impl Iterator<Item = SeriesRef> {
        let prefix = format!("{path}.");
        self.0.get(&tenant).into_iter().flat_map(move |tree| {
            let prefix = prefix.clone();
            from(tree, &prefix)
                .take_while(move |(name, _)| name.starts_with(&prefix))
                .map(|(_, series)| *series)
        })
    }
}

fn from<'t>(
    tree: &'t Tree,
    start: &str,
) -> impl Iterator<Item = (&'t Arc<str>, &'t SeriesRef)> + use<'t> {
    tree.range::<str, _>((Bound::Included(start), Bound::Unbounded))
}

fn after<'t>(
    tree: &'t Tree,
    start: &str,
) -> impl Iterator<Item = (&'t Arc<str>, &'t SeriesRef)> + use<'t> {
    tree.range::<str, _>((Bound::Excluded(start), Bound::Unbounded))
}

/// `path` is the node so far, with its closing dot unless it is the root; it is the same again on return.
fn descend<B>(
    tree: &Tree,
    path: &mut String,
    elements: &[Element],
    take: &mut impl FnMut(Found<'_>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let Some((element, deeper)) = elements.split_first() else {
        return ControlFlow::Continue(());
    };
    let base = path.len();
    if let Some(literals) = element.literals() {
        for literal in literals {
            path.push_str(&literal);
            let end = visit(tree, path, deeper, take);
            path.truncate(base);
            end?;
        }
        return ControlFlow::Continue(());
    }
    path.push_str(&element.literal_prefix());
    let prefix = path.clone();
    path.truncate(base);
    let mut next = from(tree, &prefix).next();
    while let Some((name, _)) = next.filter(|(name, _)| name.starts_with(&prefix)) {
        let below = name.get(base..).unwrap_or_default();
        let (child, is_leaf) = below
            .split_once('.')
            .map_or((below, true), |(child, _)| (child, false));
        path.push_str(child);
        // A child that is leaf and branch is met twice, with other children in between (`a`, `a-b`, `a.c`): the
        // meeting as a leaf is the one that counts.
        if (is_leaf || !tree.contains_key(path.as_str())) && element.matches(child) {
            visit(tree, path, deeper, take)?;
        }
        next = if is_leaf {
            after(tree, path).next()
        } else {
            // `/` is the character behind `.`: the first name that is not below the child.
            path.push('/');
            from(tree, path).next()
        };
        path.truncate(base);
    }
    ControlFlow::Continue(())
}

/// `path` is a node that fits so far, without a closing dot; it may not exist.
fn visit<B>(
    tree: &Tree,
    path: &mut String,
    deeper: &[Element],
    take: &mut impl FnMut(Found<'_>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let length = path.len();
    path.push('.');
    let end = if deeper.is_empty() {
        let branch = from(tree, path)
            .next()
            .is_some_and(|(name, _)| name.starts_with(path.as_str()));
        let path = path.get(..length).unwrap_or_default();
        let leaf = tree.get(path).copied();
        if leaf.is_some() || branch {
            take(Found { path, leaf, branch })
        } else {
            ControlFlow::Continue(())
        }
    } else {
        descend(tree, path, deeper, take)
    };
    path.truncate(length);
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::store::Node;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const TENANT: TenantId = TenantId(1);

    fn index(names: &BTreeSet<String>) -> Names {
        let mut index = Names::default();
        for (series, name) in names.iter().enumerate() {
            index.insert(TENANT, name.as_str().into(), SeriesRef(series as u32));
        }
        index.insert(TenantId(2), "a.stranger".into(), SeriesRef(9999));
        index
    }

    fn found(index: &Names, pattern: &str) -> Vec<Node> {
        let pattern = Pattern::parse(pattern).unwrap();
        let mut nodes = Vec::new();
        let _ = index.walk(TENANT, &pattern, |found| {
            nodes.push(Node {
                path: found.path.to_owned(),
                leaf: found.leaf.is_some(),
                branch: found.branch,
            });
            ControlFlow::<()>::Continue(())
        });
        nodes.sort();
        nodes
    }

    /// Every node of every name, asked one by one.
    fn naive(names: &BTreeSet<String>, pattern: &str) -> Vec<Node> {
        let pattern = Pattern::parse(pattern).unwrap();
        let paths: BTreeSet<&str> = names
            .iter()
            .filter_map(|name| pattern.matched_prefix(name))
            .collect();
        paths
            .into_iter()
            .map(|path| Node {
                path: path.to_owned(),
                leaf: names.contains(path),
                branch: names
                    .iter()
                    .any(|name| name.starts_with(&format!("{path}."))),
            })
            .collect()
    }

    #[test]
    fn a_node_can_be_leaf_and_branch() {
        let names: BTreeSet<String> = ["a", "a-b", "a.c", "a.c.d", "b"].map(String::from).into();
        let index = index(&names);
        assert_eq!(found(&index, "*"), naive(&names, "*"));
        assert_eq!(found(&index, "*.*").len(), 1);
        assert_eq!(index.below(TENANT, "a").count(), 2);
        assert_eq!(index.below(TENANT, "nothing").count(), 0);
        assert_eq!(index.count(TENANT), 5);
    }

    #[test]
    fn a_listing_costs_its_children_not_its_leaves() {
        let names: BTreeSet<String> = (0..50_000)
            .map(|leaf| format!("root.{}.{leaf}", leaf % 5))
            .collect();
        let index = index(&names);
        let started = std::time::Instant::now();
        for _ in 0..1000 {
            assert_eq!(found(&index, "root.*").len(), 5);
        }
        // A walk of all leaves, a thousand times, would take minutes.
        assert!(started.elapsed().as_secs() < 10);
    }

    proptest! {
        #[test]
        fn it_finds_what_the_naive_way_finds(
            names in prop::collection::btree_set("[ab;/-]{1,2}(\\.[ab/-]{1,2}){0,3}", 0..40),
            pattern in "([ab*?]|\\[ab\\]|\\{a,b-\\*\\}|[a-b]){1,3}(\\.([ab*?]|\\[!a\\]|\\{a,b\\}){1,2}){0,3}",
        ) {
            let index = index(&names);
            prop_assert_eq!(found(&index, &pattern), naive(&names, &pattern));
        }
    }
}
