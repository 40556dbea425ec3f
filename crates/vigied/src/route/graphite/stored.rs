//! The series of a store, as targets read them: in slots, whose width the rules of the domain say.

#[cfg(test)]
mod tests;

use super::events::Happened;
use super::glob::Glob;
use base::context::{Context, Resource};
use base::cursor::Cursor;
use base::grid::{Filling, Window};
use base::scope::Scope;
use base::selector::Selector;
use base::store::{FetchQuery, SampleStore, Shape, StoreError};
use base::time::{Millis, Step, TimeRange};
use query::schema::Rules;
use query::series::{Consolidation, Tags};
use query::source::{Event, Fetched, Path, Range, Source};
use query::tags::{COMPILED_BYTES_MAX, Condition, NAME, TagExpression};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// Bytes that a slot takes.
const SLOT_BYTES: u64 = 8;

/// The series that a caller may read.
pub(in crate::route) struct Stored<'s> {
    pub(super) store: &'s dyn SampleStore,
    pub(super) scope: &'s Scope,
    pub(super) context: &'s Context,
    pub(super) rules: &'s Rules,
    /// The events of the domain; there is none without it.
    pub(super) happened: Option<&'s Happened<'s>>,
    /// Epoch second behind which there is nothing.
    pub(super) now: i64,
    /// Whether a path finds series with tags too.
    pub(super) has_tagged: bool,
}

/// Which series a path means.
enum Meant {
    Glob(Glob),
    Tagged {
        selector: Selector,
        conditions: Vec<Condition>,
    },
}

impl Meant {
    /// `None` where it finds nothing.
    fn of(path: &Path, has_tagged: bool) -> Option<Self> {
        match path {
            Path::Glob(text) if has_tagged => Glob::with_tagged(text).map(Self::Glob),
            Path::Glob(text) => Glob::parse(text).map(Self::Glob),
            Path::Tags(expressions) => tagged(expressions),
        }
    }

    const fn selector(&self) -> &Selector {
        match self {
            Self::Glob(glob) => &glob.selector,
            Self::Tagged { selector, .. } => selector,
        }
    }

    fn means(&self, text: &str, tags: &Tags) -> bool {
        match self {
            Self::Glob(glob) => glob.means(text),
            Self::Tagged { conditions, .. } => {
                tags.len() > 1 && conditions.iter().all(|condition| condition.fits_tags(tags))
            }
        }
    }
}

/// The store looks at the conditions itself, but for regular expressions that it has no automaton for.
fn tagged(expressions: &[TagExpression]) -> Option<Meant> {
    let conditions = expressions.iter().map(TagExpression::condition);
    let conditions = conditions.collect::<Result<_, _>>().ok()?;
    let selector = super::tag_selector::selector(expressions)?;
    Some(Meant::Tagged {
        selector,
        conditions,
    })
}

/// Bytes that the regular expressions of a path may take once they are compiled.
fn compiled_bytes(path: &Path) -> u64 {
    let Path::Tags(expressions) = path else {
        return 0;
    };
    let regexes = expressions.iter().filter(|own| own.is_regex()).count();
    (regexes as u64).saturating_mul(COMPILED_BYTES_MAX as u64)
}

/// The tags of a series: its path is `name`.
pub(super) fn tags_of(key: &base::series::SeriesKey<'_>) -> Tags {
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut tags: Tags = key.labels().map(own).collect();
    tags.insert(NAME.to_owned(), key.path().to_owned());
    tags
}

impl Source for Stored<'_> {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        let mut found: Vec<Vec<Fetched>> = paths.iter().map(|_| Vec::new()).collect();
        // Until all is read; the evaluation counts from there on.
        let mut held = Held::of(self.context);
        let mut meant = Vec::with_capacity(paths.len());
        for (place, path) in paths.iter().enumerate() {
            // To compile one may take milliseconds, and there may be hundreds.
            self.context.check(Instant::now())?;
            held.more(compiled_bytes(path))?;
            if let Some(own) = Meant::of(path, self.has_tagged) {
                held.more(own.selector().table_bytes())?;
                meant.push((place, own));
            }
        }
        if range.from <= self.now && !meant.is_empty() {
            self.read(&meant, range, (&mut found, held))?;
        }
        for series in &mut found {
            series.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(found)
    }

    fn events(&self, tags: &[String], range: Range) -> Result<Vec<Event>, StoreError> {
        self.happened
            .map_or(Ok(Vec::new()), |own| own.events(tags, range))
    }
}

impl Stored<'_> {
    /// Reads what all paths mean in one state of the store, each into its place.
    fn read(
        &self,
        meant: &[(usize, Meant)],
        range: Range,
        (found, mut held): (&mut [Vec<Fetched>], Held<'_>),
    ) -> Result<(), StoreError> {
        let until = range.until.min(self.now);
        let widest = self.rules.widest_step();
        // The first slot of any width begins later than `from`, and the last one ends before this.
        let samples = TimeRange {
            from: Millis::from_secs(range.from.saturating_add(1)),
            until: Millis::from_secs(until.saturating_add(widest.saturating_mul(2))),
        };
        let queries: Vec<FetchQuery<'_>> = meant
            .iter()
            .map(|(_, own)| FetchQuery {
                selector: own.selector(),
                shape: Shape::Raw(samples),
            })
            .collect();
        self.store
            .read_all(self.scope, &queries, self.context, &mut |cursor| {
                let Some((place, own)) = meant.get(cursor.query()) else {
                    return Ok(ControlFlow::Continue(()));
                };
                let text = cursor.key().graphite().into_owned();
                let tags = tags_of(&cursor.key());
                if let Some(found) = found.get_mut(*place)
                    && own.means(&text, &tags)
                {
                    let range = Range { until, ..range };
                    found.push(self.series(cursor, (text, tags), range, &mut held)?);
                }
                Ok(ControlFlow::Continue(()))
            })
    }

    /// The values of one series, slot by slot: each block is folded when it is decoded.
    fn series(
        &self,
        cursor: &mut dyn Cursor,
        (name, tags): (String, Tags),
        range: Range,
        held: &mut Held<'_>,
    ) -> Result<Fetched, StoreError> {
        let age = self.now.saturating_sub(range.from);
        let view = self.rules.view(&name, age);
        let step = Step::new(view.step.saturating_mul(1000))
            .ok_or(StoreError::Unsupported("have steps of no length"))?;
        let range = TimeRange {
            from: Millis::from_secs(range.from),
            until: Millis::from_secs(range.until),
        };
        let window = Window::of(range, step).map_err(|_| self.too_many_slots(range, view.step))?;
        let slots = window.slots() as u64;
        self.context.spend(Resource::Samples, slots)?;
        held.more(slots.saturating_mul(SLOT_BYTES))?;
        let mut filling = Filling::new(window, fold(view.method));
        while let Some(piece) = cursor.next()? {
            filling.add(piece.iter());
        }
        let grid = filling.end();
        let start = grid.start.secs();
        let length = i64::try_from(grid.values.len()).unwrap_or(i64::MAX);
        Ok(Fetched {
            name,
            tags,
            start,
            end: start.saturating_add(length.saturating_mul(view.step)),
            step: view.step,
            values: Arc::new(grid.values),
        })
    }

    fn too_many_slots(&self, range: TimeRange, step: i64) -> StoreError {
        let span = range.until.secs().saturating_sub(range.from.secs());
        StoreError::Stopped(base::context::Stop::Budget {
            limit: &base::limit::SLOTS_PER_SERIES,
            needed: u64::try_from(span / step.max(1)).unwrap_or(u64::MAX),
            allowed: base::limit::SLOTS_PER_SERIES.default,
        })
    }
}

/// Bytes in memory, until it is dropped.
struct Held<'c> {
    context: &'c Context,
    bytes: u64,
}

impl<'c> Held<'c> {
    const fn of(context: &'c Context) -> Self {
        Self { context, bytes: 0 }
    }

    fn more(&mut self, bytes: u64) -> Result<(), StoreError> {
        self.context.reserve(bytes)?;
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.context.release(self.bytes);
    }
}

fn fold(method: Consolidation) -> base::grid::Fold {
    match method {
        // Rules have no unknown method.
        Consolidation::Average | Consolidation::AverageZero | Consolidation::Unknown => {
            base::grid::Fold::Average
        }
        Consolidation::Sum => base::grid::Fold::Sum,
        Consolidation::Min => base::grid::Fold::Min,
        Consolidation::Max => base::grid::Fold::Max,
        Consolidation::First => base::grid::Fold::First,
        Consolidation::Last => base::grid::Fold::Last,
    }
}
