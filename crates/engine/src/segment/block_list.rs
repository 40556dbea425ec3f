//! The block directory of a segment that is being written, which belongs after the data. The blocks written last stay in
//! memory; those before them wait in a file beside the segment. The blocks of a merge of any size so take a fixed number of
//! bytes. Its memory still grows with the series that it leaves without samples, of which it keeps the numbers.
//!
//! A crash leaves that file behind. The manifest does not name it, so the next start removes it.

use super::layout::{BLOCK_BYTES, Block};
use crate::error::{self, FileAction};
use crate::storage::{ReadFile, Storage, WriteFile};
use base::store::StoreError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of the directory that stay in memory: more than 7000 blocks, so that most flushes need no second file.
pub(super) const MEMORY_BYTES_MAX: usize = 256 << 10;

/// The directory entries of the blocks written so far.
#[derive(Debug)]
pub(super) struct BlockList {
    storage: Arc<dyn Storage>,
    path: PathBuf,
    /// Encoded blocks that are in no file.
    memory: Vec<u8>,
    spilled: Option<SpillFile>,
    count: u32,
    crc: crc32fast::Hasher,
}

impl BlockList {
    /// An empty list for the segment `segment`.
    pub(super) fn new(storage: &Arc<dyn Storage>, segment: &Path) -> Self {
        Self {
            storage: Arc::clone(storage),
            path: segment.with_extension("blocks"),
            memory: Vec::new(),
            spilled: None,
            count: 0,
            crc: crc32fast::Hasher::new(),
        }
    }

    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// Bytes of memory that it holds.
    #[cfg(test)]
    pub(super) const fn held_bytes(&self) -> usize {
        self.memory.capacity()
    }

    pub(super) fn push(&mut self, block: &Block) -> Result<(), StoreError> {
        if self.memory.len() + BLOCK_BYTES > MEMORY_BYTES_MAX {
            self.spill()?;
        }
        block.encode(&mut self.memory);
        self.count += 1;
        Ok(())
    }

    fn spill(&mut self) -> Result<(), StoreError> {
        let file = match &mut self.spilled {
            Some(file) => file,
            none => none.insert(SpillFile::create(&self.storage, &self.path)?),
        };
        file.append(&self.memory)?;
        self.crc.update(&self.memory);
        self.memory.clear();
        Ok(())
    }

    /// Adds the next part of the directory to `out`; false when there is no more. Nothing is pushed once this was called.
    pub(super) fn read_next(&mut self, out: &mut Vec<u8>) -> Result<bool, StoreError> {
        if let Some(file) = &mut self.spilled
            && file.read_next(out)?
        {
            return Ok(true);
        }
        let any = !self.memory.is_empty();
        self.crc.update(&self.memory);
        out.append(&mut self.memory);
        Ok(any)
    }

    /// The checksum of all of it, once all of it was read.
    pub(super) fn crc(&self) -> u32 {
        self.crc.clone().finalize()
    }
}

/// Blocks for which there was no memory. The file goes when this is dropped.
#[derive(Debug)]
struct SpillFile {
    storage: Arc<dyn Storage>,
    path: PathBuf,
    file: Box<dyn WriteFile>,
    bytes: u64,
    /// Reads it back.
    reader: Option<Arc<dyn ReadFile>>,
    read: u64,
}

impl SpillFile {
    fn create(storage: &Arc<dyn Storage>, path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            storage: Arc::clone(storage),
            file: storage
                .create(path)
                .map_err(error::io(FileAction::Create, path))?,
            path: path.to_owned(),
            bytes: 0,
            reader: None,
            read: 0,
        })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let appended = self.file.append(bytes);
        appended.map_err(error::io(FileAction::Write, &self.path))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Adds the next bytes to `out`; false when there are no more.
    fn read_next(&mut self, out: &mut Vec<u8>) -> Result<bool, StoreError> {
        let unread = self.bytes.saturating_sub(self.read);
        if unread == 0 {
            return Ok(false);
        }
        let reader = match &self.reader {
            Some(reader) => reader,
            None => {
                let opened = self.storage.open(&self.path);
                let opened = opened.map_err(error::io(FileAction::Open, &self.path))?;
                self.reader.insert(opened)
            }
        };
        let length = unread.min(MEMORY_BYTES_MAX as u64) as usize;
        let at = out.len();
        out.resize(at + length, 0);
        let part = out.get_mut(at..).unwrap_or_default();
        let read = reader.read_at(part, self.read);
        read.map_err(error::io(FileAction::Read, &self.path))?;
        self.read += length as u64;
        Ok(true)
    }
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        // When that fails it is an orphan, and goes at the next start.
        let _ = self.storage.remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series_ref::SeriesRef;
    use crate::storage::faulty::{Fault, Faulty};

    const SEGMENT: &str = "/s/1.seg";

    fn block(number: u32) -> Block {
        Block {
            series: SeriesRef(number),
            count: 1,
            timestamps_code: 0,
            values_code: 0,
            day: 0,
            from: 0,
            until: 0,
            offset: u64::from(number),
            timestamps_bytes: 1,
            values_bytes: 1,
            crc: number,
        }
    }

    fn storage() -> (Faulty, Arc<dyn Storage>) {
        let faulty = Faulty::new(1);
        faulty.create_dir(Path::new("/s")).unwrap();
        let storage = Arc::new(faulty.clone());
        (faulty, storage)
    }

    fn files(storage: &Faulty) -> Vec<String> {
        storage.list(Path::new("/s")).unwrap()
    }

    /// Every block was held in memory until the segment was whole: 36 bytes of each.
    #[test]
    fn many_blocks_are_held_in_a_file_and_come_back_in_order() {
        let in_memory_max = (MEMORY_BYTES_MAX / BLOCK_BYTES) as u32;
        for count in [
            0,
            1,
            in_memory_max,
            in_memory_max + 1,
            5 * in_memory_max + 3,
        ] {
            let (faulty, storage) = storage();
            let mut list = BlockList::new(&storage, Path::new(SEGMENT));
            let mut expected = Vec::new();
            for number in 0..count {
                list.push(&block(number)).unwrap();
                block(number).encode(&mut expected);
                assert!(list.held_bytes() <= 2 * MEMORY_BYTES_MAX);
            }
            assert_eq!(list.count(), count);
            let spilled = if count > in_memory_max {
                vec!["1.blocks"]
            } else {
                vec![]
            };
            assert_eq!(files(&faulty), spilled);
            let (mut out, mut whole) = (Vec::new(), Vec::new());
            while list.read_next(&mut out).unwrap() {
                assert!(out.len() <= MEMORY_BYTES_MAX);
                whole.append(&mut out);
            }
            assert!(whole == expected, "{count} blocks");
            assert_eq!(list.crc(), crc32fast::hash(&expected));
            drop(list);
            assert!(files(&faulty).is_empty());
        }
    }

    #[test]
    fn a_list_that_fails_or_is_given_up_leaves_no_file() {
        let blocks = 2 * (MEMORY_BYTES_MAX / BLOCK_BYTES) as u32 + 2;
        for operation in 1.. {
            let (faulty, storage) = storage();
            faulty.inject(Fault::ShortWrite, operation);
            let mut list = BlockList::new(&storage, Path::new(SEGMENT));
            let pushed = (0..blocks).try_for_each(|number| list.push(&block(number)));
            drop(list);
            assert!(files(&faulty).is_empty(), "fault at operation {operation}");
            if pushed.is_ok() {
                assert!(operation > 1, "nothing was written");
                return;
            }
        }
    }
}
