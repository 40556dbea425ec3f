//! Series read as a whole, which only tests want.

use base::context::Context;
use base::cursor::{self, Cursor};
use base::grid::{Filling, Fold, Grid, Window};
use base::sample::Series;
use base::scope::Scope;
use base::store::{FetchQuery, SampleStore, StoreError};
use base::time::{Step, TimeRange};
use std::ops::ControlFlow;

pub(crate) trait Fetching: SampleStore {
    /// Hands out each series of one query as a whole.
    fn fetch_each(
        &self,
        scope: &Scope,
        query: &FetchQuery<'_>,
        context: &Context,
        take: &mut dyn FnMut(Series) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.read_all(scope, std::slice::from_ref(query), context, &mut |cursor| {
            Ok(take(cursor::collect(cursor)?))
        })
    }

    /// The same, collected.
    fn fetch(
        &self,
        scope: &Scope,
        query: &FetchQuery<'_>,
        context: &Context,
    ) -> Result<Vec<Series>, StoreError> {
        let mut all = Vec::new();
        self.fetch_each(scope, query, context, &mut |series| {
            all.push(series);
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }
}

impl<S: SampleStore + ?Sized> Fetching for S {}

/// Of samples that lie farther apart no grid is made: ten days.
const SPAN_MS_MAX: i64 = 864_000_000;

/// Reads a series as a whole, and once more into a grid, which must be that of its samples.
pub(crate) fn collect_and_fill(cursor: &mut dyn Cursor) -> Result<Series, StoreError> {
    let series = cursor::collect(cursor)?;
    let (Some(first), Some(last)) = (series.timestamps.first(), series.timestamps.last()) else {
        return Ok(series);
    };
    // Samples years apart would take millions of slots.
    if last.0.saturating_sub(first.0) > SPAN_MS_MAX {
        return Ok(series);
    }
    let range = TimeRange {
        from: first.plus(-1),
        until: last.plus(60_000),
    };
    let Ok(window) = Window::of(range, Step::new(60_000).unwrap()) else {
        return Ok(series);
    };
    let samples = series.timestamps.iter().copied();
    let expected = window.grid(samples.zip(series.values.iter().copied()), Fold::Average);
    cursor.rewind()?;
    let mut filling = Filling::new(window, Fold::Average);
    cursor.fill(&mut filling)?;
    assert!(cursor.next()?.is_none());
    let bits = |grid: &Grid| {
        grid.values
            .iter()
            .map(|value| value.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(&filling.end()), bits(&expected));
    Ok(series)
}
