//! Merges a run of segments into one: plans the new segment, copies what remains of the run, completes the new file, and publishes it in
//! place of the run. The head of [`super`] says what a crash leaves after each step.

use super::copy::{Copied, RunCopy};
use super::deletions::Deletions;
use super::merge_plan::MergePlan;
use super::series_union::SeriesUnion;
use super::unpublished_file::UnpublishedFile;
use crate::core::Core;
use crate::error::{self, FileAction};
use crate::guard::PIECE;
use crate::publish::{Change, NewSegment};
use crate::query_meter::QueryMeter;
use crate::segment::reader::Segment;
use crate::segment::writer::SegmentWriter;
use base::context::Context;
use base::store::StoreError;
use std::sync::Arc;
use std::time::Instant;

/// A merge in progress.
struct Merge<'a> {
    core: &'a Core,
    plan: &'a MergePlan<'a>,
}

impl Core {
    /// Merges a run: no other segment of its days lies between its segments in sequence. False when some of them were dropped
    /// meanwhile, or their days lie too far apart for one file.
    pub(super) fn merge_run(
        &self,
        run: Vec<Arc<Segment>>,
        deletions: &Deletions,
        context: &Context,
    ) -> Result<bool, StoreError> {
        let Some(plan) = MergePlan::of(run, deletions) else {
            return Ok(false);
        };
        let file = UnpublishedFile::new(self);
        let merge = Merge {
            core: self,
            plan: &plan,
        };
        let Copied { writer, emptied } = merge.copy_run(&file, context)?;
        let merged = merge.complete(writer)?;
        let path = merged.as_ref().map(|new| new.segment.path().to_owned());
        if !merge.publish(merged, file)? {
            return Ok(false);
        }
        // The manifest's lock is free again: this waits for writers, and a flush must not wait with it.
        if !plan.is_multi_day {
            let day = plan.header.day;
            self.state.clear_emptied(day, &emptied, path.as_deref());
        }
        self.discard_segments(plan.run);
        Ok(true)
    }
}

impl Merge<'_> {
    /// Copies the remaining samples of the run into the new file.
    fn copy_run(
        &self,
        file: &UnpublishedFile<'_>,
        context: &Context,
    ) -> Result<Copied, StoreError> {
        let run = &self.plan.run;
        let mut union = SeriesUnion::of(run.iter().map(|segment| segment.series()))?;
        let mut copy = RunCopy::new(self.core, self.plan, file, QueryMeter::new(context)?);
        self.require_space()?;
        loop {
            // Damage, a lack of room, or the end of the engine does not poison the store: the old segments stay as they are.
            let piece = union.next_piece(PIECE)?;
            if piece.is_empty() {
                return Ok(copy.into_copied());
            }
            // Series that no longer exist are skipped without reading, so the reader's own check never runs.
            context.check(Instant::now())?;
            copy.copy_series(piece)?;
        }
    }

    /// Refuses a merge that would fill the disk: for a moment the new segment exists beside the old ones.
    fn require_space(&self) -> Result<(), StoreError> {
        let core = self.core;
        let free = core
            .storage
            .free_bytes(core.dir())
            .map_err(error::io(FileAction::AskFreeSpace, core.dir()))?;
        let needed = self.plan.bytes_max();
        if free >= needed {
            return Ok(());
        }
        let reason = format!("merging these segments takes {needed} bytes, and {free} are free");
        Err(error::out_of_space(&reason))
    }

    /// Completes the new file, and syncs it and the records that it depends on.
    fn complete(&self, writer: Option<SegmentWriter>) -> Result<Option<NewSegment>, StoreError> {
        let core = self.core;
        // Samples that are left out because of a deletion must stay deleted after a crash: its record is synced before the manifest.
        core.wal.commit(core.wal.last_sequence())?;
        let merged = writer
            .map(|writer| core.end_segment(self.plan.header, writer))
            .transpose()
            .map_err(core.poison_unless_retryable())?;
        core.sync_segments(merged.as_slice())
            .map_err(core.poison_unless_retryable())?;
        Ok(merged)
    }

    /// Publishes the new segment in place of the run. False where some of the run was dropped meanwhile.
    fn publish(
        &self,
        merged: Option<NewSegment>,
        file: UnpublishedFile<'_>,
    ) -> Result<bool, StoreError> {
        let core = self.core;
        let change = Change {
            added: Vec::from_iter(merged),
            removed: self.plan.run.clone(),
            flushed: false,
        };
        let mut manifest = core.manifest();
        // From here on the manifest may name the file.
        let path = file.release();
        let published = core.publish(&mut manifest, change, |_| {});
        let is_named = match &published {
            Ok(is_published) => *is_published,
            Err(refused) => !error::is_retryable(refused),
        };
        if !is_named {
            path.iter().for_each(|path| core.discard(path));
        }
        published.map_err(core.poison_unless_retryable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact::Purge;
    use crate::day::Day;
    use crate::series_ref::SeriesRef;
    use crate::test_support::{delete_all, store_of_one_segment};
    use base::time::{Millis, TimeRange};
    use std::time::Duration;

    /// The longest wait for something that happens at once, or not at all.
    const PATIENCE: Duration = Duration::from_secs(30);

    const SAMPLES: i64 = 10;

    /// Whether `is_so` becomes true in time.
    fn eventually(is_so: impl Fn() -> bool) -> bool {
        let latest = Instant::now() + PATIENCE;
        while !is_so() {
            if Instant::now() > latest {
                return false;
            }
            std::thread::yield_now();
        }
        true
    }

    /// A store of one segment, all samples of which are deleted.
    fn deleted_segment() -> Core {
        let core = store_of_one_segment(Millis(1000), 0..SAMPLES);
        let range = TimeRange {
            from: Millis(0),
            until: Millis(SAMPLES),
        };
        assert_eq!(delete_all(&core, Some(range)).series, 1);
        core
    }

    /// It held the manifest while it waited for the writers of a shard, and slept with it between two pieces: a flush had to wait.
    #[test]
    fn a_merge_that_waits_for_writers_holds_up_no_flush() {
        let core = deleted_segment();
        let series = SeriesRef(0);
        let is_active = || core.state.activity().has(Day(0), series);
        // Part of the day is left for the index, so that the merge has something to clear.
        assert!(is_active());
        let writer = core
            .state
            .shard(crate::head::shard(series))
            .unwrap()
            .write();
        std::thread::scope(|threads| {
            let merge = threads.spawn(|| core.compact(Purge::Now));
            let is_published = eventually(|| core.state.version().segments.is_empty());
            let is_free = eventually(|| core.manifest.try_lock().is_ok());
            let is_cleared = !is_active();
            drop(writer);
            assert!(is_published, "nothing was merged");
            assert!(is_free, "it waits with the manifest");
            assert!(!is_cleared, "it did not wait for the writer");
            merge.join().unwrap().unwrap();
        });
        assert!(!is_active());
    }
}
