//! The engine's parts together, shared by callers and the two background threads.

use crate::compact::{PURGE_SOON, Purge};
use crate::config::EngineConfig;
use crate::error;
use crate::events::{Event, Events};
use crate::flush::Unflushed;
use crate::manifest::Manifest;
use crate::poison::Poison;
use crate::reserve::Reserve;
use crate::room::Room;
use crate::segment::file::FileCache;
use crate::state::State;
use crate::storage::Storage;
use crate::wal::writer::Wal;
use crate::watch::Watch;
use base::store::StoreError;
use base::time::{Clock, Millis};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What the background threads are asked for.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) stop: bool,
    pub(crate) flush: bool,
    /// A flush is done: days may be crowded now.
    pub(crate) merge: bool,
    /// Days are to be rewritten because of deletions, as soon as that may be again.
    pub(crate) purge: bool,
}

/// Counters that nothing else counts.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) samples: AtomicU64,
    pub(crate) late: AtomicU64,
    pub(crate) flushes: AtomicU64,
    pub(crate) merges: AtomicU64,
    pub(crate) flush_failures: AtomicU64,
    pub(crate) merge_failures: AtomicU64,
}

/// Lock order: `compacting`, `flushing`, `manifest`; then those of [`State`]; then the log's own.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: EngineConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Arc<dyn Events>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) files: Arc<FileCache>,
    pub(crate) poison: Arc<Poison>,
    pub(crate) reserve: Reserve,
    pub(crate) wal: Wal,
    pub(crate) state: State,
    /// One pass of merges at a time.
    pub(crate) compacting: Mutex<()>,
    /// One flush at a time; what it holds is what the last one has left undone for lack of room.
    pub(crate) flushing: Mutex<Option<Unflushed>>,
    /// Held while it is written: [`Core::publish`].
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) next_file: AtomicU64,
    /// Whether the last flush found room.
    pub(crate) flush_room: Room,
    pub(crate) watch: Watch,
    pub(crate) wanted: Mutex<Wanted>,
    pub(crate) wake: Condvar,
    /// The engine ends: what nobody waits for stops where it is.
    pub(crate) stopping: Arc<AtomicBool>,
    pub(crate) counters: Counters,
}

impl Core {
    pub(crate) fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn purged(&self) -> MutexGuard<'_, Option<Millis>> {
        let purged = self.state.purged.lock();
        purged.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.config.dir
    }

    /// Whether it takes writes; never waits for anybody.
    pub(crate) fn health(&self) -> Result<(), StoreError> {
        self.poison.check()?;
        self.wal.room().check()?;
        self.reserve.require_any()?;
        let now = Instant::now();
        self.wal.look(now)?;
        self.watch.look(&self.state.held(), now)
    }

    /// Whether there is room for samples.
    pub(crate) fn room(&self) -> Result<(), StoreError> {
        self.wal.room().check()?;
        self.flush_room.check()?;
        self.require_reserve()
    }

    /// Refuses samples that would eat what is left for everything else.
    pub(crate) fn require_reserve(&self) -> Result<(), StoreError> {
        let (written, waiting) = (self.wal.bytes(), self.wal.waiting());
        let storage = self.storage.as_ref();
        self.reserve
            .check(storage, self.dir(), self.clock.now(), written, waiting)
    }

    /// Refuses what would only gather in memory: the log has no room, or flushes have had none for so long that a whole
    /// head waits behind the one that is being flushed.
    pub(crate) fn require_room(&self) -> Result<(), StoreError> {
        self.wal.require_room()?;
        if self.flush_room.is_full()
            && self.state.version().head.samples() >= self.config.flush_samples
        {
            return self.flush_room.check();
        }
        Ok(())
    }

    /// The first instant that is still kept.
    pub(crate) fn oldest(&self) -> Millis {
        self.clock
            .now()
            .plus(-i64::from(self.config.retention_days) * crate::day::DAY_MILLIS)
    }

    /// Wakes the flusher; when it lags, flushes here, so that memory stays bounded and senders slow down.
    pub(crate) fn flush_if_due(&self, in_head: u64) {
        if self.is_lagging(in_head) {
            // Others may have waited for the same: whoever comes second finds it done.
            self.run_flush(|core| {
                core.flush_room.may_try()?;
                core.flush_if(|| core.is_lagging(core.state.version().head.samples()))
            });
        } else if in_head >= self.config.flush_samples
            || self.wal.bytes_in_file() >= self.config.flush_wal_bytes
        {
            self.wanted().flush = true;
            self.wake.notify_all();
        }
    }

    const fn is_lagging(&self, in_head: u64) -> bool {
        in_head >= self.config.flush_samples.saturating_mul(2)
    }

    /// Runs until told to stop: brings what was appended without waiting to stable storage every so often.
    pub(crate) fn commit_loop(&self) {
        let interval = std::time::Duration::from_millis(self.config.commit_interval_ms.max(1));
        let mut wanted = self.wanted();
        loop {
            let stop = wanted.stop;
            drop(wanted);
            // A failure poisons the log, where every writer finds it; what found no room is tried again.
            let is_new = !self.poison.is_set();
            if let Err(error) = self.wal.commit(self.wal.last())
                && is_new
            {
                self.failed_at("commit", &error);
            }
            if stop {
                return;
            }
            wanted = self.wanted();
            wanted = self
                .wake
                .wait_timeout_while(wanted, interval, |wanted| !wanted.stop)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Runs until told to stop: flushes when asked to, and every so often.
    pub(crate) fn flush_loop(&self) {
        let mut last = Instant::now();
        loop {
            // What found no room holds up everything after it.
            let interval = if self.flush_room.is_full() {
                self.config.room_retry_ms
            } else {
                self.config.flush_interval_ms
            };
            let interval = std::time::Duration::from_millis(interval.max(1));
            let mut wanted = self.wanted();
            loop {
                let left = interval.saturating_sub(last.elapsed());
                if wanted.stop || wanted.flush || left.is_zero() {
                    break;
                }
                let woken = self.wake.wait_timeout(wanted, left);
                wanted = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
            if wanted.stop {
                return;
            }
            wanted.flush = false;
            drop(wanted);
            last = Instant::now();
            if self.flush_room.may_try().is_err() {
                continue;
            }
            self.run_flush(Self::flush);
            last = Instant::now();
            self.wanted().merge = true;
            self.wake.notify_all();
        }
    }

    /// Runs until told to stop: merges after flushes, and soon when deletions have become many.
    pub(crate) fn merge_loop(&self) {
        let mut last = None::<Instant>;
        loop {
            let mut wanted = self.wanted();
            loop {
                let left = last.map(|last| PURGE_SOON.saturating_sub(last.elapsed()));
                let purge = wanted.purge && left.is_none_or(|left| left.is_zero());
                if wanted.stop || wanted.merge || purge {
                    break;
                }
                let pause = left.filter(|_| wanted.purge).unwrap_or(PURGE_SOON);
                let woken = self.wake.wait_timeout(wanted, pause);
                wanted = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
            if wanted.stop {
                return;
            }
            if wanted.purge {
                // What was deleted is in the head's records still, and its days may be in the head.
                last = Some(Instant::now());
            }
            (wanted.merge, wanted.purge) = (false, false);
            drop(wanted);
            let is_new = !self.poison.is_set();
            if let Err(error) = self.compact(Purge::WhenWorthIt) {
                self.counters.merge_failures.fetch_add(1, Ordering::Relaxed);
                if is_new {
                    self.failed_at("merge", &error);
                }
            }
        }
    }

    /// A flush that nobody waits for: its failure is a figure, is told, and is poison when it matters to writers.
    fn run_flush(&self, flush: impl FnOnce(&Self) -> Result<(), StoreError>) {
        let is_new = !self.poison.is_set();
        if let Err(error) = flush(self) {
            self.counters.flush_failures.fetch_add(1, Ordering::Relaxed);
            if is_new {
                self.failed_at("flush", &error);
            }
        }
    }

    /// Tells of a failure, unless it is a full disk: that is asked for ([`Self::room`]), and every try would tell of it.
    fn failed_at(&self, work: &'static str, error: &StoreError) {
        if work == "merge" || !error::is_lack_of_room(error) {
            self.events.told(Event::Failed { work, error });
        }
    }

    /// What a failure to write means: poison, unless there was only no room.
    pub(crate) fn failed(&self) -> impl Fn(StoreError) -> StoreError {
        |error| {
            if error::is_lack_of_room(&error) {
                let reason = error::with_source(&error);
                return StoreError::OutOfRoom { reason };
            }
            self.poison.set(&error)
        }
    }

    /// Removes a file that no longer counts. When that fails it is an orphan, and goes at the next start.
    pub(crate) fn discard(&self, file: &Path) {
        let _ = self.storage.remove(file).map_err(error::io("remove", file));
    }
}
