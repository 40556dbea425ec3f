//! The series of a store, as targets read them: in slots, whose width the rules of the space say.

use super::glob::Glob;
use base::context::{Context, Resource};
use base::cursor::Cursor;
use base::grid::{Folding, Window};
use base::scope::Scope;
use base::selector::{Matcher, Op, Selector};
use base::store::{FetchQuery, SampleStore, Shape, StoreError};
use base::time::{Millis, Step, TimeRange};
use query::schema::Rules;
use query::series::{Consolidation, Tags};
use query::source::{Event, Fetched, Path, Range, Source};
use query::tags::{Comparison, Condition, NAME, TagExpression};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Bytes that a slot takes.
const SLOT_BYTES: u64 = 8;

/// The series that a caller may read.
pub(super) struct Stored<'s> {
    pub(super) store: &'s dyn SampleStore,
    pub(super) scope: &'s Scope,
    pub(super) context: &'s Context,
    pub(super) rules: &'s Rules,
    /// Epoch second behind which there is nothing.
    pub(super) now: i64,
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
    fn of(path: &Path) -> Option<Self> {
        match path {
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

/// Conditions that the store itself looks at, and all of them once more for what it does not: regular expressions, and the path.
fn tagged(expressions: &[TagExpression]) -> Option<Meant> {
    let conditions = expressions.iter().map(TagExpression::condition);
    let conditions = conditions.collect::<Result<_, _>>().ok()?;
    let exact = expressions
        .iter()
        .filter(|own| own.tag != NAME)
        .filter_map(|own| {
            let op = match own.comparison {
                Comparison::Is => Op::Is,
                Comparison::IsNot => Op::IsNot,
                Comparison::Fits | Comparison::FitsNot => return None,
            };
            Matcher::new(&own.tag, op, &own.value).ok()
        });
    let path = expressions
        .iter()
        .find(|own| own.tag == NAME && own.comparison == Comparison::Is)
        .and_then(|own| base::pattern::Pattern::parse(&base::pattern::exactly(&own.value)).ok());
    let selector = Selector::new(path, exact.collect()).ok()?;
    Some(Meant::Tagged {
        selector,
        conditions,
    })
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
        // Until all is read; the evaluation counts from there on.
        let mut held = Held::of(self.context);
        let mut fetch = |path: &Path| match Meant::of(path) {
            Some(meant) if range.from <= self.now => self.fetch_one(&meant, range, &mut held),
            _ => Ok(Vec::new()),
        };
        paths.iter().map(&mut fetch).collect()
    }

    fn events(&self, _: &[String], _: Range) -> Result<Vec<Event>, StoreError> {
        Ok(Vec::new())
    }
}

impl Stored<'_> {
    fn fetch_one(
        &self,
        meant: &Meant,
        range: Range,
        held: &mut Held<'_>,
    ) -> Result<Vec<Fetched>, StoreError> {
        let until = range.until.min(self.now);
        let widest = self.rules.widest_step();
        // The first slot of any width begins later than `from`, and the last one ends before this.
        let samples = TimeRange {
            from: Millis::from_secs(range.from.saturating_add(1)),
            until: Millis::from_secs(until.saturating_add(widest.saturating_mul(2))),
        };
        held.more(meant.selector().table_bytes())?;
        let query = FetchQuery {
            selector: meant.selector(),
            shape: Shape::Raw(samples),
        };
        let mut found = Vec::new();
        self.store
            .read_all(self.scope, &[query], self.context, &mut |cursor| {
                let text = cursor.key().graphite().into_owned();
                let tags = tags_of(&cursor.key());
                if meant.means(&text, &tags) {
                    let range = Range { until, ..range };
                    found.push(self.series(cursor, (text, tags), range, held)?);
                }
                Ok(ControlFlow::Continue(()))
            })?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// The values of one series, slot by slot.
    fn series(
        &self,
        cursor: &mut dyn Cursor,
        (name, tags): (String, Tags),
        range: Range,
        held: &mut Held<'_>,
    ) -> Result<Fetched, StoreError> {
        let view = self.rules.view(&name);
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
        let mut grid = window.empty();
        let mut folding = Folding::new(window, fold(view.method));
        while let Some(piece) = cursor.next()? {
            for (at, value) in piece.iter() {
                window.put(&mut grid, folding.add(at, value));
            }
        }
        window.put(&mut grid, folding.end());
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
