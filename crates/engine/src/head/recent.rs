//! The last few samples of a column, beside the marks that say how many there are: a writer that adds one sample to each of many
//! series then touches memory that lies together, and a block only once in [`RECENT`] samples.
//!
//! The writer moves all of them to the blocks when there is no room for one more, and says so before it writes the next in their
//! place. A reader copies them, and then looks again whether they were moved: if so, the blocks have all that it was to read.
//!
//! `tests/interleavings` runs this file under `loom`.

use super::cell::Cell;
use crate::sync::{AtomicU64, Ordering};

/// How many samples there are at most: together as large as a line of the processor's cache.
pub(crate) const RECENT: usize = 4;

/// The last samples of a column.
#[derive(Debug)]
pub(crate) struct Recent {
    /// How many samples are in blocks; all after them are here.
    moved: AtomicU64,
    cells: [Cell; RECENT],
}

/// A reader's copy of the recent samples.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecentCells {
    length: usize,
    cells: [Cell; RECENT],
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            moved: AtomicU64::new(0),
            cells: std::array::from_fn(|_| Cell::default()),
        }
    }
}

impl Recent {
    /// For the writer: the samples to move to blocks before sample `number` (counted from 0) is added, if any.
    pub(crate) fn full(&self, number: usize) -> Option<&[Cell; RECENT]> {
        let is_full = number > 0 && number.is_multiple_of(RECENT);
        is_full.then_some(&self.cells)
    }

    /// For the writer: all samples below `number` are in the blocks now.
    pub(crate) fn set_moved(&self, number: usize) {
        self.moved.store(number as u64, Ordering::Release);
    }

    /// For the writer: adds sample `number`, or changes it if it is the last.
    pub(crate) fn set(&self, number: usize, at: i64, value: f64) {
        if let Some(cell) = self.cells.get(number % RECENT) {
            cell.set(at, value);
        }
    }

    /// For the writer: a byte of the place of sample `number`, to read it early.
    pub(crate) fn prefetch_byte(&self, number: usize) -> u8 {
        let cell = self.cells.get(number % RECENT);
        cell.map_or(0, |cell| cell.read().0 as u8)
    }

    /// For a reader of the first `length` samples, which have been written: how many of them are in blocks, and a copy of those
    /// that follow.
    pub(crate) fn read(&self, length: usize) -> (usize, RecentCells) {
        let all_moved = || (length, RecentCells::default());
        let in_blocks = self.moved.load(Ordering::Acquire) as usize;
        if length <= in_blocks {
            return all_moved();
        }
        let cells = self.cells.clone();
        if self.moved.load(Ordering::Acquire) as usize != in_blocks {
            // The samples that were copied may be those that came after them.
            return all_moved();
        }
        let length = length - in_blocks;
        (in_blocks, RecentCells { length, cells })
    }
}

impl RecentCells {
    pub(crate) fn cells(&self) -> &[Cell] {
        self.cells.get(..self.length).unwrap_or_default()
    }
}
