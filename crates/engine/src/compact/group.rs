//! Merges the segments of a group: collects its runs, chooses what of each becomes one segment, and has it merged.

use super::choose_merge::{MergeLimits, choose_merge};
use super::runs::{RunSplit, SegmentExtent};
use crate::core::Core;
use crate::failed_merges::MergeGroup;
use crate::purge_budget::PurgeBudget;
use crate::segment::reader::Segment;
use base::context::Context;
use base::store::StoreError;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The group that a segment is merged in.
pub(super) fn group_of(segment: &Segment) -> MergeGroup {
    match segment.is_multi_day() {
        true => MergeGroup::MultiDay,
        false => MergeGroup::Day(segment.day()),
    }
}

fn extents(segments: &[Arc<Segment>]) -> Vec<SegmentExtent> {
    let extent = |segment: &Arc<Segment>| SegmentExtent {
        sequence: segment.sequence(),
        first_day: segment.day(),
        last_day: segment.last_day(),
    };
    segments.iter().map(extent).collect()
}

/// The runs of a group, the newest first; the segments of each ascend by sequence.
fn collect_runs(
    group: MergeGroup,
    split: RunSplit,
    segments: &[Arc<Segment>],
) -> Vec<Vec<Arc<Segment>>> {
    let (mut inside, outside): (Vec<_>, Vec<_>) = segments
        .iter()
        .cloned()
        .partition(|segment| group_of(segment) == group);
    inside.sort_by_key(|segment| segment.sequence());
    let begins = split.begins(&extents(&inside), &extents(&outside));
    let newest_first = begins.into_iter().rev();
    newest_first.map(|begin| inside.split_off(begin)).collect()
}

impl Core {
    /// Merges segments of a group where it has too many; with a budget, also those that hold deleted samples. Those of many days are
    /// purged one by one, because together they may be most of what is stored, and then merged where they are still too many.
    pub(super) fn compact_group(
        &self,
        group: MergeGroup,
        purge: Option<&mut PurgeBudget>,
        context: &Context,
    ) -> Result<(), StoreError> {
        match (group, purge) {
            (MergeGroup::MultiDay, Some(budget)) => {
                self.compact_runs(group, RunSplit::EachAlone, Some(budget), context)?;
                self.compact_runs(group, RunSplit::Uninterrupted, None, context)
            }
            (_, purge) => self.compact_runs(group, RunSplit::Uninterrupted, purge, context),
        }
    }

    /// Merges each run of the group's segments, the newest first, and purges it while the budget lasts.
    fn compact_runs(
        &self,
        group: MergeGroup,
        split: RunSplit,
        mut purge: Option<&mut PurgeBudget>,
        context: &Context,
    ) -> Result<(), StoreError> {
        // Segments and deletions are of one moment: the new segment counts as purged of all deletions up to the last of these.
        let (version, deletions) = self.deletions();
        let stored = version.segments.iter().map(|segment| segment.bytes()).sum();
        let limits = MergeLimits::of(group, self.config.segments_per_day, stored);
        let runs = collect_runs(group, split, &version.segments);
        // What is merged is not kept alive here: its file is removed with its last reader.
        drop(version);
        for mut run in runs {
            let is_purge = match purge.as_deref_mut() {
                Some(budget) => self.claim_purge(&run, &deletions, budget, context)?,
                None => false,
            };
            // A purge rewrites the whole run, whatever its sizes.
            if !is_purge {
                let sizes: Vec<u64> = run.iter().map(|segment| segment.bytes()).collect();
                let Some(from) = choose_merge(&sizes, limits) else {
                    continue;
                };
                drop(run.drain(..from));
            }
            let bytes: u64 = run.iter().map(|segment| segment.bytes()).sum();
            let begun = Instant::now();
            if self.merge_run(run, &deletions, context)? {
                let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
                self.counters.merges.fetch_add(1, Ordering::Relaxed);
                let microseconds = &self.counters.merge_microseconds;
                microseconds.fetch_add(took, Ordering::Relaxed);
                if is_purge {
                    let purged = &self.counters.purged_bytes;
                    purged.fetch_add(bytes, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }
}
