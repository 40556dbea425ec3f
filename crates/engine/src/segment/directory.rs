//! The block directory of one segment. It stays on the disk, and is read in pages through a cache ([`super::cache`]); in memory
//! are only where each page begins, and its checksum, which are found when the segment is opened.

use super::cache::Page;
use super::file::SegmentFile;
use super::layout::{BLOCK_BYTES, Block, Footer, Header, Tenant};
use crate::column::varint::Reader;
use crate::day::Day;
use crate::error::{self, FileAction};
use crate::series_ref::SeriesRef;
use crate::undecoded::Undecoded;
use base::id::TenantId;
use base::store::StoreError;
use std::ops::Range;
use std::sync::Arc;

/// Blocks of a page: nearly four kilobytes of the file.
pub(super) const PAGE_BLOCKS: u32 = 112;

/// Pages that are read at a time by whoever reads all of them.
const PAGES_AT_ONCE: u32 = 64;

/// The head of a directory page, kept in memory.
#[derive(Debug, Clone, Copy)]
struct Head {
    /// Series and first instant of its first block.
    series: SeriesRef,
    crc: u32,
    from: i64,
}

/// A block directory: the heads of its pages.
#[derive(Debug)]
pub(super) struct Directory {
    segment: u64,
    /// Where it begins in the file.
    at: u64,
    blocks: u32,
    heads: Box<[Head]>,
}

/// A callback for every block while a segment is opened, with its series and day.
pub(crate) type OnBlock<'s> = dyn FnMut(&Header, SeriesRef, Day) + 's;

impl Directory {
    /// Reads all of it once: every page is whole, every block lies in the data, and its tenant's blocks ascend. Counts the
    /// samples of each tenant.
    pub(super) fn open(
        file: &SegmentFile,
        header: &Header,
        footer: &Footer,
        tenants: &mut [(Tenant, u64)],
        on_block: &mut OnBlock<'_>,
    ) -> Result<Self, StoreError> {
        let segment = file.pages().next_segment();
        let pages = footer.blocks.div_ceil(PAGE_BLOCKS);
        let mut heads = Vec::with_capacity(pages as usize);
        let mut crc = crc32fast::Hasher::new();
        let mut directory = Self {
            segment,
            at: footer.blocks_offset,
            blocks: footer.blocks,
            heads: Box::default(),
        };
        let mut tenants = tenants.iter_mut();
        let (mut tenant, mut blocks_left) = (None, 0_u32);
        let mut last: Option<Block> = None;
        for first in (0..pages).step_by(PAGES_AT_ONCE as usize) {
            let some = first..pages.min(first + PAGES_AT_ONCE);
            let (at, bytes) = directory.read(file, &some)?;
            crc.update(&bytes);
            for (offset, page) in (at..)
                .step_by(PAGE_BLOCKS as usize * BLOCK_BYTES)
                .zip(bytes.chunks(PAGE_BLOCKS as usize * BLOCK_BYTES))
            {
                let blocks = decode(offset, page)
                    .map_err(|undecoded| directory.refusal(file, footer, undecoded))?;
                let Some(begin) = blocks.first() else {
                    continue;
                };
                heads.push(Head {
                    series: begin.series,
                    crc: crc32fast::hash(page),
                    from: begin.span(header.day).from.0,
                });
                for block in blocks {
                    let end = block.offset.checked_add(block.bytes() as u64);
                    if end.is_none_or(|end| end > footer.blocks_offset) {
                        let what = "a block lies outside the data";
                        return Err(error::corrupt(file.path(), offset, what));
                    }
                    while blocks_left == 0 {
                        let Some(next) = tenants.next() else {
                            let what = "the tenants do not own all blocks";
                            return Err(error::corrupt(file.path(), offset, what));
                        };
                        (blocks_left, last) = (next.0.blocks, None);
                        tenant = Some(next);
                    }
                    blocks_left -= 1;
                    if let Some((_, samples)) = &mut tenant {
                        *samples += u64::from(block.count);
                    }
                    let key = |block: &Block| (block.series, block.day);
                    if last.is_none_or(|last| key(&last) != key(&block)) {
                        on_block(header, block.series, block.day_in(header.day));
                    }
                    last = Some(block);
                }
            }
        }
        if crc.finalize() != footer.blocks_crc {
            return Err(checksum_differs(file, footer));
        }
        directory.heads = heads.into();
        file.pages().index_changed(directory.bytes(), 0);
        Ok(directory)
    }

    /// Why a block cannot be used. It may come before the checksum of all blocks was compared, and only when that is right is it
    /// what a newer build wrote.
    fn refusal(
        &self,
        file: &SegmentFile,
        footer: &Footer,
        (offset, undecoded): (u64, Undecoded),
    ) -> StoreError {
        if let Undecoded::Unknown(_) = undecoded {
            match self.checksum(file) {
                Ok(crc) if crc == footer.blocks_crc => {}
                Ok(_) => return checksum_differs(file, footer),
                Err(unreadable) => return unreadable,
            }
        }
        undecoded.into_error(file.path(), offset)
    }

    /// The checksum of all blocks.
    fn checksum(&self, file: &SegmentFile) -> Result<u32, StoreError> {
        let mut crc = crc32fast::Hasher::new();
        let pages = self.blocks.div_ceil(PAGE_BLOCKS);
        for first in (0..pages).step_by(PAGES_AT_ONCE as usize) {
            let some = first..pages.min(first + PAGES_AT_ONCE);
            crc.update(&self.read(file, &some)?.1);
        }
        Ok(crc.finalize())
    }

    /// The bytes that always stay in memory.
    pub(super) const fn bytes(&self) -> u64 {
        (self.heads.len() * size_of::<Head>()) as u64
    }

    /// The bytes on disk.
    pub(super) const fn file_bytes(&self) -> u64 {
        self.blocks as u64 * BLOCK_BYTES as u64
    }

    /// The bytes of some pages, and where they begin.
    fn read(&self, file: &SegmentFile, pages: &Range<u32>) -> Result<(u64, Vec<u8>), StoreError> {
        let first = pages.start * PAGE_BLOCKS;
        let end = pages.end.saturating_mul(PAGE_BLOCKS).min(self.blocks);
        let at = self.at + u64::from(first) * BLOCK_BYTES as u64;
        let mut bytes = vec![0; (end.saturating_sub(first)) as usize * BLOCK_BYTES];
        file.get()?
            .read_at(&mut bytes, at)
            .map_err(error::io(FileAction::Read, file.path()))?;
        Ok((at, bytes))
    }

    /// The blocks of some pages, which are as they were when the segment was opened.
    fn read_blocks(
        &self,
        file: &SegmentFile,
        pages: &Range<u32>,
    ) -> Result<Vec<Block>, StoreError> {
        let (at, bytes) = self.read(file, pages)?;
        let page_bytes = PAGE_BLOCKS as usize * BLOCK_BYTES;
        let heads = self.heads.get(pages.start as usize..).unwrap_or_default();
        for ((offset, page), head) in (at..)
            .step_by(page_bytes)
            .zip(bytes.chunks(page_bytes))
            .zip(heads)
        {
            if crc32fast::hash(page) != head.crc {
                return Err(error::corrupt(
                    file.path(),
                    offset,
                    "a page of the block directory has changed since it was opened",
                ));
            }
        }
        decode(at, &bytes).map_err(|(offset, undecoded)| undecoded.into_error(file.path(), offset))
    }

    /// The page with the block `number`, and the number of that page.
    pub(super) fn page_of(
        &self,
        file: &SegmentFile,
        number: u32,
    ) -> Result<(u32, Page), StoreError> {
        let page = number / PAGE_BLOCKS;
        let read = || {
            self.read_blocks(file, &(page..page + 1))
                .map(|blocks| Arc::from(blocks.into_boxed_slice()))
        };
        Ok((page, file.pages().page((self.segment, page), read)?))
    }

    /// The first block in `run`, the blocks of one tenant, for which `is_before` is false. It begins at `key` (a series and an
    /// instant) or before it.
    pub(super) fn seek(
        &self,
        file: &SegmentFile,
        run: &Range<u32>,
        key: (SeriesRef, i64),
        is_before: impl Fn(&Block) -> bool,
    ) -> Result<u32, StoreError> {
        // Of the pages that begin within the run: the last one that begins before what is looked for.
        let first_page = run.start.div_ceil(PAGE_BLOCKS);
        let end_page = run.end.div_ceil(PAGE_BLOCKS);
        let begin = self
            .heads
            .get(first_page as usize..end_page.max(first_page) as usize)
            .unwrap_or_default();
        let before = begin.partition_point(|head| (head.series, head.from) < key) as u32;
        let from = match before.checked_sub(1) {
            Some(page) => (first_page + page) * PAGE_BLOCKS,
            None => run.start,
        };
        if from >= run.end {
            return Ok(run.end);
        }
        let (page, blocks) = self.page_of(file, from)?;
        let begin = page * PAGE_BLOCKS;
        let end = blocks.len().min((run.end - begin) as usize);
        let on_page = blocks.get((from - begin) as usize..end);
        Ok(from + on_page.unwrap_or_default().partition_point(is_before) as u32)
    }
}

fn checksum_differs(file: &SegmentFile, footer: &Footer) -> StoreError {
    let what = "the checksum of the block directory differs";
    error::corrupt(file.path(), footer.blocks_offset, what)
}

/// The blocks in `bytes`, which begin at `at` in the file; or where the first is that cannot be used, and why.
fn decode(at: u64, bytes: &[u8]) -> Result<Vec<Block>, (u64, Undecoded)> {
    let mut reader = Reader::new(bytes);
    let mut blocks = Vec::with_capacity(bytes.len() / BLOCK_BYTES);
    for number in 0..bytes.len() / BLOCK_BYTES {
        let offset = at + (number * BLOCK_BYTES) as u64;
        blocks.push(Block::decode(&mut reader).map_err(|undecoded| (offset, undecoded))?);
    }
    Ok(blocks)
}

/// Every tenant and series of a directory, ascending, each once. It is read past the cache, from which it would drive what is
/// asked for often.
#[derive(Debug)]
pub(super) struct SeriesScan<'s> {
    directory: &'s Directory,
    file: &'s SegmentFile,
    tenants: std::slice::Iter<'s, (Tenant, u64)>,
    tenant: TenantId,
    /// Blocks of the tenant that are still to come.
    blocks_left: u32,
    next_page: u32,
    blocks: std::vec::IntoIter<Block>,
    last: Option<SeriesRef>,
}

impl<'s> SeriesScan<'s> {
    pub(super) fn new(
        directory: &'s Directory,
        file: &'s SegmentFile,
        tenants: &'s [(Tenant, u64)],
    ) -> Self {
        Self {
            directory,
            file,
            tenants: tenants.iter(),
            tenant: TenantId(0),
            blocks_left: 0,
            next_page: 0,
            blocks: Vec::new().into_iter(),
            last: None,
        }
    }

    fn next_block(&mut self) -> Result<Option<Block>, StoreError> {
        if let Some(block) = self.blocks.next() {
            return Ok(Some(block));
        }
        let pages = self.directory.heads.len() as u32;
        if self.next_page >= pages {
            return Ok(None);
        }
        let end = pages.min(self.next_page + PAGES_AT_ONCE);
        let some = std::mem::replace(&mut self.next_page, end)..end;
        self.blocks = self.directory.read_blocks(self.file, &some)?.into_iter();
        Ok(self.blocks.next())
    }
}

impl Iterator for SeriesScan<'_> {
    type Item = Result<(TenantId, SeriesRef), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let block = match self.next_block() {
                Ok(block) => block?,
                Err(error) => {
                    self.next_page = u32::MAX;
                    return Some(Err(error));
                }
            };
            while self.blocks_left == 0 {
                let (tenant, _) = self.tenants.next()?;
                (self.tenant, self.blocks_left, self.last) = (tenant.tenant, tenant.blocks, None);
            }
            self.blocks_left -= 1;
            if self.last.replace(block.series) != Some(block.series) {
                return Some(Ok((self.tenant, block.series)));
            }
        }
    }
}
