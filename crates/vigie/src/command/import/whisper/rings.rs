//! Reads the archives of a file, a few points at a time, so that a large file takes no more memory than a small one.

use crate::error::Failure;
use base::time::Millis;
use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use wire::import::whisper::{Archive, HEADER_BYTES_MAX, Header, POINT_BYTES};

/// Points that are read at once.
const POINTS_AT_ONCE: u32 = 8192;

/// Why a file was not read to its end.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It is damaged, or cannot be read.
    File(String),
    /// The samples could not be sent.
    Delivery(Failure),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::File(error.to_string())
    }
}

/// The archives of an open file.
#[derive(Debug)]
pub(super) struct Rings {
    file: File,
    header: Header,
}

impl Rings {
    /// Opens a file, and reads its header.
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        // Neither a link nor a pipe may have come in its place since it was found.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path)?;
        let data = file.metadata()?;
        if !data.is_file() {
            return Err(ReadError::File("it is no plain file".to_owned()));
        }
        let mut beginning = vec![0; HEADER_BYTES_MAX];
        let length = usize::try_from(data.len()).unwrap_or(usize::MAX);
        beginning.truncate(length.min(HEADER_BYTES_MAX));
        file.read_exact_at(&mut beginning, 0)?;
        let header = Header::read(&beginning, data.len()).map_err(|error| {
            ReadError::File(format!("it is damaged, or no file of Whisper's: {error}"))
        })?;
        Ok(Self { file, header })
    }

    /// The archives with the seconds that are to be read from each, the finest first: as if it were the moment of the file's newest
    /// point, so that a file to which nothing is written any more has its finest points still.
    pub(super) fn parts(&self, now: i64) -> Result<Vec<(Archive, Range<i64>)>, ReadError> {
        for archive in &self.header.archives {
            let mut newest = None;
            self.points(*archive, 0..now.saturating_add(1), |at, _| {
                newest = newest.max(Some(at.secs()));
                Ok(())
            })?;
            if let Some(newest) = newest {
                return Ok(self.header.parts(newest).collect());
            }
        }
        Ok(Vec::new())
    }

    /// Goes through the points of these seconds, in the order of time.
    pub(super) fn points(
        &self,
        archive: Archive,
        seconds: Range<i64>,
        mut take: impl FnMut(Millis, f64) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut first = [0; POINT_BYTES];
        self.file.read_exact_at(&mut first, archive.offset)?;
        let Some(base) = Archive::base(&first) else {
            return Ok(());
        };
        let mut rows = Vec::new();
        for places in archive.places(base, &seconds) {
            let mut place = places.start;
            while place < places.end {
                let count = (places.end - place).min(POINTS_AT_ONCE);
                rows.resize(count as usize * POINT_BYTES, 0);
                let offset = archive.offset + u64::from(place) * POINT_BYTES as u64;
                self.file.read_exact_at(&mut rows, offset)?;
                for (at, value) in archive.points(base, place, &rows, seconds.clone()) {
                    take(at, value)?;
                }
                place += count;
            }
        }
        Ok(())
    }
}
