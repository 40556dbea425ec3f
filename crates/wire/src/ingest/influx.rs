//! InfluxDB's lines: `measurement,tag=value field=1.5,other=2i 1700000000000000000`.
//!
//! Each field is a sample of its own, named `measurement.field`, with the tags as labels. Numbers, integers (`i`, `u`) and truth
//! values (1 or 0) are stored; text is no sample, and is counted as refused. A time counts from 1970 in the unit asked for,
//! nanoseconds by default; a line without one gets the time at which it is read.
//!
//! The format allows almost every character in names, a series name here does not: each that no name may hold becomes `_`, as
//! the senders of Graphite's lines have it, and such samples are counted ([`Lines::renamed`]).

mod cutter;
mod fields;
mod malformed;
mod precision;
mod series;
mod time;

pub use precision::Precision;

use crate::ingest::line::Line;
use crate::ingest::{LineReject, Lines, Now, short_text};
use base::sample::RejectReason;
use cutter::Cutter;
use fields::{Field, Fields, Value};
use malformed::malformed;
use series::Series;

/// The longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// The most fields of a line: each makes a name as long as all tags together.
pub const FIELDS_MAX: usize = 4096;

/// Why a text is no sample.
pub const TEXT: &str = "the field is text, and numbers alone are stored";

/// Takes chunks of a stream and makes samples of its lines.
#[derive(Debug)]
pub struct Decoder {
    cutter: Cutter,
    precision: Option<Precision>,
    series: Series,
    name: String,
    ready: Lines,
    texts: u64,
    name_bytes: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Decoder {
    /// A decoder at the beginning of a stream; `precision` is the unit of its times, if given.
    #[must_use]
    pub fn new(precision: Option<Precision>) -> Self {
        Self {
            cutter: cutter::cutter(LINE_BYTES_MAX),
            precision,
            series: Series::default(),
            name: String::new(),
            ready: Lines::default(),
            texts: 0,
            name_bytes: 0,
        }
    }

    /// Takes the next bytes; `now` is when they were read, the time of lines that have none.
    pub fn feed<'n>(&mut self, chunk: &[u8], now: impl Into<Now<'n>>) {
        let now = now.into();
        let mut cutter = std::mem::take(&mut self.cutter);
        cutter.feed(chunk, |number, line| self.take_in(number, &line, now));
        self.cutter = cutter;
    }

    /// The stream has ended; a last line without its end counts.
    pub fn finish<'n>(&mut self, now: impl Into<Now<'n>>) {
        let now = now.into();
        let mut cutter = std::mem::take(&mut self.cutter);
        cutter.finish(|number, line| self.take_in(number, &line, now));
        self.cutter = cutter;
    }

    /// The stream broke off: a last line without its end is no sample, and `why` says so.
    pub fn abandon(&mut self, why: String) {
        if let Some(line) = self.cutter.unfinished() {
            self.refuse(line, None, RejectReason::Malformed(why));
        }
    }

    /// Hands out what is ready. Each field counts as received, and a line in which no field was found as one.
    pub fn take(&mut self) -> Lines {
        self.name_bytes = 0;
        std::mem::take(&mut self.ready)
    }

    /// How many fields were text so far; they are among the rejects.
    #[must_use]
    pub const fn texts(&self) -> u64 {
        self.texts
    }

    /// About how many bytes what is ready takes.
    #[must_use]
    pub const fn ready_bytes(&self) -> usize {
        const SAMPLE_BYTES: usize = 48;
        const REJECT_BYTES: usize = 256;
        self.name_bytes
            + self.ready.batch.len() * SAMPLE_BYTES
            + self.ready.rejects.len() * REJECT_BYTES
    }

    fn refuse(&mut self, line: u64, name: Option<&str>, reason: RejectReason) {
        self.name_bytes += name.map_or(0, str::len);
        self.ready.received += 1;
        self.ready.rejects.push(LineReject {
            line,
            name: name.map(short_text::name),
            reason,
        });
    }

    fn take_in(&mut self, number: u64, line: &Line<'_>, now: Now<'_>) {
        let text = match line {
            Line::TooLong => Err(malformed(format!(
                "the line has more than {LINE_BYTES_MAX} bytes"
            ))),
            Line::Whole(bytes) => text_of(number, bytes),
        };
        let text = match text {
            Ok(text) => text.trim_matches([' ', '\t', '\r']),
            Err(reason) => return self.refuse(number, None, reason),
        };
        if text.is_empty() || text.starts_with('#') {
            return;
        }
        if let Err(reason) = self.line(number, text, now) {
            let name = text.split([',', ' ']).next();
            self.refuse(number, name, reason);
        }
    }

    /// Takes in the fields of a line, or nothing of it: what is wrong with the line as a whole is found first.
    fn line(&mut self, number: u64, text: &str, now: Now<'_>) -> Result<(), RejectReason> {
        let (series, rest) = series::split(text)?;
        let (count, time) = Fields::new(rest).counted()?;
        if count > FIELDS_MAX {
            return Err(malformed(format!(
                "the line has {count} fields, more than {FIELDS_MAX}"
            )));
        }
        self.series.read(series)?;
        let at = match time {
            None => now.moment(),
            Some(text) => time::read(text, self.precision)?.into(),
        };
        for field in Fields::new(rest) {
            let Field { key, value } = field?;
            let mut name = std::mem::take(&mut self.name);
            let renamed = self.series.name_of(key, &mut name);
            self.name_bytes += name.len();
            self.ready.received += 1;
            let sample = match value {
                Value::Number(number) => Ok(number),
                Value::Wrong(reason) => Err(reason),
                Value::Text => {
                    self.texts += 1;
                    Err(RejectReason::Value(TEXT.to_owned()))
                }
            };
            let parsed = sample.and_then(|value| {
                let name = base::name::SeriesName::parse(&name)?;
                self.ready.push(&name, at, value, number);
                self.ready.renamed += u64::from(renamed);
                Ok(())
            });
            if let Err(reason) = parsed {
                self.ready.rejects.push(LineReject {
                    line: number,
                    name: Some(short_text::name(&name)),
                    reason,
                });
            }
            self.name = name;
        }
        Ok(())
    }
}

fn text_of(number: u64, bytes: &[u8]) -> Result<&str, RejectReason> {
    let bytes = if number == 1 {
        bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
    } else {
        bytes
    };
    std::str::from_utf8(bytes).map_err(|error| {
        malformed(format!(
            "the line is not UTF-8 at offset {}",
            error.valid_up_to()
        ))
    })
}

#[cfg(test)]
mod tests;
