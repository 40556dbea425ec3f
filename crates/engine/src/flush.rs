//! Flush: the head is written to segments, and the log files before it are removed.
//!
//! 1. Without a lock: the log's next file is made.
//! 2. With all locks, for an instant: the head is frozen, and records from here on belong into that file.
//! 3. The log switches to the new file, once all records before it are on stable storage.
//! 4. At most eight segments are written (late samples of many days share one), and one name file, all synced
//!    ([`crate::flush_files`]).
//! 5. The manifest names them, and readers use them in place of the frozen head.
//! 6. Log files and name files that are not needed any more are removed.
//!
//! A failure poisons the store: the log still holds all records, and the next start reads them again. A lack of disk space or of file
//! descriptors is an exception: the files that were begun are removed, the frozen head stays in memory, and the next flush begins
//! with it.

use crate::core::Core;
use crate::created_series::CreatedSeries;
use crate::error;
use crate::flush_files::UnpublishedFiles;
use crate::index::names::Names;
use crate::layout::WAL;
use crate::pending_flush::PendingFlush;
use crate::publish::Change;
use crate::registry::name_file::NameFile;
use crate::series_ref::SeriesRef;
use crate::state::FreezeOutcome;
use crate::wal;
use base::store::StoreError;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

/// Name files are rewritten as one when there would be more than this.
const NAME_FILES_MAX: usize = 16;

/// A name file with every series there is.
fn all_of(names: &Names) -> NameFile {
    let mut created: Vec<CreatedSeries> = Vec::new();
    names.each(|tenant, name, series| {
        created.push(CreatedSeries {
            tenant,
            name: Arc::clone(name),
            series,
        });
    });
    NameFile {
        created,
        dropped: Vec::new(),
    }
}

/// A name file with the changes since the last one. Dropped series are read before created ones, so a series that was created and
/// dropped in between is left out.
fn since(mut created: Vec<CreatedSeries>, dropped: Vec<SeriesRef>) -> NameFile {
    let gone: HashSet<SeriesRef> = dropped.iter().copied().collect();
    created.retain(|created| !gone.contains(&created.series));
    NameFile { created, dropped }
}

impl Core {
    pub(crate) fn flushing(&self) -> MutexGuard<'_, Option<PendingFlush>> {
        self.flushing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings everything to segments, and drops days past the retention.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.flush_if(|| true)?;
        let expired = self.expire().map_err(self.poison_unless_retryable());
        expired.inspect_err(|refused| {
            if error::is_retryable(refused) {
                drop(self.flush_shortage.set(refused));
            }
        })
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
        // Whoever has waited for one that panicked must not publish the same once more.
        self.poison.check()?;
        let on_panic = self.poison.on_panic("flushed the head");
        let flushed = self.flush_frozen(waiting);
        on_panic.disarm();
        flushed.map_err(self.poison_unless_retryable())?;
        // Freeing a head takes time, and nobody waits for it here but the next flush.
        *pending = None;
        self.counters.flushes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Steps 1 and 2. `None` when nothing has happened since the last flush.
    fn freeze(&self) -> Result<Option<PendingFlush>, StoreError> {
        // Most records that are not synced yet are synced here, before the locks are taken.
        self.wal.commit(self.wal.last_sequence())?;
        let (sequence, wal_first, name_files) = {
            let manifest = self.manifest();
            (manifest.sequence, manifest.wal_first, manifest.names.len())
        };
        // Every start begins a log file: even without records, a flush removes the old ones.
        if self.wal.last_sequence() == sequence && self.wal.file_number() == wal_first {
            return Ok(None);
        }
        let all_names = name_files >= NAME_FILES_MAX;
        let next = self.wal.make_next()?;
        let mut locked = self.state.lock_all();
        let on_panic = self.poison.on_panic("froze the head");
        let switch = self.wal.begin_switch(next);
        let taken = locked.freeze(switch.last_sequence);
        let everything = all_names.then(|| locked.catalog.registry.names().clone());
        on_panic.disarm();
        drop(locked);
        let FreezeOutcome {
            frozen,
            created,
            dropped,
            next_series,
            writers,
        } = taken;
        drop(writers);
        let names = match everything {
            Some(names) => all_of(&names),
            None => since(created, dropped.iter().map(SeriesRef).collect()),
        };
        let is_empty = names.created.is_empty() && names.dropped.is_empty();
        let names = (!is_empty).then(|| names.encode());
        Ok(Some(PendingFlush {
            frozen,
            wal_first: switch.file,
            next_series,
            names,
            all_names,
        }))
    }

    /// Steps 3 to 6.
    fn flush_frozen(&self, pending: &PendingFlush) -> Result<(), StoreError> {
        self.wal.switch_to(pending.wal_first)?;
        let mut written = UnpublishedFiles::default();
        let filled = self.write_files(pending, &mut written);
        if let Err(error) = filled {
            self.discard_written(&written);
            return Err(error);
        }
        // Samples in files do not say which batch they are of, so a batch that is not done yet could be read in part.
        self.state.batches.wait_through(pending.frozen.batch);
        let mut manifest = self.manifest();
        let mut discarded = self.logs_before(pending.wal_first);
        if pending.all_names {
            discarded.extend(manifest.names.iter().map(|file| self.dir().join(file)));
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
            if pending.all_names {
                next.names.clear();
            }
            next.names.extend(written.names.clone());
        });
        drop(manifest);
        if let Err(error) = published {
            if error::is_retryable(&error) {
                self.discard_written(&written);
            }
            return Err(error);
        }
        for file in discarded {
            self.discard(&file);
        }
        Ok(())
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
