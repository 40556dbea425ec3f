//! A deletion of a range, prepared without a lock: what it takes from the head, and whether anything is left for a tombstone to hide.

use super::{State, Version};
use crate::guard::LOCKED_SAMPLES_MAX;
use crate::head;
use crate::head::series_appender::{CATCH_UPS_MAX, PreparedReplacement};
use crate::segment::reader::Segment;
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
    pub(super) prepared: BTreeMap<SeriesRef, PreparedReplacement>,
    pub(super) only_in_head: Option<&'a OnlyInHead>,
}

/// Proof that the samples of a tenant in a range are in the live head alone: the files of that moment had none, and there was no frozen head.
#[derive(Debug)]
pub(crate) struct OnlyInHead(Arc<Vec<Arc<Segment>>>);

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
        (!is_elsewhere).then(|| OnlyInHead(Arc::clone(&version.segments)))
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

    /// Adds to the copies what has come in since they were made, until so little is left that it can be added with everything locked.
    pub(crate) fn catch_up(&self, deletion: &mut RangeDeletion<'_>) {
        let version = self.version();
        for _ in 0..CATCH_UPS_MAX {
            let prepared = deletion.prepared.iter_mut();
            let looked_at: usize = prepared
                .map(|(series, prepared)| head::catch_up(&version.head, *series, prepared))
                .sum();
            if looked_at <= LOCKED_SAMPLES_MAX {
                return;
            }
        }
    }

    /// How many samples have come in since it was prepared.
    #[cfg(test)]
    pub(crate) fn behind(deletion: &RangeDeletion<'_>) -> usize {
        let prepared = deletion.prepared.values();
        prepared.map(PreparedReplacement::behind).sum()
    }

    /// Prepares it again for series that have changed since then ([`super::AllLocked::changed_since`]).
    pub(crate) fn prepare_again(&self, deletion: &mut RangeDeletion<'_>, changed: &[SeriesRef]) {
        let version = self.version();
        for series in changed {
            match head::prepare(&version.head, *series, &deletion.range) {
                Some(prepared) => deletion.prepared.insert(*series, prepared),
                None => deletion.prepared.remove(series),
            };
        }
    }
}

impl OnlyInHead {
    /// Whether that still holds. A flush or a merge since then may have brought samples to a file.
    pub(super) fn is_true_of(&self, version: &Version) -> bool {
        version.frozen.is_none() && Arc::ptr_eq(&self.0, &version.segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::batches::Stamp;
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

    #[test]
    fn a_deletion_catches_up_with_its_writers_without_a_lock() {
        let state = empty_store(Millis(0)).state;
        let create = |name| {
            let mut catalog = state.catalog().write();
            catalog.registry.create(TENANT, name).unwrap()
        };
        let (copied, untouched, hit) = (create("copied"), create("untouched"), create("hit"));
        let send = |series, times: std::ops::Range<i64>| {
            let shard = state.shard(head::shard(series)).unwrap();
            let samples: Vec<_> = times.map(|at| (series, at, 1.0)).collect();
            state.append(&mut shard.write(), TENANT, Stamp::before_all(), &samples);
        };
        send(copied, 0..100);
        send(untouched, 1000..1100);
        send(hit, 1000..1100);
        let all: RoaringBitmap = [copied.0, untouched.0, hit.0].into();
        let range = TimeRange {
            from: Millis(0),
            until: Millis(49),
        };
        let mut deletion = state.prepare(range, &all, None);
        send(copied, 100..6000);
        send(untouched, 1100..6000);
        assert_eq!(State::behind(&deletion), 5900 + 4900);
        state.catch_up(&mut deletion);
        assert_eq!(State::behind(&deletion), 0);
        assert!(state.lock_all().changed_since(&deletion).is_empty());
        send(hit, 20..21);
        state.catch_up(&mut deletion);
        assert_eq!(state.lock_all().changed_since(&deletion), [hit]);
    }

    /// Series were copied as a whole with everything locked where another deletion or a fold had replaced them.
    #[test]
    fn what_has_changed_since_a_deletion_was_prepared_is_prepared_again() {
        let state = empty_store(Millis(0)).state;
        let create = |name| {
            let mut catalog = state.catalog().write();
            catalog.registry.create(TENANT, name).unwrap()
        };
        let (changed, same, filled) = (create("changed"), create("same"), create("filled"));
        let send = |series, at| {
            let shard = state.shard(head::shard(series)).unwrap();
            let sample = [(series, at, 1.0)];
            state.append(&mut shard.write(), TENANT, Stamp::before_all(), &sample);
        };
        let count = |series| {
            let view = state.version().head.all_of(TENANT, series);
            view.map_or(0, |view| view.len())
        };
        for at in 0..20 {
            send(changed, at);
            send(same, at);
        }
        let all: RoaringBitmap = [changed.0, same.0, filled.0].into();
        let range = TimeRange {
            from: Millis(5),
            until: Millis(9),
        };
        let mut deletion = state.prepare(range, &all, None);
        assert!(state.lock_all().changed_since(&deletion).is_empty());
        let other: RoaringBitmap = [changed.0].into();
        let of_other = TimeRange {
            from: Millis(0),
            until: Millis(1),
        };
        let prepared = state.prepare(of_other, &other, None);
        drop(state.lock_all().delete_range(1, prepared));
        send(same, 20);
        send(filled, 7);
        let found = state.lock_all().changed_since(&deletion);
        assert_eq!(found, [changed, filled]);
        state.prepare_again(&mut deletion, &found);
        let mut locked = state.lock_all();
        assert!(locked.changed_since(&deletion).is_empty());
        drop(locked.delete_range(2, deletion));
        drop(locked);
        assert_eq!([changed, same, filled].map(count), [13, 16, 0]);
        // The next head has none of them.
        let deletion = state.prepare(TimeRange::ALL, &all, None);
        drop(state.lock_all().freeze(3));
        assert_eq!(state.lock_all().changed_since(&deletion), [changed, same]);
    }
}
