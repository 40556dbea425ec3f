//! The space each tenant occupies in segments, summed up once per change of their list.

use crate::segment::reader::Segment;
use crate::segment::tally::Tally;
use base::id::TenantId;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Tallies by tenant.
#[derive(Debug, Clone, Default)]
pub(crate) struct TenantTallies(HashMap<TenantId, Tally>);

impl TenantTallies {
    /// The tallies of all these segments.
    pub(crate) fn of(segments: &[Arc<Segment>]) -> Self {
        Self::default().changed(&[], segments)
    }

    /// The tallies once `new` has taken the place of `old`; only segments that are not in both are looked at.
    pub(crate) fn changed(&self, old: &[Arc<Segment>], new: &[Arc<Segment>]) -> Self {
        let addresses = |segments: &[Arc<Segment>]| -> HashSet<*const Segment> {
            segments.iter().map(Arc::as_ptr).collect()
        };
        let (before, after) = (addresses(old), addresses(new));
        let mut tallies = self.clone();
        for segment in new.iter().filter(|new| !before.contains(&Arc::as_ptr(new))) {
            for (tenant, tally) in segment.tallies() {
                let sum = tallies.0.entry(tenant).or_default();
                sum.samples += tally.samples;
                sum.bytes += tally.bytes;
            }
        }
        for segment in old.iter().filter(|old| !after.contains(&Arc::as_ptr(old))) {
            for (tenant, tally) in segment.tallies() {
                let sum = tallies.0.entry(tenant).or_default();
                sum.samples = sum.samples.saturating_sub(tally.samples);
                sum.bytes = sum.bytes.saturating_sub(tally.bytes);
            }
        }
        tallies.0.retain(|_, tally| *tally != Tally::default());
        tallies
    }

    /// The space the tenant occupies.
    pub(crate) fn tally(&self, tenant: TenantId) -> Tally {
        self.0.get(&tenant).copied().unwrap_or_default()
    }
}
