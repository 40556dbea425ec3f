//! Samples of a series as a reader has them: those in blocks, and a copy of those that follow.

use super::block_list::{BlockPosition, Run};
use super::cell::Cell;

/// Samples that a reader gets at one time, at least, where there are as many. They count as one step of a query.
pub(crate) const PART_MIN: usize = 256;

/// The samples of a column, or those that arrived late, as they were when the reader looked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CellsView<'s> {
    in_blocks: Run<'s>,
    copied: &'s [Cell],
}

impl<'s> CellsView<'s> {
    pub(crate) const fn new(in_blocks: Run<'s>, copied: &'s [Cell]) -> Self {
        Self { in_blocks, copied }
    }

    pub(crate) const fn len(self) -> usize {
        self.in_blocks.len() + self.copied.len()
    }

    /// All samples, in the order they were written.
    pub(crate) fn samples(self) -> impl Iterator<Item = (i64, f64)> + use<'s> {
        let copied = self.copied.iter().map(Cell::read);
        self.in_blocks.samples().chain(copied)
    }

    /// The last sample.
    pub(crate) fn last(self) -> Option<(i64, f64)> {
        match self.copied.last() {
            Some(last) => Some(last.read()),
            None => self.in_blocks.last(),
        }
    }

    /// The last block that has a sample, looked for from a block that had one: `None` for the first.
    pub(crate) fn last_block_from(self, known: Option<BlockPosition>) -> Option<BlockPosition> {
        self.in_blocks.last_block_from(known)
    }

    /// The samples from sample `number` on, which is not before this block.
    pub(crate) fn from(
        self,
        block: Option<BlockPosition>,
        number: usize,
    ) -> impl Iterator<Item = (i64, f64)> + use<'s> {
        let skipped = number.saturating_sub(self.in_blocks.len());
        let copied = self.copied.iter().skip(skipped).map(Cell::read);
        self.in_blocks.from(block, number).chain(copied)
    }

    /// Of samples that ascend: the parts that may have some from `from` to `until`. None is empty.
    pub(crate) fn parts(self, from: i64, until: i64) -> impl Iterator<Item = &'s [Cell]> {
        let at = |cell: &Cell| cell.read().0;
        // What is copied of a flushed head may be long.
        let copied = self.copied.chunks(PART_MIN);
        let all = self.in_blocks.all_parts().chain(copied);
        all.skip_while(move |cells| cells.last().is_some_and(|last| at(last) < from))
            .take_while(move |cells| cells.first().is_some_and(|first| at(first) <= until))
    }
}
