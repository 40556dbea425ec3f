//! The blocks of one series in one segment, page by page of its directory.

use super::cache::Page;
use super::directory::{Directory, PAGE_BLOCKS};
use super::file::SegmentFile;
use super::layout::Block;
use crate::day::Day;
use crate::series_ref::SeriesRef;
use base::store::StoreError;
use base::time::TimeRange;
use std::ops::Range;

/// The blocks of a series that may hold samples of a range, in ascending order.
#[derive(Debug)]
pub(crate) struct Blocks<'s> {
    directory: &'s Directory,
    file: &'s SegmentFile,
    /// The segment's first day.
    day: Day,
    series: SeriesRef,
    range: TimeRange,
    /// The next block of the directory, and the first that is another tenant's.
    next: u32,
    end: u32,
    /// The number of the page, and the page.
    page: Option<(u32, Page)>,
    /// The block that was peeked at and not taken.
    peeked: Option<Block>,
}

impl<'s> Blocks<'s> {
    /// The blocks of `series` within `run`, the blocks of its tenant; `None` if there are none.
    pub(super) fn new(
        (directory, file): (&'s Directory, &'s SegmentFile),
        day: Day,
        run: &Range<u32>,
        series: SeriesRef,
        range: TimeRange,
    ) -> Result<Option<Self>, StoreError> {
        let is_before =
            |block: &Block| (block.series, block.span(day).until) < (series, range.from);
        let mut blocks = Self {
            directory,
            file,
            day,
            series,
            range,
            next: directory.seek(file, run, (series, range.from.0), is_before)?,
            end: run.end,
            page: None,
            peeked: None,
        };
        blocks.peeked = blocks.read()?;
        Ok(blocks.peeked.is_some().then_some(blocks))
    }

    fn read(&mut self) -> Result<Option<Block>, StoreError> {
        if self.next >= self.end {
            return Ok(None);
        }
        let Some(block) = self.peek()? else {
            return Ok(None);
        };
        let is_own = block.series == self.series && block.span(self.day).from <= self.range.until;
        if !is_own {
            self.next = self.end;
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(block))
    }

    /// The next block of the directory.
    fn peek(&mut self) -> Result<Option<Block>, StoreError> {
        let number = self.next / PAGE_BLOCKS;
        let page = match self.page.take().filter(|(cached, _)| *cached == number) {
            Some((_, page)) => page,
            None => self.directory.page_of(self.file, self.next)?.1,
        };
        let block = page.get((self.next % PAGE_BLOCKS) as usize).copied();
        self.page = Some((number, page));
        Ok(block)
    }

    /// The next one.
    pub(crate) fn next(&mut self) -> Result<Option<Block>, StoreError> {
        match self.peeked.take() {
            Some(block) => Ok(Some(block)),
            None => self.read(),
        }
    }
}
