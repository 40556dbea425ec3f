//! The engine as others see it.

use crate::append_filtered::append_filtered;
use crate::compact::Purge;
use crate::config::EngineConfig;
use crate::core::Core;
use crate::delete::Deletion;
use crate::error;
use crate::events::{Events, Silent};
use crate::query_meter::QueryMeter;
use crate::read::fetch::{AskedQuery, Snapshot};
use crate::read::look::Look;
use crate::read::{find, part};
use crate::recover::{self, RecoveryReport};
use crate::state::ReadView;
use crate::storage::Storage;
use base::context::Context;
use base::id::TenantId;
use base::sample::{Appended, Batch};
use base::scope::{Action, Metering, Operator, Scope};
use base::selector::Selector;
use base::store::{
    Copied, DeleteQuery, Deleted, Durability, FetchQuery, Figure, FindQuery, Node, PartsVisitor,
    SampleStore, SeriesAllowance, StoreError, Usage,
};
use base::time::{Clock, TimeRange};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

/// Bytes of a sample before it is in a segment: an instant and a value.
const SAMPLE_BYTES: u64 = 16;

/// An open samples folder. Dropping it brings what was appended to the log's stable storage and ends its threads; call
/// [`SampleStore::flush`] first to make the next start short.
#[derive(Debug)]
pub struct Engine {
    core: Arc<Core>,
    threads: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Opens the folder `config.dir`, or makes it, and recovers what a crash left. No other process may have it open.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where no crash can explain it, [`StoreError::Failed`] or [`StoreError::Unavailable`] otherwise.
    pub fn open(
        config: EngineConfig,
        clock: Arc<dyn Clock>,
        storage: Arc<dyn Storage>,
    ) -> Result<(Self, RecoveryReport), StoreError> {
        Self::open_with_events(config, clock, storage, Arc::new(Silent))
    }

    /// Opens as [`Self::open`] does, and hands failures in the background to `events`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with_events(
        config: EngineConfig,
        clock: Arc<dyn Clock>,
        storage: Arc<dyn Storage>,
        events: Arc<dyn Events>,
    ) -> Result<(Self, RecoveryReport), StoreError> {
        let (core, report) = recover::open(config, clock, storage, events)?;
        let core = Arc::new(core);
        let mut engine = Self {
            core,
            threads: Vec::new(),
        };
        engine.spawn("engine-commit", Core::commit_loop)?;
        engine.spawn("engine-flush", Core::flush_loop)?;
        engine.spawn("engine-merge", Core::merge_loop)?;
        Ok((engine, report))
    }

    /// Merges segments of days that hold too many of them, and all of days that hold deleted samples, whose bytes leave
    /// the disk with that. The engine does so by itself after flushes in the background, but rewrites days because of
    /// deletions once in 24 hours, and no more than a budget allows; this does so at once, without a budget, and returns when it is done.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when writing fails or the disk is full, [`StoreError::Damaged`] when a segment is.
    pub fn compact(&self) -> Result<(), StoreError> {
        self.core.compact(Purge::Now)
    }

    fn spawn(&mut self, name: &'static str, work: fn(&Core)) -> Result<(), StoreError> {
        let core = Arc::clone(&self.core);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || core.run_thread(name, work))
            .map_err(error::no_thread(name))?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.core.stopping.store(true, Ordering::SeqCst);
        self.core.requests().stop = true;
        self.core.wake.notify_all();
        for thread in self.threads.drain(..) {
            // A panic was reported when it came.
            let _ = thread.join();
        }
    }
}

impl SampleStore for Engine {
    fn append_with_quota(
        &self,
        scope: &Scope,
        batch: &Batch,
        durability: Durability,
        allowance: &dyn SeriesAllowance,
    ) -> Result<Appended, StoreError> {
        let append = |batch: &Batch| self.core.append(scope, batch, durability, allowance);
        match scope.filter(Action::Write)? {
            Some(filter) => append_filtered(filter, batch, append),
            None => append(batch),
        }
    }

    fn find(
        &self,
        scope: &Scope,
        query: &FindQuery<'_>,
        context: &Context,
    ) -> Result<Vec<Node>, StoreError> {
        let filter = scope.filter(Action::Find)?;
        // Names and days, and nothing else: what a walk holds on to stays in memory for as long as it goes on.
        let state = &self.core.state;
        let names = state.names_of(scope.tenant());
        let mut meter = QueryMeter::new(context)?;
        let range = match self.core.hidden_before(scope) {
            None => query.range,
            Some(oldest) => Some(query.range.unwrap_or(TimeRange::ALL).since(oldest)),
        };
        // A late segment may still hold days that lie past it.
        let range = range.map(|range| state.clamp_to_retention(range));
        let mut active = state.activity_filter(range.as_ref(), &mut meter)?;
        find::nodes(&names, query, filter, &mut active, &mut meter)
    }

    fn read_parts(
        &self,
        scope: &Scope,
        queries: &[FetchQuery<'_>],
        context: &Context,
        visit: &mut PartsVisitor<'_>,
    ) -> Result<(), StoreError> {
        let mut meter = QueryMeter::new(context)?;
        let state = &self.core.state;
        // Also within a day that the store keeps.
        let oldest = scope.retention_days().map(|_| self.core.oldest_of(scope));
        let Look {
            found,
            view: ReadView { version, heads },
            tenant_series,
            mut estimate,
        } = self.core.look(scope, queries, &mut meter)?;
        let mut heads = heads.into_iter();
        let mut snapshots = Vec::with_capacity(queries.len());
        for (place, (query, found)) in queries.iter().zip(found).enumerate() {
            let heads = heads.by_ref().take(found.len());
            let range = state.clamp_to_retention(query.shape.range());
            let range = oldest.map_or(range, |oldest| range.since(oldest));
            let asked = AskedQuery {
                place,
                tenant: scope.tenant(),
                tenant_series,
                shape: query.shape,
                range,
            };
            let found = found.into_iter().zip(heads);
            let snapshot =
                Snapshot::take(&version, found, asked, &self.core.open_queries, &mut meter)?;
            snapshots.push(snapshot);
            estimate.ensure_allowed(&mut snapshots, &mut meter)?;
        }
        // It has the heads as a whole.
        drop(version);
        visit(part::divided(snapshots))
    }

    fn delete_with_hook(
        &self,
        scope: &Scope,
        query: &DeleteQuery<'_>,
        context: &Context,
        begin: &mut dyn FnMut(&Deleted) -> ControlFlow<()>,
    ) -> Result<Option<Deleted>, StoreError> {
        let filter = scope.filter(Action::Delete)?;
        let what = Deletion {
            tenant: scope.tenant(),
            owner: scope.owner(),
            query,
            filter,
            hidden_before: self.core.hidden_before(scope),
        };
        self.core.delete(&what, context, begin)
    }

    fn drop_tenant(&self, scope: &Scope, context: &Context) -> Result<u64, StoreError> {
        let has_all = scope.filter(Action::Delete)?.is_none();
        let dropped = match has_all {
            true => self.core.drop_tenant(scope.tenant(), context)?,
            false => None,
        };
        if let Some(series) = dropped {
            return Ok(series);
        }
        let everything = DeleteQuery {
            selector: &Selector::all(),
            range: None,
            exact: false,
            dry_run: false,
            names: 0,
        };
        Ok(self.delete(scope, &everything, context)?.series)
    }

    fn tenants(&self) -> Vec<TenantId> {
        let names = self.core.state.catalog().read().registry.names().clone();
        names.all_tenants()
    }

    fn usage(&self, metering: &Metering) -> Result<Usage, StoreError> {
        let tenant = metering.tenant();
        let version = self.core.state.version();
        let stored = version.stored.tally(tenant);
        let in_memory = version.head.counted(tenant)
            + (version.frozen.as_ref()).map_or(0, |frozen| frozen.head.counted(tenant));
        Ok(Usage {
            series: self.core.state.count(tenant),
            name_bytes: self.core.state.name_bytes(tenant),
            samples: stored.samples + in_memory,
            bytes: stored.bytes + in_memory * SAMPLE_BYTES,
        })
    }

    fn commit(&self) -> Result<(), StoreError> {
        self.core.commit_all()
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.core.flush()
    }

    fn health(&self) -> Result<(), StoreError> {
        self.core.health()
    }

    fn copy_to(&self, _: &Operator, dir: &Path) -> Result<Copied, StoreError> {
        self.core.copy_to(dir)
    }

    fn check_disk_space(&self) -> Result<(), StoreError> {
        self.core.check_resources()
    }

    fn figures(&self, _: &Operator) -> Vec<Figure> {
        let core = &self.core;
        let counts = core.state.counts();
        let version = core.state.version();
        let (head_samples, segments) = (version.head.samples(), &version.segments);
        let tombstones = version.tombstones.len();
        let pages = core.files.pages().figures();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let figure = |name, help, value| Figure { name, help, value };
        vec![
            figure("series", "Series that exist.", counts.series as f64),
            figure(
                "tenants",
                "Tenants that have series.",
                counts.tenants as f64,
            ),
            figure(
                "name_bytes",
                "Bytes of the names of all series.",
                counts.name_bytes as f64,
            ),
            figure(
                "samples_appended_total",
                "Samples stored.",
                count(&core.counters.samples),
            ),
            figure(
                "samples_late_total",
                "Samples that arrived out of order.",
                count(&core.counters.late),
            ),
            figure(
                "head_samples",
                "Samples written since the last flush.",
                head_samples as f64,
            ),
            figure(
                "head_bytes",
                "Bytes of memory that samples take which are in no segment yet.",
                core.head_bytes() as f64,
            ),
            figure(
                "head_shared_bytes",
                "Bytes of memory beside these samples that belong to no account: pages that lead to them, the rest of slabs, copies for deletions.",
                core.head_shared_bytes() as f64,
            ),
            figure(
                "series_numbers_left",
                "New series that can still be made: numbers of series that have ended are not given again.",
                f64::from(core.state.numbers_left()),
            ),
            figure(
                "wal_bytes_total",
                "Bytes written to the log.",
                core.wal.bytes() as f64,
            ),
            figure(
                "wal_syncs_total",
                "Times the log was synced.",
                core.wal.syncs() as f64,
            ),
            figure("segments", "Segment files.", segments.len() as f64),
            figure(
                "segment_bytes",
                "Bytes of all segment files.",
                segments.iter().map(|segment| segment.bytes()).sum::<u64>() as f64,
            ),
            figure(
                "directory_cache_bytes",
                "Bytes of pages of segments' block directories that are held in memory.",
                pages.bytes as f64,
            ),
            figure(
                "directory_cache_hits_total",
                "Pages of block directories that were found in memory.",
                pages.hits as f64,
            ),
            figure(
                "directory_cache_misses_total",
                "Pages of block directories that had to be read.",
                pages.misses as f64,
            ),
            figure(
                "directory_index_bytes",
                "Bytes that say where the pages of block directories begin, which stay in memory.",
                pages.index_bytes as f64,
            ),
            figure(
                "tombstones",
                "Deletions of ranges whose samples are not purged yet.",
                tombstones as f64,
            ),
            figure(
                "flushes_total",
                "Flushes of the head.",
                count(&core.counters.flushes),
            ),
            figure(
                "merges_total",
                "Days whose segments were merged.",
                count(&core.counters.merges),
            ),
            figure(
                "merge_seconds_total",
                "Seconds that these merges have taken.",
                count(&core.counters.merge_microseconds) / 1e6,
            ),
            figure(
                "purged_bytes_total",
                "Bytes of segments that were rewritten because something in them was deleted.",
                count(&core.counters.purged_bytes),
            ),
            figure(
                "commit_failures_total",
                "Commits of the log in the background that failed.",
                count(&core.counters.commit_failures),
            ),
            figure(
                "flush_failures_total",
                "Flushes in the background that failed.",
                count(&core.counters.flush_failures),
            ),
            figure(
                "expiry_failures_total",
                "Droppings of days past the retention in the background that failed.",
                count(&core.counters.expiry_failures),
            ),
            figure(
                "merge_failures_total",
                "Passes of merges in the background that failed, in part or as a whole.",
                count(&core.counters.merge_failures),
            ),
            figure(
                "thread_panics_total",
                "Panics of the store's threads, each of which began again after a pause.",
                count(&core.counters.panics),
            ),
            figure(
                "disk_free_bytes",
                "Bytes free on the disk when a write asked last; 0 while no reserve is set.",
                core.reserve.free().unwrap_or_default() as f64,
            ),
            figure(
                "out_of_room",
                "1 while the disk has no room for the log or for a flush, or less than the reserve, or the system no file descriptor or \
                 memory for them.",
                f64::from(u8::from(
                    core.wal.shortage().is_present()
                        || core.flush_shortage.is_present()
                        || core.reserve.is_touched(),
                )),
            ),
            figure(
                "poisoned",
                "1 when a failure has stopped all writes.",
                f64::from(u8::from(core.poison.is_set())),
            ),
        ]
    }
}
