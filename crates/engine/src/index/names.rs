//! The names of every tenant, sorted, and the walk that finds nodes by pattern.
//!
//! A walk descends element by element and **skips**: having seen one name below a child, it seeks to the first name
//! behind that child, so that a listing costs as many seeks as there are children, not as there are series. It comes to a
//! node once, with all the positions in the pattern that its path may have: a `**` makes them many, and no node twice.

use super::tree::Tree;
use crate::read::pace::Pace;
use base::id::{SeriesRef, TenantId};
use base::name::is_tagged;
use base::pattern::{Pattern, Positions, Progress, successor};
use base::store::StoreError;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The names of one tenant, sorted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owned(Tree<Arc<str>, SeriesRef>);

/// Sorted names by tenant. A copy costs nothing, and stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(Tree<TenantId, Owned>);

/// A node that fits a pattern.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) path: &'a str,
    pub(crate) leaf: Option<SeriesRef>,
    pub(crate) branch: bool,
}

impl Names {
    pub(crate) fn insert(&mut self, tenant: TenantId, name: Arc<str>, series: SeriesRef) {
        if let Some(own) = self.0.get_mut(&tenant) {
            own.0.insert(name, series);
        } else {
            let mut own = Owned::default();
            own.0.insert(name, series);
            self.0.insert(tenant, own);
        }
    }

    pub(crate) fn remove(&mut self, tenant: TenantId, name: &str) {
        if let Some(own) = self.0.get_mut(&tenant) {
            own.0.remove(name);
            if own.0.is_empty() {
                self.0.remove(&tenant);
            }
        }
    }

    /// How many series the tenant has.
    pub(crate) fn count(&self, tenant: TenantId) -> u64 {
        self.0.get(&tenant).map_or(0, |own| own.0.len() as u64)
    }

    /// How many tenants have series.
    pub(crate) const fn tenants(&self) -> usize {
        self.0.len()
    }

    /// The names of one tenant as they are now, whatever happens to them later.
    pub(crate) fn of(&self, tenant: TenantId) -> Owned {
        self.0.get(&tenant).cloned().unwrap_or_default()
    }

    /// Every name there is.
    pub(crate) fn each(&self, mut take: impl FnMut(TenantId, &Arc<str>, SeriesRef)) {
        self.0
            .each(|tenant, own| own.0.each(|name, series| take(*tenant, name, *series)));
    }
}

impl Owned {
    /// Hands every node that fits `pattern` to `take`, each once, in no promised order.
    pub(crate) fn walk<'p>(
        &self,
        pattern: &Pattern,
        pace: &mut Pace<'p>,
        mut take: impl FnMut(Found<'_>, &mut Pace<'p>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut walk = Walk {
            names: &self.0,
            pattern,
            progress: pattern.start(),
            path: String::new(),
            pace,
            take: &mut take,
        };
        walk.descend(&pattern.first())
    }

    /// Hands out every series below the node `path` until `take` has seen enough.
    pub(crate) fn below(
        &self,
        path: &str,
        pace: &mut Pace<'_>,
        mut take: impl FnMut(&Arc<str>, SeriesRef) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        // The dots behind it would be those of a tag.
        if is_tagged(path) {
            return Ok(());
        }
        let prefix = format!("{path}.");
        let end = self.0.each_from(prefix.as_str(), &mut |name, series| {
            if !name.starts_with(&prefix) {
                return ControlFlow::Break(Ok(()));
            }
            if let Err(stop) = pace.steps(1) {
                return ControlFlow::Break(Err(stop));
            }
            match take(name, *series) {
                ControlFlow::Continue(()) => ControlFlow::Continue(()),
                ControlFlow::Break(()) => ControlFlow::Break(Ok(())),
            }
        });
        match end {
            ControlFlow::Break(outcome) => Ok(outcome?),
            ControlFlow::Continue(()) => Ok(()),
        }
    }
}

/// A walk under way. It goes no deeper than the names do, which `name_elements` bounds.
struct Walk<'w, 'p, T> {
    names: &'w Tree<Arc<str>, SeriesRef>,
    pattern: &'w Pattern,
    progress: Progress,
    /// The node so far, with its closing dot unless it is the root.
    path: String,
    pace: &'w mut Pace<'p>,
    take: &'w mut T,
}

impl<'p, T> Walk<'_, 'p, T>
where
    T: FnMut(Found<'_>, &mut Pace<'p>) -> Result<(), StoreError>,
{
    /// Looks among the children of the node so far for those that fit at `positions`.
    fn descend(&mut self, positions: &Positions) -> Result<(), StoreError> {
        let base = self.path.len();
        let only = self.pattern.only_at(positions);
        self.path
            .push_str(only.map_or("", |element| element.literal_prefix()));
        if only.is_some_and(|element| element.literal().is_some()) {
            self.visit(&self.pattern.behind_only(positions))?;
            self.path.truncate(base);
            return Ok(());
        }
        let floor = self.path.len();
        let names = self.names;
        let mut next = names.seek(self.path.as_str(), true);
        while let Some((name, _)) = next {
            let Some(below) = within(name, &self.path, base, floor) else {
                break;
            };
            self.path.truncate(base);
            match self.read_child(positions, below)? {
                Child::Fits { end, behind } => {
                    let is_leaf = end == below.len();
                    self.path.push_str(below.get(..end).unwrap_or_default());
                    // A child that is leaf and branch is met twice, with other children in between (`a`, `a-b`, `a.c`):
                    // the meeting as a leaf is the one that counts.
                    if behind.is_any() && (is_leaf || names.get(self.path.as_str()).is_none()) {
                        self.visit(&behind)?;
                    }
                    if !is_leaf {
                        // `/` is the character behind `.`: the first name that is not below the child.
                        self.path.push('/');
                    }
                    next = names.seek(self.path.as_str(), !is_leaf);
                }
                Child::Differs {
                    at,
                    next: Some(character),
                } => {
                    self.path.push_str(below.get(..at).unwrap_or_default());
                    self.path.push(character);
                    next = names.seek(self.path.as_str(), true);
                }
                Child::Differs { at, next: None } => {
                    // Nothing that begins like it up to there fits.
                    self.path.push_str(below.get(..at).unwrap_or_default());
                    if !advance(&mut self.path, floor) {
                        break;
                    }
                    next = names.seek(self.path.as_str(), true);
                }
            }
        }
        self.path.truncate(base);
        Ok(())
    }

    /// Reads the child that `below` begins with from `positions` on, up to where no fitting name goes that way.
    fn read_child(&mut self, positions: &Positions, below: &str) -> Result<Child, StoreError> {
        let (pattern, progress) = (self.pattern, &mut self.progress);
        pattern.enter(progress, positions);
        let mut end = below.len();
        let mut differs = None;
        for (at, character) in below.char_indices() {
            if progress.is_parted_by(character) {
                end = at;
                break;
            }
            if !pattern.allows(progress, character) {
                // The child may be whole here for another name, in which a dot follows.
                let may_end = progress.is_parted_by('.') && pattern.ends_element(progress);
                let dot = (may_end && character < '.').then_some('.');
                let next = pattern.next_allowed(progress, character);
                let next = next.into_iter().chain(dot).min();
                differs = Some(Child::Differs { at, next });
                break;
            }
            pattern.step(progress, character);
            // One name can cost a large pattern a third of a second.
            if let Some(work) = progress.take_much_work() {
                self.pace.matched(work)?;
            }
        }
        let child = differs.unwrap_or_else(|| Child::Fits {
            end,
            behind: pattern.behind(progress),
        });
        self.pace.matched(progress.take_work())?;
        Ok(child)
    }

    /// The path is a node that fits so far, without a closing dot, and goes on at `positions`; it may not exist.
    fn visit(&mut self, positions: &Positions) -> Result<(), StoreError> {
        self.pace.steps(1)?;
        let length = self.path.len();
        let tagged = is_tagged(&self.path);
        self.path.push('.');
        let branch = !tagged && {
            let below = self.names.seek(self.path.as_str(), true);
            below.is_some_and(|(name, _)| name.starts_with(self.path.as_str()))
        };
        if self.pattern.ends_at(positions) {
            let path = self.path.get(..length).unwrap_or_default();
            let leaf = self.names.get(path).copied();
            if leaf.is_some() || branch {
                (self.take)(Found { path, leaf, branch }, self.pace)?;
            }
        }
        if branch && self.pattern.goes_on_at(positions) {
            self.descend(positions)?;
        }
        self.path.truncate(length);
        Ok(())
    }
}

/// What became of a child.
enum Child {
    /// It can be read to its end, at `end`; where the pattern goes on `behind` it, if it is one that fits.
    Fits { end: usize, behind: Positions },
    /// From `at` on it is none; the next one that begins alike has `next` there.
    Differs { at: usize, next: Option<char> },
}

/// What `name` has behind `base`, if it begins like `path` up to `floor`.
fn within<'n>(name: &'n str, path: &str, base: usize, floor: usize) -> Option<&'n str> {
    if name.starts_with(path.get(..floor)?) {
        name.get(base..)
    } else {
        None
    }
}

/// Makes `path` the least text behind all that begin with it; false when that is no longer than `floor`.
fn advance(path: &mut String, floor: usize) -> bool {
    while path.len() > floor {
        if let Some(behind) = path.pop().and_then(successor) {
            path.push(behind);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::context::{Budget, Context, Resource, Stop};
    use base::name::parent;
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
        let context = Context::unlimited();
        let mut pace = Pace::new(&context).unwrap();
        let walk = index.of(TENANT).walk(&pattern, &mut pace, |found, _| {
            nodes.push(Node {
                path: found.path.to_owned(),
                leaf: found.leaf.is_some(),
                branch: found.branch,
            });
            Ok(())
        });
        walk.unwrap();
        nodes.sort();
        nodes
    }

    fn below(index: &Names, path: &str) -> usize {
        let context = Context::unlimited();
        let mut count = 0;
        let take = |_: &Arc<str>, _| {
            count += 1;
            ControlFlow::Continue(())
        };
        let mut pace = Pace::new(&context).unwrap();
        index.of(TENANT).below(path, &mut pace, take).unwrap();
        count
    }

    fn steps(index: &Names, pattern: &str) -> u64 {
        let context = Context::unlimited();
        let pattern = Pattern::parse(pattern).unwrap();
        let mut pace = Pace::new(&context).unwrap();
        index
            .of(TENANT)
            .walk(&pattern, &mut pace, |_, _| Ok(()))
            .unwrap();
        context.spent(Resource::Steps)
    }

    #[test]
    fn regression_6_a_walk_goes_where_names_are_and_nowhere_else() {
        let one: BTreeSet<String> = ["a.b".to_owned()].into();
        let one = index(&one);
        // Every combination of forty texts was tried once: 2^40.
        let braces = vec!["{a,b}"; 40].join(".");
        assert!(steps(&one, &braces) < 20, "{}", steps(&one, &braces));
        let wide = vec!["{a,b,c,d,e,f,g,h}"; 60].join(".");
        assert!(steps(&one, &wide) < 20);
        assert!(steps(&one, &vec!["a"; 64].join(".")) < 5);

        let names: BTreeSet<String> = (0..2000)
            .map(|leaf| format!("c.host-{:04}.{}", leaf, "y".repeat(900)))
            .collect();
        let long = index(&names);
        let stars = format!("c.*.{}z", "*y".repeat(480));
        let alternatives = format!("c.*.{{{}}}", vec!["*y*z"; 500].join(","));
        for pattern in [stars, alternatives] {
            // A name of 900 characters under a pattern of 16 or 40 words.
            let each = steps(&long, &pattern) / 2000;
            assert!(each < 1000, "{each}");
        }
        // Literal texts in braces are sought, not tried on every child.
        let sought = steps(&long, "c.{host-0007,host-1203}.*");
        assert!(sought < 100, "{sought}");
    }

    /// Every node of every name, asked one by one.
    fn naive(names: &BTreeSet<String>, pattern: &str) -> Vec<Node> {
        let pattern = Pattern::parse(pattern).unwrap();
        let mut nodes: BTreeSet<&str> = BTreeSet::new();
        for name in names {
            let mut node = Some(name.as_str());
            while let Some(path) = node {
                nodes.insert(path);
                node = parent(path);
            }
        }
        nodes
            .iter()
            .filter(|path| pattern.matches(path))
            .map(|path| Node {
                path: (*path).to_owned(),
                leaf: names.contains(*path),
                branch: nodes.iter().any(|node| parent(node) == Some(path)),
            })
            .collect()
    }

    #[test]
    fn a_node_can_be_leaf_and_branch() {
        let names: BTreeSet<String> = ["a", "a-b", "a.c", "a.c.d", "b"].map(String::from).into();
        let index = index(&names);
        assert_eq!(found(&index, "*"), naive(&names, "*"));
        assert_eq!(found(&index, "*.*").len(), 1);
        assert_eq!(below(&index, "a"), 2);
        assert_eq!(below(&index, "nothing"), 0);
        assert_eq!(index.count(TENANT), 5);
    }

    #[test]
    fn a_listing_costs_its_children_not_its_leaves() {
        let names: BTreeSet<String> = (0..50_000)
            .map(|leaf| format!("root.{}.{leaf}", leaf % 5))
            .collect();
        let index = index(&names);
        assert_eq!(found(&index, "root.*").len(), 5);
        // A walk of all leaves would be fifty thousand.
        let few = steps(&index, "root.*");
        assert!(few < 50, "{few}");
    }

    #[test]
    fn regression_7_many_ways_to_a_node_are_one_visit() {
        let names: BTreeSet<String> = (0..100)
            .map(|leaf| format!("{}.leaf-{leaf}", vec!["a"; 60].join(".")))
            .collect();
        let index = index(&names);
        let nodes = 160;
        for (pattern, each) in [
            ("**".to_owned(), 10),
            (vec!["**"; 500].join("."), 10),
            (format!("{}.b", vec!["**.a"; 60].join(".")), 10),
            (format!("{}.b", vec!["**.{a,a*,*a}"; 60].join(".")), 10),
            (format!("{}.b", vec!["**.*"; 60].join(".")), 10),
        ] {
            let steps = steps(&index, &pattern);
            assert!(steps <= nodes * each, "{steps} for {pattern}");
        }
    }

    #[test]
    fn regression_7_the_budget_ends_in_the_middle_of_a_name() {
        let index = index(&["y".repeat(1000)].into());
        let pattern = Pattern::parse(&format!("{}z", "{*,*y}".repeat(5400))).unwrap();
        let context = Context::new(Budget {
            steps: 500,
            ..Budget::UNLIMITED
        });
        let mut pace = Pace::new(&context).unwrap();
        let end = index
            .of(TENANT)
            .walk(&pattern, &mut pace, |_, _| Ok(()))
            .unwrap_err();
        let StoreError::Stopped(Stop::Budget { needed, .. }) = end else {
            panic!("{end}");
        };
        assert!(needed < 1000, "{needed}: the whole name was read first");
    }

    proptest! {
        #[test]
        fn it_finds_what_the_naive_way_finds(
            names in prop::collection::btree_set("[ab/-]{1,2}(\\.[ab/-]{1,2}){0,3}(;[ab./;-]{0,4})?", 0..40),
            pattern in "(\\*\\*|([ab*?]|\\[ab\\]|\\{a,b-\\*\\}|[a-b]|\\{,\\[[+]-/\\]\\}){1,3})(\\.(\\*\\*|([ab*?]|\\[!a\\]|\\{a,b\\}|\\{a,\\}){1,2})){0,4}(;[ab.*?;]{0,3})?",
        ) {
            let index = index(&names);
            prop_assert_eq!(found(&index, &pattern), naive(&names, &pattern));
        }
    }
}
