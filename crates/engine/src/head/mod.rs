//! The head: the newest samples of every series, in memory until the next flush. The log has them all, too.
//!
//! Series are in shards, and a writer holds the lock of one shard at a time. Readers hold none: what they reach from here
//! only ever grows, or is replaced as a whole.

pub(crate) mod batches;
mod block_list;
mod cell;
mod column_view;
mod counts;
mod growing_tree;
pub(crate) mod mem_series;
mod pages;
mod recent;
pub(crate) mod series;
pub(crate) mod series_appender;
mod slabs;
pub(crate) mod visibility;

use crate::day::Day;
use crate::prefetch::prefetch;
use crate::series_ref::SeriesRef;
use crate::sparse::Sparse;
use base::id::TenantId;
use base::sample::Batch;
use base::scope::Owner;
use base::time::{Millis, TimeRange};
use batches::{DoneBatches, Stamp};
use block_list::SHARE_MAX;
use counts::Counts;
use mem_series::MemSeries;
pub(crate) use pages::PAGE;
use pages::Pages;
use series::HeadSeries;
use series_appender::{InsertOutcome, LATE_BYTES, PreparedDeletion, SERIES_BYTES, SeriesAppender};
use slabs::{SlabCursor, Slabs};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use visibility::NotVisible;

/// Shards of a head: several for each core that a machine may have, so that two writers seldom need the same one.
pub(crate) const SHARDS: usize = 16;

/// Where a series is: shard, page, and place on it.
const fn place(series: SeriesRef) -> (usize, usize, usize) {
    let number = series.0 as usize;
    let page = number / PAGE;
    (page % SHARDS, page / SHARDS, number % PAGE)
}

/// Where a series is in the head as a whole: page, and place on it.
const fn page_of(series: SeriesRef) -> (usize, usize) {
    (series.0 as usize / PAGE, series.0 as usize % PAGE)
}

/// The shard of a series.
pub(crate) const fn shard(series: SeriesRef) -> usize {
    place(series).0
}

/// Samples whose series follow each other on one page: it is found once for all of them.
fn by_page(samples: &[(SeriesRef, i64, f64)]) -> impl Iterator<Item = &[(SeriesRef, i64, f64)]> {
    samples.chunk_by(|(one, _, _), (next, _, _)| page_of(*one).0 == page_of(*next).0)
}

/// Whether the series of these samples, by the first of them, are in no order, so that each is in another part of the memory.
fn is_scattered(samples: &[(SeriesRef, i64, f64)]) -> bool {
    const LOOKED_AT: usize = 16;
    let beginning = samples.get(..LOOKED_AT).unwrap_or_default();
    by_page(beginning).count() > LOOKED_AT / 4
}

/// The series that is there.
const fn series_at(page: usize, slot: usize) -> SeriesRef {
    SeriesRef((page * PAGE + slot) as u32)
}

/// The most that a batch can take in memory: each run may be of a new series, and each with a second sample be the first that
/// is late there.
pub(crate) const fn bytes_max(batch: &Batch) -> u64 {
    bytes_max_of_runs(batch.len() as u64, batch.run_count() as u64)
}

/// The most that so many samples in so many runs can take.
pub(crate) const fn bytes_max_of_runs(samples: u64, runs: u64) -> u64 {
    let more = samples.saturating_sub(runs);
    let late = if more < runs { more } else { runs };
    runs * SERIES_BYTES as u64 + late * LATE_BYTES as u64 + samples * SHARE_MAX as u64
}

/// The most that those samples of a batch can take whose time is accepted: each series once, however often its name comes.
/// It goes through all samples, so it is used only where the estimate of [`bytes_max`] is too large.
pub(crate) fn bytes_max_of(batch: &Batch, is_accepted: impl Fn(Millis) -> bool) -> u64 {
    // Hashed with keys of this process: nobody can choose names that make it slow.
    let mut series: HashMap<&str, u64> = HashMap::new();
    let mut last: Option<(&str, u64)> = None;
    for (name, at, _) in batch.texts() {
        if !is_accepted(at) {
            continue;
        }
        match &mut last {
            // Samples of one run share their name.
            Some((counted, samples)) if std::ptr::eq(*counted, name) => *samples += 1,
            _ => {
                if let Some((counted, samples)) = last.replace((name, 1)) {
                    *series.entry(counted).or_default() += samples;
                }
            }
        }
    }
    if let Some((counted, samples)) = last {
        *series.entry(counted).or_default() += samples;
    }
    let counts = series.values();
    counts.map(|count| series_appender::bytes_max(*count)).sum()
}

/// Samples since the last flush, by series.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pages: Pages,
    /// The memory of the samples.
    slabs: Arc<Slabs>,
    /// For deletions that are prepared. No writer needs it.
    copying: Mutex<SlabCursor>,
    samples: AtomicU64,
    late: AtomicU64,
    bytes: AtomicU64,
    page_bytes: AtomicU64,
    held: Counts<TenantId>,
    owners: Counts<Owner>,
}

/// The view would have part of a batch: it has to be tried again.
pub(crate) type SeriesLookup = Result<Option<Arc<HeadSeries>>, NotVisible>;

impl Head {
    /// Samples written into it, overwritten ones included.
    pub(crate) fn samples(&self) -> u64 {
        self.samples.load(Ordering::Relaxed)
    }

    /// Samples held for the tenant, those included that a late one overwrites.
    pub(crate) fn counted(&self, tenant: TenantId) -> u64 {
        self.held.count_of(tenant)
    }

    /// Bytes of memory that have been taken for it since it was begun. What a deletion gives back is not taken off: the next
    /// flush gives back all.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes of the pages that index series. They count for no owner, because series of several owners may share a page.
    pub(crate) fn page_bytes(&self) -> u64 {
        self.page_bytes.load(Ordering::Relaxed)
    }

    fn count_page_bytes(&self, bytes: usize) {
        self.page_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Those of one owner.
    pub(crate) fn bytes_of(&self, owner: Owner) -> u64 {
        self.owners.bytes_of(owner)
    }

    /// How many owners have written to it.
    pub(crate) fn owners(&self) -> usize {
        self.owners.len()
    }

    /// Counts bytes for their owner.
    pub(crate) fn count_owner(&self, owner: Owner, bytes: u64) {
        self.owners.add(owner, 0, bytes);
    }

    fn mem_series(&self, series: SeriesRef) -> Option<Arc<MemSeries>> {
        let (page, slot) = page_of(series);
        self.pages.get(page)?.get(slot)?.load_full()
    }

    /// One series of `tenant`, as who sees these batches has it.
    pub(crate) fn visible(
        &self,
        tenant: TenantId,
        series: SeriesRef,
        done: &DoneBatches,
    ) -> SeriesLookup {
        let Some(shared) = self.mem_series(series) else {
            return Ok(None);
        };
        Ok(owned(tenant, HeadSeries::visible(shared, done)?))
    }

    /// All there is of one series of `tenant`.
    pub(crate) fn all_of(&self, tenant: TenantId, series: SeriesRef) -> Option<Arc<HeadSeries>> {
        owned(tenant, HeadSeries::all(self.mem_series(series)?))
    }

    /// Whether it has a sample of the series in `range`.
    pub(crate) fn any_in(&self, tenant: TenantId, series: SeriesRef, range: &TimeRange) -> bool {
        let view = self.all_of(tenant, series);
        view.is_some_and(|view| view.any_in(range))
    }

    /// Every series, ascending by tenant and number.
    pub(crate) fn sorted(&self) -> Vec<(TenantId, SeriesRef, Arc<MemSeries>)> {
        let mut all = Vec::new();
        for (page, slots) in self.pages.iter() {
            for (slot, shared) in slots.iter().enumerate() {
                let series = shared.load_full();
                if let Some(series) = series.filter(|series| !series.is_empty()) {
                    all.push((series.tenant(), series_at(page, slot), series));
                }
            }
        }
        all.sort_unstable_by_key(|(tenant, series, _)| (*tenant, *series));
        all
    }

    /// Adds the counts of a batch.
    pub(crate) fn count(&self, tenant: TenantId, sum: AppendCounts) {
        self.samples.fetch_add(sum.samples, Ordering::Relaxed);
        if sum.late > 0 {
            self.late.fetch_add(sum.late, Ordering::Relaxed);
        }
        self.bytes.fetch_add(sum.bytes, Ordering::Relaxed);
        self.held.add(tenant, sum.held, 0);
    }

    fn publish(&self, series: SeriesRef, shared: Option<Arc<MemSeries>>) {
        let (page, slot) = page_of(series);
        let Some((slots, bytes)) = self.pages.get_or_make(page) else {
            return;
        };
        if bytes > 0 {
            self.count_page_bytes(bytes);
        }
        if let Some(slot) = slots.get(slot) {
            slot.store(shared);
        }
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        self.slabs.retire();
    }
}

/// The counts that part of a batch has added to a shard.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AppendCounts {
    pub(crate) samples: u64,
    pub(crate) late: u64,
    pub(crate) held: i64,
    /// Memory that was taken.
    pub(crate) bytes: u64,
    /// A series was written to more than once.
    pub(crate) again: bool,
}

impl AppendCounts {
    /// One sample was inserted.
    fn add_outcome(&mut self, outcome: InsertOutcome) {
        let InsertOutcome {
            again,
            late,
            added,
            grown,
        } = outcome;
        self.samples += 1;
        self.again |= again;
        self.late += u64::from(late);
        self.held += i64::from(added);
        self.bytes += grown as u64;
    }

    pub(crate) const fn add(&mut self, other: Self) {
        self.samples += other.samples;
        self.late += other.late;
        self.held += other.held;
        self.bytes += other.bytes;
        self.again |= other.again;
    }
}

type AppenderPage = [Option<SeriesAppender>; PAGE];

/// The writing end of a shard. It is only reached with the shard's lock held.
#[derive(Debug)]
pub(crate) struct ShardWriter {
    head: Arc<Head>,
    pages: Sparse<AppenderPage>,
    cursor: SlabCursor,
}

impl ShardWriter {
    pub(crate) const fn new(head: Arc<Head>) -> Self {
        Self {
            head,
            pages: Sparse::new(),
            cursor: SlabCursor::new(),
        }
    }

    /// Writes to another head from now on. What is returned takes time to free, so drop it without a lock.
    pub(crate) fn replace_head(&mut self, head: Arc<Head>) -> Self {
        std::mem::replace(self, Self::new(head))
    }

    pub(crate) const fn head(&self) -> &Arc<Head> {
        &self.head
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
            if appender.is_new_day(day.0) {
                begins_day(day, *series);
            }
            let is_folded = appender.is_due_to_fold();
            if is_folded {
                let before = appender.len();
                appender.fold(cursor);
                sum.held += appender.len().cast_signed() - before.cast_signed();
            }
            if is_new {
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

    /// Whether [`Self::remove_range`] would copy the series as a whole: it is another since it was prepared, or was not prepared.
    pub(crate) fn has_changed(
        &mut self,
        series: SeriesRef,
        range: &TimeRange,
        prepared: Option<&PreparedDeletion>,
    ) -> bool {
        let Some(Some(appender)) = self.appender(series) else {
            // A flush has taken the samples, and the copy is to be freed without a lock.
            return prepared.is_some();
        };
        match prepared {
            Some(prepared) => !prepared.is_of(appender.shared()),
            None => appender.all().any_in(range),
        }
    }

    /// Forgets the samples of a series in `range`, as it was prepared.
    pub(crate) fn remove_range(
        &mut self,
        tenant: TenantId,
        series: SeriesRef,
        range: &TimeRange,
        prepared: Option<PreparedDeletion>,
    ) -> Option<Arc<MemSeries>> {
        let (_, page, slot) = place(series);
        let appender = self.pages.get_mut(page)?.get_mut(slot)?.as_mut()?;
        appender.forget_day();
        if prepared.is_none() {
            let view = appender.all();
            if !view.any_in(range) {
                return None;
            }
        }
        let before = appender.len();
        let old = appender.remove_range(&mut self.cursor, range, prepared);
        let (after, shared) = (appender.len(), Arc::clone(appender.shared()));
        let change = after.cast_signed() - before.cast_signed();
        self.head.held.add(tenant, change, 0);
        self.head.publish(series, Some(shared));
        Some(old)
    }
}

/// The data of a series of `tenant`; nothing of another's.
fn owned(tenant: TenantId, view: HeadSeries) -> Option<Arc<HeadSeries>> {
    (view.tenant() == tenant && !view.is_empty()).then(|| Arc::new(view))
}

/// Prepares a deletion, without a lock; `None` where there is nothing to delete.
pub(crate) fn prepare(
    head: &Head,
    series: SeriesRef,
    range: &TimeRange,
) -> Option<PreparedDeletion> {
    let shared = head.mem_series(series)?;
    let any = HeadSeries::all(Arc::clone(&shared)).any_in(range);
    any.then(|| {
        let mut cursor = head.copying.lock().unwrap_or_else(PoisonError::into_inner);
        SeriesAppender::prepare(&mut cursor, &shared, range)
    })
}

#[cfg(test)]
mod tests;
