//! The walk itself: down one tenant's names, element by element, skipping what cannot fit.

use crate::index::intersection::{IntersectionAutomaton, IntersectionCursor, PositionSets, fits};
use crate::index::tree::Tree;
use crate::index::tree::finger::Finger;
use crate::query_meter::QueryMeter;
use crate::series_ref::SeriesRef;
use base::context::Stop;
use base::pattern::successor;
use base::selector::{NameFilter, Selector};
use base::series::{LABELS, Labels, SeriesKey};
use base::store::StoreError;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A node that is asked for, and that the caller may see.
#[derive(Debug)]
pub(crate) struct WalkNode<'a> {
    /// The series, or the path of a branch.
    pub(crate) key: SeriesKey<'a>,
    pub(crate) leaf: Option<SeriesRef>,
    /// Something that the caller may see lies below.
    pub(crate) branch: bool,
}

/// Why a walk through names ended.
pub(super) enum WalkEnd {
    /// Whoever takes has seen enough.
    Enough,
    Failed(StoreError),
}

impl<E: Into<StoreError>> From<E> for WalkEnd {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Visits the nodes that a walk finds.
pub(super) type FoundVisitor<'t, 'p> =
    dyn FnMut(WalkNode<'_>, &mut QueryMeter<'p>) -> Result<ControlFlow<()>, StoreError> + 't;

impl WalkEnd {
    pub(super) fn outcome(self) -> Result<(), StoreError> {
        match self {
            Self::Enough => Ok(()),
            Self::Failed(error) => Err(error),
        }
    }
}

/// A walk under way. It goes no deeper than the names do, which `name_elements` bounds.
pub(super) struct Walk<'w, 'p> {
    pub(super) names: &'w Tree<Arc<str>, SeriesRef>,
    /// Among the names, where the walk is.
    pub(super) finger: Finger<'w, Arc<str>, SeriesRef>,
    pub(super) selector: &'w Selector,
    pub(super) filter: Option<&'w NameFilter>,
    pub(super) automaton: &'w IntersectionAutomaton<'w>,
    pub(super) reading: IntersectionCursor,
    /// The path of the node so far, with its closing dot unless it is the root.
    pub(super) path: String,
    /// Series are looked for and nothing else: whether a branch may be seen is what this walk is to find out.
    pub(super) is_probe: bool,
    pub(super) meter: &'w mut QueryMeter<'p>,
    pub(super) take: &'w mut FoundVisitor<'w, 'p>,
}

impl<'w> Walk<'w, '_> {
    /// The first name from the path so far on, or after it when that is not `included`.
    fn seek_path(&mut self, included: bool) -> Result<Option<(&'w Arc<str>, &'w SeriesRef)>, Stop> {
        self.meter.name_bytes(self.path.len())?;
        Ok(self.finger.seek(self.path.as_str(), included))
    }

    /// The first name after `name`.
    fn seek_after(&mut self, name: &str) -> Result<Option<(&'w Arc<str>, &'w SeriesRef)>, Stop> {
        self.meter.name_bytes(name.len())?;
        Ok(self.finger.seek(name, false))
    }

    /// The series whose name is the path so far.
    fn series_at_path(&mut self) -> Result<Option<SeriesRef>, Stop> {
        self.meter.name_bytes(self.path.len())?;
        Ok(self.finger.get(self.path.as_str()).copied())
    }

    /// Looks among the children of the node so far for those that fit at `positions`.
    pub(super) fn descend(&mut self, positions: &PositionSets) -> Result<(), WalkEnd> {
        let base = self.path.len();
        let only = self.automaton.sole_element_at(positions);
        if let Some(text) = only.and_then(|element| element.literal()) {
            self.literal(positions, text)?;
            self.path.truncate(base);
            return Ok(());
        }
        let prefix = only.map_or("", |element| element.literal_prefix());
        let prefix = prefix.split(';').next().unwrap_or_default();
        self.path.push_str(prefix);
        let floor = self.path.len();
        let after_any = self.automaton.after_any_element(positions);
        let mut next = self.seek_path(true)?;
        while let Some((key, series)) = next {
            let Some(below) = strip_parent(key, &self.path, base, floor) else {
                break;
            };
            self.path.truncate(base);
            match self.read_child((positions, after_any.as_ref()), below)? {
                Child::Fits { end, after } => {
                    let is_leaf = end == below.len();
                    self.path.push_str(below.get(..end).unwrap_or_default());
                    // A child that is leaf and branch is met twice, with other children in between (`a`, `a-b`, `a.c`):
                    // the meeting as a leaf is the one that counts.
                    if after.is_any() {
                        if is_leaf {
                            self.visit(&after, Some(*series))?;
                        } else if self.series_at_path()?.is_none() {
                            self.visit(&after, None)?;
                        }
                    }
                    if !is_leaf {
                        // `/` is the character after `.`: the first name that is not below the child.
                        self.path.push('/');
                    }
                    next = self.seek_path(!is_leaf)?;
                }
                Child::Labelled { end, may_fit: true } => {
                    self.path.push_str(below.get(..end).unwrap_or_default());
                    self.labelled(&SeriesKey::from_canonical_unchecked(key), *series)?;
                    next = self.seek_after(key)?;
                }
                Child::Labelled {
                    end,
                    may_fit: false,
                } => {
                    // The character after the one that parts labels: the first key of another path.
                    self.path.push_str(below.get(..end).unwrap_or_default());
                    self.path.extend(successor(LABELS));
                    next = self.seek_path(true)?;
                }
                Child::Differs {
                    at,
                    next: Some(character),
                } => {
                    self.path.push_str(below.get(..at).unwrap_or_default());
                    self.path.push(character);
                    next = self.seek_path(true)?;
                }
                Child::Differs { at, next: None } => {
                    // Nothing that begins like it up to there fits.
                    self.path.push_str(below.get(..at).unwrap_or_default());
                    if !advance(&mut self.path, floor) {
                        break;
                    }
                    next = self.seek_path(true)?;
                }
            }
        }
        self.path.truncate(base);
        Ok(())
    }

    /// The one child that is called `text`, which may have labels and may not exist.
    fn literal(&mut self, positions: &PositionSets, text: &str) -> Result<(), WalkEnd> {
        let base = self.path.len();
        self.path.push_str(text);
        if text.contains(';') {
            self.meter.name_bytes(self.path.len())?;
            let key = SeriesKey::parse_graphite(&self.path).ok();
            let series = key.and_then(|key| {
                let series = self.finger.get(key.as_str()).copied();
                series.map(|series| (key, series))
            });
            self.path.truncate(base);
            if let Some((key, series)) = series {
                self.labelled(&key, series)?;
            }
            return Ok(());
        }
        let after = self
            .automaton
            .after_sole_element(&mut self.reading, positions, text);
        self.meter.matched(self.reading.take_work())?;
        if after.is_any() {
            let series = self.series_at_path()?;
            self.visit(&after, series)?;
        }
        if !self.selector.reads_labels()
            && self.selector.may_have_labels()
            && self.automaton.can_end_at(&after)
        {
            self.all_labelled()?;
        }
        Ok(())
    }

    /// The series of the path so far that have labels.
    fn all_labelled(&mut self) -> Result<(), WalkEnd> {
        self.path.push(LABELS);
        let mut next = self.seek_path(true)?;
        while let Some((key, series)) = next.filter(|(key, _)| key.starts_with(self.path.as_str()))
        {
            self.meter.steps(1)?;
            self.labelled(&SeriesKey::from_canonical_unchecked(key), *series)?;
            next = self.seek_after(key)?;
        }
        self.path.pop();
        Ok(())
    }

    /// A series with labels, whose path may fit.
    fn labelled(&mut self, key: &SeriesKey<'_>, series: SeriesRef) -> Result<(), WalkEnd> {
        if fits(self.selector, key, self.meter)? && self.is_visible(key)? {
            let found = WalkNode {
                key: key.clone(),
                leaf: Some(series),
                branch: false,
            };
            self.emit(found)?;
        }
        Ok(())
    }

    fn is_visible(&mut self, key: &SeriesKey<'_>) -> Result<bool, Stop> {
        let Some(filter) = self.filter else {
            return Ok(true);
        };
        for selector in filter.selectors() {
            if fits(selector, key, self.meter)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn emit(&mut self, found: WalkNode<'_>) -> Result<(), WalkEnd> {
        match (self.take)(found, self.meter)? {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(WalkEnd::Enough),
        }
    }

    /// Reads the child that `below` begins with from `positions` on, up to where no fitting name goes that way. Where any child
    /// fits, it is not read, but has `after_any` after it.
    fn read_child(
        &mut self,
        (positions, after_any): (&PositionSets, Option<&PositionSets>),
        below: &str,
    ) -> Result<Child, Stop> {
        if let Some(after) = after_any {
            let end = below.find(['.', LABELS]).unwrap_or(below.len());
            if !below.get(end..).unwrap_or_default().starts_with(LABELS) {
                self.meter.name(end)?;
                let after = after.clone();
                return Ok(Child::Fits { end, after });
            }
        }
        let (automaton, reading) = (self.automaton, &mut self.reading);
        automaton.enter(reading, positions);
        let mut end = below.len();
        let mut child = None;
        for (at, character) in below.char_indices() {
            if character == '.' {
                end = at;
                break;
            }
            if character == LABELS {
                let may_fit = self.selector.may_have_labels() && automaton.may_have_labels(reading);
                child = Some(Child::Labelled { end: at, may_fit });
                break;
            }
            if !automaton.allows(reading, character) {
                // The child may be whole here for another name, in which a dot follows.
                let dot = (automaton.can_end_element(reading) && character < '.').then_some('.');
                let next = automaton.next_allowed(reading, character);
                let next = next.into_iter().chain(dot).min();
                child = Some(Child::Differs { at, next });
                break;
            }
            automaton.step(reading, character);
            // One name can cost a large pattern a third of a second.
            if let Some(work) = reading.take_large_work() {
                self.meter.matched(work)?;
            }
        }
        let child = child.unwrap_or_else(|| Child::Fits {
            end,
            after: automaton.next_positions(reading),
        });
        self.meter.matched(reading.take_work())?;
        Ok(child)
    }

    /// The path is a node that fits so far, without a closing dot, and goes on at `positions`; it may not exist. `series` is
    /// the one of this very name, without labels.
    fn visit(
        &mut self,
        positions: &PositionSets,
        series: Option<SeriesRef>,
    ) -> Result<(), WalkEnd> {
        self.meter.steps(1)?;
        let length = self.path.len();
        self.path.push('.');
        let below = self.seek_path(true)?;
        let any = below.is_some_and(|(name, _)| name.starts_with(self.path.as_str()));
        let branch = any && (self.is_probe || self.is_any_visible_below(positions)?);
        // Of what is not there the path may be longer than any key's.
        if (series.is_some() || branch)
            && self.automaton.can_end_at(positions)
            && self.fits_without_labels(length)?
        {
            let path = std::mem::take(&mut self.path);
            let key = path.get(..length).unwrap_or_default();
            self.offer(SeriesKey::from_canonical_unchecked(key), series, branch)?;
            self.path = path;
        }
        if branch && self.automaton.can_continue_at(positions) {
            self.descend(positions)?;
        }
        self.path.truncate(length);
        Ok(())
    }

    /// Hands out a node, where the caller may see it.
    fn offer(
        &mut self,
        key: SeriesKey<'_>,
        series: Option<SeriesRef>,
        branch: bool,
    ) -> Result<(), WalkEnd> {
        let is_seen = series.is_some() && self.is_visible(&key)?;
        let leaf = series.filter(|_| is_seen);
        if is_seen || branch {
            self.emit(WalkNode { key, leaf, branch })?;
        }
        Ok(())
    }

    /// Whether the first `length` bytes of the path, with no labels, fit what the selector has beside its glob.
    fn fits_without_labels(&mut self, length: usize) -> Result<bool, Stop> {
        let matchers = self.selector.matchers();
        if matchers > 0 {
            self.meter.name(length * matchers)?;
        }
        let path = self.path.get(..length).unwrap_or_default();
        Ok(self.selector.fits_matchers(path, &Labels::default()))
    }

    /// Whether any series below the path, which has its closing dot, may be seen.
    fn is_any_visible_below(&mut self, positions: &PositionSets) -> Result<bool, WalkEnd> {
        if self.filter.is_none() {
            return Ok(true);
        }
        let (every, automaton) = (Selector::all(), self.automaton.filter_alone());
        if !automaton.can_continue_at(positions) {
            return Ok(false);
        }
        // A copy of the path, and a search from the root.
        self.meter.name_bytes(2 * self.path.len())?;
        let mut take = |found: WalkNode<'_>, _: &mut QueryMeter<'_>| {
            Ok(found
                .leaf
                .map_or(ControlFlow::Continue(()), |_| ControlFlow::Break(())))
        };
        let mut probe = Walk {
            names: self.names,
            finger: self.names.finger(),
            selector: &every,
            filter: self.filter,
            automaton: &automaton,
            reading: IntersectionCursor::default(),
            path: self.path.clone(),
            is_probe: true,
            meter: self.meter,
            take: &mut take,
        };
        match probe.descend(positions) {
            Ok(()) => Ok(false),
            Err(WalkEnd::Enough) => Ok(true),
            Err(failed) => Err(failed),
        }
    }
}

/// The outcome of visiting a child.
enum Child {
    /// Its path can be read to its end, at `end`; where it goes on `after` it, if it is one that fits.
    Fits { end: usize, after: PositionSets },
    /// Its path ends at `end`, and labels follow; whether a series of this path may fit.
    Labelled { end: usize, may_fit: bool },
    /// From `at` on it is none; the next one that begins alike has `next` there.
    Differs { at: usize, next: Option<char> },
}

/// The part of `name` after `base`, if it begins like `path` up to `floor`.
fn strip_parent<'n>(name: &'n str, path: &str, base: usize, floor: usize) -> Option<&'n str> {
    if name.starts_with(path.get(..floor)?) {
        name.get(base..)
    } else {
        None
    }
}

/// Makes `path` the least text after all that begin with it; false when that is no longer than `floor`.
fn advance(path: &mut String, floor: usize) -> bool {
    while path.len() > floor {
        if let Some(next) = path.pop().and_then(successor) {
            path.push(next);
            return true;
        }
    }
    false
}
