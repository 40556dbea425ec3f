//! Deletions of a time range: they hide samples written before them, and nothing written after.

use crate::series_ref::SeriesRef;
use base::id::TenantId;
use base::time::{Millis, TimeRange};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A deletion counts once more for each this many series.
const SERIES_PER_WEIGHT: u64 = 10_000;

/// Hides the samples of some series in a range from all sources whose content is older than `sequence`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "TombstoneRecord", into = "TombstoneRecord")]
pub(crate) struct Tombstone {
    /// The tenant of the series. Not in the manifest: the names say which.
    pub(crate) tenant: TenantId,
    pub(crate) sequence: u64,
    pub(crate) range: TimeRange,
    pub(crate) series: Arc<RoaringBitmap>,
}

/// As written in the manifest: the numbers as runs of `[first, last]`. A field that this build does not know is refused, unlike
/// elsewhere in the manifest: it may narrow what is deleted.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TombstoneRecord {
    sequence: u64,
    from: i64,
    until: i64,
    series: Vec<(u32, u32)>,
}

impl From<TombstoneRecord> for Tombstone {
    fn from(written: TombstoneRecord) -> Self {
        let mut series = RoaringBitmap::new();
        for (first, last) in written.series {
            series.insert_range(first..=last);
        }
        Self {
            tenant: TenantId(0),
            sequence: written.sequence,
            range: TimeRange {
                from: Millis(written.from),
                until: Millis(written.until),
            },
            series: Arc::new(series),
        }
    }
}

impl From<Tombstone> for TombstoneRecord {
    fn from(tombstone: Tombstone) -> Self {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for number in tombstone.series.iter() {
            match runs.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
                _ => runs.push((number, number)),
            }
        }
        Self {
            sequence: tombstone.sequence,
            from: tombstone.range.from.0,
            until: tombstone.range.until.0,
            series: runs,
        }
    }
}

impl Tombstone {
    /// Its cost until its days are rewritten: each reader of its series asks it, and each flush writes it down.
    pub(crate) fn weight(&self) -> u64 {
        1 + self.series.len() / SERIES_PER_WEIGHT
    }
}

/// The ranges hidden in `series` of a source in which deletions up to record `purged` are applied.
pub(crate) fn hidden(
    tombstones: &[Tombstone],
    series: SeriesRef,
    purged: u64,
) -> impl Iterator<Item = &TimeRange> {
    tombstones
        .iter()
        .filter(move |tombstone| tombstone.sequence > purged && tombstone.series.contains(series.0))
        .map(|tombstone| &tombstone.range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_reads_back(sequence: u64, from: i64, until: i64, numbers: Vec<u32>, run in 0_u32..70) {
            let series: RoaringBitmap = numbers.into_iter().chain(100..100 + run).collect();
            let tombstone = Tombstone {
                tenant: TenantId(0),
                sequence,
                range: TimeRange { from: Millis(from), until: Millis(until) },
                series: Arc::new(series),
            };
            let text = serde_json::to_string(&tombstone).unwrap();
            prop_assert_eq!(serde_json::from_str::<Tombstone>(&text).unwrap(), tombstone);
        }
    }
}
