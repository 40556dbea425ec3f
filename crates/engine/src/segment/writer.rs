//! Writes one segment file, series by series, ascending by tenant and number.

use super::block_list::BlockList;
use super::layout::{BLOCK_SAMPLES, Block, Footer, HEADER_BYTES, Header, Tenant};
use crate::column::choose;
use crate::day::Day;
use crate::error::{self, FileAction};
use crate::points::Points;
use crate::series_ref::SeriesRef;
use crate::storage::{Storage, WriteFile};
use base::id::TenantId;
use base::store::StoreError;
use base::time::Millis;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes gathered before they are handed to the operating system.
const BUFFER_BYTES: usize = 1 << 20;

/// Bytes after which they are brought to stable storage, while the segment is still being written: a sync of the log waits for what the
/// disk was given before, so that a whole segment at once would hold up every write that is committed.
const SYNC_BYTES: u64 = 4 << 20;

/// The summary of a written segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentSummary {
    pub(crate) samples: u64,
    pub(crate) series: u32,
    pub(crate) bytes: u64,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

/// A segment being written. It counts for nothing until the manifest names it.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    path: PathBuf,
    file: Box<dyn WriteFile>,
    header: Header,
    buffer: Vec<u8>,
    written: u64,
    synced: u64,
    blocks: BlockList,
    tenants: Vec<Tenant>,
    samples: u64,
    series: u32,
    from: i64,
    until: i64,
    last: Option<(TenantId, SeriesRef)>,
    header_crc: u32,
}

impl SegmentWriter {
    pub(crate) fn create(
        storage: &Arc<dyn Storage>,
        path: &Path,
        header: Header,
    ) -> Result<Self, StoreError> {
        let file = storage
            .create(path)
            .map_err(error::io(FileAction::Create, path))?;
        let buffer = header.encode();
        Ok(Self {
            path: path.to_owned(),
            file,
            header,
            header_crc: crc32fast::hash(&buffer),
            buffer,
            written: 0,
            synced: 0,
            blocks: BlockList::new(storage, path),
            tenants: Vec::new(),
            samples: 0,
            series: 0,
            from: i64::MAX,
            until: i64::MIN,
            last: None,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds samples that `series` has in this segment, all of them on its days; further ones of the same series may follow,
    /// later than these.
    pub(crate) fn push(
        &mut self,
        tenant: TenantId,
        series: SeriesRef,
        points: &Points,
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (points.timestamps.first(), points.timestamps.last())
        else {
            return Ok(());
        };
        debug_assert!(self.last.is_none_or(|last| last <= (tenant, series)));
        let is_new = self.last.replace((tenant, series)) != Some((tenant, series));
        self.series += u32::from(is_new);
        self.samples += points.len() as u64;
        let (first_block, bytes_before) = (self.blocks.count(), self.offset());
        let mut values = points.values.as_slice();
        let days = points
            .timestamps
            .chunk_by(|left, right| Day::of(Millis(*left)) == Day::of(Millis(*right)));
        for timestamps in days.flat_map(|day| day.chunks(BLOCK_SAMPLES)) {
            let (column, rest) = values
                .split_at_checked(timestamps.len())
                .unwrap_or_default();
            values = rest;
            let block = self.block(series, timestamps, column);
            self.blocks.push(&block)?;
            // After each block, as a day of one series can be larger than memory.
            if self.buffer.len() >= BUFFER_BYTES {
                self.write_out()?;
            }
        }
        self.from = self.from.min(*first);
        self.until = self.until.max(*last);
        let (blocks, bytes) = (
            self.blocks.count() - first_block,
            self.offset() - bytes_before,
        );
        match self.tenants.last_mut().filter(|last| last.tenant == tenant) {
            Some(tenant_entry) => {
                tenant_entry.blocks += blocks;
                tenant_entry.series += u32::from(is_new);
                tenant_entry.bytes += bytes;
                tenant_entry.from = tenant_entry.from.min(*first);
                tenant_entry.until = tenant_entry.until.max(*last);
            }
            None => self.tenants.push(Tenant {
                tenant,
                first: first_block,
                blocks,
                series: 1,
                bytes,
                from: *first,
                until: *last,
            }),
        }
        Ok(())
    }

    /// Encodes a block; all its samples are of one day.
    fn block(&mut self, series: SeriesRef, timestamps: &[i64], values: &[f64]) -> Block {
        let day = timestamps
            .first()
            .map_or(self.header.day, |at| Day::of(Millis(*at)));
        debug_assert!(self.header.day <= day && day <= self.header.last_day());
        let start = day.start();
        let in_day: Vec<i64> = timestamps.iter().map(|at| at - start).collect();
        let offset = self.offset();
        let at = self.buffer.len();
        let timestamps_code = choose::encode_timestamps(&mut self.buffer, &in_day);
        let middle = self.buffer.len();
        let values_code = choose::encode_values(&mut self.buffer, values);
        let (end, columns) = (self.buffer.len(), self.buffer.get(at..).unwrap_or_default());
        Block {
            series,
            count: values.len() as u16,
            timestamps_code,
            values_code,
            day: day.0.wrapping_sub(self.header.day.0) as u16,
            from: in_day.first().copied().unwrap_or_default() as u32,
            until: in_day.last().copied().unwrap_or_default() as u32,
            offset,
            timestamps_bytes: (middle - at) as u32,
            values_bytes: (end - middle) as u32,
            crc: crc32fast::hash(columns),
        }
    }

    /// Bytes of memory that it holds, but for the tenants.
    #[cfg(test)]
    pub(super) const fn held_bytes(&self) -> usize {
        self.buffer.capacity() + self.blocks.held_bytes()
    }

    const fn offset(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn write_out(&mut self) -> Result<(), StoreError> {
        self.file
            .append(&self.buffer)
            .map_err(error::io(FileAction::Write, &self.path))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        if self.written - self.synced >= SYNC_BYTES {
            self.sync()?;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.file
            .sync()
            .map_err(error::io(FileAction::Sync, &self.path))?;
        self.synced = self.written;
        Ok(())
    }

    /// Writes directories and footer, and brings the file to stable storage; its directory entry is the caller's.
    pub(crate) fn finish(mut self) -> Result<SegmentSummary, StoreError> {
        debug_assert!(self.offset() >= HEADER_BYTES as u64);
        let blocks_offset = self.offset();
        while self.blocks.read_next(&mut self.buffer)? {
            if self.buffer.len() >= BUFFER_BYTES {
                self.write_out()?;
            }
        }
        let tenants_offset = self.offset();
        let mut tenants = Vec::new();
        for tenant in &self.tenants {
            tenant.encode(&mut tenants);
        }
        self.buffer.extend_from_slice(&tenants);
        let footer = Footer {
            blocks_offset,
            blocks: self.blocks.count(),
            tenants: self.tenants.len() as u32,
            tenants_offset,
            blocks_crc: self.blocks.crc(),
            tenants_crc: crc32fast::hash(&tenants),
            samples: self.samples,
            from: self.from,
            until: self.until,
            sequence: self.header.sequence,
            series: self.series,
            header_crc: self.header_crc,
        };
        self.buffer.extend_from_slice(&footer.encode());
        self.write_out()?;
        self.sync()?;
        Ok(SegmentSummary {
            samples: self.samples,
            series: self.series,
            bytes: self.written,
            from: self.from,
            until: self.until,
        })
    }
}
