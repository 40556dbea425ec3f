//! The agent's memory of what no server has acknowledged yet: a directory of files to which records are only added.
//!
//! Invariants: a record is on stable storage when [`Spool::append`] returns; a file goes only when each of its records
//! was given up with [`Spool::discard`], or when room is needed for newer ones, which is counted; a torn tail, as a
//! crash leaves it, costs the torn record and no other.
//!
//! What it is not: exactly-once. Records already acknowledged may be read again after a restart, because a file goes
//! as a whole. The server keeps one sample per series and instant, so that sending one twice changes nothing.

mod frame;

use frame::{MAGIC, frame, frames};
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A file is closed beyond this size. Small, since a file is what is dropped and re-read as a whole.
const FILE_BYTES: u64 = 1 << 20;
const EXTENSION: &str = "spool";

/// Why the buffer cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    /// The operating system said no.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// For example `write`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Its words.
        source: io::Error,
    },
    /// Another process has it.
    #[error("another agent uses the buffer `{}`", path.display())]
    InUse {
        /// Which directory.
        path: PathBuf,
    },
}

/// One buffered batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// As it was given to [`Spool::append`].
    pub(crate) payload: Vec<u8>,
    /// How many samples it holds.
    pub(crate) samples: u32,
    /// Which file it lies in, and which record of it it is.
    place: (u64, usize),
}

/// What had to be given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Samples dropped to make room.
    pub(crate) dropped: u64,
    /// Places where a record was torn or damaged.
    pub(crate) damaged: u64,
}

/// A file; its records are read when they are asked for, so that a long outage costs disk and not memory.
#[derive(Debug)]
struct Segment {
    number: u64,
    bytes: u64,
    /// Records in it.
    records: usize,
    /// How many of them, from the beginning, were discarded.
    discarded: usize,
    /// Samples in the others.
    samples: u64,
}

/// The directory.
#[derive(Debug)]
pub(crate) struct Spool {
    directory: PathBuf,
    bytes_max: u64,
    segments: VecDeque<Segment>,
    /// The file that takes the next record; it is the newest segment.
    open: Option<File>,
    lost: Lost,
    /// Held for as long as the spool is used.
    _lock: File,
}

impl Spool {
    /// Opens `directory`, making it if need be, and looks through what lies in it.
    pub(crate) fn open(directory: &Path, bytes_max: u64) -> Result<Self, SpoolError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed("create", directory))?;
        let lock = lock(directory)?;
        let mut spool = Self {
            directory: directory.to_owned(),
            bytes_max: bytes_max.max(2 * FILE_BYTES),
            segments: VecDeque::new(),
            open: None,
            lost: Lost::default(),
            _lock: lock,
        };
        for number in spool.numbers()? {
            let (records, bytes, damaged) = spool.read(number)?;
            spool.lost.damaged += u64::from(damaged);
            spool.segments.push_back(Segment {
                number,
                bytes,
                records: records.len(),
                discarded: 0,
                samples: records.iter().map(|record| u64::from(record.samples)).sum(),
            });
        }
        spool.sweep()?;
        Ok(spool)
    }

    fn numbers(&self) -> Result<Vec<u64>, SpoolError> {
        let mut numbers = Vec::new();
        let entries = fs::read_dir(&self.directory).map_err(failed("read", &self.directory))?;
        for entry in entries {
            let path = entry.map_err(failed("read", &self.directory))?.path();
            if path.extension().is_some_and(|end| end == EXTENSION) {
                numbers.extend(
                    path.file_stem()
                        .and_then(|stem| stem.to_str()?.parse::<u64>().ok()),
                );
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The records of a file, its length, and whether something that is no record follows them.
    fn read(&self, number: u64) -> Result<(Vec<Record>, u64, bool), SpoolError> {
        let path = self.path(number);
        let bytes = fs::read(&path).map_err(failed("read", &path))?;
        let (records, damaged) = frames(&bytes, number);
        Ok((records, bytes.len() as u64, damaged))
    }

    /// Adds a record; it is on stable storage when this returns.
    pub(crate) fn append(&mut self, payload: &[u8], samples: u32) -> Result<(), SpoolError> {
        let frame = frame(payload, samples);
        self.make_room(frame.len() as u64)?;
        let file = self.writable(frame.len() as u64)?;
        let Some(segment) = self.segments.back_mut() else {
            return Ok(());
        };
        // After a failure `self.open` stays empty and the next record opens a new file: nothing may follow a torn tail.
        (&file)
            .write_all(&frame)
            .and_then(|()| file.sync_data())
            .map_err(failed(
                "write",
                &self.directory.join(file_name(segment.number)),
            ))?;
        segment.bytes += frame.len() as u64;
        segment.samples += u64::from(samples);
        segment.records += 1;
        self.open = Some(file);
        Ok(())
    }

    /// The oldest records: of one file, as many as fit into `bytes_max` and `samples_max` but at least one. They stay in
    /// the spool. Empty when nothing waits.
    pub(crate) fn oldest(
        &mut self,
        bytes_max: usize,
        samples_max: u64,
    ) -> Result<Vec<Record>, SpoolError> {
        while let Some(segment) = self.segments.front() {
            let (number, discarded, expected) =
                (segment.number, segment.discarded, segment.records);
            let (records, _, _) = self.read(number)?;
            if records.len() < expected {
                self.lost.damaged += 1;
                if let Some(segment) = self.segments.front_mut() {
                    segment.records = records.len();
                    segment.samples = records
                        .iter()
                        .skip(discarded)
                        .map(|each| u64::from(each.samples))
                        .sum();
                }
            }
            let (mut bytes, mut samples) = (0_usize, 0_u64);
            let oldest: Vec<Record> = records
                .into_iter()
                .skip(discarded)
                .enumerate()
                .take_while(|(at, record)| {
                    bytes += record.payload.len();
                    samples += u64::from(record.samples);
                    *at == 0 || (bytes <= bytes_max && samples <= samples_max)
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

    /// Gives up records that [`Self::oldest`] returned. Some may have been dropped meanwhile.
    pub(crate) fn discard(&mut self, records: &[Record]) -> Result<(), SpoolError> {
        for record in records {
            if let Some(segment) = self.segments.front_mut()
                && record.place == (segment.number, segment.discarded)
            {
                segment.discarded += 1;
                segment.samples = segment.samples.saturating_sub(u64::from(record.samples));
            }
        }
        self.sweep()
    }

    /// Samples that wait.
    pub(crate) fn samples(&self) -> u64 {
        self.segments.iter().map(|segment| segment.samples).sum()
    }

    /// What was lost since the last call.
    pub(crate) fn take_lost(&mut self) -> Lost {
        std::mem::take(&mut self.lost)
    }

    /// Removes the files at the old end that hold nothing any more.
    fn sweep(&mut self) -> Result<(), SpoolError> {
        while self
            .segments
            .front()
            .is_some_and(|segment| segment.discarded >= segment.records)
        {
            self.remove_oldest()?;
        }
        Ok(())
    }

    fn make_room(&mut self, needed: u64) -> Result<(), SpoolError> {
        let used = |segments: &VecDeque<Segment>| -> u64 {
            segments.iter().map(|segment| segment.bytes).sum()
        };
        while used(&self.segments).saturating_add(needed) > self.bytes_max
            && !self.segments.is_empty()
        {
            self.remove_oldest()?;
        }
        Ok(())
    }

    fn remove_oldest(&mut self) -> Result<(), SpoolError> {
        let Some(segment) = self.segments.pop_front() else {
            return Ok(());
        };
        if self.segments.is_empty() {
            self.open = None;
        }
        self.lost.dropped += segment.samples;
        let path = self.path(segment.number);
        fs::remove_file(&path).map_err(failed("remove", &path))
    }

    /// The file for the next record, taken out of `self.open`.
    fn writable(&mut self, needed: u64) -> Result<File, SpoolError> {
        let room = self
            .segments
            .back()
            .is_some_and(|segment| segment.bytes + needed <= FILE_BYTES);
        if let Some(file) = self.open.take()
            && room
        {
            return Ok(file);
        }
        let number = self.segments.back().map_or(1, |segment| segment.number + 1);
        let path = self.path(number);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed("create", &path))?;
        self.segments.push_back(Segment {
            number,
            bytes: MAGIC.len() as u64,
            records: 0,
            discarded: 0,
            samples: 0,
        });
        (&file).write_all(MAGIC).map_err(failed("write", &path))?;
        // Without this, the file's name could be lost in a crash that its bytes survive.
        File::open(&self.directory)
            .and_then(|directory| directory.sync_all())
            .map_err(failed("sync", &self.directory))?;
        Ok(file)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(file_name(number))
    }
}

fn file_name(number: u64) -> String {
    format!("{number:020}.{EXTENSION}")
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> SpoolError + use<'a> {
    move |source| SpoolError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

fn lock(directory: &Path) -> Result<File, SpoolError> {
    let path = directory.join("lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = crate::links::never_linked(&mut options)
        .open(&path)
        .map_err(failed("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SpoolError::InUse {
            path: directory.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(SpoolError::Io {
            action: "lock",
            path,
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::frame::FRAME_HEAD;
    use super::*;

    const PLENTY: u64 = 64 << 20;

    /// Everything in the directory, read as a restart would.
    fn payloads(directory: &Path) -> Vec<String> {
        files(directory)
            .iter()
            .flat_map(|path| frames(&fs::read(path).unwrap(), 0).0)
            .map(|record| String::from_utf8(record.payload).unwrap())
            .collect()
    }

    /// Takes one record after the other.
    fn drained(spool: &mut Spool) -> Vec<String> {
        let mut payloads = Vec::new();
        loop {
            let records = spool.oldest(0, 0).unwrap();
            if records.is_empty() {
                return payloads;
            }
            spool.discard(&records).unwrap();
            payloads.extend(
                records
                    .into_iter()
                    .map(|record| String::from_utf8(record.payload).unwrap()),
            );
        }
    }

    fn files(directory: &Path) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some())
            .collect();
        files.sort();
        files
    }

    #[test]
    fn what_was_appended_is_there_after_a_restart_until_it_is_discarded() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(directory.path(), PLENTY).unwrap();
        spool.append(b"[1]", 1).unwrap();
        spool.append(b"[2,3]", 2).unwrap();
        drop(spool);

        let mut spool = Spool::open(directory.path(), PLENTY).unwrap();
        assert_eq!(spool.samples(), 3);
        spool.append(b"[4]", 1).unwrap();
        assert_eq!(payloads(directory.path()), ["[1]", "[2,3]", "[4]"]);
        let first = spool.oldest(3, u64::MAX).unwrap();
        assert_eq!(first.len(), 1);
        spool.discard(&first).unwrap();
        assert_eq!(drained(&mut spool), ["[2,3]", "[4]"]);
        assert_eq!(files(directory.path()), Vec::<PathBuf>::new());
        spool.append(b"[5]", 1).unwrap();
        assert_eq!(drained(&mut spool), ["[5]"]);
        assert_eq!(spool.take_lost(), Lost::default());
    }

    #[test]
    fn a_crash_at_any_byte_costs_only_the_torn_record() {
        let written = ["[1]", "[22,22]", "[]", "[333,333,333]"];
        let origin = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(origin.path(), PLENTY).unwrap();
        let mut ends = vec![MAGIC.len()];
        for payload in written {
            spool.append(payload.as_bytes(), 1).unwrap();
            ends.push(ends.last().unwrap() + FRAME_HEAD + payload.len());
        }
        let whole = fs::read(&files(origin.path())[0]).unwrap();
        assert_eq!(whole.len(), *ends.last().unwrap());

        for cut in 0..=whole.len() {
            let directory = tempfile::tempdir().unwrap();
            fs::write(directory.path().join(file_name(7)), &whole[..cut]).unwrap();
            let mut spool = Spool::open(directory.path(), PLENTY).unwrap();
            let complete = ends.iter().skip(1).filter(|end| **end <= cut).count();
            assert_eq!(spool.samples(), complete as u64, "cut at {cut}");
            let torn = cut != 0 && !ends.contains(&cut);
            assert_eq!(spool.take_lost().damaged, u64::from(torn), "cut at {cut}");
            // The spool goes on, and nothing is written behind the torn tail.
            spool.append(b"[next]", 1).unwrap();
            drop(spool);
            let mut again = Spool::open(directory.path(), PLENTY).unwrap();
            let expected = [&written[..complete], &["[next]"]].concat();
            assert_eq!(drained(&mut again), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let origin = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(origin.path(), PLENTY).unwrap();
        spool.append(b"[1]", 1).unwrap();
        spool.append(b"[2]", 1).unwrap();
        let path = files(origin.path()).remove(0);
        drop(spool);
        let whole = fs::read(&path).unwrap();
        let second = MAGIC.len() + FRAME_HEAD + 3;
        for at in second..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            fs::write(&path, &damaged).unwrap();
            let mut spool = Spool::open(origin.path(), PLENTY).unwrap();
            assert_eq!(spool.take_lost().damaged, 1, "bit flipped in byte {at}");
            assert_eq!(spool.samples(), 1);
        }
    }

    #[test]
    fn the_oldest_go_when_there_is_no_room_and_are_counted() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(directory.path(), 2 * FILE_BYTES).unwrap();
        let payload = vec![b' '; 300 << 10];
        for _ in 0..12 {
            spool.append(&payload, 10).unwrap();
        }
        let lost = spool.take_lost();
        assert!(lost.dropped > 0);
        assert_eq!(lost.dropped + spool.samples(), 120);
        let bytes: u64 = files(directory.path())
            .iter()
            .map(|path| fs::metadata(path).unwrap().len())
            .sum();
        assert!(bytes <= 2 * FILE_BYTES, "{bytes}");
    }

    #[test]
    fn what_was_dropped_meanwhile_is_not_discarded_again() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(directory.path(), 2 * FILE_BYTES).unwrap();
        let payload = vec![b' '; 900 << 10];
        spool.append(&payload, 1).unwrap();
        let taken = spool.oldest(usize::MAX, u64::MAX).unwrap();
        spool.append(&payload, 2).unwrap();
        spool.append(&payload, 3).unwrap();
        spool.discard(&taken).unwrap();
        assert_eq!(spool.samples(), 5);
    }

    #[test]
    fn two_agents_cannot_share_it() {
        let directory = tempfile::tempdir().unwrap();
        let _first = Spool::open(directory.path(), PLENTY).unwrap();
        assert!(matches!(
            Spool::open(directory.path(), PLENTY),
            Err(SpoolError::InUse { .. })
        ));
    }
}
