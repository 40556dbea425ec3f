//! A copy of the whole store as it is at one moment, while it is written to.
//!
//! First everything is flushed, so that the log is short. Then the manifest, the name files and the log up to its last whole record
//! are copied, while no flush may begin. After that flushes may run again: segments never change, and those that the manifest names
//! are kept on the disk until they are copied, even if they are merged or expire. On the same file system a segment is linked, not
//! copied.

use crate::core::Core;
use crate::error::{self, FileAction};
use crate::layout::{NAMES, SEGMENTS, WAL, segment_dir};
use crate::manifest::{self, Manifest};
use crate::open_dir::sync_dir;
use crate::segment::reader::Segment;
use crate::wal;
use base::store::{Copied, StoreError};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Bytes that are read and written at a time.
const CHUNK_BYTES: u64 = 1 << 20;

impl Core {
    /// Copies the store into the folder `target`, which it makes.
    pub(crate) fn copy_to(&self, target: &Path) -> Result<Copied, StoreError> {
        self.flush_if(|| true)?;
        let mut copied = Copied::default();
        for folder in [
            target,
            &target.join(SEGMENTS),
            &target.join(NAMES),
            &target.join(WAL),
        ] {
            self.storage
                .create_dir(folder)
                .map_err(error::io(FileAction::Create, folder))?;
        }
        let (manifest, segments) = self.copy_what_changes(target, &mut copied)?;
        let mut days = BTreeSet::new();
        for segment in &segments {
            let dir = segment_dir(target, segment.header());
            self.storage
                .create_dir(&dir)
                .map_err(error::io(FileAction::Create, &dir))?;
            days.insert(dir.clone());
            let from = segment.path();
            let to = dir.join(from.file_name().unwrap_or_default());
            if self.storage.link(from, &to).is_err() {
                let length = self.length(from)?;
                self.copy_file(from, &to, length)?;
            }
            copied.files += 1;
            copied.bytes += segment.bytes();
        }
        days.extend([target.join(SEGMENTS), target.join(NAMES), target.join(WAL)]);
        for dir in &days {
            sync_dir(self.storage.as_ref(), dir)?;
        }
        // Written last, because a folder without a manifest is no store.
        manifest.store(self.storage.as_ref(), target)?;
        copied.files += 1;
        copied.bytes += self.length(&target.join(manifest::FILE))?;
        Ok(copied)
    }

    /// Copies the files that the next flush may change or remove; returns the manifest and the files it names, kept on the disk.
    fn copy_what_changes(
        &self,
        target: &Path,
        copied: &mut Copied,
    ) -> Result<(Manifest, Vec<Arc<Segment>>), StoreError> {
        let flushing = self.flushing();
        let published = self.manifest();
        let manifest = published.clone();
        let segments = self.state.version().segments.to_vec();
        drop(published);
        for file in &manifest.names {
            let from = self.dir().join(file);
            let length = self.length(&from)?;
            self.copy_file(&from, &target.join(file), length)?;
            copied.files += 1;
            copied.bytes += length;
        }
        // Synced first, so that the copy has also the samples that were acknowledged before a sync.
        self.wal.commit(self.wal.last_sequence())?;
        let end = self.wal.position();
        for number in manifest.wal_first..=end.file {
            let from = wal::path(&self.dir().join(WAL), number);
            let length = if number == end.file {
                end.length
            } else {
                self.length(&from)?
            };
            self.copy_file(&from, &wal::path(&target.join(WAL), number), length)?;
            copied.files += 1;
            copied.bytes += length;
        }
        drop(flushing);
        Ok((manifest, segments))
    }

    fn length(&self, path: &Path) -> Result<u64, StoreError> {
        let file = self
            .storage
            .open(path)
            .map_err(error::io(FileAction::Open, path))?;
        file.length().map_err(error::io(FileAction::Read, path))
    }

    fn copy_file(&self, from: &Path, to: &Path, length: u64) -> Result<(), StoreError> {
        let source = self
            .storage
            .open(from)
            .map_err(error::io(FileAction::Open, from))?;
        let mut file = self
            .storage
            .create(to)
            .map_err(error::io(FileAction::Create, to))?;
        let mut at = 0;
        while at < length {
            let size = CHUNK_BYTES.min(length - at);
            let mut chunk = vec![0; usize::try_from(size).unwrap_or_default()];
            source
                .read_at(&mut chunk, at)
                .map_err(error::io(FileAction::Read, from))?;
            file.append(&chunk)
                .map_err(error::io(FileAction::Write, to))?;
            at += size;
        }
        file.sync().map_err(error::io(FileAction::Sync, to))
    }
}
