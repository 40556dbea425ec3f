//! The part of the disk that samples leave alone, so that logins, deletions and the log still work on a disk that is full
//! for them. Asked of the file system once a second at most.

use crate::error;
use crate::storage::Storage;
use base::store::StoreError;
use base::time::Millis;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// How long an answer of the file system holds.
const FRESH_MILLIS: i64 = 1000;

/// What is known of the free space.
#[derive(Debug)]
pub(crate) struct Reserve {
    bytes: u64,
    free: AtomicU64,
    asked_at: AtomicI64,
}

impl Reserve {
    pub(crate) const fn new(bytes: u64) -> Self {
        Self {
            bytes,
            free: AtomicU64::new(u64::MAX),
            asked_at: AtomicI64::new(i64::MIN),
        }
    }

    /// Whether samples may be stored.
    pub(crate) fn check(
        &self,
        storage: &dyn Storage,
        dir: &Path,
        now: Millis,
    ) -> Result<(), StoreError> {
        if self.bytes == 0 {
            return Ok(());
        }
        let asked_at = self.asked_at.load(Ordering::Relaxed);
        // A clock that went back asks again, too.
        if !(asked_at..asked_at.saturating_add(FRESH_MILLIS)).contains(&now.0) {
            self.asked_at.store(now.0, Ordering::Relaxed);
            let free = storage
                .free_bytes(dir)
                .map_err(error::io("ask for the free space of", dir))?;
            self.free.store(free, Ordering::Relaxed);
        }
        let free = self.free.load(Ordering::Relaxed);
        if free < self.bytes {
            return Err(StoreError::DiskReserve {
                free,
                reserve: self.bytes,
            });
        }
        Ok(())
    }

    /// Bytes that were free when it was asked last; none before.
    pub(crate) fn free(&self) -> Option<u64> {
        Some(self.free.load(Ordering::Relaxed)).filter(|free| *free != u64::MAX)
    }
}
