//! Plans the segment that a run is merged into. It reads and writes no file.

use super::deletions::Deletions;
use crate::segment::layout::Header;
use crate::segment::reader::Segment;
use base::time::TimeRange;
use std::sync::Arc;

/// The segments that are merged, and the new one.
pub(super) struct MergePlan<'a> {
    /// Neighbours in sequence, the oldest first.
    pub(super) run: Vec<Arc<Segment>>,
    /// The deletions up to one moment; the samples that they hide are left out.
    pub(super) deletions: &'a Deletions,
    /// The header of the new segment.
    pub(super) header: Header,
    /// The copied part of each series.
    pub(super) range: TimeRange,
    /// Whether the segments hold samples of many days.
    pub(super) is_multi_day: bool,
}

impl<'a> MergePlan<'a> {
    /// None where the days of the run lie too far apart for one segment: its segments stay as they are.
    pub(super) fn of(run: Vec<Arc<Segment>>, deletions: &'a Deletions) -> Option<Self> {
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
        Some(Self {
            run,
            deletions,
            header,
            range,
            is_multi_day,
        })
    }

    /// Bytes that the new segment may take while it is written: its block directory may then lie in a file of its own as well.
    pub(super) fn bytes_max(&self) -> u64 {
        let of_segment = |segment: &Arc<Segment>| segment.bytes() + segment.directory_bytes();
        self.run.iter().map(of_segment).sum()
    }
}
