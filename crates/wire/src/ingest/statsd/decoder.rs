//! Packets and streams of lines. Every value is counted: `received = taken + rejected`.

use super::line::LineValue;
use super::{Metric, line};
use crate::ingest::line::{Line, Splitter};
use crate::ingest::short_text;
use base::sample::RejectReason;

/// The longest line, in bytes: as long as the longest packet that DogStatsD sends by itself.
pub const LINE_BYTES_MAX: usize = 8192;

/// The least bytes of a line beside a name and a value: `:`, `|`, a type and its end.
const REST_BYTES: usize = 4;

/// The counts of decoded lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecodeSummary {
    /// How many values there were; a line of which nothing could be made counts as one.
    pub received: u64,
    /// Those that were not taken.
    pub rejects: Vec<Reject>,
    /// How many more bytes there would have been with each value on a line of its own: to look up the name, and to add the value,
    /// costs the same if the name is written once for thousands of values. By its bytes alone, a line with a name of 900
    /// bytes took 13 times as long as lines of one value, and 47 times as long where each of its values had tags.
    pub saved_bytes: u64,
}

/// Values of a line that were not taken for reasons of one kind. A line of eight kilobytes has room for thousands of values,
/// which must not become thousands of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The line's number, from 1.
    pub line: u64,
    /// Its name, where it has a readable one; cut where it is very long.
    pub name: Option<String>,
    /// The reason of the first of them.
    pub reason: RejectReason,
    /// How many there are.
    pub count: u64,
}

impl DecodeSummary {
    /// How many values were not taken.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejects.iter().map(|reject| reject.count).sum()
    }

    fn reject(&mut self, line: u64, name: impl FnOnce() -> Option<String>, reason: RejectReason) {
        let of_line = self.rejects.iter_mut().rev();
        let mut of_line = of_line.take_while(|reject| reject.line == line);
        match of_line.find(|reject| reject.reason.code() == reason.code()) {
            Some(reject) => reject.count += 1,
            None => self.rejects.push(Reject {
                line,
                name: name(),
                reason,
                count: 1,
            }),
        }
    }
}

/// Reads a packet, whose last line needs no end. `sanitize` cleans names as etsy's statsd does; `take` may refuse a metric.
pub fn packet(
    bytes: &[u8],
    sanitize: bool,
    mut take: impl FnMut(&Metric<'_>) -> Result<(), RejectReason>,
) -> DecodeSummary {
    let mut reading = DecodeSummary::default();
    let mut number = 0;
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        number += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = if line.len() > LINE_BYTES_MAX {
            Line::TooLong
        } else {
            Line::Whole(line)
        };
        read(&mut reading, number, &line, sanitize, &mut take);
    }
    reading
}

/// Takes chunks of a stream.
#[derive(Debug)]
pub struct Decoder {
    splitter: Splitter,
    sanitize: bool,
}

impl Decoder {
    /// A decoder at the beginning of a stream.
    #[must_use]
    pub const fn new(sanitize: bool) -> Self {
        Self {
            splitter: Splitter::new(LINE_BYTES_MAX),
            sanitize,
        }
    }

    /// Takes the next bytes.
    pub fn feed(
        &mut self,
        chunk: &[u8],
        mut take: impl FnMut(&Metric<'_>) -> Result<(), RejectReason>,
    ) -> DecodeSummary {
        let (mut reading, sanitize) = (DecodeSummary::default(), self.sanitize);
        self.splitter.feed(chunk, |number, line| {
            read(&mut reading, number, &line, sanitize, &mut take);
        });
        reading
    }

    /// The stream has ended; a last line without its end counts.
    pub fn finish(
        &mut self,
        mut take: impl FnMut(&Metric<'_>) -> Result<(), RejectReason>,
    ) -> DecodeSummary {
        let (mut reading, sanitize) = (DecodeSummary::default(), self.sanitize);
        self.splitter.finish(|number, line| {
            read(&mut reading, number, &line, sanitize, &mut take);
        });
        reading
    }

    /// The stream broke off: a last line without its end is no metric, and `why` says so.
    pub fn abandon(&mut self, why: String) -> DecodeSummary {
        let mut reading = DecodeSummary::default();
        if let Some(line) = self.splitter.unfinished() {
            reading.received += 1;
            reading.reject(line, || None, RejectReason::Malformed(why));
        }
        reading
    }
}

fn read(
    reading: &mut DecodeSummary,
    number: u64,
    line: &Line<'_>,
    sanitize: bool,
    take: &mut impl FnMut(&Metric<'_>) -> Result<(), RejectReason>,
) {
    let text = match line {
        Line::TooLong => Err(format!("the line has more than {LINE_BYTES_MAX} bytes")),
        Line::Whole(bytes) => std::str::from_utf8(bytes)
            .map_err(|error| format!("the line is not UTF-8 at offset {}", error.valid_up_to())),
    };
    let text = match text {
        Ok(text) => text.trim_matches([' ', '\t', '\r']),
        Err(why) => {
            reading.received += 1;
            reading.reject(number, || None, RejectReason::Malformed(why));
            return;
        }
    };
    if text.is_empty() {
        return;
    }
    // A name is judged once for the whole line, whatever the types and tags of its further values are: there is room for
    // thousands of them, and each would have the names of its sums made and refused again.
    let mut refused: Option<RejectReason> = None;
    let written = text.find(':').unwrap_or(0);
    let mut is_first = true;
    line::read(text, sanitize, &mut |found: LineValue<'_>| {
        reading.received += 1;
        if !std::mem::take(&mut is_first) {
            let name = found.as_ref().map_or(written, |metric| metric.name.len());
            reading.saved_bytes += (name + REST_BYTES) as u64;
        }
        let taken = found.and_then(|metric| match &refused {
            Some(reason) => Err(reason.clone()),
            None => take(&metric).inspect_err(|reason| {
                if matches!(reason, RejectReason::Name(_)) {
                    refused = Some(reason.clone());
                }
            }),
        });
        if let Err(reason) = taken {
            reading.reject(number, || name(text).map(short_text::name), reason);
        }
    });
}

/// The line's name; `None` if it is not statsd: without a colon, or with whitespace before it. Such a line may contain a key, so it is
/// never repeated.
fn name(text: &str) -> Option<&str> {
    let (name, _) = text.split_once(':')?;
    (!name.contains(char::is_whitespace)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_its_end_is_refused_where_the_stream_breaks_off() {
        let mut decoder = Decoder::new(true);
        let reading = decoder.feed(b"a:1|c\nb:17", |_| Ok(()));
        assert_eq!((reading.received, reading.rejected()), (1, 0));
        let reading = decoder.abandon("cut".to_owned());
        assert_eq!((reading.received, reading.rejected()), (1, 1));
        assert_eq!(reading.rejects[0].line, 2);
        assert_eq!(
            Decoder::new(true).abandon("cut".to_owned()),
            DecodeSummary::default()
        );
    }

    /// An `AUTH` line that came to the wrong port was kept with its key.
    #[test]
    fn a_line_that_is_none_has_no_name() {
        for (line, expected) in [
            ("AUTH apikey some-secret", None),
            ("AUTH apikey some-secret s-1:2", None),
            ("a.b:x|c", Some("a.b")),
        ] {
            let reading = packet(line.as_bytes(), true, |_| Ok(()));
            let names: Vec<_> = reading
                .rejects
                .iter()
                .map(|reject| reject.name.as_deref())
                .collect();
            assert_eq!(names, [expected], "{line}");
        }
    }
}
