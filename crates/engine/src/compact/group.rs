//! Merges the segments of a group run by run: chooses what of each becomes one segment, and has it merged.

use super::choose_merge::MergeChoice;
use super::deletions::Deletions;
use super::runs::{self, Runs, SegmentExtent};
use crate::core::Core;
use crate::failed_merges::MergeGroup;
use crate::purge_budget::PurgeBudget;
use crate::segment::reader::Segment;
use base::context::Context;
use base::store::StoreError;
use std::sync::Arc;
use std::sync::atomic::Ordering;

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
                self.compact_runs(group, Runs::EachAlone, Some(budget), context)?;
                self.compact_runs(group, Runs::Uninterrupted, None, context)
            }
            (_, purge) => self.compact_runs(group, Runs::Uninterrupted, purge, context),
        }
    }

    /// Merges each run of the group's segments, the newest first, and purges it while the budget lasts.
    fn compact_runs(
        &self,
        group: MergeGroup,
        runs: Runs,
        mut purge: Option<&mut PurgeBudget>,
        context: &Context,
    ) -> Result<(), StoreError> {
        // Segments and deletions are of one moment: the new segment counts as purged of all deletions up to the last of these.
        let (version, deletions) = self.deletions();
        let all = version.segments.iter().cloned();
        let (mut rest, others): (Vec<Arc<Segment>>, Vec<Arc<Segment>>) =
            all.partition(|segment| group_of(segment) == group);
        let stored: u64 = version.segments.iter().map(|segment| segment.bytes()).sum();
        drop(version);
        let bytes_max = match group {
            MergeGroup::Day(_) => u64::MAX,
            MergeGroup::MultiDay => runs::multi_day_bytes_max(stored),
        };
        rest.sort_by_key(|segment| segment.sequence());
        let begins = runs.begins(&extents(&rest), &extents(&others));
        drop(others);
        for begin in begins.into_iter().rev() {
            // Not kept alive here: a merged file is removed with its last reader.
            let run = rest.split_off(begin);
            let purge = purge.as_deref_mut();
            let choice = self.choose_merge(&run, &deletions, purge, bytes_max, context)?;
            self.merge_chosen(run, choice, &deletions, context)?;
        }
        Ok(())
    }

    /// Merges what was chosen of a run.
    fn merge_chosen(
        &self,
        mut run: Vec<Arc<Segment>>,
        choice: MergeChoice,
        deletions: &Deletions,
        context: &Context,
    ) -> Result<(), StoreError> {
        match choice {
            MergeChoice::Nothing => return Ok(()),
            MergeChoice::Newest { from } => drop(run.drain(..from)),
            MergeChoice::Purge => {}
        }
        let bytes: u64 = run.iter().map(|segment| segment.bytes()).sum();
        if self.merge(run, deletions, context)? {
            self.counters.merges.fetch_add(1, Ordering::Relaxed);
            if choice == MergeChoice::Purge {
                let purged = &self.counters.purged_bytes;
                purged.fetch_add(bytes, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}
