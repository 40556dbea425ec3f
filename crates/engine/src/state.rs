//! The engine's state in memory.
//!
//! Readers take no lock. What they need is published: names, activity, and a version (the head, the frozen head, segments,
//! tombstones). Writers take the lock of the catalog to resolve names, and then the lock of one shard of the head after another.
//! Deletions and the freezing of the head take all locks ([`State::lock_all`]).
//!
//! The methods here are the effects of the log's records. Live writes and replay go through the same ones, so that a
//! restart ends where the crash began.

mod all_locked;
mod clear_emptied;
mod freeze;
mod frozen_head;
mod range_deletion;
mod read_view;
mod remove_dropped;
mod yield_to_waiters;

pub(crate) use all_locked::{AllLocked, DeferredDrop};
pub(crate) use freeze::FreezeOutcome;
pub(crate) use frozen_head::FrozenHead;
pub(crate) use range_deletion::RangeDeletion;
pub(crate) use read_view::{FEW_SERIES, ReadView, SeriesHeads};
pub(crate) use yield_to_waiters::YIELD_MAX;

use crate::created_series::CreatedSeries;
use crate::day::Day;
use crate::deletion_marks::DeletionMarks;
use crate::drop_generations::DropGenerations;
use crate::dropped_series::DroppedSeries;
use crate::guard::Lock;
use crate::head::append_counts::AppendCounts;
use crate::head::batches::{Batches, Stamp};
use crate::head::mem_series::MemSeries;
use crate::head::shard_writer::ShardWriter;
use crate::head::{self, Head, SHARDS, SlabCursor};
use crate::index::activity::{ActivityFilter, ActivityIndex, NewlyActive, PartedSeries};
use crate::index::names::{Names, TenantNames};
use crate::poison::Poison;
use crate::query_meter::QueryMeter;
use crate::registry::table::{Fingerprint, Registry};
use crate::segment::reader::Segment;
use crate::series_ref::SeriesRef;
use crate::tenant_owners::TenantOwners;
use crate::tenant_tallies::TenantTallies;
use crate::tombstones::Tombstones;
use arc_swap::ArcSwap;
use base::context::Stop;
use base::id::TenantId;
use base::mutex::lock;
use base::time::TimeRange;
use roaring::RoaringBitmap;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// Parts of days whose activity is changed under one lock. Each is copied, which takes some microseconds.
const PARTS_AT_ONCE: usize = 1024;

#[cfg(test)]
thread_local! {
    /// How often this thread has copied the list of days.
    pub(crate) static COPIES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// All sources of samples as of one moment: heads, segments and tombstones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Version {
    pub(crate) head: Arc<Head>,
    pub(crate) frozen: Option<Arc<FrozenHead>>,
    /// Ascending by day, then by sequence.
    pub(crate) segments: Arc<Vec<Arc<Segment>>>,
    /// The space each tenant occupies in `segments`.
    pub(crate) stored: Arc<TenantTallies>,
    pub(crate) tombstones: Tombstones,
    /// The last batch of which something may be in `segments`.
    pub(crate) in_files: u64,
}

/// The published index: names and activity.
#[derive(Debug, Default)]
struct Index {
    names: Names,
    series: usize,
}

/// How many series and tenants there are, and how long their names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexCounts {
    pub(crate) series: usize,
    pub(crate) tenants: usize,
    /// The bytes of the names of all series.
    pub(crate) name_bytes: u64,
}

/// The state that only writers need: the registry of series.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) registry: Registry,
    /// Series that were created since the last flush.
    pub(crate) created: Vec<CreatedSeries>,
    pub(crate) dropped: RoaringBitmap,
    /// The series of each tenant that was dropped as a whole, likewise. They are united with the others once no lock is held.
    pub(crate) dropped_tenants: Vec<RoaringBitmap>,
    /// The last record whose effect is in a source older than the head.
    frozen_sequence: u64,
}

/// The state of the engine in memory.
#[derive(Debug)]
pub(crate) struct State {
    catalog: Lock<Catalog>,
    creating: Mutex<()>,
    shards: Vec<Lock<ShardWriter>>,
    pub(crate) batches: Batches,
    drop_generations: DropGenerations,
    pub(crate) deletions: DeletionMarks,
    index: ArcSwap<Index>,
    activity: ArcSwap<ActivityIndex>,
    changing_activity: Mutex<()>,
    version: ArcSwap<Version>,
    changing: Mutex<()>,
    /// Days before this one have been dropped for lying past the retention.
    pub(crate) retention_start: AtomicI32,
    pub(crate) owners: TenantOwners,
    /// Series that segments still hold.
    dropped: Mutex<Arc<DroppedSeries>>,
}

impl State {
    /// A state of these segments and names, with an empty head. `frozen_through`: the last record whose effect is in them.
    pub(crate) fn new(
        registry: Registry,
        activity: ActivityIndex,
        version: Version,
        frozen_through: u64,
        dropped: DroppedSeries,
    ) -> Self {
        let writer = || Lock::new(ShardWriter::new(Arc::clone(&version.head)));
        let state = Self {
            shards: std::iter::repeat_with(writer).take(SHARDS).collect(),
            catalog: Lock::new(Catalog {
                registry,
                created: Vec::new(),
                dropped: RoaringBitmap::new(),
                dropped_tenants: Vec::new(),
                frozen_sequence: frozen_through,
            }),
            creating: Mutex::new(()),
            batches: Batches::default(),
            drop_generations: DropGenerations::default(),
            deletions: DeletionMarks::default(),
            index: ArcSwap::default(),
            activity: ArcSwap::from_pointee(activity),
            changing_activity: Mutex::new(()),
            version: ArcSwap::from_pointee(version),
            changing: Mutex::new(()),
            retention_start: AtomicI32::new(i32::MIN),
            owners: TenantOwners::default(),
            dropped: Mutex::new(Arc::new(dropped)),
        };
        let catalog = state.catalog.read();
        state.publish_names(&catalog.registry);
        drop(catalog);
        state
    }

    pub(crate) const fn catalog(&self) -> &Lock<Catalog> {
        &self.catalog
    }

    /// The lock for creating series: while it is held, no other thread creates any. It is taken before the catalog's.
    pub(crate) fn creating(&self) -> MutexGuard<'_, ()> {
        lock(&self.creating)
    }

    /// The lock of one shard.
    pub(crate) fn shard(&self, number: usize) -> Option<&Lock<ShardWriter>> {
        self.shards.get(number)
    }

    /// Changes when a series of the tenant ends.
    pub(crate) fn drop_generation(&self, tenant: TenantId) -> u64 {
        self.drop_generations.generation_of(tenant)
    }

    /// For each lock that is taken at the moment, how often it has been acquired ([`Lock::acquisitions_if_locked`]); waits for
    /// none.
    pub(crate) fn locked_acquisitions(&self) -> Vec<Option<u64>> {
        let shards = self.shards.iter().map(Lock::acquisitions_if_locked);
        std::iter::once(self.catalog.acquisitions_if_locked())
            .chain(shards)
            .collect()
    }

    // For readers.

    pub(crate) fn names_of(&self, tenant: TenantId) -> TenantNames {
        self.index.load().names.of_tenant(tenant)
    }

    /// How many series the tenant has.
    pub(crate) fn count(&self, tenant: TenantId) -> u64 {
        self.index.load().names.count(tenant)
    }

    /// The bytes of their names.
    pub(crate) fn name_bytes(&self, tenant: TenantId) -> u64 {
        self.index.load().names.bytes_of(tenant)
    }

    pub(crate) fn counts(&self) -> IndexCounts {
        let index = self.index.load();
        IndexCounts {
            series: index.series,
            tenants: index.names.tenants(),
            name_bytes: index.names.bytes(),
        }
    }

    /// How many series can still be made.
    pub(crate) fn numbers_left(&self) -> u32 {
        u32::MAX - self.catalog.read().registry.next()
    }

    pub(crate) fn activity(&self) -> ActivityIndex {
        ActivityIndex::clone(&self.activity.load())
    }

    /// The series with samples on any day that `range` touches, or all where there is no range.
    pub(crate) fn activity_filter(
        &self,
        range: Option<&TimeRange>,
        meter: &mut QueryMeter<'_>,
    ) -> Result<ActivityFilter, Stop> {
        match range {
            None => Ok(ActivityFilter::Every),
            Some(range) => Ok(ActivityFilter::Active(
                self.activity().active(range, meter)?,
            )),
        }
    }

    pub(crate) fn version(&self) -> Arc<Version> {
        self.version.load_full()
    }

    /// The part of `range` within the retention: a segment with many days stays for a while when some of them lie past the
    /// retention.
    pub(crate) fn clamp_to_retention(&self, range: TimeRange) -> TimeRange {
        let first = Day(self.retention_start.load(Ordering::SeqCst));
        TimeRange {
            from: range.from.max(first.range().from),
            until: range.until,
        }
    }

    // For writers.

    /// Readers find the names that the registry has now.
    pub(crate) fn publish_names(&self, registry: &Registry) {
        self.index.store(Arc::new(Index {
            names: registry.names().clone(),
            series: registry.len(),
        }));
    }

    /// Changes the version. Short, and never while something is read from a disk.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Version)) {
        let changing = lock(&self.changing);
        let mut version = Version::clone(&self.version.load());
        change(&mut version);
        let old = self.version.swap(Arc::new(version));
        drop(changing);
        // The old version is freed after the lock is released.
        drop(old);
    }

    /// Changes activity.
    pub(crate) fn change_activity(&self, change: impl FnOnce(&mut ActivityIndex)) {
        let changing = lock(&self.changing_activity);
        let mut days = ActivityIndex::clone(&self.activity.load());
        #[cfg(test)]
        COPIES.with(|copies| copies.set(copies.get() + 1));
        change(&mut days);
        self.activity.store(Arc::new(days));
        drop(changing);
    }

    /// These series have samples on these days.
    pub(crate) fn mark_active(&self, active: &[(Day, SeriesRef)]) {
        if active.is_empty() {
            return;
        }
        let newly_active = NewlyActive::of(active);
        if !newly_active.is_contained_in(&self.activity.load()) {
            self.change_activity(|days| days.set(newly_active));
        }
    }

    /// Samples of existing series, as replay meets them; false when there is one of another. Days that series begin are left
    /// in `newly_active`, to be set many at a time ([`Self::mark_active`]).
    pub(crate) fn replay(
        &self,
        samples: &[(SeriesRef, i64, f64)],
        newly_active: &mut Vec<(Day, SeriesRef)>,
    ) -> bool {
        let catalog = self.catalog.read();
        let of = |series: SeriesRef| catalog.registry.get(series).map(|entry| entry.tenant);
        let mut due = Vec::new();
        let mut rest = samples;
        while let Some((first, ..)) = rest.first() {
            let number = head::shard(*first);
            let (Some(tenant), Some(shard)) = (of(*first), self.shard(number)) else {
                return false;
            };
            // Each other series is looked up once.
            let is_own = |(series, ..): &&(SeriesRef, i64, f64)| {
                series == first || (head::shard(*series) == number && of(*series) == Some(tenant))
            };
            let count = rest.iter().take_while(is_own).count();
            let (group, others) = rest.split_at_checked(count).unwrap_or_default();
            let mut writer = shard.write();
            let sum = Self::put(
                &mut writer,
                tenant,
                Stamp::before_all(),
                group,
                newly_active,
            );
            // The log knows no accounts: until the next flush it is its tenant's own.
            writer.head().count_owner(tenant.into(), sum.bytes);
            let mut deferred = writer.take_deferred();
            drop(writer);
            due.append(&mut deferred.due);
            rest = others;
        }
        drop(catalog);
        self.fold(due, &Poison::default());
        true
    }

    /// Folds late samples of long series in: the copies are made without a lock.
    pub(crate) fn fold(&self, due: Vec<(SeriesRef, Arc<MemSeries>)>, poison: &Poison) {
        // Nobody else folds these series until it is done.
        let on_panic = poison.on_panic("folded late samples in");
        // One for all of them: each leaves the rest of a slab unused.
        let (mut head, mut cursor) = (self.version().head.clone(), SlabCursor::default());
        for (series, of) in due {
            let now = self.version().head.clone();
            if !Arc::ptr_eq(&now, &head) {
                (head, cursor) = (now, SlabCursor::default());
            }
            // A flush may have taken it, or a deletion replaced it.
            let is_there = head.has(series, &of);
            let Some(shard) = self.shard(head::shard(series)).filter(|_| is_there) else {
                continue;
            };
            let mut folded = head::prepare_fold(&mut cursor, &of);
            let mut writer = shard.write();
            // Dropped before the lock, unlike the other.
            let on_panic = poison.on_panic("folded late samples in");
            let old = writer.apply_fold(series, &mut folded);
            on_panic.disarm();
            drop(writer);
            drop(old);
        }
        on_panic.disarm();
    }

    /// Writes samples of series of one shard, whose lock is held.
    pub(crate) fn append(
        &self,
        writer: &mut ShardWriter,
        tenant: TenantId,
        stamp: Stamp<'_>,
        samples: &[(SeriesRef, i64, f64)],
    ) -> AppendCounts {
        let mut newly_active = Vec::new();
        let sum = Self::put(writer, tenant, stamp, samples, &mut newly_active);
        // Set while the shard is locked: whoever holds that lock and finds no samples of a day may clear its activity.
        self.mark_active(&newly_active);
        sum
    }

    fn put(
        writer: &mut ShardWriter,
        tenant: TenantId,
        stamp: Stamp<'_>,
        samples: &[(SeriesRef, i64, f64)],
        newly_active: &mut Vec<(Day, SeriesRef)>,
    ) -> AppendCounts {
        let mut sum = AppendCounts::default();
        writer.append((tenant, stamp), samples, &mut sum, |day, series| {
            newly_active.push((day, series));
        });
        writer.head().count(tenant, sum);
        sum
    }

    /// The effect of a deletion on activity.
    pub(crate) fn clear_activity(&self, series: &RoaringBitmap, range: &TimeRange) {
        self.clear_parted(&PartedSeries::of(series), range);
    }

    fn clear_parted(&self, series: &PartedSeries, range: &TimeRange) {
        let days = self.activity();
        // A writer that begins a new day waits for some milliseconds at most.
        let at_once = (PARTS_AT_ONCE / series.parts().max(1)).max(1);
        for some in days.covered(series, range).chunks(at_once) {
            self.change_activity(|days| some.iter().for_each(|day| days.clear(*day, series)));
        }
    }

    /// The effect on activity of dropping series with the records up to `sequence`: they have no samples any more, and what
    /// segments hold of them on these days waits for a purge.
    pub(crate) fn clear_dropped(&self, series: &RoaringBitmap, sequence: u64) {
        let series = PartedSeries::of(series);
        let activity = self.activity();
        let days = activity.covered(&series, &TimeRange::ALL);
        let counted = days
            .into_iter()
            .map(|day| (day, activity.count(day, &series)));
        let counted: Vec<(Day, u64)> = counted.collect();
        drop(activity);
        let mut dropped = lock(&self.dropped);
        for (day, count) in counted {
            Arc::make_mut(&mut dropped).add(day, count, sequence);
        }
        drop(dropped);
        self.clear_parted(&series, &TimeRange::ALL);
    }

    /// Series that were dropped, and that segments still hold. Taken before the version, it has nothing of which the registry does
    /// not know, nor a record that is later than a deletion which that version lacks.
    pub(crate) fn dropped(&self) -> Arc<DroppedSeries> {
        Arc::clone(&lock(&self.dropped))
    }

    /// Forgets the days of which no segment holds a dropped series any more.
    pub(crate) fn forget_dropped(&self) {
        let mut dropped = lock(&self.dropped);
        // With the lock held: what is dropped from here on is added to what is kept.
        let version = self.version();
        let frozen_through = version.frozen.as_ref().map(|frozen| frozen.sequence);
        let is_in = |segment: &Arc<Segment>, day: Day, sequence: u64| {
            segment.purged() < sequence && segment.day() <= day && day <= segment.last_day()
        };
        Arc::make_mut(&mut dropped).retain(|day, sequence| {
            let mut segments = version.segments.iter();
            frozen_through.is_some_and(|through| through < sequence)
                || segments.any(|segment| is_in(segment, day, sequence))
        });
    }
}

impl Catalog {
    /// A new series: in the registry, and so in the next name file.
    pub(crate) fn create(&mut self, fingerprint: Fingerprint, created: CreatedSeries) {
        let name = Arc::clone(&created.name);
        (self.registry).insert(fingerprint, created.series, created.tenant, name);
        self.created.push(created);
    }
}
