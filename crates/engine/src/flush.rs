//! Flush: the head is written to segments, and the log files before it are removed. The steps, and in italics what the next start does
//! when a crash follows:
//!
//! 1. Without a lock: the log's next file is made. *It removes that file, which is empty.*
//! 2. With all locks, for an instant: the head is frozen, and records from here on belong into that file. *The same: nothing but memory
//!    has changed.*
//! 3. The log switches to the new file, once all records before it are on stable storage. *It replays both files: the manifest names the
//!    first that counts.*
//! 4. At most eight segments are written ([`crate::flush_segments`] says which), and one name file ([`crate::flush_names`]), all synced.
//!    *It removes them, which the manifest does not name, and replays the log.*
//! 5. The manifest names them and the new log file, and readers use them in place of the frozen head. *It reads them, and replays the new
//!    log file.*
//! 6. Log files and name files that are not needed any more are removed. *It removes what is left of them.*
//!
//! `Core::freeze` ([`crate::flush_freeze`]) is steps 1 and 2, and what it returns is the [`PendingFlush`]; `Core::flush_frozen` is steps
//! 3 to 6 of that, with `Core::write_files` ([`crate::flush_files`]) for step 4. What readers see of it in between is the
//! [`FrozenHead`](crate::state::FrozenHead).
//!
//! A failure poisons the store: the log still holds all records, and the next start reads them again. A lack of disk space or of file
//! descriptors is an exception: the files that were begun are removed, the frozen head stays in memory, and the next flush begins
//! with it.

use crate::core::Core;
use crate::error;
use crate::flush_files::UnpublishedFiles;
use crate::layout::WAL;
use crate::pending_flush::PendingFlush;
use crate::publish::Change;
use crate::wal;
use base::store::StoreError;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

impl Core {
    pub(crate) fn flushing(&self) -> MutexGuard<'_, Option<PendingFlush>> {
        self.flushing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings everything to segments, and drops days past the retention.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.flush_if(|| true).and(self.expire_after_flush())
    }

    /// Brings everything to segments, if that is wanted still once no other flush is under way. It drops nothing, so that whoever needs
    /// a flush does not wait for what expires.
    pub(crate) fn flush_if(&self, wanted: impl FnOnce() -> bool) -> Result<(), StoreError> {
        self.poison.check()?;
        let mut pending = self.flushing();
        if !wanted() {
            return Ok(());
        }
        let on_panic = self.poison.on_panic("flushed the head");
        let flushed = self.flush_all(&mut pending);
        on_panic.disarm();
        match &flushed {
            Ok(()) => self.flush_shortage.clear(),
            Err(refused) if error::is_retryable(refused) => {
                drop(self.flush_shortage.set(refused));
            }
            Err(_) => {}
        }
        flushed
    }

    fn flush_all(&self, pending: &mut Option<PendingFlush>) -> Result<(), StoreError> {
        self.flush_rest(pending)?;
        *pending = self.freeze().map_err(self.poison_unless_retryable())?;
        self.flush_rest(pending)
    }

    /// Steps 3 to 6 of what is frozen, if something is.
    pub(crate) fn flush_rest(&self, pending: &mut Option<PendingFlush>) -> Result<(), StoreError> {
        let Some(waiting) = pending.as_ref() else {
            return Ok(());
        };
        // A flush that panicked while this one waited for its turn has left `pending` as it was, and may have published it.
        self.poison.check()?;
        let on_panic = self.poison.on_panic("flushed the head");
        let flushed = self.flush_frozen(waiting);
        on_panic.disarm();
        flushed.map_err(self.poison_unless_retryable())?;
        waiting.frozen.head.retire();
        self.open_queries.copy_flushed();
        // This frees the head, which takes time: only another flush waits meanwhile.
        *pending = None;
        self.counters.flushes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Steps 3 to 6. Where one before the manifest fails, none of the files is left.
    fn flush_frozen(&self, pending: &PendingFlush) -> Result<(), StoreError> {
        // Step 3.
        self.wal.switch_to(pending.wal_first)?;
        // Step 4.
        let mut written = UnpublishedFiles::default();
        self.write_files(pending, &mut written)
            .inspect_err(|_| self.discard_written(&written))?;
        // Samples in files do not say which batch they are of, so a batch that is not done yet could be read in part.
        self.state.batches.wait_through(pending.frozen.batch);
        let superseded = self.publish_flush(pending, &written)?;
        // Step 6.
        superseded.iter().for_each(|file| self.discard(file));
        Ok(())
    }

    /// Step 5. Returns the files that are not needed any more.
    fn publish_flush(
        &self,
        pending: &PendingFlush,
        written: &UnpublishedFiles,
    ) -> Result<Vec<PathBuf>, StoreError> {
        let replaces_names = pending.names.replaces_all;
        let mut manifest = self.manifest();
        let mut superseded = self.logs_before(pending.wal_first);
        if replaces_names {
            superseded.extend(manifest.names.iter().map(|file| self.dir().join(file)));
        }
        let change = Change {
            added: written.segments.clone(),
            flushed: true,
            ..Change::default()
        };
        let published = self.publish(&mut manifest, change, |next| {
            next.sequence = pending.frozen.sequence;
            next.wal_first = pending.wal_first;
            next.next_series = pending.next_series;
            if replaces_names {
                next.names.clear();
            }
            next.names.extend(written.names.clone());
        });
        drop(manifest);
        if let Err(error) = published {
            // After any other failure it is unknown whether the manifest names them.
            if error::is_retryable(&error) {
                self.discard_written(written);
            }
            return Err(error);
        }
        Ok(superseded)
    }

    /// The log files with lower numbers, as listed in the folder, because numbers may be missing. Where it cannot be listed now, the
    /// next flush removes them.
    fn logs_before(&self, wal_first: u64) -> Vec<PathBuf> {
        let dir = self.dir().join(WAL);
        let names = self.storage.list(&dir).unwrap_or_default();
        names
            .iter()
            .filter_map(|name| wal::file_number(name))
            .filter(|number| *number < wal_first)
            .map(|number| wal::path(&dir, number))
            .collect()
    }
}
