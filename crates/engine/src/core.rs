//! The engine's parts together, shared by callers and the two background threads.

use crate::compact::{PURGE_SOON, Purge};
use crate::config::EngineConfig;
use crate::error;
use crate::flush::Flushing;
use crate::guard::{Lock, Reading, Writing};
use crate::memory::Memory;
use crate::poison::Poison;
use crate::registry::table::Lookup;
use crate::reserve::Reserve;
use crate::room::Room;
use crate::segment::file::Files;
use crate::storage::Storage;
use crate::wal::record::{Kind, put_births, put_samples};
use crate::wal::writer::Wal;
use crate::watch::Watch;
use base::id::{SeriesRef, TenantId};
use base::overwritten;
use base::sample::{Appended, Batch, RejectReason, Sample};
use base::series::SeriesKey;
use base::store::{Allowance, Durability, StoreError};
use base::time::{Clock, Millis};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Samples of a batch that are written at one time: some milliseconds under the lock. A smaller batch, and so nearly every
/// one, is seen by readers as a whole or not at all; a larger one in pieces of this size.
const APPEND_PIECE: usize = 4096;

const MINUTE_MILLIS: i64 = 60_000;

/// What the background threads are asked for.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) stop: bool,
    pub(crate) flush: bool,
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
    pub(crate) failures: AtomicU64,
}

/// Lock order: `flushing`, then `memory`, then the log's own.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: EngineConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) files: Arc<Files>,
    pub(crate) poison: Arc<Poison>,
    pub(crate) reserve: Reserve,
    pub(crate) wal: Wal,
    pub(crate) memory: Lock,
    /// One flush at a time; it alone changes the manifest.
    pub(crate) flushing: Mutex<Flushing>,
    /// Whether the last flush found room.
    pub(crate) flush_room: Room,
    /// How many wait to flush; a merge makes way for them.
    pub(crate) flush_waits: AtomicUsize,
    pub(crate) watch: Watch,
    pub(crate) wanted: Mutex<Wanted>,
    pub(crate) wake: Condvar,
    pub(crate) counters: Counters,
}

impl Core {
    pub(crate) fn read(&self) -> Reading<'_> {
        self.memory.read()
    }

    pub(crate) fn write(&self) -> Writing<'_> {
        self.memory.write()
    }

    pub(crate) fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.watch.look(self.memory.is_held(), now)
    }

    /// Whether there is room for samples.
    pub(crate) fn room(&self) -> Result<(), StoreError> {
        self.wal.room().check()?;
        self.flush_room.check()?;
        self.require_reserve()
    }

    /// Refuses samples that would eat what is left for everything else.
    fn require_reserve(&self) -> Result<(), StoreError> {
        let (written, waiting) = (self.wal.bytes(), self.wal.waiting());
        let storage = self.storage.as_ref();
        self.reserve
            .check(storage, self.dir(), self.clock.now(), written, waiting)
    }

    /// Refuses what would only gather in memory: the log has no room, or flushes have had none for so long that a whole
    /// head waits behind the one that is being flushed.
    pub(crate) fn require_room(&self) -> Result<(), StoreError> {
        self.wal.require_room()?;
        if self.flush_room.is_full() && self.read().head.samples() >= self.config.flush_samples {
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

    pub(crate) fn append(
        &self,
        tenant: TenantId,
        batch: &Batch,
        durability: Durability,
        allowance: Allowance,
    ) -> Result<Appended, StoreError> {
        self.poison.check()?;
        self.require_room()?;
        self.require_reserve()?;
        let oldest = self.oldest();
        let newest = self
            .clock
            .now()
            .plus(i64::from(self.config.future_allowed_minutes) * MINUTE_MILLIS);
        let mut appended = Appended::default();
        let (mut sequence, mut late, mut in_head) = (0, 0, 0);
        let mut placed = Vec::with_capacity(batch.len());
        let mut rest = batch.iter().enumerate().peekable();
        while rest.peek().is_some() {
            let mut births = Vec::new();
            let mut samples = Vec::with_capacity(APPEND_PIECE.min(batch.len()));
            let mut memory = self.write();
            for (position, sample) in rest.by_ref().take(APPEND_PIECE) {
                let made = appended.created + births.len() as u64;
                let admitted = self
                    .admit(&mut memory, tenant, &sample, oldest, newest)
                    .and_then(|known| match known {
                        Some(series) => Ok(series),
                        None if made < allowance.new_series => {
                            self.birth(&mut memory, tenant, sample.key, &mut births)
                        }
                        None => Err(RejectReason::AccountLimit {
                            limit: allowance.limit,
                            allowed: allowance.allowed,
                        }),
                    });
                match admitted {
                    Ok(series) => samples.push((series, sample.at.0, sample.value)),
                    Err(reason) => appended.rejected.push((position, reason)),
                }
            }
            if samples.is_empty() {
                continue;
            }
            if !births.is_empty() {
                self.wal.push(Kind::Births, &put_births(&births));
            }
            sequence = self.wal.push(Kind::Samples, &put_samples(&samples));
            let (late_before, held_before) = (memory.head.late(), memory.head.held());
            for (series, at, value) in &samples {
                memory.write(*series, *at, *value);
            }
            memory.head.count(tenant, held_before);
            late += memory.head.late() - late_before;
            in_head = memory.head.samples();
            drop(memory);
            placed.extend(samples.iter().map(|(series, at, _)| (*series, *at)));
            appended.created += births.len() as u64;
        }
        if placed.is_empty() {
            return Ok(appended);
        }
        appended.overwritten = overwritten::count(&mut placed);
        appended.stored = placed.len() as u64 - appended.overwritten;
        if durability == Durability::Committed || self.wal.is_full() {
            self.wal.commit(sequence)?;
        }
        self.counters
            .samples
            .fetch_add(appended.stored, Ordering::Relaxed);
        self.counters.late.fetch_add(late, Ordering::Relaxed);
        self.flush_if_due(in_head);
        Ok(appended)
    }

    /// The series of a sample that may be stored; `None` when it would be a new one.
    fn admit(
        &self,
        memory: &mut Memory,
        tenant: TenantId,
        sample: &Sample<'_>,
        oldest: Millis,
        newest: Millis,
    ) -> Result<Option<SeriesRef>, RejectReason> {
        if sample.at < oldest {
            return Err(RejectReason::TooOld {
                retention_days: self.config.retention_days,
            });
        }
        if sample.at > newest {
            return Err(RejectReason::TooNew {
                allowed_minutes: self.config.future_allowed_minutes,
            });
        }
        match memory.registry.lookup(tenant, sample.key.as_str()) {
            Lookup::Known(series) => Ok(Some(series)),
            Lookup::Collision => Err(RejectReason::FingerprintCollision),
            Lookup::Unknown => Ok(None),
        }
    }

    /// Makes a series.
    fn birth<'b>(
        &self,
        memory: &mut Memory,
        tenant: TenantId,
        key: SeriesKey<'b>,
        births: &mut Vec<(TenantId, SeriesRef, SeriesKey<'b>)>,
    ) -> Result<SeriesRef, RejectReason> {
        let limit = self.config.series_per_tenant;
        if memory.registry.names().count(tenant) >= limit {
            return Err(RejectReason::SeriesLimit { limit });
        }
        let none_left = RejectReason::SeriesLimit {
            limit: u64::from(u32::MAX),
        };
        let series = memory
            .registry
            .create(tenant, key.as_str())
            .ok_or(none_left)?;
        memory.bear(series);
        births.push((tenant, series, key));
        Ok(series)
    }

    /// Wakes the flusher; when it lags, flushes here, so that memory stays bounded and senders slow down.
    pub(crate) fn flush_if_due(&self, in_head: u64) {
        if self.is_lagging(in_head) {
            // Others may have waited for the same: whoever comes second finds it done.
            self.counted(|core| {
                core.flush_room.may_try()?;
                core.flush_if(|memory| core.is_lagging(memory.head.samples()))
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
    pub(crate) fn commit_now_and_then(&self) {
        let interval = std::time::Duration::from_millis(self.config.commit_interval_ms.max(1));
        let mut wanted = self.wanted();
        loop {
            let stop = wanted.stop;
            drop(wanted);
            // A failure poisons the log, where every writer finds it; what found no room is tried again.
            let _ = self.wal.commit(self.wal.last());
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

    /// Runs until told to stop: flushes when asked to, and every so often, and merges after it.
    pub(crate) fn flush_now_and_then(&self) {
        let begun = Instant::now();
        let mut last = None::<Instant>;
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
                let pause = match (wanted.purge, last) {
                    (true, None) => break,
                    (true, Some(_)) => interval.min(PURGE_SOON),
                    (false, _) => interval,
                };
                let left = pause.saturating_sub(last.unwrap_or(begun).elapsed());
                if wanted.stop || wanted.flush || left.is_zero() {
                    break;
                }
                let woken = self.wake.wait_timeout(wanted, left);
                wanted = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
            if wanted.stop {
                return;
            }
            (wanted.flush, wanted.purge) = (false, false);
            drop(wanted);
            last = Some(Instant::now());
            if self.flush_room.may_try().is_err() {
                continue;
            }
            self.counted(|core| core.flush().and_then(|()| core.compact(Purge::WhenWorthIt)));
            last = Some(Instant::now());
        }
    }

    /// What nobody waits for: its failure is a figure, and poison when it matters to writers.
    fn counted(&self, work: impl FnOnce(&Self) -> Result<(), StoreError>) {
        if work(self).is_err() {
            self.counters.failures.fetch_add(1, Ordering::Relaxed);
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

    /// Removes a file that no longer counts. When that fails it is a stranger, and goes at the next start.
    pub(crate) fn discard(&self, file: &Path) {
        let _ = self.storage.remove(file).map_err(error::io("remove", file));
    }
}
