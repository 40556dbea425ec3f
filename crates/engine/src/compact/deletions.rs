//! The deletions as of one moment, and how much of a segment they concern.

use crate::core::Core;
use crate::day::Day;
use crate::dropped_series::DroppedSeries;
use crate::segment::layout::Tenant;
use crate::segment::reader::Segment;
use crate::state::Version;
use crate::tombstone::Tombstone;
use crate::tombstones::Tombstones;
use base::time::TimeRange;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Everything that was deleted and that segments may still hold.
#[derive(Debug)]
pub(super) struct Deletions {
    pub(super) tombstones: Tombstones,
    dropped: Arc<DroppedSeries>,
    /// Days before it lie past the retention.
    pub(super) first_kept: Day,
}

/// `part` of `whole`, of so many bytes.
fn share(bytes: u64, part: u64, whole: u64) -> u64 {
    let whole = u128::from(whole.max(1));
    let of_bytes = u128::from(bytes) * u128::from(part).min(whole) / whole;
    u64::try_from(of_bytes).unwrap_or(bytes)
}

/// Milliseconds that a range has, both ends included.
const fn length(range: &TimeRange) -> u64 {
    match range.until.0.checked_sub(range.from.0) {
        Some(length) if length >= 0 => length.unsigned_abs().saturating_add(1),
        Some(_) => 0,
        None => u64::MAX,
    }
}

impl Core {
    /// The version, and the deletions that a merge of its segments has to apply.
    pub(super) fn deletions(&self) -> (Arc<Version>, Deletions) {
        // In this order: a merge counts as purged of all deletions up to the last of these.
        let dropped = self.state.dropped();
        let version = self.state.version();
        let deletions = Deletions {
            tombstones: version.tombstones.clone(),
            dropped,
            first_kept: Day(self.state.retention_start.load(Ordering::SeqCst)),
        };
        (version, deletions)
    }
}

impl Deletions {
    /// The last record that deleted something.
    pub(super) fn last_sequence(&self) -> u64 {
        let of_ranges = self.tombstones.last_sequence();
        of_ranges.max(self.dropped.last_sequence())
    }

    /// Whether some of its days lie past the retention and others do not.
    pub(super) fn holds_expired(&self, segment: &Segment) -> bool {
        segment.is_multi_day() && Day::of(segment.range().from) < self.first_kept
    }

    /// About how many bytes of a segment were deleted; none where no deletion touches it. It reads no file.
    pub(super) fn freed_bytes(&self, segment: &Segment) -> Option<u64> {
        let mut is_touched = false;
        let mut freed = 0_u64;
        let mut add = |bytes: u64| {
            is_touched = true;
            freed = freed.saturating_add(bytes);
        };
        let (first, last) = (segment.day(), segment.last_day());
        let dropped = self.dropped.most_on(first, last, segment.purged());
        if dropped > 0 {
            add(share(segment.bytes(), dropped, segment.series_count()));
        }
        if self.holds_expired(segment) {
            let range = segment.range();
            let expired = TimeRange {
                until: self.first_kept.range().from,
                ..range
            };
            add(share(segment.bytes(), length(&expired), length(&range)));
        }
        let purged = segment.purged();
        let mut add_tenant = |entry: &Tenant, tombstones: &[Tombstone]| {
            let range = entry.range();
            // They ascend, so that those which the segment was purged of come first.
            let first = tombstones.partition_point(|tombstone| tombstone.sequence <= purged);
            let later = tombstones.get(first..).unwrap_or_default();
            for tombstone in later.iter().filter(|later| later.range.overlaps(&range)) {
                let of_series = share(entry.bytes, tombstone.series.len(), entry.series.into());
                let hidden = TimeRange {
                    from: range.from.max(tombstone.range.from),
                    until: range.until.min(tombstone.range.until),
                };
                add(share(of_series, length(&hidden), length(&range)));
            }
        };
        // Many accounts may have deleted something, and a segment may hold many tenants: the shorter list is gone through.
        if segment.tenants() < self.tombstones.tenants() {
            for entry in segment.directory_entries() {
                add_tenant(entry, self.tombstones.of_tenant(entry.tenant));
            }
        } else {
            self.tombstones.each_tenant(|tenant, tombstones| {
                if let Some(entry) = segment.directory_entry(tenant) {
                    add_tenant(entry, tombstones);
                }
            });
        }
        is_touched.then_some(freed.min(segment.bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;

    #[test]
    fn a_share_is_at_most_the_whole_and_no_range_is_too_long() {
        assert_eq!(
            (share(100, 1, 4), share(100, 9, 4), share(100, 0, 0)),
            (25, 100, 0)
        );
        assert_eq!(share(u64::MAX, u64::MAX, u64::MAX), u64::MAX);
        let range = |from: i64, until: i64| TimeRange {
            from: Millis(from),
            until: Millis(until),
        };
        assert_eq!((length(&range(5, 5)), length(&range(5, 4))), (1, 0));
        assert_eq!(length(&TimeRange::ALL), u64::MAX);
    }
}
