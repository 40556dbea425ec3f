//! Chooses what of a run of segments becomes one: all of it where it holds deleted samples, so that their bytes go with the old files; else
//! its newest, where they are too many.

use super::deletions::Deletions;
use super::runs;
use crate::core::Core;
use crate::guard::PIECE;
use crate::purge_budget::PurgeBudget;
use crate::segment::reader::Segment;
use crate::series_ref::SeriesRef;
use crate::tombstone::Tombstone;
use base::context::Context;
use base::id::TenantId;
use base::store::StoreError;
use std::sync::Arc;
use std::time::Instant;

/// What of a run becomes one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MergeChoice {
    /// All of it, because of what was deleted.
    Purge,
    /// Its newest, from this position on, because they are too many.
    Newest {
        from: usize,
    },
    Nothing,
}

impl Core {
    /// Chooses; with a budget also by what was deleted. The newest have no more than `bytes_max` together.
    pub(super) fn choose_merge(
        &self,
        run: &[Arc<Segment>],
        deletions: &Deletions,
        purge: Option<&mut PurgeBudget>,
        bytes_max: u64,
        context: &Context,
    ) -> Result<MergeChoice, StoreError> {
        if let Some(budget) = purge
            && self.claim_purge(run, deletions, budget, context)?
        {
            return Ok(MergeChoice::Purge);
        }
        let sizes: Vec<u64> = run.iter().map(|segment| segment.bytes()).collect();
        let newest = runs::crowded(&sizes, self.config.segments_per_day, bytes_max);
        Ok(newest.map_or(MergeChoice::Nothing, |from| MergeChoice::Newest { from }))
    }

    /// Whether the segments hold deleted samples, and the budget allows to rewrite them, which is then spent. Where none are found, the
    /// segments are not searched for the same deletions again.
    fn claim_purge(
        &self,
        run: &[Arc<Segment>],
        deletions: &Deletions,
        budget: &mut PurgeBudget,
        context: &Context,
    ) -> Result<bool, StoreError> {
        let rewritten: u64 = run.iter().map(|segment| segment.bytes()).sum();
        for segment in run {
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
