//! The series of a store, as targets read them: in slots, whose width the rules of the space say.

mod reading;
#[cfg(test)]
mod tests;

use super::events::Happened;
use super::glob::Glob;
use crate::query::spread;
use base::context::Context;
use base::scope::Scope;
use base::selector::Selector;
use base::store::{FetchQuery, SampleStore, Shape, StoreError};
use base::time::{Millis, TimeRange};
use query::schema::Rules;
use query::series::Tags;
use query::source::{Event, Fetched, Path, Range, Source};
use query::tags::{COMPILED_BYTES_MAX, Condition, NAME, TagExpression};
use reading::SlotReading;
use std::time::Instant;

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
        let reading = SlotReading {
            meant,
            rules: self.rules,
            range: Range { until, ..range },
            now: self.now,
            whole: self.context,
        };
        let mut read = Vec::new();
        self.store
            .read_parts(self.scope, &queries, self.context, &mut |parts| {
                read = spread::read(self.context, parts, &reading)?;
                Ok(())
            })?;
        for part in read {
            held.join(part.held);
            for (place, series) in part.found {
                if let Some(found) = found.get_mut(place) {
                    found.push(series);
                }
            }
        }
        Ok(())
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

    /// Takes over what another one holds.
    fn join(&mut self, mut other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        other.bytes = 0;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.context.release(self.bytes);
    }
}
