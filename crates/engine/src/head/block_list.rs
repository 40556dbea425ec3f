//! Samples in memory that one writer appends and any number of readers read at the same time, without a lock: a list of
//! blocks that only ever grows. How many of the samples count is published elsewhere, and only after they are written.

use super::block::Block;
use super::cell::Cell;
use super::recent::RECENT;
use super::slabs::{LINK, SlabCursor, Slabs};
use crate::points::Points;
use std::sync::atomic::{AtomicU64, Ordering};

/// Samples of the largest block. Larger ones leave more room unused in each series, and a sender's series write to as many pages of
/// memory in turn as there are blocks of that size.
const BLOCK: u32 = 28;

/// Samples that fit into a block after one of `before`. A list has blocks of 4, 12, and then always 28; one whose last samples are in
/// [`super::recent::Recent`] begins with 12.
const fn size_after(before: u32) -> u32 {
    match before {
        0 => 4,
        1..=4 => 12,
        _ => BLOCK,
    }
}

const _: () = {
    let mut size = size_after(RECENT as u32);
    while size < BLOCK {
        assert!(
            size.is_multiple_of(RECENT as u32),
            "samples are moved to a block together"
        );
        size = size_after(size);
    }
    assert!(BLOCK.is_multiple_of(RECENT as u32));
    // The recent samples of a column pay for its first block.
    assert!(RECENT * PREPAID_MAX >= bytes(size_after(RECENT as u32)));
};

/// Bytes of a block of so many samples.
const fn bytes(size: u32) -> usize {
    size_of::<Cell>() * (size as usize + LINK)
}

/// What each sample of a block of so many pays for the block after it.
const fn prepaid_after(size: u32) -> usize {
    bytes(size_after(size)).div_ceil(size as usize)
}

/// Bytes of the first block of a list that begins with one.
pub(crate) const FIRST_BYTES: usize = bytes(size_after(0));

/// The most that [`prepaid`] says: in the first block.
pub(crate) const PREPAID_MAX: usize = prepaid_after(size_after(0));

/// The least that [`prepaid`] says: in blocks of the largest size.
const PREPAID_MIN: usize = prepaid_after(BLOCK);

/// The sum that the samples of the smaller blocks of a list pay beyond [`PREPAID_MIN`].
const EXCESS: usize = {
    let (mut size, mut excess) = (size_after(0), 0);
    while size < BLOCK {
        excess += (prepaid_after(size) - PREPAID_MIN) * size as usize;
        size = size_after(size);
    }
    excess
};

/// The most that `samples` pay that are written to so many lists, wherever these end.
pub(crate) const fn all_prepaid_max(samples: u64, lists: u64) -> u64 {
    let all_first = samples.saturating_mul(PREPAID_MAX as u64);
    let spread = samples
        .saturating_mul(PREPAID_MIN as u64)
        .saturating_add(lists.saturating_mul(EXCESS as u64));
    if all_first < spread {
        all_first
    } else {
        spread
    }
}

/// The bytes that each sample in a block pays for the block after it. When that one is taken it is paid for, so that no single
/// sample takes much more than others.
pub(crate) const fn prepaid(block: Block) -> usize {
    // Asked for each sample: no division.
    match block.size() {
        0..=4 => const { prepaid_after(4) },
        5..=12 => const { prepaid_after(12) },
        _ => PREPAID_MIN,
    }
}

/// Blocks in slabs, each linked to the next one. The first comes after so many samples, which are not in the list.
#[derive(Debug, Default)]
pub(crate) struct BlockList<const BEFORE: usize> {
    /// The link to the first block.
    first: AtomicU64,
}

impl<const BEFORE: usize> BlockList<BEFORE> {
    const FIRST_SIZE: u32 = size_after(BEFORE as u32);

    fn first(&self) -> Option<Block> {
        Block::at(self.first.load(Ordering::Acquire), Self::FIRST_SIZE)
    }

    /// For the writer: takes a block that follows the last one.
    pub(crate) fn grow(
        &self,
        (slabs, cursor): (&Slabs, &mut SlabCursor),
        last: Option<Block>,
    ) -> Block {
        let Some(last) = last else {
            let block = cursor.take(slabs, Self::FIRST_SIZE);
            self.first.store(block.link(), Ordering::Release);
            return block;
        };
        let block = cursor.take(slabs, size_after(last.size()));
        slabs.link(last, Some(block));
        block
    }

    /// The first samples.
    pub(crate) fn run<'s>(&self, slabs: &'s Slabs, length: usize) -> Run<'s> {
        let first = self.first().filter(|_| length > 0);
        Run {
            first: first.map(|first| (slabs, first)),
            length,
        }
    }

    /// All blocks.
    pub(crate) fn blocks<'s>(
        &self,
        slabs: &'s Slabs,
    ) -> impl Iterator<Item = Block> + use<'s, BEFORE> {
        std::iter::successors(self.first(), |block| next(slabs, *block))
    }

    /// Bytes of all blocks.
    #[cfg(test)]
    pub(crate) fn bytes(&self, slabs: &Slabs) -> usize {
        self.blocks(slabs).map(|block| bytes(block.size())).sum()
    }
}

fn next(slabs: &Slabs, block: Block) -> Option<Block> {
    slabs.next(block, size_after(block.size()))
}

/// The first samples of a list of blocks, as they are now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'s> {
    first: Option<(&'s Slabs, Block)>,
    length: usize,
}

/// A block of a list, and the number of its first sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockPosition {
    block: Block,
    number: usize,
}

impl<'s> Run<'s> {
    pub(crate) const fn empty() -> Self {
        Self {
            first: None,
            length: 0,
        }
    }

    pub(crate) const fn len(self) -> usize {
        self.length
    }

    /// The cells that count, of one block after another.
    pub(crate) fn all_parts(self) -> impl Iterator<Item = &'s [Cell]> {
        let mut coming = self.first;
        let mut cells_left = self.length;
        std::iter::from_fn(move || {
            debug_assert!(coming.is_some() || cells_left == 0, "a block is missing");
            let (slabs, block) = coming.filter(|_| cells_left > 0)?;
            let samples = slabs.samples(block);
            let cells = samples.get(..cells_left.min(samples.len()))?;
            cells_left -= cells.len();
            coming = next(slabs, block).map(|next| (slabs, next));
            Some(cells)
        })
    }

    /// All samples, in the order they were written.
    pub(crate) fn samples(self) -> impl Iterator<Item = (i64, f64)> + use<'s> {
        self.all_parts()
            .flat_map(|cells| cells.iter().map(Cell::read))
    }

    /// The last block that has a sample, looked for from a block of the list that had one: `None` for the first.
    pub(crate) fn last_block_from(self, known: Option<BlockPosition>) -> Option<BlockPosition> {
        let (slabs, first) = self.first?;
        let first = BlockPosition {
            block: first,
            number: 0,
        };
        let BlockPosition {
            mut block,
            mut number,
        } = known.unwrap_or(first);
        while number + (block.size() as usize) < self.length {
            number += block.size() as usize;
            block = next(slabs, block)?;
        }
        Some(BlockPosition { block, number })
    }

    /// The last sample.
    pub(crate) fn last(self) -> Option<(i64, f64)> {
        let last = self.last_block_from(None)?;
        self.from(Some(last), self.length.saturating_sub(1)).next()
    }

    /// The samples from sample `number` on, which is not before this block of the list; found without a look at what is before it.
    pub(crate) fn from(
        self,
        block: Option<BlockPosition>,
        number: usize,
    ) -> impl Iterator<Item = (i64, f64)> + use<'s> {
        let (first, before) = match (self.first, block) {
            (Some((slabs, _)), Some(at)) => (Some((slabs, at.block)), at.number),
            (first, _) => (first, 0),
        };
        let rest = Self {
            first,
            length: self.length.saturating_sub(before),
        };
        let mut skipped = number.saturating_sub(before);
        rest.all_parts().flat_map(move |cells| {
            let skip = skipped.min(cells.len());
            skipped -= skip;
            cells.iter().skip(skip).map(Cell::read)
        })
    }
}

/// The samples of a part that lie from `from` to `until`: they ascend.
pub(crate) fn clipped_to(cells: &[Cell], from: i64, until: i64) -> &[Cell] {
    let start = cells.partition_point(|cell| cell.read().0 < from);
    let end = cells.partition_point(|cell| cell.read().0 <= until);
    cells.get(start..end.max(start)).unwrap_or_default()
}

/// A copy of ascending samples.
pub(crate) fn points(cells: &[Cell]) -> Points {
    let mut points = Points::default();
    points.timestamps.reserve(cells.len());
    points.values.reserve(cells.len());
    for (at, value) in cells.iter().map(Cell::read) {
        points.push(at, value);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_paid_for_by_those_before_it() {
        let (slabs, list) = (Slabs::default(), BlockList::<0>::default());
        let mut cursor = SlabCursor::new();
        let mut block = list.grow((&slabs, &mut cursor), None);
        assert_eq!(list.bytes(&slabs), FIRST_BYTES);
        let mut paid = FIRST_BYTES;
        for _ in 0..10 {
            assert!(prepaid(block) <= PREPAID_MAX);
            assert_eq!(prepaid(block), prepaid_after(block.size()));
            paid += prepaid(block) * block.size() as usize;
            block = list.grow((&slabs, &mut cursor), Some(block));
            let taken = list.bytes(&slabs);
            assert!((taken..taken + 2000).contains(&paid), "{paid} for {taken}");
        }
    }
}
