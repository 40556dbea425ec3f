//! Memory that is needed soon.

use std::hint::black_box;

/// Reads a byte of each place that is needed soon. None of these reads waits for another, so the processor has many of them under way
/// at once; where a place is needed later, it is in the cache.
pub(crate) fn prefetch(places: impl Iterator<Item = u8>) {
    black_box(places.fold(0, |all, byte| all ^ byte));
}
