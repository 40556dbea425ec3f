//! Publishes new files: stores a manifest that names them, then the version that readers use. No other code changes the files in
//! either. The manifest's lock is held until both are done, and nobody waits for writers with it; appends never take it.

use crate::core::Core;
use crate::manifest::{Manifest, SegmentEntry, TenantOwner};
use crate::segment::reader::Segment;
use crate::state::FrozenHead;
use crate::tombstone::Tombstone;
use base::store::StoreError;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

/// A segment that was written, and its line in the manifest.
#[derive(Debug, Clone)]
pub(crate) struct NewSegment {
    pub(crate) segment: Arc<Segment>,
    pub(crate) entry: SegmentEntry,
}

/// The change to publish.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) added: Vec<NewSegment>,
    /// The segments that `added` replaces.
    pub(crate) removed: Vec<Arc<Segment>>,
    /// `added` holds the samples of the frozen head, which is dropped.
    pub(crate) flushed: bool,
}

/// Whether a segment, or the frozen head that is to become segments, may still hold samples that the tombstone hides.
fn is_needed(
    tombstone: &Tombstone,
    segments: &[Arc<Segment>],
    frozen: Option<&Arc<FrozenHead>>,
) -> bool {
    frozen.is_some_and(|frozen| frozen.sequence < tombstone.sequence)
        || segments
            .iter()
            .any(|segment| segment.is_touched_by(tombstone))
}

impl Core {
    pub(crate) fn manifest(&self) -> MutexGuard<'_, Manifest> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number for a new file. No number is returned twice.
    pub(crate) fn take_file_number(&self) -> u64 {
        self.next_file.fetch_add(1, Ordering::SeqCst)
    }

    /// Applies `change` and `edit` to the manifest and stores it, then publishes the version. Returns false, without any change, where
    /// a segment that is to be removed is not in the version any more. The caller holds the manifest's lock.
    pub(crate) fn publish(
        &self,
        manifest: &mut Manifest,
        change: Change,
        edit: impl FnOnce(&mut Manifest),
    ) -> Result<bool, StoreError> {
        let version = self.state.version();
        let Change {
            added,
            removed,
            flushed,
        } = change;
        let is_removed =
            |segment: &Arc<Segment>| removed.iter().any(|gone| Arc::ptr_eq(gone, segment));
        let mut segments: Vec<Arc<Segment>> = version
            .segments
            .iter()
            .filter(|segment| !is_removed(segment))
            .cloned()
            .collect();
        if segments.len() + removed.len() != version.segments.len() {
            return Ok(false);
        }
        let files: HashSet<PathBuf> = removed
            .iter()
            .map(|segment| segment.path().to_owned())
            .collect();
        let mut next = manifest.clone();
        next.segments
            .retain(|entry| !files.contains(&self.dir().join(&entry.file)));
        for NewSegment { segment, entry } in added {
            segments.push(segment);
            next.segments.push(entry);
        }
        segments.sort_by_key(|segment| (segment.day(), segment.sequence()));
        next.segments
            .sort_by_key(|entry| (entry.day, entry.sequence));
        edit(&mut next);
        next.next_file = self.next_file.load(Ordering::SeqCst);
        let frozen = version.frozen.as_ref().filter(|_| !flushed);
        let mut dropped = HashSet::new();
        next.tombstones.clear();
        next.owners.clear();
        version.tombstones.each_tenant(|tenant, tombstones| {
            let owner = self.state.owners.of(tenant);
            next.owners
                .extend(owner.map(|owner| TenantOwner::new(tenant, owner)));
            for tombstone in tombstones {
                if !is_needed(tombstone, &segments, frozen) {
                    dropped.insert(tombstone.sequence);
                } else if tombstone.sequence <= next.sequence {
                    next.tombstones.push(tombstone.clone());
                }
            }
        });
        let stored = Arc::new(version.stored.changed(&version.segments, &segments));
        // A panic from here on would leave memory and disk in different states, so it poisons the store.
        let on_panic = self.poison.on_panic("changed the manifest");
        let stored_next = next.store(self.storage.as_ref(), self.dir());
        if let Err(error) = stored_next {
            on_panic.disarm();
            return Err(error);
        }
        *manifest = next;
        let segments = Arc::new(segments);
        self.state.change(|version| {
            // Taken from the current version, which has the deletions that were made meanwhile: `dropped` contains none of them.
            if !dropped.is_empty() {
                let is_dropped = |tombstone: &Tombstone| dropped.contains(&tombstone.sequence);
                version.tombstones = version.tombstones.without(is_dropped);
            }
            if flushed && let Some(frozen) = version.frozen.take() {
                version.in_files = frozen.batch;
            }
            version.segments = segments;
            version.stored = stored;
        });
        on_panic.disarm();
        Ok(true)
    }

    /// Removes the tombstones that hide nothing any more where no file changes with them: a merge has searched their segments and
    /// found none of the samples.
    pub(crate) fn forget_tombstones(&self) -> Result<(), StoreError> {
        let mut manifest = self.manifest();
        let version = self.state.version();
        let mut is_any_over = false;
        version.tombstones.each_tenant(|_, tombstones| {
            is_any_over |= tombstones
                .iter()
                .any(|tombstone| !is_needed(tombstone, &version.segments, version.frozen.as_ref()));
        });
        drop(version);
        if is_any_over {
            self.publish(&mut manifest, Change::default(), |_| {})
                .map_err(self.poison_unless_retryable())?;
        }
        Ok(())
    }
}
