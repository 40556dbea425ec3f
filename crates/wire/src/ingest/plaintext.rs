//! Graphite's plain text: one sample per line, `path value [timestamp]`.
//!
//! The timestamp is epoch seconds; `-1`, `N` or none at all is now. Fields are parted by blanks or tabs, lines end with
//! LF or CR LF, blank lines and lines that begin with `#` are passed over.

use crate::ingest::line::{Line, Splitter};
use crate::ingest::{LineReject, Lines, cut, timestamp, value};
use base::name::SeriesName;
use base::sample::RejectReason;
use base::time::Millis;

/// The longest line, in bytes: a name of the largest size, two long numbers, and room to spare.
pub const LINE_BYTES_MAX: usize = 4096;

/// Takes chunks of a stream and makes samples of its lines.
#[derive(Debug)]
pub struct Decoder {
    splitter: Splitter,
    ready: Lines,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self {
            splitter: Splitter::new(LINE_BYTES_MAX),
            ready: Lines::default(),
        }
    }

    /// Takes the next bytes; `now` is the time of lines without a timestamp.
    pub fn feed(&mut self, chunk: &[u8], now: Millis) {
        let ready = &mut self.ready;
        self.splitter
            .feed(chunk, |number, line| take(ready, number, &line, now));
    }

    /// The stream has ended; a last line without its end counts.
    pub fn finish(&mut self, now: Millis) {
        let ready = &mut self.ready;
        self.splitter
            .finish(|number, line| take(ready, number, &line, now));
    }

    /// Hands out what is ready.
    pub fn take(&mut self) -> Lines {
        std::mem::take(&mut self.ready)
    }
}

fn take(ready: &mut Lines, number: u64, line: &Line<'_>, now: Millis) {
    let text = match line {
        Line::TooLong => Err(RejectReason::Malformed(format!(
            "the line has more than {LINE_BYTES_MAX} bytes"
        ))),
        Line::Whole(bytes) => {
            let bytes = if number == 1 {
                bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
            } else {
                bytes
            };
            std::str::from_utf8(bytes).map_err(|error| {
                RejectReason::Malformed(format!(
                    "the line is not UTF-8 at offset {}",
                    error.valid_up_to()
                ))
            })
        }
    };
    let text = match text {
        Ok(text) => text.trim_matches([' ', '\t', '\r']),
        Err(reason) => {
            ready.received += 1;
            ready.rejects.push(LineReject {
                line: number,
                name: None,
                reason,
            });
            return;
        }
    };
    if text.is_empty() || text.starts_with('#') {
        return;
    }
    ready.received += 1;
    match sample(text, now) {
        Ok((name, at, value)) => {
            ready.batch.push(&name, at, value);
            ready.lines.push(number);
        }
        Err(reason) => ready.rejects.push(LineReject {
            line: number,
            name: text.split([' ', '\t']).next().map(cut::name),
            reason,
        }),
    }
}

fn sample(text: &str, now: Millis) -> Result<(SeriesName<'_>, Millis, f64), RejectReason> {
    let mut fields = text.split([' ', '\t']).filter(|field| !field.is_empty());
    let name = SeriesName::parse(fields.next().unwrap_or_default())?;
    let number = fields.next().ok_or_else(|| {
        RejectReason::Malformed("the line has no value, expected `path value timestamp`".to_owned())
    })?;
    let number = value(number)?;
    let at = match fields.next() {
        None | Some("-1" | "N" | "n") => now,
        Some(field) => timestamp(field)?,
    };
    if fields.next().is_some() {
        return Err(RejectReason::Malformed(
            "the line has more than three fields, expected `path value timestamp`".to_owned(),
        ));
    }
    Ok((name, at, number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Millis = Millis(1_700_000_000_123);

    fn decode(chunks: &[&[u8]]) -> Lines {
        let mut decoder = Decoder::new();
        for chunk in chunks {
            decoder.feed(chunk, NOW);
        }
        decoder.finish(NOW);
        decoder.take()
    }

    #[test]
    fn lines_become_samples() {
        let lines = decode(&[
            b"# comment\n\na.b 1.5 1519862400\r\na.",
            b"b\t2 -1\n a.c  3 N \na.d 4\na.e -0.5 1519862400.25",
        ]);
        let samples: Vec<_> = lines
            .batch
            .iter()
            .map(|s| (s.name.to_owned(), s.at.0, s.value))
            .collect();
        assert_eq!(
            samples,
            [
                ("a.b".to_owned(), 1_519_862_400_000, 1.5),
                ("a.b".to_owned(), NOW.0, 2.0),
                ("a.c".to_owned(), NOW.0, 3.0),
                ("a.d".to_owned(), NOW.0, 4.0),
                ("a.e".to_owned(), 1_519_862_400_250, -0.5),
            ]
        );
        assert_eq!(lines.lines, [3, 4, 5, 6, 7]);
        assert_eq!((lines.received, lines.rejects.len()), (5, 0));
    }

    #[test]
    fn what_is_no_sample_says_why_and_where() {
        let mut text = b"a..b 1 1\na\na x\na nan\na 1 soon\na 1 -5\na 1 2 3\n\xff 1\n".to_vec();
        text.extend(std::iter::repeat_n(b'a', LINE_BYTES_MAX + 1));
        let lines = decode(&[&text]);
        let reasons: Vec<_> = lines
            .rejects
            .iter()
            .map(|r| (r.line, r.reason.code(), r.reason.to_string()))
            .collect();
        let expected = [
            (1, "name", "the name has an empty element (a dot too many)"),
            (
                2,
                "malformed",
                "the line has no value, expected `path value timestamp`",
            ),
            (3, "value", "the value `x` is not a number"),
            (4, "value", "the value `nan` is not a finite number"),
            (
                5,
                "timestamp",
                "the timestamp `soon` is not a number of seconds since 1970",
            ),
            (6, "timestamp", "the timestamp `-5` lies before 1970"),
            (
                7,
                "malformed",
                "the line has more than three fields, expected `path value timestamp`",
            ),
            (8, "malformed", "the line is not UTF-8 at offset 0"),
            (9, "malformed", "the line has more than 4096 bytes"),
        ]
        .map(|(line, code, words)| (line, code, words.to_owned()));
        assert_eq!(reasons, expected);
        assert_eq!(lines.received, 9);
    }

    #[test]
    fn what_is_ready_is_handed_out_once() {
        let mut decoder = Decoder::new();
        decoder.feed(b"a 1\nb", NOW);
        assert_eq!(decoder.take().received, 1);
        assert_eq!(decoder.take().received, 0);
        decoder.feed(b" 2\n", NOW);
        assert_eq!(decoder.take().lines, [2]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let lines = decode(&[&bytes]);
            prop_assert_eq!(lines.received, (lines.batch.len() + lines.rejects.len()) as u64);
        }
    }
}
