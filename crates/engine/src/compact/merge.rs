//! Merges a run of segments into one: plans the new segment, copies the remaining samples series by series, completes the new file,
//! and publishes it in place of the run.

use super::copy;
use super::deletions::Deletions;
use super::series_union::{Key, SeriesUnion};
use super::unpublished_file::UnpublishedFile;
use crate::core::Core;
use crate::error::{self, FileAction};
use crate::guard::PIECE;
use crate::publish::{Change, NewSegment};
use crate::query_meter::QueryMeter;
use crate::read::series::{SeriesReader, Sources};
use crate::read::spans;
use crate::segment::layout::Header;
use crate::segment::reader::Segment;
use crate::segment::writer::SegmentWriter;
use base::context::Context;
use base::store::StoreError;
use base::time::TimeRange;
use std::sync::Arc;
use std::time::Instant;

/// The plan of a merge: the segments, and the new one.
struct MergePlan<'a> {
    /// Neighbours in sequence, the oldest first.
    run: Vec<Arc<Segment>>,
    /// Up to this moment.
    deletions: &'a Deletions,
    /// Of the new segment.
    header: Header,
    /// The copied part of each series.
    range: TimeRange,
    /// Whether they hold samples of many days.
    is_multi_day: bool,
}

/// The copy of a run into a new segment, in progress.
struct RunCopy<'a> {
    core: &'a Core,
    plan: &'a MergePlan<'a>,
    meter: QueryMeter<'a>,
    file: &'a UnpublishedFile<'a>,
    writer: Option<SegmentWriter>,
    /// Series without remaining samples.
    emptied: Vec<Key>,
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
        let Some(plan) = Self::plan_merge(run, deletions) else {
            return Ok(false);
        };
        let file = UnpublishedFile::new(self);
        let (writer, emptied) = self.copy_run(&plan, context, &file)?;
        let added = self.seal_merged(plan.header, writer)?;
        self.replace_run(plan, added, &emptied, file)
    }

    /// The plan of the new segment. None where they lie too far apart to be one: they stay as they are.
    fn plan_merge(run: Vec<Arc<Segment>>, deletions: &Deletions) -> Option<MergePlan<'_>> {
        let (first, last) = (run.first()?, run.last()?);
        let sequence = last.sequence();
        let purged = deletions.last_sequence().max(sequence);
        let is_multi_day = first.is_multi_day();
        let first_day = run.iter().map(|segment| segment.day()).min()?;
        let last_day = run.iter().map(|segment| segment.last_day()).max()?;
        let header = Header {
            day: first_day,
            // At most 65 535 days apart.
            more_days: u16::try_from(last_day.0.abs_diff(first_day.0)).ok()?,
            sequence,
            purged,
        };
        // Of late segments, days past the retention are left out.
        let kept_from = if is_multi_day {
            deletions.first_kept
        } else {
            first_day
        };
        let range = TimeRange {
            from: kept_from.max(first_day).range().from,
            until: last_day.range().until,
        };
        Some(MergePlan {
            run,
            deletions,
            header,
            range,
            is_multi_day,
        })
    }

    /// Copies the remaining samples of the run. Returns the file, if there are any, and the series that have none.
    fn copy_run(
        &self,
        plan: &MergePlan<'_>,
        context: &Context,
        file: &UnpublishedFile<'_>,
    ) -> Result<(Option<SegmentWriter>, Vec<Key>), StoreError> {
        let mut union = SeriesUnion::of(plan.run.iter().map(|segment| segment.series()))?;
        let mut copy = RunCopy {
            core: self,
            plan,
            meter: QueryMeter::new(context)?,
            file,
            writer: None,
            emptied: Vec::new(),
        };
        self.require_space_to_merge(&plan.run)?;
        loop {
            // Damage, a lack of room, or the end of the engine does not poison the store: the old segments stay as they are.
            let piece = union.next_piece(PIECE)?;
            if piece.is_empty() {
                return Ok((copy.writer, copy.emptied));
            }
            // Series that no longer exist are skipped without reading, so the reader's own check never runs.
            context.check(Instant::now())?;
            copy.take(piece)?;
        }
    }

    /// Completes the new file, and syncs it and the records that it depends on.
    fn seal_merged(
        &self,
        header: Header,
        writer: Option<SegmentWriter>,
    ) -> Result<Vec<NewSegment>, StoreError> {
        // Samples that are left out because of a deletion must stay deleted after a crash: its record is synced before the manifest.
        self.wal.commit(self.wal.last_sequence())?;
        let merged = writer
            .map(|writer| self.end_segment(header, writer))
            .transpose();
        let added = Vec::from_iter(merged.map_err(self.poison_unless_retryable())?);
        self.sync_segments(&added)
            .map_err(self.poison_unless_retryable())?;
        Ok(added)
    }

    /// Publishes the new segment in place of the run. False where the run was dropped meanwhile.
    fn replace_run(
        &self,
        plan: MergePlan<'_>,
        added: Vec<NewSegment>,
        emptied: &[Key],
        file: UnpublishedFile<'_>,
    ) -> Result<bool, StoreError> {
        let change = Change {
            added,
            removed: plan.run.clone(),
            flushed: false,
        };
        let mut manifest = self.manifest();
        // From here on the manifest may name the file.
        let path = file.release();
        let published = self.publish(&mut manifest, change, |_| {});
        let is_named = match &published {
            Ok(is_published) => *is_published,
            Err(refused) => !error::is_retryable(refused),
        };
        if !is_named {
            path.iter().for_each(|path| self.discard(path));
        }
        if !published.map_err(self.poison_unless_retryable())? {
            return Ok(false);
        }
        // What follows waits for writers, and a flush must not wait with it.
        drop(manifest);
        if !plan.is_multi_day {
            let merged = path.as_deref();
            self.state.clear_emptied(plan.header.day, emptied, merged);
        }
        self.discard_segments(plan.run);
        Ok(true)
    }

    /// Those of these series that exist, at most [`PIECE`] of them.
    fn alive(&self, mut piece: Vec<Key>) -> Vec<Key> {
        let catalog = self.state.catalog().read();
        piece.retain(|(_, series)| catalog.registry.contains(*series));
        piece
    }

    /// Refuses a merge that would fill the disk: for a moment the new segment exists beside the old ones.
    fn require_space_to_merge(&self, run: &[Arc<Segment>]) -> Result<(), StoreError> {
        let free = self
            .storage
            .free_bytes(self.dir())
            .map_err(error::io(FileAction::AskFreeSpace, self.dir()))?;
        // While it is written its block directory may lie in a file of its own as well.
        let needed = run
            .iter()
            .map(|segment| segment.bytes() + segment.directory_bytes());
        let needed: u64 = needed.sum();
        if free >= needed {
            return Ok(());
        }
        let reason = format!("merging these segments takes {needed} bytes, and {free} are free");
        Err(error::out_of_space(&reason))
    }
}

impl RunCopy<'_> {
    /// Copies these series, as far as they exist.
    fn take(&mut self, piece: Vec<Key>) -> Result<(), StoreError> {
        let plan = self.plan;
        for (tenant, series) in self.core.alive(piece) {
            let deletions = spans::deletions(plan.deletions.tombstones.of_tenant(tenant), series);
            let reader = SeriesReader::new(Sources {
                tenant,
                series,
                range: plan.range,
                segments: &plan.run,
                deletions: &deletions,
                frozen: None,
                head: None,
            })?;
            let (core, file, writer) = (self.core, self.file, &mut self.writer);
            let any = copy::in_blocks(reader, &mut self.meter, |points| {
                let writer = match &mut *writer {
                    Some(writer) => writer,
                    none => {
                        let begun = core
                            .begin_segment(plan.header)
                            .map_err(core.poison_unless_retryable())?;
                        file.begin(begun.path());
                        none.insert(begun)
                    }
                };
                writer
                    .push(tenant, series, points)
                    .map_err(core.poison_unless_retryable())
            })?;
            if !any {
                self.emptied.push((tenant, series));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact::Purge;
    use crate::day::Day;
    use crate::series_ref::SeriesRef;
    use crate::test_support::{delete_all, store_of_one_segment};
    use base::time::Millis;
    use std::time::Duration;

    /// How long is waited for what comes in a moment, or not at all.
    const PATIENCE: Duration = Duration::from_secs(30);

    const SAMPLES: i64 = 10;

    fn comes(is_so: impl Fn() -> bool) -> bool {
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
            let is_published = comes(|| core.state.version().segments.is_empty());
            let is_free = comes(|| core.manifest.try_lock().is_ok());
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
