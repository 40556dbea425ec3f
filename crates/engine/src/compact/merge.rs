//! Merges segments of a day when there are too many, and all of them when they hold deleted samples: overwritten and
//! deleted samples and dropped series are left out, so that their bytes go with the old files.

use super::deletions::Deletions;
use super::run;
use super::run::SegmentExtent;
use crate::core::Core;
use crate::failed_merges::MergeGroup;
use crate::guard::PIECE;
use crate::purge_budget::PurgeBudget;
use crate::segment::reader::Segment;
use crate::series_ref::SeriesRef;
use crate::tombstone::Tombstone;
use base::context::Context;
use base::id::TenantId;
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

impl Core {
    /// Merges segments of a group where it has too many; with a budget, also those that hold deleted samples. Those of many days are
    /// purged one by one, because together they may be most of what is stored, and then merged where they are still too many.
    pub(super) fn compact_group(
        &self,
        of: MergeGroup,
        purge: Option<&mut PurgeBudget>,
        context: &Context,
    ) -> Result<(), StoreError> {
        match (of, purge) {
            (MergeGroup::MultiDay, Some(budget)) => {
                let each_alone =
                    |members: &[SegmentExtent], _: &[SegmentExtent]| (1..members.len()).collect();
                self.compact_parts(of, each_alone, Some(budget), context)?;
                self.compact_parts(of, run::parts, None, context)
            }
            (_, purge) => self.compact_parts(of, run::parts, purge, context),
        }
    }

    /// The same of each part of the group; `split` says where parts begin, by the extents of the group's segments and of the others.
    fn compact_parts(
        &self,
        of: MergeGroup,
        split: impl Fn(&[SegmentExtent], &[SegmentExtent]) -> Vec<usize>,
        mut purge: Option<&mut PurgeBudget>,
        context: &Context,
    ) -> Result<(), StoreError> {
        // Segments and deletions are of one moment: the new segment counts as purged of all deletions up to the last of these.
        let (version, deletions) = self.deletions();
        let all = version.segments.iter().cloned();
        let (mut members, others): (Vec<Arc<Segment>>, Vec<Arc<Segment>>) =
            all.partition(|segment| group_of(segment) == of);
        let stored: u64 = version.segments.iter().map(|segment| segment.bytes()).sum();
        drop(version);
        let bytes_max = match of {
            MergeGroup::Day(_) => u64::MAX,
            MergeGroup::MultiDay => run::multi_day_bytes_max(stored),
        };
        members.sort_by_key(|segment| segment.sequence());
        let extents = |all: &[Arc<Segment>]| -> Vec<SegmentExtent> {
            let extent = |segment: &Arc<Segment>| SegmentExtent {
                sequence: segment.sequence(),
                first_day: segment.day(),
                last_day: segment.last_day(),
            };
            all.iter().map(extent).collect()
        };
        let parts = split(&extents(&members), &extents(&others));
        drop(others);
        for begin in parts.into_iter().rev().chain([0]) {
            // Not kept alive here: a merged file is removed with its last reader.
            let part = members.split_off(begin);
            let purge = purge.as_deref_mut();
            self.compact_part(part, &deletions, purge, bytes_max, context)?;
        }
        Ok(())
    }

    /// Merges the part of an uninterrupted run that is worth merging: where there are too many, no more than `bytes_max`.
    fn compact_part(
        &self,
        mut members: Vec<Arc<Segment>>,
        deletions: &Deletions,
        purge: Option<&mut PurgeBudget>,
        bytes_max: u64,
        context: &Context,
    ) -> Result<(), StoreError> {
        let is_purged = match purge {
            Some(budget) => self.claim_purge(&members, deletions, budget, context)?,
            None => false,
        };
        if !is_purged {
            let sizes: Vec<u64> = members.iter().map(|segment| segment.bytes()).collect();
            let Some(first) = run::crowded(&sizes, self.config.segments_per_day, bytes_max) else {
                return Ok(());
            };
            members.drain(..first);
        }
        let bytes: u64 = members.iter().map(|segment| segment.bytes()).sum();
        if self.merge(members, deletions, context)? {
            self.counters.merges.fetch_add(1, Ordering::Relaxed);
            if is_purged {
                let purged = &self.counters.purged_bytes;
                purged.fetch_add(bytes, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// Whether the segments hold deleted samples, and the budget allows to rewrite them, which is then spent. Where none are found, the
    /// segments are not searched for the same deletions again.
    fn claim_purge(
        &self,
        members: &[Arc<Segment>],
        deletions: &Deletions,
        budget: &mut PurgeBudget,
        context: &Context,
    ) -> Result<bool, StoreError> {
        let rewritten: u64 = members.iter().map(|segment| segment.bytes()).sum();
        for segment in members {
            if deletions.freed_bytes(segment).is_none() {
                continue;
            }
            if !budget.allows(rewritten) {
                return Ok(false);
            }
            if deletions.holds_expired(segment)
                || self.holds_deleted(segment, deletions, context)?
            {
                budget.spend(rewritten);
                return Ok(true);
            }
            budget.spend(segment.directory_bytes());
            segment.set_searched(deletions.last_sequence());
        }
        Ok(false)
    }

    /// Whether a series in it was dropped, or a deletion hides some of it.
    fn holds_deleted(
        &self,
        segment: &Segment,
        deletions: &Deletions,
        context: &Context,
    ) -> Result<bool, StoreError> {
        let hiding_of = |tenant: TenantId| -> Vec<&Tombstone> {
            let tombstones = deletions.tombstones.of_tenant(tenant).iter();
            tombstones
                .filter(|tombstone| segment.is_touched_by(tombstone))
                .collect()
        };
        // Series ascend by tenant.
        let (mut of_tenant, mut hiding) = (None, Vec::new());
        let mut rest = segment.series();
        loop {
            // Where nothing was deleted it goes over all series of the day.
            context.check(Instant::now())?;
            let piece = rest.by_ref().take(PIECE);
            let piece: Vec<(TenantId, SeriesRef)> = piece.collect::<Result<_, _>>()?;
            if piece.is_empty() {
                return Ok(false);
            }
            for (tenant, series) in &piece {
                if of_tenant != Some(*tenant) {
                    of_tenant = Some(*tenant);
                    hiding = hiding_of(*tenant);
                }
                let mut hiding = hiding.iter();
                if hiding.any(|deletion| deletion.series.contains(series.0)) {
                    return Ok(true);
                }
            }
            let catalog = self.state.catalog().read();
            let mut series = piece.iter().map(|(_, series)| *series);
            if series.any(|series| !catalog.registry.contains(series)) {
                return Ok(true);
            }
        }
    }
}
