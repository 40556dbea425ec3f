//! The writing end of a shard of the head.

use super::Head;
use super::append_counts::AppendCounts;
use super::batches::Stamp;
use super::mem_series::MemSeries;
use super::pages::PAGE;
use super::place::{page_of, place};
use super::series_appender::{Fold, PreparedReplacement, SERIES_BYTES, SeriesAppender};
use super::slabs::SlabCursor;
use crate::day::Day;
use crate::guard::LOCKED_SAMPLES_MAX;
use crate::prefetch::prefetch;
use crate::series_ref::SeriesRef;
use crate::sparse::Sparse;
use base::id::TenantId;
use base::time::{Millis, TimeRange};
use std::sync::Arc;

/// Samples whose series follow each other on one page: it is found once for all of them.
fn by_page(samples: &[(SeriesRef, i64, f64)]) -> impl Iterator<Item = &[(SeriesRef, i64, f64)]> {
    samples.chunk_by(|(one, _, _), (next, _, _)| page_of(*one).0 == page_of(*next).0)
}

/// Whether the series of these samples, by the first of them, are in no order, so that each is in another part of the memory.
pub(super) fn is_scattered(samples: &[(SeriesRef, i64, f64)]) -> bool {
    const LOOKED_AT: usize = 16;
    let beginning = samples.get(..LOOKED_AT).unwrap_or_default();
    by_page(beginning).count() > LOOKED_AT / 4
}

type AppenderPage = [Option<SeriesAppender>; PAGE];

/// The writing end of a shard. It is only reached with the shard's lock held.
#[derive(Debug)]
pub(crate) struct ShardWriter {
    head: Arc<Head>,
    pages: Sparse<AppenderPage>,
    cursor: SlabCursor,
    deferred: DeferredFolds,
}

/// Work that is left of folding: for when the shard is unlocked.
#[derive(Debug, Default)]
pub(crate) struct DeferredFolds {
    /// Series whose place others have taken. Freeing their blocks takes time, and a lock.
    replaced: Vec<Arc<MemSeries>>,
    /// Samples of the series that were folded with the shard locked.
    folded: usize,
    /// Series that are due to be folded, and too long for that.
    pub(crate) due: Vec<(SeriesRef, Arc<MemSeries>)>,
}

impl ShardWriter {
    pub(crate) fn new(head: Arc<Head>) -> Self {
        Self {
            head,
            pages: Sparse::new(),
            cursor: SlabCursor::new(),
            deferred: DeferredFolds::default(),
        }
    }

    /// Writes to another head from now on. What is returned takes time to free, so drop it without a lock.
    pub(crate) fn replace_head(&mut self, head: Arc<Head>) -> Self {
        std::mem::replace(self, Self::new(head))
    }

    pub(crate) const fn head(&self) -> &Arc<Head> {
        &self.head
    }

    /// What is left of folding since this was called last: do it, and drop the rest, without a lock.
    pub(crate) fn take_deferred(&mut self) -> DeferredFolds {
        std::mem::take(&mut self.deferred)
    }

    /// Puts a folded series in place, unless another has taken it. What is returned, or left of `folded`, takes time to free.
    pub(crate) fn apply_fold(
        &mut self,
        series: SeriesRef,
        folded: &mut PreparedReplacement,
    ) -> Option<Arc<MemSeries>> {
        let (_, page, slot) = place(series);
        let appender = self.pages.get_mut(page)?.get_mut(slot)?.as_mut()?;
        let before = appender.len();
        let old = appender.apply_fold(&mut self.cursor, folded)?;
        let change = appender.len().cast_signed() - before.cast_signed();
        let shared = Arc::clone(appender.shared());
        self.head.held.add(shared.tenant(), change, 0);
        self.head.publish(series, Some(shared));
        Some(old)
    }

    /// Adds samples of a batch to series of this shard; says of each that begins a day for its series.
    pub(crate) fn append(
        &mut self,
        (tenant, stamp): (TenantId, Stamp<'_>),
        samples: &[(SeriesRef, i64, f64)],
        sum: &mut AppendCounts,
        mut begins_day: impl FnMut(Day, SeriesRef),
    ) {
        if is_scattered(samples) {
            let appenders = samples.iter().filter_map(|(series, _, _)| {
                let (_, page, slot) = place(*series);
                self.pages.get(page)?.get(slot)?.as_ref()
            });
            prefetch(appenders.map(SeriesAppender::prefetch_byte));
        }
        for neighbours in by_page(samples) {
            self.append_neighbours((tenant, stamp), neighbours, sum, &mut begins_day);
        }
    }

    /// Adds samples to series of one page; those that are not there are made.
    fn append_neighbours(
        &mut self,
        (tenant, stamp): (TenantId, Stamp<'_>),
        neighbours: &[(SeriesRef, i64, f64)],
        sum: &mut AppendCounts,
        begins_day: &mut impl FnMut(Day, SeriesRef),
    ) {
        let Some((first, _, _)) = neighbours.first() else {
            return;
        };
        let (_, page, _) = place(*first);
        let before = self.pages.bytes();
        let make = || std::array::from_fn(|_| None);
        let cursor = &mut self.cursor;
        let Some(slots) = self.pages.get_or_insert_with(page, make) else {
            return;
        };
        for (series, at, value) in neighbours {
            let (_, _, slot) = place(*series);
            let Some(appender) = slots.get_mut(slot) else {
                continue;
            };
            let is_new = appender.is_none();
            let appender =
                appender.get_or_insert_with(|| SeriesAppender::new(tenant, &self.head.slabs));
            sum.add_outcome(appender.append(cursor, stamp, (*at, *value)));
            let day = Day::of(Millis(*at));
            if appender.note_day(day.0) {
                begins_day(day, *series);
            }
            let mut is_folded = false;
            if appender.is_due_to_fold() {
                let before = appender.len();
                let at_most = LOCKED_SAMPLES_MAX.saturating_sub(self.deferred.folded);
                match appender.fold(cursor, at_most) {
                    Fold::Done { old, copied } => {
                        self.deferred.folded += copied;
                        self.deferred.replaced.push(old);
                        sum.held += appender.len().cast_signed() - before.cast_signed();
                        is_folded = true;
                    }
                    Fold::Later(due) => self.deferred.due.push((*series, due)),
                }
            }
            if is_new {
                sum.series += 1;
                sum.bytes += SERIES_BYTES as u64;
            }
            if is_new || is_folded {
                let shared = Arc::clone(appender.shared());
                self.head.publish(*series, Some(shared));
            }
        }
        let grown = self.pages.bytes() - before;
        if grown > 0 {
            self.head.count_page_bytes(grown);
        }
    }

    fn appender(&mut self, series: SeriesRef) -> Option<&mut Option<SeriesAppender>> {
        let (_, page, slot) = place(series);
        self.pages.get_mut(page)?.get_mut(slot)
    }

    /// Activity may have forgotten the series.
    pub(crate) fn forget_day(&mut self, series: SeriesRef) {
        if let Some(Some(appender)) = self.appender(series) {
            appender.forget_day();
        }
    }

    /// Removes a series and returns it, because freeing it takes time: drop it after the lock is released.
    pub(crate) fn remove(&mut self, tenant: TenantId, series: SeriesRef) -> Option<Arc<MemSeries>> {
        let appender = self.appender(series)?.take()?;
        self.head.publish(series, None);
        let held = -appender.len().cast_signed();
        self.head.held.add(tenant, held, 0);
        Some(Arc::clone(appender.shared()))
    }

    /// Whether [`Self::remove_range`] would look at the series as a whole: it is another since it was prepared, or was not there then, or
    /// has samples in the range only since then.
    pub(crate) fn has_changed(
        &self,
        series: SeriesRef,
        range: &TimeRange,
        prepared: Option<&PreparedReplacement>,
    ) -> bool {
        let (_, page, slot) = place(series);
        let appender = self
            .pages
            .get(page)
            .and_then(|slots| slots.get(slot)?.as_ref());
        match (appender, prepared) {
            (Some(appender), Some(prepared)) => !prepared.is_usable(appender.shared(), range),
            // A flush has taken the samples, and the copy is to be freed without a lock.
            (None, prepared) => prepared.is_some_and(PreparedReplacement::is_copy),
            (Some(_), None) => true,
        }
    }

    /// Forgets the samples of a series in `range`, as it was prepared.
    pub(crate) fn remove_range(
        &mut self,
        tenant: TenantId,
        series: SeriesRef,
        range: &TimeRange,
        prepared: Option<PreparedReplacement>,
    ) -> Option<Arc<MemSeries>> {
        let (_, page, slot) = place(series);
        let appender = self.pages.get_mut(page)?.get_mut(slot)?.as_mut()?;
        appender.forget_day();
        let before = appender.len();
        let old = appender.remove_range(&mut self.cursor, range, prepared)?;
        let (after, shared) = (appender.len(), Arc::clone(appender.shared()));
        let change = after.cast_signed() - before.cast_signed();
        self.head.held.add(tenant, change, 0);
        self.head.publish(series, Some(shared));
        Some(old)
    }
}
