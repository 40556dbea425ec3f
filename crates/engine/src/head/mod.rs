//! The head: the newest samples of every series, in memory until the next flush. The log has them all, too.
//!
//! Series are in shards, and a writer holds the lock of one shard at a time. Readers hold none: what they reach from here
//! only ever grows, or is replaced as a whole.

pub(crate) mod append_counts;
pub(crate) mod batches;
mod block;
mod block_list;
mod bytes_max;
mod cell;
mod cells_view;
mod counts;
mod freed_blocks;
mod growing_tree;
pub(crate) mod mem_series;
mod pages;
mod place;
mod recent;
pub(crate) mod series;
pub(crate) mod series_appender;
pub(crate) mod shard_writer;
mod slabs;
pub(crate) mod visibility;

use crate::guard::may_wait;
use crate::series_ref::SeriesRef;
use crate::sync::lock;
use append_counts::AppendCounts;
use base::id::TenantId;
use base::scope::Owner;
use base::time::TimeRange;
use batches::DoneBatches;
pub(crate) use bytes_max::{bytes_max, bytes_max_of, bytes_max_of_runs};
use counts::Counts;
use mem_series::MemSeries;
pub(crate) use pages::PAGE;
use pages::Pages;
pub(crate) use place::{SHARDS, shard};
use place::{page_of, series_at};
use series::HeadSeries;
use series_appender::{PreparedReplacement, SERIES_BYTES, SeriesAppender};
pub(crate) use slabs::SlabCursor;
use slabs::Slabs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use visibility::NotVisible;

/// Samples since the last flush, by series.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pages: Pages,
    /// The memory of the samples.
    slabs: Arc<Slabs>,
    /// For deletions that are prepared, one at a time. No writer needs it.
    copying: Mutex<SlabCursor>,
    samples: AtomicU64,
    late: AtomicU64,
    bytes: AtomicU64,
    page_bytes: AtomicU64,
    /// How many series were made.
    series: AtomicU64,
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

    /// Bytes that count for no owner: pages that index series, which may be of several owners, and what slabs take beyond what
    /// samples have paid for their blocks: the rest of each writer's slab, and copies for deletions.
    pub(crate) fn shared_bytes(&self) -> u64 {
        let series = self.series.load(Ordering::Relaxed);
        let paid = self.bytes().saturating_sub(series * SERIES_BYTES as u64);
        let unpaid = self.slabs.bytes().saturating_sub(paid);
        self.page_bytes.load(Ordering::Relaxed) + unpaid
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

    /// Whether this is the series that it holds.
    pub(crate) fn has(&self, series: SeriesRef, shared: &Arc<MemSeries>) -> bool {
        let held = self.mem_series(series);
        held.is_some_and(|held| Arc::ptr_eq(&held, shared))
    }

    /// How many samples of the series it holds.
    pub(crate) fn len_of(&self, series: SeriesRef) -> usize {
        let series = self.mem_series(series);
        series.map_or(0, |series| series.len())
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
        if sum.series > 0 {
            self.series.fetch_add(sum.series, Ordering::Relaxed);
        }
        self.held.add(tenant, sum.held, 0);
    }

    /// Its samples are in files: nobody writes to it or reads it any more but those who have begun.
    pub(crate) fn retire(&self) {
        self.slabs.retire();
    }

    /// Whether its blocks are in memory, also once it is dropped.
    #[cfg(test)]
    pub(crate) fn memory(&self) -> impl Fn() -> bool + use<> {
        let slabs = Arc::downgrade(&self.slabs);
        move || slabs.strong_count() > 0
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
        self.retire();
    }
}

/// The data of a series of `tenant`; nothing of another's.
fn owned(tenant: TenantId, view: HeadSeries) -> Option<Arc<HeadSeries>> {
    (view.tenant() == tenant && !view.is_empty()).then(|| Arc::new(view))
}

/// Prepares a deletion, without a lock; `None` where the head does not have the series.
pub(crate) fn prepare(
    head: &Head,
    series: SeriesRef,
    range: &TimeRange,
) -> Option<PreparedReplacement> {
    let shared = head.mem_series(series)?;
    let mut cursor = lock(&head.copying);
    Some(SeriesAppender::prepare(&mut cursor, &shared, range))
}

/// Adds to a prepared deletion what has come in since, without a lock; returns how many samples it has looked at.
pub(crate) fn catch_up(
    head: &Head,
    series: SeriesRef,
    prepared: &mut PreparedReplacement,
) -> usize {
    // What is there is of another head, or has been replaced: it is prepared again.
    if !head.has(series, prepared.original()) {
        return 0;
    }
    prepared.catch_up(&mut lock(&head.copying))
}

/// Prepares to fold the late samples of a series in, without a lock. The cursor is of the head of the series.
pub(crate) fn prepare_fold(
    cursor: &mut SlabCursor,
    series: &Arc<MemSeries>,
) -> PreparedReplacement {
    may_wait();
    SeriesAppender::prepare_long_fold(cursor, series)
}

#[cfg(test)]
mod tests;
