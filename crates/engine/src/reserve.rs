//! The part of the disk that samples may not use, so that logins, deletions and the log still work once samples are refused. The
//! file system is asked for its free space once a second while there is plenty, and before every write while there is not, so that
//! the writes of one second cannot use up the reserve.

use crate::error::{self, FileAction};
use crate::storage::Storage;
use base::store::{Outage, StoreError};
use base::time::Millis;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// How long an answer of the file system holds.
const FRESH_MILLIS: i64 = 1000;

/// Free space of so many times the reserve is no longer plenty: others may fill it within the time for which an answer holds.
const PLENTY: u64 = 4;

/// The reserve of the disk, and the free space as it was last seen.
#[derive(Debug)]
pub(crate) struct Reserve {
    bytes: u64,
    free: AtomicU64,
    asked_at: AtomicI64,
    /// The bytes the log had written when the free space was read.
    written_then: AtomicU64,
}

impl Reserve {
    pub(crate) const fn new(bytes: u64) -> Self {
        Self {
            bytes,
            free: AtomicU64::new(u64::MAX),
            asked_at: AtomicI64::new(i64::MIN),
            written_then: AtomicU64::new(0),
        }
    }

    /// Whether samples may be stored, when the log has written so much since the start, and so much more waits to be.
    pub(crate) fn check(
        &self,
        storage: &dyn Storage,
        dir: &Path,
        now: Millis,
        written: u64,
        waiting: u64,
    ) -> Result<(), StoreError> {
        if self.bytes == 0 {
            return Ok(());
        }
        let asked_at = self.asked_at.load(Ordering::Relaxed);
        // A clock that was set back makes the figure stale, too.
        let is_fresh = (asked_at..asked_at.saturating_add(FRESH_MILLIS)).contains(&now.0);
        if !is_fresh || self.is_scarce(written.saturating_add(waiting)) {
            self.asked_at.store(now.0, Ordering::Relaxed);
            self.written_then.store(written, Ordering::Relaxed);
            let free = storage
                .free_bytes(dir)
                .map_err(error::io(FileAction::AskFreeSpace, dir))?;
            self.free.store(free, Ordering::Relaxed);
        }
        self.require(self.free_after(written.saturating_add(waiting)))
    }

    /// The free space once the log has written so many bytes in all, if nothing else has been written since the file system was asked.
    fn free_after(&self, written: u64) -> u64 {
        let since = written.saturating_sub(self.written_then.load(Ordering::Relaxed));
        self.free.load(Ordering::Relaxed).saturating_sub(since)
    }

    /// Whether the free space has to be asked for now: it was above the reserve, and may be less than plenty. Where it was below the
    /// reserve, the figure is used until it is stale, so that many refused writes do not ask again.
    fn is_scarce(&self, written: u64) -> bool {
        let free = self.free.load(Ordering::Relaxed);
        free >= self.bytes && self.free_after(written) < self.bytes.saturating_mul(PLENTY)
    }

    fn require(&self, free: u64) -> Result<(), StoreError> {
        let reserve = self.bytes;
        if free < reserve {
            return Err(error::unavailable(
                Outage::DiskReserveReached,
                format!(
                    "the disk has {free} bytes free, fewer than `storage.reserve_bytes` = {reserve}"
                ),
            ));
        }
        Ok(())
    }

    /// Whether less than the reserve was free when it was asked last.
    pub(crate) fn is_touched(&self) -> bool {
        self.free.load(Ordering::Relaxed) < self.bytes
    }

    /// Refuses where nothing at all was free: then deletions and logins find no room, either.
    pub(crate) fn require_any(&self) -> Result<(), StoreError> {
        if self.free() == Some(0) {
            return self.require(0);
        }
        Ok(())
    }

    /// Bytes that were free when it was asked last; none before.
    pub(crate) fn free(&self) -> Option<u64> {
        Some(self.free.load(Ordering::Relaxed)).filter(|free| *free != u64::MAX)
    }
}
