//! Memory for the blocks of a head: taken in slabs of many blocks, and freed with the head. A call of the allocator for each block
//! costs more than to fill it, and may grow a thread's heap by a page at a time, with the address space of the process locked
//! against all other threads. Each writer has a slab of its own, so that none waits for another.
//!
//! Blocks of a series that another has replaced are used again once nobody reads them ([`FreedBlocks`]).

use super::block::Block;
use super::cell::Cell;
use super::freed_blocks::FreedBlocks;
use super::growing_tree::GrowingTree;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Cells of the largest slab: 64 KiB. What is left of each writer's last slab counts for nobody.
const SLAB: u64 = 1 << 12;

/// Cells of a writer's first slab: 4 KiB. Each is twice as large as the one before it.
const FIRST_SLAB: u64 = 1 << 8;

/// Cells of a block beside its samples.
pub(super) const LINK: usize = 1;

/// Blocks by their link.
#[derive(Debug)]
pub(crate) struct Slabs {
    /// Each has its numbers of cells, and as many of these as it is large.
    slabs: GrowingTree<Box<[Cell]>>,
    /// The number of the next slab. None has 0.
    next: AtomicU64,
    /// Memory of all slabs.
    bytes: AtomicU64,
    freed: FreedBlocks,
    /// The samples are in files: blocks are freed with the head, and none by itself.
    is_retired: AtomicBool,
}

/// A writer's place in its slab.
#[derive(Debug)]
pub(crate) struct SlabCursor {
    next: NonZeroU64,
    end: u64,
    /// Cells of the slab after it.
    cells: u64,
}

impl Default for Slabs {
    fn default() -> Self {
        Self {
            slabs: GrowingTree::default(),
            next: AtomicU64::new(1),
            bytes: AtomicU64::new(0),
            freed: FreedBlocks::default(),
            is_retired: AtomicBool::new(false),
        }
    }
}

impl Default for SlabCursor {
    fn default() -> Self {
        Self::new()
    }
}

impl SlabCursor {
    pub(super) const fn new() -> Self {
        Self {
            next: NonZeroU64::MIN,
            end: 0,
            cells: FIRST_SLAB,
        }
    }

    /// A block that links to none. Its samples are whatever they were.
    pub(super) fn take(&mut self, slabs: &Slabs, size: u32) -> Block {
        let block = slabs.freed.take(size);
        let block = block.unwrap_or_else(|| self.take_new(slabs, size));
        slabs.link(block, None);
        block
    }

    fn take_new(&mut self, slabs: &Slabs, size: u32) -> Block {
        let cells = u64::from(size) + LINK as u64;
        while self.end.saturating_sub(self.next.get()) < cells {
            *self = slabs.begin(self.cells);
        }
        let block = Block::of(self.next, size);
        self.next = self.next.saturating_add(cells);
        block
    }
}

impl Slabs {
    /// A slab that nobody else takes blocks of.
    fn begin(&self, cells: u64) -> SlabCursor {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let make = || (0..cells).map(|_| Cell::default()).collect();
        let slab = self.slabs.get_or_make(number as usize, make);
        let bytes = cells * size_of::<Cell>() as u64;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        debug_assert!(slab.is_some(), "a head of 4 TiB");
        let first = number * SLAB;
        SlabCursor {
            next: NonZeroU64::MIN.saturating_add(first - 1),
            end: first + cells,
            cells: (2 * cells).min(SLAB),
        }
    }

    /// The link of a block and its samples.
    fn cells(&self, block: Block) -> &[Cell] {
        let slab = self.slabs.get((block.link() / SLAB) as usize);
        let first = (block.link() % SLAB) as usize;
        let end = first + LINK + block.size() as usize;
        slab.and_then(|slab| slab.get(first..end))
            .unwrap_or_default()
    }

    /// The samples of a block.
    pub(super) fn samples(&self, block: Block) -> &[Cell] {
        self.cells(block).get(LINK..).unwrap_or_default()
    }

    /// What the block links to, which is of this size.
    pub(super) fn next(&self, block: Block, size: u32) -> Option<Block> {
        let link = self.cells(block).first()?;
        Block::at(link.read().0.cast_unsigned(), size)
    }

    /// Links a block to the next one.
    pub(super) fn link(&self, block: Block, next: Option<Block>) {
        if let Some(link) = self.cells(block).first() {
            link.set(next.map_or(0, Block::link).cast_signed(), 0.0);
        }
    }

    /// Memory of all slabs.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether blocks are freed with the head, and none by itself.
    pub(super) fn is_retired(&self) -> bool {
        self.is_retired.load(Ordering::Relaxed)
    }

    /// The samples are in files: readers let go of the head, and its blocks are freed with it. Copies for folds and deletions that are under
    /// way may still take some.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
    }

    /// The blocks may be used again: nobody reads them any more.
    pub(super) fn free(&self, blocks: impl Iterator<Item = Block>) {
        self.freed.put(blocks);
    }

    /// The locks of freed blocks.
    #[cfg(test)]
    pub(super) fn lock_freed(&self) -> impl Sized {
        self.freed.lock_all()
    }

    /// Slabs that were taken at any time.
    #[cfg(test)]
    pub(super) fn taken(&self) -> u64 {
        self.next.load(Ordering::Relaxed) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All cells of a block, its link among them.
    fn numbers(block: Block) -> std::ops::Range<u64> {
        block.link()..block.link() + LINK as u64 + u64::from(block.size())
    }

    #[test]
    fn blocks_of_all_writers_are_apart_and_whole() {
        let slabs = Slabs::default();
        let mut cursors = [SlabCursor::new(), SlabCursor::new()];
        let mut taken = Vec::new();
        for round in 0..2000_u32 {
            for cursor in &mut cursors {
                let block = cursor.take(&slabs, [4, 12, 28][round as usize % 3]);
                assert_eq!(slabs.samples(block).len(), block.size() as usize);
                assert!(slabs.next(block, 28).is_none());
                taken.push(block);
            }
        }
        taken.sort_by_key(|block| block.link());
        let mut neighbours = taken.windows(2);
        assert!(neighbours.all(|pair| numbers(pair[0]).end <= numbers(pair[1]).start));
        let cells: u64 = taken
            .iter()
            .map(|block| numbers(*block).count() as u64)
            .sum();
        // Of each writer's slabs all but the last are used, but for less than a block.
        let sizes: Vec<u64> = slabs
            .slabs
            .iter()
            .map(|(_, slab)| slab.len() as u64)
            .collect();
        let unused = sizes.iter().sum::<u64>() - cells;
        assert!(unused < 2 * SLAB + 29 * sizes.len() as u64, "{unused}");
    }

    #[test]
    fn a_small_head_takes_small_slabs() {
        let slabs = Slabs::default();
        let mut cursor = SlabCursor::new();
        cursor.take(&slabs, 28);
        let (_, slab) = slabs.slabs.iter().next().unwrap();
        assert_eq!(slab.len() * size_of::<Cell>(), 4096);
    }

    #[test]
    fn a_freed_block_is_used_again_and_links_to_none() {
        let slabs = Slabs::default();
        let mut cursor = SlabCursor::new();
        let (first, second) = (cursor.take(&slabs, 12), cursor.take(&slabs, 28));
        slabs.link(first, Some(second));
        assert_eq!(slabs.next(first, 28), Some(second));
        slabs.free([first, second].into_iter());
        assert_eq!(cursor.take(&slabs, 12), first);
        assert!(slabs.next(first, 28).is_none());
        assert_eq!(cursor.take(&slabs, 28), second);
        assert_ne!(cursor.take(&slabs, 28), second);
    }
}
