//! The engine's parts together, shared by callers and the three background threads.

use crate::config::EngineConfig;
use crate::deletion_turns::DeletionTurns;
use crate::due_expiry::DailyShare;
use crate::error::{self, FileAction};
use crate::events::Events;
use crate::failed_merges::FailedMerges;
use crate::head_reservations::HeadReservations;
use crate::manifest::Manifest;
use crate::open_views::OpenQueries;
use crate::pending_flush::PendingFlush;
use crate::poison::Poison;
use crate::purge_schedule::PurgeSchedule;
use crate::reserve::Reserve;
use crate::resource_shortage::ResourceShortage;
use crate::segment::file::FileCache;
use crate::state::State;
use crate::storage::Storage;
use crate::stuck_detector::StuckDetector;
use crate::wal::writer::LogWriter;
use base::scope::Scope;
use base::store::{Outage, StoreError};
use base::time::{Clock, Millis};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Requests to the background threads.
#[derive(Debug, Default)]
pub(crate) struct BackgroundRequests {
    pub(crate) stop: bool,
    pub(crate) flush: bool,
    /// A flush is done: days may have too many segments now.
    pub(crate) merge: bool,
    /// Days that hold deleted samples are to be rewritten, once the pause between purges is over.
    pub(crate) purge: bool,
}

/// The state that one pass of merges leaves for the next.
#[derive(Debug, Default)]
pub(crate) struct MergePasses {
    /// The merges that passes leave alone for a while.
    pub(crate) failed: FailedMerges,
    pub(crate) purges: PurgeSchedule,
}

/// Counters of the engine.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) samples: AtomicU64,
    pub(crate) late: AtomicU64,
    pub(crate) flushes: AtomicU64,
    pub(crate) merges: AtomicU64,
    pub(crate) merge_microseconds: AtomicU64,
    pub(crate) purged_bytes: AtomicU64,
    pub(crate) commit_failures: AtomicU64,
    pub(crate) flush_failures: AtomicU64,
    pub(crate) expiry_failures: AtomicU64,
    pub(crate) merge_failures: AtomicU64,
    pub(crate) panics: AtomicU64,
}

/// Lock order: whoever holds one of these locks takes only those of later lines.
///
/// 1. `compacting`
/// 2. `flushing`
/// 3. `expiring`, with none of the two before it
/// 4. `manifest`
/// 5. `dropping_tenant`, or the turn of a deletion of a range and then what a head copies for it, with none before them
/// 6. those of [`State`]: the one for creating series, the catalog, the shards ascending; then one of activity, the version and the
///    days of dropped series
/// 7. the log's: the file that is written; then what waits to be written, or how far it has come
/// 8. the open file of a segment, then the list of all open files
///
/// With every other lock (`requests`, the reservations of the head, owners, counts, pages of directories, shortages, the stuck detector,
/// open queries, freed blocks) a thread takes none: it does a few steps and lets it go, or waits to be woken.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: EngineConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Arc<dyn Events>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) files: Arc<FileCache>,
    pub(crate) poison: Arc<Poison>,
    pub(crate) reserve: Reserve,
    pub(crate) wal: LogWriter,
    pub(crate) state: State,
    pub(crate) reservations: HeadReservations,
    pub(crate) open_queries: OpenQueries,
    pub(crate) deletion_turns: DeletionTurns,
    /// One pass of merges at a time.
    pub(crate) compacting: Mutex<MergePasses>,
    /// One flush at a time. It holds the flush that was not completed because room was short.
    pub(crate) flushing: Mutex<Option<PendingFlush>>,
    /// One pass of retention at a time.
    pub(crate) expiring: Mutex<DailyShare>,
    /// The day of the clock on which it was reported last that days past the retention are kept.
    pub(crate) held_back_reported: AtomicI32,
    /// One tenant is dropped at a time.
    pub(crate) dropping_tenant: Mutex<()>,
    /// Held while it is written: [`Core::publish`].
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) next_file: AtomicU64,
    /// The resource that the last flush was short of.
    pub(crate) flush_shortage: ResourceShortage,
    pub(crate) stuck_detector: StuckDetector,
    pub(crate) requests: Mutex<BackgroundRequests>,
    pub(crate) wake: Condvar,
    /// The engine is being closed: work in the background stops.
    pub(crate) stopping: Arc<AtomicBool>,
    pub(crate) counters: Counters,
}

impl Core {
    pub(crate) fn requests(&self) -> MutexGuard<'_, BackgroundRequests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.config.dir
    }

    /// Whether it takes writes. It never waits.
    pub(crate) fn health(&self) -> Result<(), StoreError> {
        self.poison.check()?;
        self.wal.shortage().check()?;
        self.reserve.require_any()?;
        let now = Instant::now();
        self.wal.check_disk(now)?;
        self.stuck_detector
            .check(&self.state.locked_acquisitions(), now)
    }

    /// Whether the resources for samples are there: room on the disk, file descriptors, memory of the operating system.
    pub(crate) fn check_resources(&self) -> Result<(), StoreError> {
        self.wal.shortage().check()?;
        self.flush_shortage.check()?;
        self.require_reserve()
    }

    /// Refuses samples that would use the space reserved for everything else.
    pub(crate) fn require_reserve(&self) -> Result<(), StoreError> {
        let (written, waiting) = (self.wal.bytes(), self.wal.waiting());
        let storage = self.storage.as_ref();
        self.reserve
            .check(storage, self.dir(), self.clock.now(), written, waiting)
    }

    /// Refuses writes that would only fill the memory: the log has no room or no file descriptor, or flushes have had none for so long
    /// that a whole head waits behind the one that is being flushed.
    pub(crate) fn require_resources(&self) -> Result<(), StoreError> {
        self.wal.require_resources()?;
        if self.flush_shortage.is_present()
            && self.state.version().head.samples() >= self.config.flush_samples
        {
            return self.flush_shortage.check();
        }
        Ok(())
    }

    /// Returns once all that was done so far is on stable storage, whoever has done it: who finds that something is gone already
    /// must not say so before its end is durable.
    pub(crate) fn commit_all(&self) -> Result<(), StoreError> {
        self.wal.commit(self.wal.last_sequence())
    }

    /// The first instant that is still kept.
    pub(crate) fn oldest(&self) -> Millis {
        self.days_ago(self.config.retention_days)
    }

    fn days_ago(&self, days: u32) -> Millis {
        self.clock
            .now()
            .plus(-i64::from(days) * crate::day::DAY_MILLIS)
    }

    /// The days for which the tenant of the scope has its samples.
    pub(crate) fn retention_days(&self, scope: &Scope) -> u32 {
        let kept = self.config.retention_days;
        scope.retention_days().map_or(kept, |days| days.min(kept))
    }

    /// The first instant of which a tenant has samples that has them for fewer days than the store keeps them. What it had
    /// before is hidden, with the names of series that have nothing else; it is still there for when the tenant gets more days.
    pub(crate) fn hidden_before(&self, scope: &Scope) -> Option<Millis> {
        let days = scope.retention_days();
        let fewer = days.filter(|days| *days < self.config.retention_days);
        fewer.map(|days| self.days_ago(days))
    }

    /// The first instant of which the tenant of the scope has samples.
    pub(crate) fn oldest_of(&self, scope: &Scope) -> Millis {
        self.days_ago(self.retention_days(scope))
    }

    /// Turns a failed write into the error for its caller: it poisons, unless it can be tried again: the disk was full, or there was
    /// no file descriptor. Then those of segments that nobody reads are given back for the next try.
    pub(crate) fn poison_unless_retryable(&self) -> impl Fn(StoreError) -> StoreError {
        |error| {
            if error::is_retryable(&error) {
                if error.outage() == Some(Outage::ResourcesExhausted) {
                    self.files.close_all();
                }
                return error;
            }
            self.poison.set(&error)
        }
    }

    /// Removes a file that is not part of the store any more. Where that fails, the next start removes it as an orphan.
    pub(crate) fn discard(&self, file: &Path) {
        let _ = self
            .storage
            .remove(file)
            .map_err(error::io(FileAction::Remove, file));
    }
}
