//! A deletion of a range, prepared without a lock: what it takes from the head, and whether anything is left for a tombstone to hide.

use super::{State, Version};
use crate::head;
use crate::head::mem_series::PreparedDeletion;
use crate::series_ref::SeriesRef;
use base::id::TenantId;
use base::time::TimeRange;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A deletion of samples of a few series of one tenant.
#[derive(Debug)]
pub(crate) struct RangeDeletion<'a> {
    pub(crate) range: TimeRange,
    pub(crate) series: &'a RoaringBitmap,
    /// The samples that it removes from the head, by series.
    pub(super) prepared: BTreeMap<SeriesRef, PreparedDeletion>,
    pub(super) only_in_head: Option<&'a OnlyInHead>,
}

/// Proof that the samples of a tenant in a range are in the live head alone: this version's files and its frozen head have none.
#[derive(Debug)]
pub(crate) struct OnlyInHead(Arc<Version>);

impl State {
    /// `None` where a segment may hold samples of the tenant in the range, or a flush is under way. It looks at all segments.
    pub(crate) fn only_in_head(&self, tenant: TenantId, range: &TimeRange) -> Option<OnlyInHead> {
        let version = self.version();
        let mut segments = version.segments.iter();
        let is_elsewhere = version.frozen.is_some()
            || segments.any(|segment| {
                let entry = segment.directory_entry(tenant);
                entry.is_some_and(|entry| range.overlaps(&entry.range()))
            });
        (!is_elsewhere).then_some(OnlyInHead(version))
    }

    /// Prepares a deletion, for [`super::AllLocked::delete_range`].
    pub(crate) fn prepare<'a>(
        &self,
        range: TimeRange,
        series: &'a RoaringBitmap,
        only_in_head: Option<&'a OnlyInHead>,
    ) -> RangeDeletion<'a> {
        let version = self.version();
        let prepare = |series| Some((series, head::prepare(&version.head, series, &range)?));
        RangeDeletion {
            range,
            series,
            prepared: series.iter().map(SeriesRef).filter_map(prepare).collect(),
            only_in_head,
        }
    }
}

impl OnlyInHead {
    /// Whether that still holds. A flush or a merge since then may have brought samples to a file.
    pub(super) fn is_true_of(&self, version: &Version) -> bool {
        version.frozen.is_none() && Arc::ptr_eq(&self.0.segments, &version.segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{TENANT, empty_store};
    use base::time::Millis;

    #[test]
    fn a_flush_between_the_look_and_the_deletion_is_noticed() {
        let state = empty_store(Millis(0)).state;
        let created = state.catalog().write().registry.create(TENANT, "a");
        let series: RoaringBitmap = [created.unwrap().0].into();
        let only_in_head = state.only_in_head(TENANT, &TimeRange::ALL).unwrap();
        let delete = |sequence| {
            let prepared = state.prepare(TimeRange::ALL, &series, Some(&only_in_head));
            drop(state.lock_all().delete_range(sequence, prepared));
            let version = state.version();
            (version.tombstones.len(), version.tombstones.last_sequence())
        };
        assert_eq!(delete(1), (0, 1));
        drop(state.lock_all().freeze(2));
        assert_eq!(delete(3), (1, 3));
        assert!(state.only_in_head(TENANT, &TimeRange::ALL).is_none());
    }
}
