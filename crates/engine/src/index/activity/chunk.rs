//! The parts in which the series of a day are kept.

use crate::index::tree::Tree;
use roaring::RoaringBitmap;
use std::ops::ControlFlow;
use std::sync::Arc;

#[cfg(test)]
thread_local! {
    /// How many parts this thread has looked at for some series.
    pub(super) static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The series of a part: 65 536 neighbours, whose bits take eight kilobytes at the most.
pub(super) type Chunk = u16;

/// The series of one day, in parts.
pub(super) type Chunks = Tree<Chunk, Arc<RoaringBitmap>>;

/// The part that the series is in.
pub(super) const fn part(series: u32) -> Chunk {
    (series >> Chunk::BITS) as Chunk
}

/// Hands out the parts of a day between that of the lowest and that of the highest of `series`, ascending, until `take` ends it:
/// no other has any of them.
pub(super) fn each_around(
    chunks: &Chunks,
    series: &RoaringBitmap,
    mut take: impl FnMut(Chunk, &RoaringBitmap) -> ControlFlow<()>,
) {
    let (Some(lowest), Some(highest)) = (series.min(), series.max()) else {
        return;
    };
    let last = part(highest);
    let _ = chunks.each_from(&part(lowest), &mut |found, chunk| {
        if *found > last {
            return ControlFlow::Break(());
        }
        #[cfg(test)]
        LOOKED_AT.with(|parts| parts.set(parts.get() + 1));
        take(*found, chunk)
    });
}
