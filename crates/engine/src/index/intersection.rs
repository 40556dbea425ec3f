//! A query's glob and the globs of what its caller may see, read together as one automaton: a name goes on where both go on.

use crate::query_meter::QueryMeter;
use base::context::Stop;
use base::pattern::{Element, Pattern, Positions, Progress, successor};
use base::selector::{NameFilter, Selector};
use base::series::SeriesKey;

/// A glob, and whether it reads on after the path.
type Glob<'a> = (&'a Pattern, bool);

/// The globs. Matchers of labels are asked of whole series ([`fits`]).
#[derive(Debug, Clone)]
pub(crate) struct IntersectionAutomaton<'a> {
    /// `None`: any path.
    query: Option<Glob<'a>>,
    /// Any of them will do; `None`: any path.
    filter: Option<Vec<Glob<'a>>>,
}

/// The positions in query and filter at which the next element may match.
#[derive(Debug, Clone, Default)]
pub(crate) struct PositionSets {
    query: Option<Positions>,
    filter: Option<Vec<Positions>>,
}

impl PositionSets {
    /// Whether anything fits that begins like this.
    pub(crate) fn is_any(&self) -> bool {
        let filter = self.filter.as_ref();
        self.query.as_ref().is_none_or(Positions::is_any)
            && filter.is_none_or(|all| all.iter().any(Positions::is_any))
    }
}

/// An element that is being read.
#[derive(Debug, Default)]
pub(crate) struct IntersectionCursor {
    query: Progress,
    filter: Vec<Progress>,
}

impl IntersectionCursor {
    pub(crate) fn take_work(&mut self) -> u64 {
        let filter = self.filter.iter_mut().map(Progress::take_work);
        self.query.take_work() + filter.sum::<u64>()
    }

    pub(crate) fn take_large_work(&mut self) -> Option<u64> {
        let filter = self.filter.iter_mut();
        let filter = filter.filter_map(Progress::take_large_work);
        let all = self.query.take_large_work().into_iter().chain(filter);
        Some(all.sum()).filter(|work| *work > 0)
    }
}

fn glob(selector: &Selector) -> Option<Glob<'_>> {
    selector.glob().map(|glob| (glob, selector.reads_labels()))
}

/// Whether what was read may be a whole path with labels after it.
fn may_have_labels((pattern, reads_labels): Glob<'_>, progress: &Progress) -> bool {
    if reads_labels {
        pattern.allows(progress, ';')
    } else {
        pattern.is_match(progress)
    }
}

/// The first character after `after` with which a glob can go on.
fn next(pattern: &Pattern, progress: &mut Progress, after: char) -> Option<char> {
    let next = successor(after)?;
    if pattern.allows(progress, next) {
        return Some(next);
    }
    pattern.next_allowed(progress, next)
}

impl<'a> IntersectionAutomaton<'a> {
    pub(crate) fn of(selector: &'a Selector, filter: Option<&'a NameFilter>) -> Self {
        Self {
            query: glob(selector),
            filter: filter.and_then(|filter| filter.selectors().iter().map(glob).collect()),
        }
    }

    /// Everything the caller may see, whatever the query.
    pub(crate) fn filter_alone(&self) -> Self {
        Self {
            query: None,
            filter: self.filter.clone(),
        }
    }

    fn globs(&self) -> impl Iterator<Item = &Glob<'a>> {
        self.filter.iter().flatten()
    }

    /// Where the first element of a path may be.
    pub(crate) fn first(&self) -> PositionSets {
        let filter = self.filter.as_ref();
        PositionSets {
            query: self.query.map(|(glob, _)| glob.first()),
            filter: filter.map(|all| all.iter().map(|(glob, _)| glob.first()).collect()),
        }
    }

    /// Whether a path that the query means may end before these. What the filter says of it is asked of the series.
    pub(crate) fn can_end_at(&self, positions: &PositionSets) -> bool {
        let at = self.query.zip(positions.query.as_ref());
        at.is_none_or(|((glob, _), positions)| glob.can_end_at(positions))
    }

    /// Whether a path can go on at these.
    pub(crate) fn can_continue_at(&self, positions: &PositionSets) -> bool {
        let at = self.query.zip(positions.query.as_ref());
        let mut filter = self.globs().zip(positions.filter.iter().flatten());
        at.is_none_or(|((glob, _), positions)| glob.can_continue_at(positions))
            && (self.filter.is_none()
                || filter.any(|((glob, _), positions)| glob.can_continue_at(positions)))
    }

    /// The element of the query that must fit next, where it is the only one that may.
    pub(crate) fn sole_element_at(&self, positions: &PositionSets) -> Option<&'a Element> {
        let (glob, _) = self.query?;
        glob.sole_element_at(positions.query.as_ref()?)
    }

    /// Where the element after that one may be, which is called `text`.
    pub(crate) fn after_sole_element(
        &self,
        reading: &mut IntersectionCursor,
        positions: &PositionSets,
        text: &str,
    ) -> PositionSets {
        let at = self.query.zip(positions.query.as_ref());
        let query = at.map(|((glob, _), positions)| glob.after_sole_element(positions));
        self.enter_filter(reading, positions);
        for character in text.chars() {
            self.step_filter(reading, character);
        }
        PositionSets {
            query,
            filter: self.filter_after_path(reading),
        }
    }

    /// Where the element after the next one may be, if that may be any at all.
    pub(crate) fn after_any_element(&self, positions: &PositionSets) -> Option<PositionSets> {
        let is_any = self.sole_element_at(positions)?.is_any();
        let (glob, _) = self.query.filter(|_| is_any && self.filter.is_none())?;
        Some(PositionSets {
            query: Some(glob.after_sole_element(positions.query.as_ref()?)),
            filter: None,
        })
    }

    /// Where the first element below the node `path` may be.
    pub(crate) fn after_path(&self, reading: &mut IntersectionCursor, path: &str) -> PositionSets {
        let mut positions = self.first();
        for element in path.split('.') {
            self.enter(reading, &positions);
            for character in element.chars() {
                self.step(reading, character);
            }
            positions = self.next_positions(reading);
        }
        positions
    }

    /// Moves to the beginning of an element.
    pub(crate) fn enter(&self, reading: &mut IntersectionCursor, positions: &PositionSets) {
        if let Some(((glob, _), positions)) = self.query.zip(positions.query.as_ref()) {
            glob.enter(&mut reading.query, positions);
        }
        self.enter_filter(reading, positions);
    }

    fn enter_filter(&self, reading: &mut IntersectionCursor, positions: &PositionSets) {
        let count = self.globs().count();
        reading.filter.resize_with(count, Progress::default);
        let positions = positions.filter.iter().flatten();
        for (((glob, _), positions), progress) in
            self.globs().zip(positions).zip(&mut reading.filter)
        {
            glob.enter(progress, positions);
        }
    }

    /// Reads a character that does not part elements.
    pub(crate) fn step(&self, reading: &mut IntersectionCursor, character: char) {
        if let Some((glob, _)) = self.query {
            glob.step(&mut reading.query, character);
        }
        self.step_filter(reading, character);
    }

    fn step_filter(&self, reading: &mut IntersectionCursor, character: char) {
        for ((glob, _), progress) in self.globs().zip(&mut reading.filter) {
            glob.step(progress, character);
        }
    }

    /// Where the next element may be, if this one ends here.
    pub(crate) fn next_positions(&self, reading: &IntersectionCursor) -> PositionSets {
        PositionSets {
            query: self
                .query
                .map(|(glob, _)| glob.next_positions(&reading.query)),
            filter: self.filter_after_path(reading),
        }
    }

    fn filter_after_path(&self, reading: &IntersectionCursor) -> Option<Vec<Positions>> {
        self.filter.as_ref().map(|all| {
            let all = all.iter().zip(&reading.filter);
            all.map(|((glob, _), progress)| glob.next_positions(progress))
                .collect()
        })
    }

    /// Whether any glob of the filter, if there is one, says so of what was read.
    fn any(
        &self,
        reading: &IntersectionCursor,
        is_so: impl Fn(Glob<'_>, &Progress) -> bool,
    ) -> bool {
        let mut all = self.globs().zip(&reading.filter);
        self.filter.is_none() || all.any(|(glob, progress)| is_so(*glob, progress))
    }

    /// Whether the query, if it has a glob, says so.
    fn query(
        &self,
        reading: &IntersectionCursor,
        is_so: impl Fn(Glob<'_>, &Progress) -> bool,
    ) -> bool {
        self.query.is_none_or(|query| is_so(query, &reading.query))
    }

    /// Whether it can still fit when `character`, which does not part elements, comes next.
    pub(crate) fn allows(&self, reading: &IntersectionCursor, character: char) -> bool {
        let allows = |(glob, _): Glob<'_>, progress: &Progress| glob.allows(progress, character);
        self.query(reading, allows) && self.any(reading, allows)
    }

    /// Whether the element read so far is whole.
    pub(crate) fn can_end_element(&self, reading: &IntersectionCursor) -> bool {
        let ends = |(glob, _): Glob<'_>, progress: &Progress| glob.can_end_element(progress);
        self.query(reading, ends) && self.any(reading, ends)
    }

    /// Whether a series whose path was read, and which has labels, may fit.
    pub(crate) fn may_have_labels(&self, reading: &IntersectionCursor) -> bool {
        self.query(reading, may_have_labels) && self.any(reading, may_have_labels)
    }

    /// The first character after `after` with which it can still fit. Each side is asked for the next one from where the
    /// other can go on, so that what only one of them can go on with is skipped.
    pub(crate) fn next_allowed(
        &self,
        reading: &mut IntersectionCursor,
        after: char,
    ) -> Option<char> {
        let mut after = after;
        loop {
            let character = match self.query {
                Some((glob, _)) => next(glob, &mut reading.query, after)?,
                None => successor(after)?,
            };
            if self.allows(reading, character) {
                return Some(character);
            }
            let globs = self.globs().zip(&mut reading.filter);
            let other = globs
                .filter_map(|((glob, _), progress)| next(glob, progress, character))
                .min()?;
            if self.allows(reading, other) {
                return Some(other);
            }
            after = other;
        }
    }
}

/// Whether a selector means a series; paid for while it is found out.
pub(crate) fn fits(
    selector: &Selector,
    key: &SeriesKey<'_>,
    meter: &mut QueryMeter<'_>,
) -> Result<bool, Stop> {
    if let Some((pattern, reads_labels)) = glob(selector) {
        // Of a series with labels this is a copy.
        meter.name_bytes(key.as_bytes().len())?;
        let text = key.graphite();
        let text = if reads_labels { &text } else { key.path() };
        let mut progress = pattern.start();
        for character in text.chars() {
            pattern.step(&mut progress, character);
            if !pattern.can_match(&progress) {
                break;
            }
            if let Some(work) = progress.take_large_work() {
                meter.matched(work)?;
            }
        }
        meter.matched(progress.take_work())?;
        if !pattern.is_match(&progress) {
            return Ok(false);
        }
    }
    // One step of an automaton for each byte, and matcher.
    meter.name(key.as_bytes().len() * selector.matchers())?;
    Ok(selector.fits_matchers(key.path(), &key.labels()))
}
