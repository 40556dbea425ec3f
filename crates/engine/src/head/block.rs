//! Samples in memory that one writer appends and any number of readers read at the same time, without a lock: a list of
//! blocks that only ever grows. How many of the samples count is published elsewhere, and only after they are written.

use super::cell::Cell;
use super::recent::RECENT;
use crate::points::Points;
use std::sync::{Arc, OnceLock};

/// Samples of the largest block. Larger ones leave more room unused in each series, and a sender's series write to as many pages of
/// memory in turn as there are blocks of that size.
pub(crate) const BLOCK: usize = 28;

/// Bytes of a block beside its cells: its link, and the counters of its owners.
const EXTRA_BYTES: usize = size_of::<OnceLock<Arc<Block>>>() + 2 * size_of::<usize>();

/// Samples that fit into a block after one of `before`. A list has blocks of 4, 12, and then always 28; one whose last samples are in
/// [`super::recent::Recent`] begins with 12.
const fn size_after(before: usize) -> usize {
    match before {
        0 => 4,
        1..=4 => 12,
        _ => BLOCK,
    }
}

const _: () = {
    let mut size = size_after(RECENT);
    while size < BLOCK {
        assert!(
            size.is_multiple_of(RECENT),
            "samples are moved to a block together"
        );
        size = size_after(size);
    }
    assert!(BLOCK.is_multiple_of(RECENT));
    // The recent samples of a column pay for its first block.
    assert!(RECENT * SHARE_MAX >= bytes(size_after(RECENT)));
};

/// Bytes of a block of so many samples.
const fn bytes(size: usize) -> usize {
    size_of::<Cell>() * size + EXTRA_BYTES
}

/// The share of each sample of a block of so many in the block after it.
const fn share_after(size: usize) -> usize {
    bytes(size_after(size)).div_ceil(size)
}

/// Bytes of the first block of a list that begins with one.
pub(crate) const FIRST_BYTES: usize = bytes(size_after(0));

/// The most that [`Block::share`] says: in the first block.
pub(crate) const SHARE_MAX: usize = share_after(size_after(0));

/// The least that [`Block::share`] says: in blocks of the largest size.
const SHARE_MIN: usize = share_after(BLOCK);

/// The sum that the samples of the smaller blocks of a list pay beyond [`SHARE_MIN`].
const EXCESS: usize = {
    let (mut size, mut excess) = (size_after(0), 0);
    while size < BLOCK {
        excess += (share_after(size) - SHARE_MIN) * size;
        size = size_after(size);
    }
    excess
};

/// The most that `samples` pay that are written to so many lists, wherever these end.
pub(crate) const fn shares_max(samples: u64, lists: u64) -> u64 {
    let all_first = samples.saturating_mul(SHARE_MAX as u64);
    let spread = samples
        .saturating_mul(SHARE_MIN as u64)
        .saturating_add(lists.saturating_mul(EXCESS as u64));
    if all_first < spread {
        all_first
    } else {
        spread
    }
}

/// A block of samples, and the next block.
#[derive(Debug)]
pub(crate) struct Block<C: ?Sized = [Cell]> {
    next: OnceLock<Arc<Block>>,
    cells: C,
}

impl<const N: usize> Block<[Cell; N]> {
    fn empty() -> Self {
        Self {
            next: OnceLock::new(),
            cells: std::array::from_fn(|_| Cell::default()),
        }
    }
}

impl Block {
    /// An empty block after one of `before` samples.
    pub(crate) fn after(before: usize) -> Arc<Self> {
        match before {
            0 => Arc::new(Block::<[Cell; 4]>::empty()),
            1..=4 => Arc::new(Block::<[Cell; 12]>::empty()),
            _ => Arc::new(Block::<[Cell; BLOCK]>::empty()),
        }
    }

    /// How many samples fit.
    pub(crate) const fn size(&self) -> usize {
        self.cells.len()
    }

    /// The share that each sample in it pays for the block after it. When that one is made it is paid for, so that no
    /// single sample takes much more than others.
    pub(crate) const fn share(&self) -> usize {
        // Asked for each sample: no division.
        match self.size() {
            0..=4 => const { share_after(4) },
            5..=12 => const { share_after(12) },
            _ => SHARE_MIN,
        }
    }

    /// Writes the sample at `position`; readers learn of it later.
    pub(crate) fn set(&self, position: usize, at: i64, value: f64) {
        if let Some(cell) = self.cells.get(position) {
            cell.set(at, value);
        }
    }

    /// Bytes of this block and all after it.
    #[cfg(test)]
    pub(crate) fn bytes_of_list(&self) -> usize {
        let next = self.next.get().map_or(0, |next| next.bytes_of_list());
        bytes(self.size()) + next
    }

    /// The block after it, made if there is none.
    pub(crate) fn grow(&self) -> &Arc<Self> {
        self.next.get_or_init(|| Self::after(self.size()))
    }
}

impl<C: ?Sized> Drop for Block<C> {
    /// One after the other: a list that drops itself recursively can be longer than the stack.
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut block) = next {
            next = Arc::get_mut(&mut block).and_then(|block| block.next.take());
        }
    }
}

/// The first samples of a list of blocks, as they are now.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    first: Option<Arc<Block>>,
    length: usize,
}

/// A block of a list, and the number of its first sample.
#[derive(Debug, Clone)]
pub(crate) struct BlockPosition {
    block: Arc<Block>,
    number: usize,
}

impl Run {
    pub(crate) const fn new(first: Option<Arc<Block>>, length: usize) -> Self {
        Self { first, length }
    }

    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The cells that count, of one block after another.
    pub(crate) fn all_parts(&self) -> impl Iterator<Item = &[Cell]> {
        let mut next = self.first.as_ref();
        let mut cells_left = self.length;
        std::iter::from_fn(move || {
            debug_assert!(next.is_some() || cells_left == 0, "a block is missing");
            let block = next.filter(|_| cells_left > 0)?;
            let cells = block
                .cells
                .get(..cells_left.min(block.size()))
                .unwrap_or_default();
            cells_left -= cells.len();
            next = block.next.get();
            Some(cells)
        })
    }

    /// All samples, in the order they were written.
    pub(crate) fn samples(&self) -> impl Iterator<Item = (i64, f64)> {
        self.all_parts()
            .flat_map(|cells| cells.iter().map(Cell::read))
    }

    /// The last block that has a sample.
    pub(crate) fn last_block(&self) -> Option<BlockPosition> {
        let (mut last, mut number) = (self.first.as_ref()?, 0);
        while number + last.size() < self.length {
            number += last.size();
            last = last.next.get()?;
        }
        Some(BlockPosition {
            block: Arc::clone(last),
            number,
        })
    }

    /// The samples from sample `number` on, which is not before this block of the list; found without a look at what is before it.
    pub(crate) fn from(
        &self,
        block: Option<&BlockPosition>,
        number: usize,
    ) -> impl Iterator<Item = (i64, f64)> {
        let (first, before) = match block {
            Some(at) => (Some(Arc::clone(&at.block)), at.number),
            None => (self.first.clone(), 0),
        };
        let rest = Self::new(first, self.length.saturating_sub(before));
        let mut skipped = number.saturating_sub(before);
        let mut samples = Vec::with_capacity(self.length.saturating_sub(number));
        for cells in rest.all_parts() {
            let skip = skipped.min(cells.len());
            skipped -= skip;
            samples.extend(cells.iter().skip(skip).map(Cell::read));
        }
        samples.into_iter()
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
        assert_eq!(bytes(Block::after(0).size()), FIRST_BYTES);
        let (mut block, mut paid, mut taken) = (Block::after(0), FIRST_BYTES, FIRST_BYTES);
        for _ in 0..10 {
            assert_eq!(Block::after(block.size()).size(), size_after(block.size()));
            assert!(block.share() <= SHARE_MAX);
            assert_eq!(block.share(), share_after(block.size()));
            paid += block.share() * block.size();
            block = Block::after(block.size());
            taken += bytes(block.size());
            assert!((taken..taken + 2000).contains(&paid), "{paid} for {taken}");
        }
    }
}
