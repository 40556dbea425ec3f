//! The parts in which the series of a day are kept.

use crate::index::tree::Tree;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// The series of a part: 65 536 neighbours, whose bits take eight kilobytes at the most.
pub(super) type Chunk = u16;

/// The series of one day, in parts.
pub(super) type Chunks = Tree<Chunk, Arc<RoaringBitmap>>;

/// The part that the series is in.
pub(super) const fn part(series: u32) -> Chunk {
    (series >> Chunk::BITS) as Chunk
}
