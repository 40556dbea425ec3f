//! Looks for deleted samples in a run of segments before it is rewritten to be rid of them. The directories say which series a
//! segment holds; where none of them is concerned, the run is not rewritten.

use super::deletions::Deletions;
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

impl Core {
    /// Whether the run holds deleted samples and the budget allows to rewrite it; that is then spent. A segment that holds none is not
    /// searched for the same deletions again.
    pub(super) fn claim_purge(
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
