//! The series of a store, as targets read them: in slots, whose width the rules of the domain say.

mod path_selector;
mod reading;
#[cfg(test)]
mod tests;

use super::events::EventSource;
use crate::query::spread;
use base::context::{Context, Reservation};
use base::scope::Scope;
use base::store::{FetchQuery, SampleStore, Shape, StoreError};
use base::time::{Millis, TimeRange};
use path_selector::PathSelector;
pub(super) use path_selector::tags_of;
use query::schema::Rules;
use query::source::{Event, Fetched, Path, Range, Source};
use query::tags::COMPILED_BYTES_MAX;
use reading::SlotReading;
use std::time::Instant;

/// The series that a caller may read.
pub(in crate::route) struct StoreSource<'s> {
    pub(super) store: &'s dyn SampleStore,
    pub(super) scope: &'s Scope,
    pub(super) context: &'s Context,
    pub(super) rules: &'s Rules,
    /// The events of the domain; there is none without it.
    pub(super) happened: Option<&'s EventSource<'s>>,
    /// Epoch second after which there is nothing.
    pub(super) now: i64,
    /// Whether a path finds series with tags too.
    pub(super) has_tagged: bool,
}

/// Bytes that the regular expressions of a path may take once they are compiled.
fn compiled_bytes(path: &Path) -> u64 {
    let Path::Tags(expressions) = path else {
        return 0;
    };
    let regexes = expressions
        .iter()
        .filter(|expression| expression.is_regex())
        .count();
    (regexes as u64).saturating_mul(COMPILED_BYTES_MAX as u64)
}

impl Source for StoreSource<'_> {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        let mut found: Vec<Vec<Fetched>> = paths.iter().map(|_| Vec::new()).collect();
        // Until all is read; the evaluation counts from there on.
        let mut reservation = Reservation::new(self.context);
        let mut selectors = Vec::with_capacity(paths.len());
        for (place, path) in paths.iter().enumerate() {
            // To compile one may take milliseconds, and there may be hundreds.
            self.context.check(Instant::now())?;
            reservation.grow(compiled_bytes(path))?;
            if let Some(path_selector) = PathSelector::of(path, self.has_tagged) {
                reservation.grow(path_selector.selector().table_bytes())?;
                selectors.push((place, path_selector));
            }
        }
        if range.from <= self.now && !selectors.is_empty() {
            self.read(&selectors, range, (&mut found, reservation))?;
        }
        for series in &mut found {
            series.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(found)
    }

    fn uniform_step(&self, range: Range) -> Option<i64> {
        let is_uniform = self.rules.has_no_step_rules() && range.from <= self.now;
        is_uniform.then(|| self.rules.widest_step())
    }

    fn events(&self, tags: &[String], range: Range) -> Result<Vec<Event>, StoreError> {
        self.happened
            .map_or(Ok(Vec::new()), |happened| happened.events(tags, range))
    }
}

impl StoreSource<'_> {
    /// Reads what all paths mean in one state of the store, each into its place.
    fn read(
        &self,
        selectors: &[(usize, PathSelector)],
        range: Range,
        (found, mut held): (&mut [Vec<Fetched>], Reservation<'_>),
    ) -> Result<(), StoreError> {
        let until = range.until.min(self.now);
        let widest = self.rules.widest_step();
        // The first slot of any width begins later than `from`, and the last one ends before this.
        let samples = TimeRange {
            from: Millis::from_secs(range.from.saturating_add(1)),
            until: Millis::from_secs(until.saturating_add(widest.saturating_mul(2))),
        };
        let queries: Vec<FetchQuery<'_>> = selectors
            .iter()
            .map(|(_, chosen)| FetchQuery {
                selector: chosen.selector(),
                shape: Shape::Raw(samples),
            })
            .collect();
        let reading = SlotReading {
            selectors,
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
            held.merge(part.held);
            for (place, series) in part.found {
                if let Some(found) = found.get_mut(place) {
                    found.push(series);
                }
            }
        }
        Ok(())
    }
}
