//! The blocks of one series in one segment, page by page of its directory.

use super::cache::Page;
use super::layout::Block;
use super::reader::Segment;
use base::id::SeriesRef;
use base::store::StoreError;
use base::time::TimeRange;

/// Those that may hold samples of a range, ascending.
#[derive(Debug)]
pub(crate) struct Blocks<'s> {
    segment: &'s Segment,
    series: SeriesRef,
    range: TimeRange,
    /// The next block of the directory, and the first that is another tenant's.
    next: u32,
    end: u32,
    /// The number of the page, and the page.
    page: Option<(u32, Page)>,
    /// What was looked at and not taken.
    peeked: Option<Block>,
}

impl<'s> Blocks<'s> {
    /// From the block `next` on, which is the first that does not lie before `range`; `None` where there is none in it.
    pub(super) fn new(
        segment: &'s Segment,
        series: SeriesRef,
        range: TimeRange,
        next: u32,
        end: u32,
    ) -> Result<Option<Self>, StoreError> {
        let mut own = Self {
            segment,
            series,
            range,
            next,
            end,
            page: None,
            peeked: None,
        };
        own.peeked = own.read()?;
        Ok(own.peeked.is_some().then_some(own))
    }

    fn read(&mut self) -> Result<Option<Block>, StoreError> {
        if self.next >= self.end {
            return Ok(None);
        }
        let Some(block) = self.look()? else {
            return Ok(None);
        };
        let is_own =
            block.series == self.series && block.span(self.segment.day()).from <= self.range.until;
        if !is_own {
            self.next = self.end;
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(block))
    }

    /// The next block of the directory.
    fn look(&mut self) -> Result<Option<Block>, StoreError> {
        use super::directory::PAGE_BLOCKS;
        let number = self.next / PAGE_BLOCKS;
        let page = match self.page.take().filter(|(own, _)| *own == number) {
            Some((_, page)) => page,
            None => self.segment.page_of(self.next)?.1,
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
