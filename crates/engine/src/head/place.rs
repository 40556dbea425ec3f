//! Where a series is in a head, by its number.

use super::pages::PAGE;
use crate::series_ref::SeriesRef;

/// Shards of a head: several for each core that a machine may have, so that two writers seldom need the same one.
pub(crate) const SHARDS: usize = 16;

/// Where a series is: shard, page, and place on it.
pub(super) const fn place(series: SeriesRef) -> (usize, usize, usize) {
    let number = series.0 as usize;
    let page = number / PAGE;
    (page % SHARDS, page / SHARDS, number % PAGE)
}

/// Where a series is in the head as a whole: page, and place on it.
pub(super) const fn page_of(series: SeriesRef) -> (usize, usize) {
    (series.0 as usize / PAGE, series.0 as usize % PAGE)
}

/// The shard of a series.
pub(crate) const fn shard(series: SeriesRef) -> usize {
    place(series).0
}

/// The series that is there.
pub(super) const fn series_at(page: usize, slot: usize) -> SeriesRef {
    SeriesRef((page * PAGE + slot) as u32)
}
