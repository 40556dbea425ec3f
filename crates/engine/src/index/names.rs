//! The names of every tenant, sorted, and the walk that finds nodes by pattern.
//!
//! They are kept by key ([`base::series`]): series of one path stand side by side, in front of what lies below it.
//!
//! A walk descends element by element and **skips**: having seen one name below a child, it seeks to the first name
//! behind that child, so that a listing costs as many seeks as there are children, not as there are series. It comes to a
//! node once, with all the positions in the pattern that its path may have: a `**` makes them many, and no node twice. What
//! the caller may not see is cut off in the same way ([`Joint`]): it costs no more than what does not fit.

use super::joint::{Joint, Reading, Spots, fits};
use super::tree::Tree;
use crate::pace::Pace;
use crate::series_ref::SeriesRef;
use base::context::Stop;
use base::id::TenantId;
use base::pattern::successor;
use base::selector::{NameFilter, Selector};
use base::series::{LABELS, Labels, SeriesKey};
use base::store::StoreError;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The names of one tenant, sorted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owned(Tree<Arc<str>, SeriesRef>);

/// Sorted names by tenant. A copy costs nothing, and stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(Tree<TenantId, Owned>);

/// A node that is asked for, and that the caller may see.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// The series, or the path of a branch.
    pub(crate) key: SeriesKey<'a>,
    pub(crate) leaf: Option<SeriesRef>,
    /// Something that the caller may see lies below.
    pub(crate) branch: bool,
}

/// Why a walk ends.
enum End {
    /// Whoever takes has seen enough.
    Enough,
    Failed(StoreError),
}

impl<E: Into<StoreError>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes what a walk finds.
type Take<'t, 'p> = dyn FnMut(Found<'_>, &mut Pace<'p>) -> Result<ControlFlow<()>, StoreError> + 't;

impl Names {
    /// The names of these series, ascending by tenant and name.
    pub(crate) fn of_sorted(series: Vec<(TenantId, Arc<str>, SeriesRef)>) -> Self {
        let mut tenants = Vec::new();
        let mut rest = series.into_iter().peekable();
        while let Some((tenant, _, _)) = rest.peek() {
            let tenant = *tenant;
            let own = std::iter::from_fn(|| rest.next_if(|(own, _, _)| *own == tenant));
            let own = own.map(|(_, name, series)| (name, series)).collect();
            tenants.push((tenant, Owned(Tree::of_sorted(own))));
        }
        Self(Tree::of_sorted(tenants))
    }

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
    /// Hands every node that `selector` means and `filter`, if there is one, lets through to `take`, each once, in no
    /// promised order.
    pub(crate) fn walk<'p>(
        &self,
        selector: &Selector,
        filter: Option<&NameFilter>,
        pace: &mut Pace<'p>,
        mut take: impl FnMut(Found<'_>, &mut Pace<'p>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let joint = Joint::of(selector, filter);
        let first = joint.first();
        let mut take = |found: Found<'_>, pace: &mut Pace<'p>| {
            take(found, pace)?;
            Ok(ControlFlow::Continue(()))
        };
        let mut walk = Walk {
            names: &self.0,
            selector,
            filter,
            joint: &joint,
            reading: Reading::default(),
            path: String::new(),
            is_probe: false,
            pace,
            take: &mut take,
        };
        walk.descend(&first).or_else(End::outcome)
    }

    /// Hands out every series below the node `path` that `filter`, if there is one, lets through, until `take` has seen
    /// enough.
    pub(crate) fn below(
        &self,
        path: &str,
        filter: Option<&NameFilter>,
        pace: &mut Pace<'_>,
        mut take: impl FnMut(&str, SeriesRef) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let Some(filter) = filter else {
            return Ok(self.all_below(path, pace, take)?);
        };
        let every = Selector::all();
        let joint = Joint::of(&every, Some(filter));
        let mut reading = Reading::default();
        let spots = joint.behind_path(&mut reading, path);
        pace.matched(reading.take_work())?;
        let mut probe = Walk {
            names: &self.0,
            selector: &every,
            filter: Some(filter),
            joint: &joint,
            reading,
            path: format!("{path}."),
            is_probe: true,
            pace,
            take: &mut |found: Found<'_>, _: &mut Pace<'_>| {
                Ok(found.leaf.map_or(ControlFlow::Continue(()), |series| {
                    take(found.key.as_str(), series)
                }))
            },
        };
        if !joint.can_continue_at(&spots) {
            return Ok(());
        }
        probe.descend(&spots).or_else(End::outcome)
    }

    fn all_below(
        &self,
        path: &str,
        pace: &mut Pace<'_>,
        mut take: impl FnMut(&str, SeriesRef) -> ControlFlow<()>,
    ) -> Result<(), Stop> {
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
            ControlFlow::Break(outcome) => outcome,
            ControlFlow::Continue(()) => Ok(()),
        }
    }
}

impl End {
    fn outcome(self) -> Result<(), StoreError> {
        match self {
            Self::Enough => Ok(()),
            Self::Failed(error) => Err(error),
        }
    }
}

/// A walk under way. It goes no deeper than the names do, which `name_elements` bounds.
struct Walk<'w, 'p> {
    names: &'w Tree<Arc<str>, SeriesRef>,
    selector: &'w Selector,
    filter: Option<&'w NameFilter>,
    joint: &'w Joint<'w>,
    reading: Reading,
    /// The path of the node so far, with its closing dot unless it is the root.
    path: String,
    /// Series are looked for and nothing else: whether a branch may be seen is what this walk is to find out.
    is_probe: bool,
    pace: &'w mut Pace<'p>,
    take: &'w mut Take<'w, 'p>,
}

impl Walk<'_, '_> {
    /// Looks among the children of the node so far for those that fit at `spots`.
    fn descend(&mut self, spots: &Spots) -> Result<(), End> {
        let base = self.path.len();
        let only = self.joint.sole_element_at(spots);
        if let Some(text) = only.and_then(|element| element.literal()) {
            self.literal(spots, text)?;
            self.path.truncate(base);
            return Ok(());
        }
        let prefix = only.map_or("", |element| element.literal_prefix());
        let prefix = prefix.split(';').next().unwrap_or_default();
        self.path.push_str(prefix);
        let floor = self.path.len();
        let names = self.names;
        let mut next = names.seek(self.path.as_str(), true);
        while let Some((key, series)) = next {
            let Some(below) = within(key, &self.path, base, floor) else {
                break;
            };
            self.path.truncate(base);
            match self.read_child(spots, below)? {
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
                Child::Labelled { end, may_fit: true } => {
                    self.path.push_str(below.get(..end).unwrap_or_default());
                    self.labelled(&SeriesKey::trusted(key), *series)?;
                    next = names.seek(key.as_ref(), false);
                }
                Child::Labelled {
                    end,
                    may_fit: false,
                } => {
                    // The character behind the one that parts labels: the first key of another path.
                    self.path.push_str(below.get(..end).unwrap_or_default());
                    self.path.extend(successor(LABELS));
                    next = names.seek(self.path.as_str(), true);
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

    /// The one child that is called `text`, which may have labels and may not exist.
    fn literal(&mut self, spots: &Spots, text: &str) -> Result<(), End> {
        let base = self.path.len();
        self.path.push_str(text);
        if text.contains(';') {
            let key = SeriesKey::parse_graphite(&self.path).ok();
            let series = key.and_then(|key| {
                let series = self.names.get(key.as_str()).copied();
                series.map(|series| (key, series))
            });
            self.path.truncate(base);
            if let Some((key, series)) = series {
                self.labelled(&key, series)?;
            }
            return Ok(());
        }
        let behind = self
            .joint
            .after_sole_element(&mut self.reading, spots, text);
        self.pace.matched(self.reading.take_work())?;
        if behind.is_any() {
            self.visit(&behind)?;
        }
        if !self.selector.reads_labels() && self.joint.can_end_at(&behind) {
            self.all_labelled()?;
        }
        Ok(())
    }

    /// The series of the path so far that have labels.
    fn all_labelled(&mut self) -> Result<(), End> {
        let names = self.names;
        self.path.push(LABELS);
        let mut next = names.seek(self.path.as_str(), true);
        while let Some((key, series)) = next.filter(|(key, _)| key.starts_with(self.path.as_str()))
        {
            self.pace.steps(1)?;
            self.labelled(&SeriesKey::trusted(key), *series)?;
            next = names.seek(key.as_ref(), false);
        }
        self.path.pop();
        Ok(())
    }

    /// A series with labels, whose path may fit.
    fn labelled(&mut self, key: &SeriesKey<'_>, series: SeriesRef) -> Result<(), End> {
        if fits(self.selector, key, self.pace)? && self.may_see(key)? {
            let found = Found {
                key: key.clone(),
                leaf: Some(series),
                branch: false,
            };
            self.hand_out(found)?;
        }
        Ok(())
    }

    fn may_see(&mut self, key: &SeriesKey<'_>) -> Result<bool, Stop> {
        let Some(filter) = self.filter else {
            return Ok(true);
        };
        for own in filter.selectors() {
            if fits(own, key, self.pace)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn hand_out(&mut self, found: Found<'_>) -> Result<(), End> {
        match (self.take)(found, self.pace)? {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(End::Enough),
        }
    }

    /// Reads the child that `below` begins with from `spots` on, up to where no fitting name goes that way.
    fn read_child(&mut self, spots: &Spots, below: &str) -> Result<Child, Stop> {
        let (joint, reading) = (self.joint, &mut self.reading);
        joint.enter(reading, spots);
        let mut end = below.len();
        let mut child = None;
        for (at, character) in below.char_indices() {
            if character == '.' {
                end = at;
                break;
            }
            if character == LABELS {
                let may_fit = joint.may_have_labels(reading);
                child = Some(Child::Labelled { end: at, may_fit });
                break;
            }
            if !joint.allows(reading, character) {
                // The child may be whole here for another name, in which a dot follows.
                let dot = (joint.can_end_element(reading) && character < '.').then_some('.');
                let next = joint.next_allowed(reading, character);
                let next = next.into_iter().chain(dot).min();
                child = Some(Child::Differs { at, next });
                break;
            }
            joint.step(reading, character);
            // One name can cost a large pattern a third of a second.
            if let Some(work) = reading.take_large_work() {
                self.pace.matched(work)?;
            }
        }
        let child = child.unwrap_or_else(|| Child::Fits {
            end,
            behind: joint.next_positions(reading),
        });
        self.pace.matched(reading.take_work())?;
        Ok(child)
    }

    /// The path is a node that fits so far, without a closing dot, and goes on at `spots`; it may not exist.
    fn visit(&mut self, spots: &Spots) -> Result<(), End> {
        self.pace.steps(1)?;
        let length = self.path.len();
        self.path.push('.');
        let below = self.names.seek(self.path.as_str(), true);
        let any = below.is_some_and(|(name, _)| name.starts_with(self.path.as_str()));
        let branch = any && (self.is_probe || self.may_see_below(spots)?);
        if self.joint.can_end_at(spots) && self.selector.fits_labels(&Labels::default()) {
            let path = self.path.get(..length).unwrap_or_default().to_owned();
            let series = self.names.get(path.as_str()).copied();
            // Of what is not there the path may be longer than any key's.
            if series.is_some() || branch {
                let key = SeriesKey::trusted(&path);
                let is_seen = series.is_some() && self.may_see(&key)?;
                let leaf = series.filter(|_| is_seen);
                if is_seen || branch {
                    self.hand_out(Found { key, leaf, branch })?;
                }
            }
        }
        if branch && self.joint.can_continue_at(spots) {
            self.descend(spots)?;
        }
        self.path.truncate(length);
        Ok(())
    }

    /// Whether any series below the path, which has its closing dot, may be seen.
    fn may_see_below(&mut self, spots: &Spots) -> Result<bool, End> {
        if self.filter.is_none() {
            return Ok(true);
        }
        let (every, joint) = (Selector::all(), self.joint.filter_alone());
        if !joint.can_continue_at(spots) {
            return Ok(false);
        }
        let mut take = |found: Found<'_>, _: &mut Pace<'_>| {
            Ok(found
                .leaf
                .map_or(ControlFlow::Continue(()), |_| ControlFlow::Break(())))
        };
        let mut probe = Walk {
            names: self.names,
            selector: &every,
            filter: self.filter,
            joint: &joint,
            reading: Reading::default(),
            path: self.path.clone(),
            is_probe: true,
            pace: self.pace,
            take: &mut take,
        };
        match probe.descend(spots) {
            Ok(()) => Ok(false),
            Err(End::Enough) => Ok(true),
            Err(failed) => Err(failed),
        }
    }
}

/// What became of a child.
enum Child {
    /// Its path can be read to its end, at `end`; where it goes on `behind` it, if it is one that fits.
    Fits { end: usize, behind: Spots },
    /// Its path ends at `end`, and labels follow; whether a series of this path may fit.
    Labelled { end: usize, may_fit: bool },
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
mod tests;
