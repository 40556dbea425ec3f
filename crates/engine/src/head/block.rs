//! Samples in memory that one writer appends and any number of readers read at the same time, without a lock: a list of
//! blocks that only ever grows. How many of the samples count is published elsewhere, and only after they are written.

use super::cell::Cell;
use super::recent::{RECENT, RecentCells};
use crate::points::Points;
use std::sync::{Arc, OnceLock};

/// Samples of the largest block. A larger one would be written to over a longer time, and be in no cache of the processor any
/// more when the next samples come.
pub(crate) const BLOCK: usize = 28;

/// Bytes of a block beside its cells: its link, and the counters of its owners.
const EXTRA_BYTES: usize = size_of::<OnceLock<Arc<Block>>>() + 2 * size_of::<usize>();

/// Samples that fit into a block after one of `before`: about twice as many.
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
    /// An empty block after one of `before` samples: each about twice as large as the one before.
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

/// The first samples of a list, as they are now.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    first: Option<Arc<Block>>,
    /// Of which so many are in blocks.
    in_blocks: usize,
    recent: RecentCells,
}

impl Run {
    /// The first `length` samples of a list that has all of them in blocks.
    pub(crate) fn of_blocks(first: Option<Arc<Block>>, length: usize) -> Self {
        Self {
            first,
            in_blocks: length,
            recent: RecentCells::default(),
        }
    }

    /// The samples of a list whose last ones are not in blocks.
    pub(crate) const fn with_recent(first: Option<Arc<Block>>, recent: RecentCells) -> Self {
        Self {
            first,
            in_blocks: recent.in_blocks,
            recent,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.in_blocks + self.recent.cells().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its samples in the order they were written, in parts of which none is empty: one for each block, and the recent ones.
    fn all_parts(&self) -> impl Iterator<Item = &[Cell]> {
        let mut next = self.first.as_ref();
        let mut cells_left = self.in_blocks;
        let of_blocks = std::iter::from_fn(move || {
            let block = next.filter(|_| cells_left > 0)?;
            let cells = block
                .cells
                .get(..cells_left.min(block.size()))
                .unwrap_or_default();
            cells_left -= cells.len();
            next = block.next.get();
            Some(cells)
        });
        let recent = Some(self.recent.cells()).filter(|cells| !cells.is_empty());
        of_blocks.chain(recent)
    }

    /// All samples, in the order they were written.
    pub(crate) fn samples(&self) -> impl Iterator<Item = (i64, f64)> {
        self.all_parts()
            .flat_map(|cells| cells.iter().map(Cell::read))
    }

    /// The samples from `position` on, in the order they were written.
    pub(crate) fn from(&self, position: usize) -> impl Iterator<Item = (i64, f64)> {
        let mut before = position;
        self.all_parts().flat_map(move |cells| {
            let skipped = before.min(cells.len());
            before -= skipped;
            cells.iter().skip(skipped).map(Cell::read)
        })
    }

    /// Of samples that ascend: the parts that may have some from `from` to `until`.
    pub(crate) fn parts(&self, from: i64, until: i64) -> impl Iterator<Item = &[Cell]> {
        let at = |cell: &Cell| cell.read().0;
        self.all_parts()
            .skip_while(move |cells| cells.last().is_some_and(|last| at(last) < from))
            .take_while(move |cells| cells.first().is_some_and(|first| at(first) <= until))
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
