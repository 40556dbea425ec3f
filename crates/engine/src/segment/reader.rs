//! Reads one segment file. Header, footer and directories are checked when it is opened, a block when it is read.

use super::file::{FileCache, SegmentFile};
use super::layout::{
    BLOCK_BYTES, Block, FOOTER_BYTES, Footer, HEADER_BYTES, Header, TENANT_BYTES, Tenant,
};
use super::tally::Tally;
use crate::column::choose;
use crate::column::varint::Reader;
use crate::day::Day;
use crate::error;
use crate::points::Points;
use crate::series_ref::SeriesRef;
use base::id::TenantId;
use base::store::StoreError;
use base::time::{Millis, TimeRange};
use std::path::Path;
use std::sync::Arc;

/// A segment. Its file stays readable as long as this lives, also when the manifest has dropped it.
#[derive(Debug)]
pub(crate) struct Segment {
    file: SegmentFile,
    header: Header,
    length: u64,
    from: i64,
    until: i64,
    tenants: Vec<Tenant>,
    blocks: Vec<Block>,
}

/// The block directory: every block lies within the data.
fn read_blocks(path: &Path, footer: &Footer, bytes: &[u8]) -> Result<Vec<Block>, StoreError> {
    let at = footer.blocks_offset;
    let mut reader = Reader::new(bytes);
    let mut blocks = Vec::with_capacity(footer.blocks as usize);
    for _ in 0..footer.blocks {
        let block = Block::decode(&mut reader).map_err(error::damaged(path, at))?;
        let end = block.offset.checked_add(block.bytes() as u64);
        if end.is_none_or(|end| end > at) {
            return Err(error::corrupt(path, at, "a block lies outside the data"));
        }
        blocks.push(block);
    }
    Ok(blocks)
}

/// The tenant directory: tenants ascend, and each owns the blocks behind those of the one before.
fn read_tenants(path: &Path, footer: &Footer, bytes: &[u8]) -> Result<Vec<Tenant>, StoreError> {
    let at = footer.tenants_offset;
    let mut reader = Reader::new(bytes);
    let mut tenants: Vec<Tenant> = Vec::with_capacity(footer.tenants as usize);
    let mut next = 0_u32;
    for _ in 0..footer.tenants {
        let tenant = Tenant::decode(&mut reader).map_err(error::damaged(path, at))?;
        let ascends = tenants
            .last()
            .is_none_or(|last| last.tenant < tenant.tenant);
        if !ascends || tenant.first != next {
            return Err(error::corrupt(path, at, "tenants are out of order"));
        }
        next = next.saturating_add(tenant.blocks);
        tenants.push(tenant);
    }
    if next != footer.blocks {
        return Err(error::corrupt(
            path,
            at,
            "the tenants do not own all blocks",
        ));
    }
    Ok(tenants)
}

impl Segment {
    pub(crate) fn open(files: &Arc<FileCache>, path: &Path) -> Result<Self, StoreError> {
        let own = SegmentFile::new(files, path);
        let file = own.get()?;
        let length = file.length().map_err(error::io("read", path))?;
        let Some(footer_offset) = length.checked_sub((HEADER_BYTES + FOOTER_BYTES) as u64) else {
            return Err(error::corrupt(path, 0, "too short for a segment"));
        };
        let footer_offset = footer_offset + HEADER_BYTES as u64;
        let read = |offset: u64, length: usize| -> Result<Vec<u8>, StoreError> {
            let mut bytes = vec![0; length];
            file.read_at(&mut bytes, offset)
                .map_err(error::io("read", path))?;
            Ok(bytes)
        };
        let head = read(0, HEADER_BYTES)?;
        let header = Header::decode(&head).map_err(error::damaged(path, 0))?;
        let footer = Footer::decode(&read(footer_offset, FOOTER_BYTES)?)
            .map_err(error::damaged(path, footer_offset))?;
        let blocks_end = footer
            .blocks_offset
            .checked_add(u64::from(footer.blocks) * BLOCK_BYTES as u64);
        let tenants_end = footer
            .tenants_offset
            .checked_add(u64::from(footer.tenants) * TENANT_BYTES as u64);
        if blocks_end != Some(footer.tenants_offset)
            || tenants_end != Some(footer_offset)
            || footer.blocks_offset < HEADER_BYTES as u64
            || footer.header_crc != crc32fast::hash(&head)
            || footer.sequence != header.sequence
        {
            return Err(error::corrupt(
                path,
                footer_offset,
                "the footer does not fit the file",
            ));
        }
        let block_bytes = read(footer.blocks_offset, footer.blocks as usize * BLOCK_BYTES)?;
        if crc32fast::hash(&block_bytes) != footer.blocks_crc {
            return Err(error::corrupt(
                path,
                footer.blocks_offset,
                "the checksum of the block directory differs",
            ));
        }
        let tenant_bytes = read(
            footer.tenants_offset,
            footer.tenants as usize * TENANT_BYTES,
        )?;
        if crc32fast::hash(&tenant_bytes) != footer.tenants_crc {
            return Err(error::corrupt(
                path,
                footer.tenants_offset,
                "the checksum of the tenant directory differs",
            ));
        }
        let blocks = read_blocks(path, &footer, &block_bytes)?;
        let tenants = read_tenants(path, &footer, &tenant_bytes)?;
        Ok(Self {
            file: own,
            header,
            length,
            from: footer.from,
            until: footer.until,
            tenants,
            blocks,
        })
    }

    pub(crate) const fn header(&self) -> &Header {
        &self.header
    }

    /// The last day that it may hold samples of.
    pub(crate) const fn last_day(&self) -> Day {
        self.header.last_day()
    }

    /// Whether it is one of those that what came late for many days is in.
    pub(crate) const fn is_late(&self) -> bool {
        self.header.is_late()
    }

    /// The first day that it may hold samples of, nearly always the only one.
    pub(crate) const fn day(&self) -> Day {
        self.header.day
    }

    /// Bytes of the file.
    pub(crate) const fn bytes(&self) -> u64 {
        self.length
    }

    /// Its file, which stays there as long as this does.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// The manifest names it no more: its file goes when the last query that reads it ends.
    pub(crate) fn set_obsolete(&self) {
        self.file.set_obsolete();
    }

    /// The last record of the log that is in it.
    pub(crate) const fn sequence(&self) -> u64 {
        self.header.sequence
    }

    /// Deletions after this record hide samples in it; earlier ones were applied when it was written.
    pub(crate) const fn purged(&self) -> u64 {
        self.header.purged
    }

    /// From its first to its last sample.
    pub(crate) const fn range(&self) -> TimeRange {
        TimeRange {
            from: Millis(self.from),
            until: Millis(self.until),
        }
    }

    /// The blocks of one tenant, and no other's.
    fn blocks_of(&self, tenant: TenantId) -> &[Block] {
        self.tenants
            .binary_search_by_key(&tenant, |own| own.tenant)
            .ok()
            .and_then(|at| self.tenants.get(at))
            .and_then(|own| {
                let first = own.first as usize;
                self.blocks.get(first..first + own.blocks as usize)
            })
            .unwrap_or_default()
    }

    /// What each tenant occupies in it.
    pub(crate) fn tallies(&self) -> impl Iterator<Item = (TenantId, Tally)> {
        self.tenants.iter().map(|own| {
            let samples = self
                .blocks_of(own.tenant)
                .iter()
                .map(|block| u64::from(block.count))
                .sum();
            let tally = Tally {
                samples,
                bytes: own.bytes,
            };
            (own.tenant, tally)
        })
    }

    /// Every tenant and series, ascending, each once.
    pub(crate) fn series(&self) -> impl Iterator<Item = (TenantId, SeriesRef)> {
        self.tenants.iter().flat_map(|own| {
            self.blocks_of(own.tenant)
                .chunk_by(|left, right| left.series == right.series)
                .filter_map(|run| run.first())
                .map(|block| (own.tenant, block.series))
        })
    }

    /// The days of which it holds samples of each series: ascending by tenant and number, each once.
    pub(crate) fn days(&self) -> impl Iterator<Item = (TenantId, SeriesRef, Day)> {
        self.tenants.iter().flat_map(|own| {
            self.blocks_of(own.tenant)
                .chunk_by(|left, right| (left.series, left.day) == (right.series, right.day))
                .filter_map(|run| run.first())
                .map(|block| (own.tenant, block.series, block.day_in(self.header.day)))
        })
    }

    /// The blocks of one series that may hold samples in `range`, ascending.
    pub(crate) fn blocks_in(
        &self,
        tenant: TenantId,
        series: SeriesRef,
        range: &TimeRange,
    ) -> &[Block] {
        let blocks = self.blocks_of(tenant);
        let day = self.header.day;
        let first =
            blocks.partition_point(|own| (own.series, own.span(day).until) < (series, range.from));
        let own = blocks.get(first..).unwrap_or_default();
        let end =
            own.partition_point(|own| (own.series, own.span(day).from) <= (series, range.until));
        own.get(..end).unwrap_or_default()
    }

    /// The blocks of one series, with the time that each spans.
    fn blocks(
        &self,
        tenant: TenantId,
        series: SeriesRef,
    ) -> impl Iterator<Item = (&Block, TimeRange)> {
        let blocks = self.blocks_of(tenant);
        let first = blocks.partition_point(|block| block.series < series);
        let own = blocks.get(first..).unwrap_or_default().iter();
        own.take_while(move |block| block.series == series)
            .map(|block| (block, block.span(self.header.day)))
    }

    /// The samples of one series in `range`.
    #[cfg(test)]
    pub(crate) fn read(
        &self,
        tenant: TenantId,
        series: SeriesRef,
        range: &TimeRange,
    ) -> Result<Points, StoreError> {
        let (mut points, mut last) = (Points::default(), None);
        for block in self.blocks_in(tenant, series, range) {
            points.extend(self.read_block(block, range, &mut last)?);
        }
        Ok(points)
    }

    /// How many samples of one series lie in `range` for sure, by the directory alone.
    pub(crate) fn count(&self, tenant: TenantId, series: SeriesRef, range: &TimeRange) -> u64 {
        self.blocks(tenant, series)
            .filter(|(_, spans)| range.contains(spans.from) && range.contains(spans.until))
            .map(|(block, _)| u64::from(block.count))
            .sum()
    }

    /// The samples of a block that lie in `range`. `last` is the last instant of the block before, of the same series.
    pub(crate) fn read_block(
        &self,
        block: &Block,
        range: &TimeRange,
        last: &mut Option<i64>,
    ) -> Result<Points, StoreError> {
        let mut bytes = vec![0; block.bytes()];
        let path = self.file.path();
        self.file
            .get()?
            .read_at(&mut bytes, block.offset)
            .map_err(error::io("read", path))?;
        if crc32fast::hash(&bytes) != block.crc {
            return Err(error::corrupt(
                path,
                block.offset,
                "the checksum of a block differs",
            ));
        }
        let (timestamps, values) = bytes
            .split_at_checked(block.timestamps_bytes as usize)
            .ok_or_else(|| error::corrupt(path, block.offset, "a block is too short"))?;
        let count = usize::from(block.count);
        let damaged = || error::damaged(path, block.offset);
        let timestamps = choose::decode_timestamps(block.timestamps_code, timestamps, count)
            .map_err(damaged())?;
        let values = choose::decode_values(block.values_code, values, count).map_err(damaged())?;
        let start = block.start(self.header.day);
        let mut points = Points::default();
        for (at, value) in timestamps.into_iter().zip(values) {
            let at = start.wrapping_add(at);
            if last.is_some_and(|last| last >= at) {
                return Err(error::corrupt(path, block.offset, "instants do not ascend"));
            }
            *last = Some(at);
            if range.contains(Millis(at)) {
                points.push(at, value);
            }
        }
        Ok(points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::writer::SegmentWriter;
    use crate::storage::Storage;
    use crate::storage::faulty::Faulty;
    use std::path::PathBuf;

    fn open(storage: &Faulty, path: &Path) -> Result<Segment, StoreError> {
        Segment::open(&FileCache::new(Arc::new(storage.clone())), path)
    }

    fn read_of(
        segment: &Segment,
        tenant: u32,
        series: u32,
        range: &TimeRange,
    ) -> Result<Points, StoreError> {
        segment.read(TenantId(tenant), SeriesRef(series), range)
    }

    fn written() -> (Faulty, PathBuf) {
        let storage = Faulty::new(1);
        let dir = Path::new("/s");
        storage.create_dir(dir).unwrap();
        let path = dir.join("1.seg");
        let mut writer = SegmentWriter::create(
            &storage,
            &path,
            Header {
                day: Day(10),
                more_days: 0,
                sequence: 5,
                purged: 5,
            },
        )
        .unwrap();
        for (tenant, series, count) in [(1, 3, 10), (1, 4, 3000), (2, 1, 5)] {
            let start = Day(10).start();
            let timestamps: Vec<i64> = (0..count).map(|at| start + at * 1000).collect();
            let values = (0..count)
                .map(|at| at as f64 / 4.0 + f64::from(series))
                .collect();
            writer
                .push(
                    TenantId(tenant),
                    SeriesRef(series),
                    &Points { timestamps, values },
                )
                .unwrap();
        }
        assert_eq!(writer.finish().unwrap().samples, 3015);
        (storage, path)
    }

    #[test]
    fn what_was_written_is_read_by_its_own_tenant_only() {
        let (storage, path) = written();
        let segment = open(&storage, &path).unwrap();
        let read = |tenant, series| read_of(&segment, tenant, series, &TimeRange::ALL).unwrap();
        assert_eq!(read(1, 4).len(), 3000);
        assert_eq!(read(1, 3).values.last(), Some(&5.25));
        assert!(read(2, 4).is_empty());
        assert!(read(3, 1).is_empty());
        assert_eq!(segment.series().count(), 3);
        let start = Day(10).start();
        let range = TimeRange {
            from: Millis(start + 1_500_000),
            until: Millis(start + 1_502_000),
        };
        let some = read_of(&segment, 1, 4, &range).unwrap();
        assert_eq!(
            some.timestamps,
            [start + 1_500_000, start + 1_501_000, start + 1_502_000]
        );
    }

    #[test]
    fn no_damaged_byte_goes_unseen() {
        let (storage, path) = written();
        let length = storage.read(&path).unwrap().len();
        for offset in 0..length {
            assert!(storage.damage(&path, offset));
            let seen = open(&storage, &path)
                .is_err_and(|error| matches!(error, StoreError::Damaged { .. }))
                || [(1, 3), (1, 4), (2, 1)].iter().any(|(tenant, series)| {
                    open(&storage, &path).is_ok_and(|segment| {
                        read_of(&segment, *tenant, *series, &TimeRange::ALL).is_err()
                    })
                });
            assert!(seen, "byte {offset}");
            assert!(storage.damage(&path, offset));
        }
    }
}
