//! The journal itself.
//!
//! Invariants: a record is on stable storage when [`Journal::append`] returns. A file is removed only when each of its
//! records was discarded with [`Journal::discard`], or, under [`WhenFull::DropOldest`], to make room for newer records,
//! which is counted. Nothing is written after a torn end, so that a crash costs only the record that was being written.
//!
//! What it is not: exactly-once. Discarded records may be read again after a restart, because files are removed as a
//! whole. The receiver must tolerate duplicates.

use crate::error::{JournalError, failed};
use crate::folder;
use crate::frame::{MAGIC, Scan, frame, scan};
use crate::record::Record;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A file is closed beyond this size. It is small because files are dropped and re-read as a whole.
const FILE_BYTES: u64 = 1 << 20;

/// The policy for a record that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// Drops the oldest file: for data that loses value with age.
    DropOldest,
    /// Refuses the record: for data that was acknowledged.
    Refuse,
}

/// The records that were lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use]
pub struct LostRecords {
    /// The weight of the records that were dropped to make room.
    pub dropped: u64,
    /// Files that end with an interrupted append, which never returned.
    pub torn: u64,
    /// Damaged places that are no interrupted append.
    pub damaged: u64,
}

/// A file; its records are read on demand, so that a long outage costs disk and not memory.
#[derive(Debug)]
struct Segment {
    number: u64,
    bytes: u64,
    /// All records before this byte were discarded.
    given_up: u64,
    /// The number of records from there on.
    records: usize,
    /// Their weight.
    weight: u64,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    bytes_max: u64,
    when_full: WhenFull,
    segments: VecDeque<Segment>,
    /// The file that takes the next record; it is the newest segment.
    open: Option<File>,
    /// The number of the next file. No number is given twice while the journal is open: whoever holds records of a file that was
    /// dropped meanwhile must not discard those of another in its place.
    next_number: u64,
    lost: LostRecords,
    /// The lock, kept until the journal is dropped.
    _lock: File,
}

impl Journal {
    /// Opens `folder`, creating it if it does not exist, and checks its files. `bytes_max` counts as at least 2 MiB.
    ///
    /// # Errors
    /// When the folder cannot be created, read or written, or is in use.
    pub fn open(folder: &Path, bytes_max: u64, when_full: WhenFull) -> Result<Self, JournalError> {
        folder::create(folder)?;
        let lock = folder::lock(folder)?;
        let mut journal = Self {
            folder: folder.to_owned(),
            bytes_max: bytes_max.max(2 * FILE_BYTES),
            when_full,
            segments: VecDeque::new(),
            open: None,
            next_number: 1,
            lost: LostRecords::default(),
            _lock: lock,
        };
        for number in folder::numbers(folder)? {
            journal.next_number = number.saturating_add(1);
            let (scan, bytes) = journal.read(number)?;
            journal.lost.torn += u64::from(scan.is_torn);
            journal.lost.damaged += scan.damaged;
            journal.segments.push_back(Segment {
                number,
                bytes,
                given_up: 0,
                records: scan.records.len(),
                weight: weight(&scan.records),
            });
        }
        journal.sweep()?;
        Ok(journal)
    }

    /// Adds a record, which is on stable storage when this returns. `weight` is its share of [`Self::weight`].
    ///
    /// # Errors
    /// When it could not be written, or there is no room for it.
    pub fn append(&mut self, payload: &[u8], weight: u32) -> Result<(), JournalError> {
        let too_large = |bytes| JournalError::TooLarge {
            path: self.folder.clone(),
            bytes,
            bytes_max: self.bytes_max,
        };
        let frame = frame(payload, weight).ok_or_else(|| too_large(payload.len() as u64))?;
        let needed = frame.len() as u64;
        if needed + MAGIC.len() as u64 > self.bytes_max {
            return Err(too_large(needed));
        }
        self.make_room(needed)?;
        let file = self.writable(needed)?;
        let Some(segment) = self.segments.back_mut() else {
            return Ok(());
        };
        // After a failure `self.open` stays empty and the next record opens a new file: nothing may follow a torn end.
        let written = (&file).write_all(&frame).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // A refused record must not appear later. If the truncation fails too, the written part takes room.
            if file.set_len(segment.bytes).is_err() {
                segment.bytes += needed;
            }
            let path = folder::path_of(&self.folder, segment.number);
            self.remove_unused();
            return Err(failed("write", &path)(error));
        }
        segment.bytes += needed;
        segment.weight += u64::from(weight);
        segment.records += 1;
        self.open = Some(file);
        Ok(())
    }

    /// The oldest records, all from one file: as many as fit into `bytes_max` and `weight_max`, but at least one. They
    /// stay in the journal. Empty if the journal is.
    ///
    /// # Errors
    /// When a file cannot be read, or an empty one cannot be removed.
    pub fn oldest(
        &mut self,
        bytes_max: usize,
        weight_max: u64,
    ) -> Result<Vec<Record>, JournalError> {
        while let Some(segment) = self.segments.front() {
            let (number, given_up) = (segment.number, segment.given_up);
            let (scan, _) = self.read(number)?;
            let mut records = scan.records;
            records.retain(|record| record.position.start >= given_up);
            if let Some(segment) = self.segments.front_mut()
                && records.len() != segment.records
            {
                // It was valid when it was written or opened.
                self.lost.damaged += segment.records.saturating_sub(records.len()) as u64;
                segment.records = records.len();
                segment.weight = weight(&records);
            }
            let (mut bytes, mut weight) = (0_usize, 0_u64);
            let oldest: Vec<Record> = records
                .into_iter()
                .enumerate()
                .take_while(|(at, record)| {
                    bytes = bytes.saturating_add(record.payload.len());
                    weight += u64::from(record.weight);
                    *at == 0 || (bytes <= bytes_max && weight <= weight_max)
                })
                .map(|(_, record)| record)
                .collect();
            if !oldest.is_empty() {
                return Ok(oldest);
            }
            self.remove_oldest()?;
        }
        Ok(Vec::new())
    }

    /// Discards records that [`Self::oldest`] returned. Some may have been dropped meanwhile.
    ///
    /// # Errors
    /// When an empty file cannot be removed.
    pub fn discard(&mut self, records: &[Record]) -> Result<(), JournalError> {
        for record in records {
            if let Some(segment) = self.segments.front_mut()
                && record.position.file == segment.number
                && record.position.start >= segment.given_up
            {
                segment.given_up = record.position.end;
                segment.records = segment.records.saturating_sub(1);
                segment.weight = segment.weight.saturating_sub(u64::from(record.weight));
            }
        }
        self.sweep()
    }

    /// The total weight of the records.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.segments.iter().map(|segment| segment.weight).sum()
    }

    /// The losses since the last call.
    pub fn take_lost(&mut self) -> LostRecords {
        std::mem::take(&mut self.lost)
    }

    /// The contents of a file, and its length.
    fn read(&self, number: u64) -> Result<(Scan, u64), JournalError> {
        let bytes = folder::read(&folder::path_of(&self.folder, number))?;
        Ok((scan(&bytes, number), bytes.len() as u64))
    }

    /// Removes the files at the old end that are empty.
    fn sweep(&mut self) -> Result<(), JournalError> {
        while self
            .segments
            .front()
            .is_some_and(|segment| segment.records == 0)
        {
            self.remove_oldest()?;
        }
        Ok(())
    }

    fn make_room(&mut self, needed: u64) -> Result<(), JournalError> {
        // A new file may be needed.
        let needed = needed + MAGIC.len() as u64;
        while !self.segments.is_empty() {
            let used: u64 = self.segments.iter().map(|segment| segment.bytes).sum();
            if used.saturating_add(needed) <= self.bytes_max {
                break;
            }
            if self.when_full == WhenFull::Refuse {
                return Err(JournalError::Full {
                    path: self.folder.clone(),
                    bytes_max: self.bytes_max,
                });
            }
            self.remove_oldest()?;
        }
        Ok(())
    }

    fn remove_oldest(&mut self) -> Result<(), JournalError> {
        let Some(segment) = self.segments.pop_front() else {
            return Ok(());
        };
        if self.segments.is_empty() {
            self.open = None;
        }
        self.lost.dropped += segment.weight;
        let path = folder::path_of(&self.folder, segment.number);
        fs::remove_file(&path).map_err(failed("remove", &path))
    }

    /// The file for the next record, taken out of `self.open`.
    fn writable(&mut self, needed: u64) -> Result<File, JournalError> {
        let has_room = self
            .segments
            .back()
            .is_some_and(|segment| segment.bytes + needed <= FILE_BYTES);
        if let Some(file) = self.open.take()
            && has_room
        {
            return Ok(file);
        }
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        let path = folder::path_of(&self.folder, number);
        let file = folder::create_file(&path)?;
        self.segments.push_back(Segment {
            number,
            bytes: MAGIC.len() as u64,
            given_up: 0,
            records: 0,
            weight: 0,
        });
        let begun = (&file).write_all(MAGIC).map_err(failed("write", &path));
        // Otherwise a crash could lose the file's name while its bytes survive.
        match begun.and_then(|()| folder::sync(&self.folder)) {
            Ok(()) => Ok(file),
            Err(error) => {
                self.remove_unused();
                Err(error)
            }
        }
    }

    /// Removes the newest file if it took no record: on a full disk, each append that is tried again would leave one. Where it
    /// cannot be removed, it counts as a file of the journal like any other.
    fn remove_unused(&mut self) {
        let unused = self.segments.back().filter(|newest| newest.records == 0);
        let removed = unused.is_some_and(|newest| {
            fs::remove_file(folder::path_of(&self.folder, newest.number)).is_ok()
        });
        if removed {
            self.segments.pop_back();
        }
    }
}

fn weight(records: &[Record]) -> u64 {
    records.iter().map(|record| u64::from(record.weight)).sum()
}

#[cfg(test)]
mod tests;
