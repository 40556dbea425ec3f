//! Reads one segment file. Header, footer and directories are checked when it is opened; a page of the block directory, and a
//! block, when it is read.

use super::blocks::Blocks;
use super::directory::{Directory, OnBlock, SeriesScan};
use super::file::{FileCache, SegmentFile};
use super::layout::{
    BLOCK_BYTES, Block, FOOTER_BYTES, Footer, HEADER_BYTES, Header, TENANT_BYTES, Tenant,
};
use super::tally::Tally;
use crate::column::choose;
use crate::column::varint::Reader;
use crate::day::Day;
use crate::error::{self, FileAction};
use crate::points::Points;
use crate::series_ref::SeriesRef;
use crate::tombstone::Tombstone;
use base::id::TenantId;
use base::store::StoreError;
use base::time::{Millis, TimeRange};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A segment. Its file stays readable as long as this lives, also when the manifest has dropped it.
#[derive(Debug)]
pub(crate) struct Segment {
    file: SegmentFile,
    header: Header,
    length: u64,
    from: i64,
    until: i64,
    /// With the samples of each.
    tenants: Vec<(Tenant, u64)>,
    directory: Directory,
    /// Deletions up to this record were looked for in it, and hide nothing.
    searched_through: AtomicU64,
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.file.pages().index_changed(0, self.directory.bytes());
    }
}

/// The tenant directory: tenants ascend, and each owns the blocks after those of the one before.
fn read_tenants(
    path: &Path,
    footer: &Footer,
    bytes: &[u8],
) -> Result<Vec<(Tenant, u64)>, StoreError> {
    let at = footer.tenants_offset;
    let mut reader = Reader::new(bytes);
    let mut tenants: Vec<(Tenant, u64)> = Vec::with_capacity(footer.tenants as usize);
    let mut next = 0_u32;
    for _ in 0..footer.tenants {
        let tenant = Tenant::decode(&mut reader).map_err(error::damaged(path, at))?;
        let ascends = tenants
            .last()
            .is_none_or(|(last, _)| last.tenant < tenant.tenant);
        if !ascends || tenant.first != next {
            return Err(error::corrupt(path, at, "tenants are out of order"));
        }
        next = next.saturating_add(tenant.blocks);
        tenants.push((tenant, 0));
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
        Self::open_with(files, path, &mut |_, _, _| {})
    }

    /// Opens it, and says of each series on which days it has samples, which is read on the way.
    pub(crate) fn open_with(
        files: &Arc<FileCache>,
        path: &Path,
        on_block: &mut OnBlock<'_>,
    ) -> Result<Self, StoreError> {
        let segment_file = SegmentFile::new(files, path);
        let file = segment_file.get()?;
        let length = file.length().map_err(error::io(FileAction::Read, path))?;
        let Some(footer_offset) = length.checked_sub((HEADER_BYTES + FOOTER_BYTES) as u64) else {
            return Err(error::corrupt(path, 0, "too short for a segment"));
        };
        let footer_offset = footer_offset + HEADER_BYTES as u64;
        let read = |offset: u64, length: usize| -> Result<Vec<u8>, StoreError> {
            let mut bytes = vec![0; length];
            file.read_at(&mut bytes, offset)
                .map_err(error::io(FileAction::Read, path))?;
            Ok(bytes)
        };
        let head = read(0, HEADER_BYTES)?;
        let header = Header::decode(&head).map_err(|undecoded| undecoded.into_error(path, 0))?;
        let footer = Footer::decode(&read(footer_offset, FOOTER_BYTES)?)
            .map_err(|undecoded| undecoded.into_error(path, footer_offset))?;
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
        let mut tenants = read_tenants(path, &footer, &tenant_bytes)?;
        let directory = Directory::open(&segment_file, &header, &footer, &mut tenants, on_block)?;
        Ok(Self {
            file: segment_file,
            header,
            length,
            from: footer.from,
            until: footer.until,
            tenants,
            directory,
            searched_through: AtomicU64::new(0),
        })
    }

    pub(crate) const fn header(&self) -> &Header {
        &self.header
    }

    /// The last day that it may hold samples of.
    pub(crate) const fn last_day(&self) -> Day {
        self.header.last_day()
    }

    /// Whether it has samples of many days: those of a flush that came late.
    pub(crate) const fn is_multi_day(&self) -> bool {
        self.header.is_multi_day()
    }

    /// The first day that it may hold samples of, nearly always the only one.
    pub(crate) const fn day(&self) -> Day {
        self.header.day
    }

    /// Bytes of the file.
    pub(crate) const fn bytes(&self) -> u64 {
        self.length
    }

    /// The bytes of its block directory.
    pub(crate) const fn directory_bytes(&self) -> u64 {
        self.directory.file_bytes()
    }

    /// The path of its file, which is not removed while this value lives.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Marks it as no longer in the manifest: its file is removed when the last query that reads it ends.
    pub(crate) fn set_obsolete(&self) {
        self.file.set_obsolete();
    }

    /// The last record of the log that is in it.
    pub(crate) const fn sequence(&self) -> u64 {
        self.header.sequence
    }

    /// Deletions after this record may hide samples in it; earlier ones were applied when it was written, or hide nothing in it.
    pub(crate) fn purged(&self) -> u64 {
        let searched_through = self.searched_through.load(Ordering::Relaxed);
        self.header.purged.max(searched_through)
    }

    /// Records that it holds no samples that deletions up to this record hide.
    pub(crate) fn set_searched(&self, sequence: u64) {
        self.searched_through.fetch_max(sequence, Ordering::Relaxed);
    }

    /// The entry of one tenant in the tenant directory.
    pub(crate) fn directory_entry(&self, tenant: TenantId) -> Option<&Tenant> {
        let at = self
            .tenants
            .binary_search_by_key(&tenant, |(entry, _)| entry.tenant);
        self.tenants.get(at.ok()?).map(|(entry, _)| entry)
    }

    /// How many tenants it holds samples of.
    pub(crate) const fn tenants(&self) -> usize {
        self.tenants.len()
    }

    /// The entry of each tenant in the tenant directory.
    pub(crate) fn directory_entries(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.iter().map(|(entry, _)| entry)
    }

    /// Whether the deletion may hide something in it.
    pub(crate) fn is_touched_by(&self, tombstone: &Tombstone) -> bool {
        let entry = self.directory_entry(tombstone.tenant);
        self.purged() < tombstone.sequence
            && entry.is_some_and(|entry| tombstone.range.overlaps(&entry.range()))
    }

    /// How many series it holds.
    pub(crate) fn series_count(&self) -> u64 {
        let tenants = self.tenants.iter();
        tenants.map(|(entry, _)| u64::from(entry.series)).sum()
    }

    /// From its first to its last sample.
    pub(crate) const fn range(&self) -> TimeRange {
        TimeRange {
            from: Millis(self.from),
            until: Millis(self.until),
        }
    }

    /// The blocks of one tenant, and no other's.
    fn run_of(&self, tenant: TenantId) -> Option<Range<u32>> {
        let entry = self.directory_entry(tenant)?;
        Some(entry.first..entry.first.saturating_add(entry.blocks))
    }

    /// The space each tenant occupies in it.
    pub(crate) fn tallies(&self) -> impl Iterator<Item = (TenantId, Tally)> {
        self.tenants.iter().map(|(entry, samples)| {
            let tally = Tally {
                samples: *samples,
                bytes: entry.bytes,
            };
            (entry.tenant, tally)
        })
    }

    /// Samples of one tenant, those that are overwritten elsewhere included.
    pub(crate) fn samples_of(&self, tenant: TenantId) -> u64 {
        let at = self
            .tenants
            .binary_search_by_key(&tenant, |(entry, _)| entry.tenant);
        let entry = at.ok().and_then(|at| self.tenants.get(at));
        entry.map_or(0, |(_, samples)| *samples)
    }

    /// Every tenant and series, ascending, each once.
    pub(crate) fn series(&self) -> impl Iterator<Item = Result<(TenantId, SeriesRef), StoreError>> {
        SeriesScan::new(&self.directory, &self.file, &self.tenants)
    }

    /// The blocks of one series that may hold samples in `range`, ascending; `None` where there are none.
    pub(crate) fn blocks_in(
        &self,
        tenant: TenantId,
        series: SeriesRef,
        range: &TimeRange,
    ) -> Result<Option<Blocks<'_>>, StoreError> {
        let Some(run) = self.run_of(tenant) else {
            return Ok(None);
        };
        let directory = (&self.directory, &self.file);
        Blocks::new(directory, self.header.day, &run, series, *range)
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
        let Some(mut blocks) = self.blocks_in(tenant, series, range)? else {
            return Ok(points);
        };
        while let Some(block) = blocks.next()? {
            points.extend(self.read_block(&block, range, &mut last)?);
        }
        Ok(points)
    }

    /// How many samples of one series lie in `range` for sure, by the directory alone.
    pub(crate) fn count(
        &self,
        tenant: TenantId,
        series: SeriesRef,
        range: &TimeRange,
    ) -> Result<u64, StoreError> {
        let Some(mut blocks) = self.blocks_in(tenant, series, range)? else {
            return Ok(0);
        };
        let mut count = 0;
        while let Some(block) = blocks.next()? {
            let spans = block.span(self.header.day);
            if range.contains(spans.from) && range.contains(spans.until) {
                count += u64::from(block.count);
            }
        }
        Ok(count)
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
            .map_err(error::io(FileAction::Read, path))?;
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
        let mut points = Points {
            timestamps: Vec::with_capacity(count),
            values: Vec::with_capacity(count),
        };
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
        Segment::open(&FileCache::new(Arc::new(storage.clone()), 0), path)
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
        let shared: Arc<dyn Storage> = Arc::new(storage.clone());
        let mut writer = SegmentWriter::create(
            &shared,
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
