//! Whisper, the files in which Graphite keeps samples: one for each series, with archives of ever coarser steps, each a ring of
//! points.
//!
//! A file is 16 bytes (how coarser points are made of finer ones, the longest retention, how many points must be there for one,
//! how many archives), 12 bytes for each archive (where it begins, seconds from point to point, how many points), and the points:
//! 4 bytes of time, 8 of a number. All of it is big-endian.
//!
//! The caller reads the file: [`Header::read`] takes its beginning, of at most [`HEADER_BYTES_MAX`] bytes, and says where the
//! archives are; [`Archive::places`] says where the points of a time stand in one, and [`Archive::points`] takes those bytes, all
//! at once or part by part. A point whose time is not that of its place is what was there a turn of the ring ago, or nothing:
//! Graphite does not show it, and it is not given here.

#[cfg(test)]
mod tests;

use base::time::Millis;
use std::ops::Range;

/// The most archives of a file; Graphite's have two to five.
pub const ARCHIVES_MAX: usize = 64;
/// As much as a header can have.
pub const HEADER_BYTES_MAX: usize = METADATA_BYTES + ARCHIVES_MAX * ARCHIVE_BYTES;

const METADATA_BYTES: usize = 16;
const ARCHIVE_BYTES: usize = 12;
/// Bytes of a point in a file.
pub const POINT_BYTES: usize = 12;
/// Behind the last second that a file can tell.
const SECONDS_END: i64 = u32::MAX as i64 + 1;

/// How coarser points are made of finer ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// `average`
    Average,
    /// `sum`
    Sum,
    /// `last`
    Last,
    /// `max`
    Max,
    /// `min`
    Min,
    /// `avg_zero`: the average, where a point that is missing is 0.
    AverageZero,
    /// `absmax`: the one that is farthest from 0.
    AbsoluteMax,
    /// `absmin`: the one that is nearest to 0.
    AbsoluteMin,
}

impl Aggregation {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Average, "average"),
        (Self::Sum, "sum"),
        (Self::Last, "last"),
        (Self::Max, "max"),
        (Self::Min, "min"),
        (Self::AverageZero, "avg_zero"),
        (Self::AbsoluteMax, "absmax"),
        (Self::AbsoluteMin, "absmin"),
    ];

    /// The word that Graphite's `storage-aggregation.conf` has for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        let known = Self::ALL
            .iter()
            .find(|(aggregation, _)| *aggregation == self);
        known.map_or("average", |(_, word)| word)
    }
}

/// The header of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// How coarser points are made of finer ones.
    pub aggregation: Aggregation,
    /// Which share of the finer points must be there for a coarser one.
    pub x_files_factor: f32,
    /// The archives, the finest first.
    pub archives: Vec<Archive>,
}

/// One of the archives of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archive {
    /// Where it begins in the file.
    pub offset: u64,
    /// Seconds from point to point.
    pub step: u32,
    /// How many points it has.
    pub points: u32,
}

/// Why a file is none of Whisper's.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WhisperError {
    /// It ends within its header.
    #[error("the file ends within its header")]
    Short,
    /// Not 1 to 8.
    #[error("{0} is no way of aggregation that is known")]
    Aggregation(u32),
    /// Not between 0 and 1.
    #[error("{0} is no `xFilesFactor`: it is between 0 and 1")]
    XFilesFactor(f32),
    /// None, or more than [`ARCHIVES_MAX`].
    #[error("a file cannot have {0} archives: it has 1 to {ARCHIVES_MAX}")]
    Archives(u32),
    /// No step, no points, no finer than the one before it, or outside of the file.
    #[error("archive {number} of the file {what}")]
    Archive {
        /// From 1.
        number: usize,
        /// The reason.
        what: &'static str,
    },
}

impl Header {
    /// Reads the beginning of a file of this size.
    ///
    /// # Errors
    /// [`WhisperError`]: it is none, or is damaged.
    pub fn read(beginning: &[u8], file_bytes: u64) -> Result<Self, WhisperError> {
        let (words, rest) = beginning
            .as_chunks::<4>()
            .0
            .split_first_chunk::<4>()
            .ok_or(WhisperError::Short)?;
        let [method, _, factor, count] = *words;
        let method = u32::from_be_bytes(method);
        let aggregation = usize::try_from(method)
            .ok()
            .and_then(|method| Aggregation::ALL.get(method.checked_sub(1)?))
            .ok_or(WhisperError::Aggregation(method))?;
        let x_files_factor = f32::from_be_bytes(factor);
        if !(0.0..=1.0).contains(&x_files_factor) {
            return Err(WhisperError::XFilesFactor(x_files_factor));
        }
        let count = u32::from_be_bytes(count);
        let archives = usize::try_from(count).unwrap_or(usize::MAX);
        if archives == 0 || archives > ARCHIVES_MAX {
            return Err(WhisperError::Archives(count));
        }
        let (entries, _) = rest.as_chunks::<3>();
        let entries = entries.get(..archives).ok_or(WhisperError::Short)?;
        let archives: Vec<_> = entries
            .iter()
            .map(|[offset, step, points]| Archive {
                offset: u64::from(u32::from_be_bytes(*offset)),
                step: u32::from_be_bytes(*step),
                points: u32::from_be_bytes(*points),
            })
            .collect();
        let mut header_end = (METADATA_BYTES + archives.len() * ARCHIVE_BYTES) as u64;
        let mut finer: Option<Archive> = None;
        for (number, archive) in (1..).zip(&archives) {
            let what = if archive.step == 0 || archive.points == 0 {
                "has no points"
            } else if archive.offset < header_end {
                "begins before the end of what precedes it"
            } else if archive.offset + archive.bytes() > file_bytes {
                "ends beyond the file"
            } else if finer.is_some_and(|finer| {
                finer.step >= archive.step || finer.retention() >= archive.retention()
            }) {
                "is no coarser and longer than the one before it"
            } else {
                header_end = archive.offset + archive.bytes();
                finer = Some(*archive);
                continue;
            };
            return Err(WhisperError::Archive { number, what });
        }
        Ok(Self {
            aggregation: aggregation.0,
            x_files_factor,
            archives,
        })
    }

    /// The archives, each with the seconds that are asked of it at this moment: the finest that reaches back so far has a
    /// moment's point, as Graphite takes it, so that no moment is read twice.
    pub fn parts(&self, now: i64) -> impl Iterator<Item = (Archive, Range<i64>)> {
        let mut end = now.saturating_add(1);
        self.archives.iter().map(move |archive| {
            let begin = now.saturating_sub(archive.retention()).saturating_add(1);
            (*archive, begin..std::mem::replace(&mut end, begin))
        })
    }
}

impl Archive {
    /// How many seconds back it reaches.
    #[must_use]
    pub fn retention(&self) -> i64 {
        i64::from(self.step) * i64::from(self.points)
    }

    /// How many bytes of the file it has.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::from(self.points) * POINT_BYTES as u64
    }

    /// The time of its first place, which the other places count from: the time of the first point that was ever written.
    /// `None` where none was. `row` is what its first [`POINT_BYTES`] hold.
    #[must_use]
    pub fn base(row: &[u8; POINT_BYTES]) -> Option<i64> {
        let (time, _) = read(row)?;
        (time != 0).then_some(time)
    }

    /// The places that have the points of these seconds, in the order of time: a second range where the ring turns between them.
    #[must_use]
    pub fn places(&self, base: i64, seconds: &Range<i64>) -> [Range<u32>; 2] {
        let (step, points) = (i64::from(self.step), i64::from(self.points));
        let [begin, end] = [seconds.start, seconds.end].map(|at| at.clamp(0, SECONDS_END));
        if step == 0 || points == 0 || begin >= end {
            return [0..0, 0..0];
        }
        let first = (begin + step - 1).div_euclid(step) * step;
        let count = (end - first + step - 1).div_euclid(step).clamp(0, points);
        let place = (first - base).div_euclid(step).rem_euclid(points);
        let (end, turned) = ((place + count).min(points), (place + count - points).max(0));
        // All of them lie between 0 and the number of points.
        let number = |value: i64| u32::try_from(value).unwrap_or(0);
        [number(place)..number(end), 0..number(turned)]
    }

    /// The points of these seconds among the rows from a place on, in the order of the rows; their numbers are as they are, NaN and
    /// infinities too. A row that is cut is none.
    pub fn points<'b>(
        &self,
        base: i64,
        place: u32,
        rows: &'b [u8],
        seconds: Range<i64>,
    ) -> impl Iterator<Item = (Millis, f64)> + use<'b> {
        let (step, points) = (i64::from(self.step), i64::from(self.points));
        let (rows, _) = rows.as_chunks::<POINT_BYTES>();
        (i64::from(place)..)
            .zip(rows)
            .filter_map(move |(place, row)| {
                let (time, value) = read(row)?;
                let is_here = time != 0
                    && step > 0
                    && time % step == 0
                    && (time - base).div_euclid(step).rem_euclid(points.max(1)) == place
                    && seconds.contains(&time);
                is_here.then_some((Millis(time * 1000), value))
            })
    }
}

/// The time and the number of a row.
fn read(row: &[u8; POINT_BYTES]) -> Option<(i64, f64)> {
    let (time, value) = row.split_first_chunk::<4>()?;
    Some((
        i64::from(u32::from_be_bytes(*time)),
        f64::from_be_bytes(*value.first_chunk()?),
    ))
}
