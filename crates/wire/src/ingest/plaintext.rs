//! Graphite's plain text: one sample per line, `path value [timestamp]`.
//!
//! The timestamp is epoch seconds, which is all that a listener takes; who reads files for a person also takes any other time
//! that has no blank ([`Times::Any`]). `-1`, `-1.0`, `N` or none at all is now: the moment the line was read, and a millisecond
//! later for each further one of the same name. Fields are parted by blanks or tabs, a `;` at the end of a name is passed
//! over (some senders write one where they have no tags), lines end with LF or CR LF, blank lines and lines that begin with
//! `#` are passed over.

use crate::ingest::default_times::DefaultTimes;
use crate::ingest::line::{Line, Splitter};
use crate::ingest::{
    LineReject, Lines, Moment, Names, Now, moment, script_mistakes, short_text, timestamp, value,
};
use base::name::SeriesName;
use base::sample::RejectReason;

/// Which times a line may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Times {
    /// Epoch seconds, as Graphite.
    #[default]
    Epoch,
    /// Also every other time without a blank: `10min`, `2025-11-25T12:00:00Z`.
    Any,
}

/// The longest line, in bytes: a name of the largest size, two long numbers, and room to spare.
pub const LINE_BYTES_MAX: usize = 4096;

/// Takes chunks of a stream and makes samples of its lines.
#[derive(Debug)]
pub struct Decoder {
    splitter: Splitter,
    times: Times,
    names: Names,
    stamps: DefaultTimes,
    ready: Lines,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Times::default())
    }
}

impl Decoder {
    /// A decoder at the beginning of a stream.
    #[must_use]
    pub fn new(times: Times) -> Self {
        Self {
            splitter: Splitter::new(LINE_BYTES_MAX),
            times,
            names: Names::default(),
            stamps: DefaultTimes::default(),
            ready: Lines::default(),
        }
    }

    /// Reads names by this rule.
    #[must_use]
    pub fn with_names(self, names: Names) -> Self {
        Self { names, ..self }
    }

    /// Goes on with the times that were given to lines before these.
    #[must_use]
    pub fn with_times_given(self, stamps: DefaultTimes) -> Self {
        Self { stamps, ..self }
    }

    /// The times that were given to lines so far, for those that follow.
    #[must_use]
    pub fn into_times_given(self) -> DefaultTimes {
        self.stamps
    }

    /// Takes the next bytes; `now` is when they were read, the time of lines without a timestamp.
    pub fn feed<'n>(&mut self, chunk: &[u8], now: impl Into<Now<'n>>) {
        let (ready, stamps, now) = (&mut self.ready, &mut self.stamps, now.into());
        let rules = (self.times, self.names);
        self.splitter.feed(chunk, |number, line| {
            take(ready, stamps, number, &line, rules, now);
        });
    }

    /// The stream has ended; a last line without its end counts.
    pub fn finish<'n>(&mut self, now: impl Into<Now<'n>>) {
        let (ready, stamps, now) = (&mut self.ready, &mut self.stamps, now.into());
        let rules = (self.times, self.names);
        self.splitter
            .finish(|number, line| take(ready, stamps, number, &line, rules, now));
    }

    /// The stream broke off: a last line without its end is no sample, and `why` says so.
    pub fn abandon(&mut self, why: String) {
        if let Some(line) = self.splitter.unfinished() {
            self.ready.received += 1;
            self.ready.rejects.push(LineReject {
                line,
                name: None,
                reason: RejectReason::Malformed(why),
            });
        }
    }

    /// Hands out what is ready.
    pub fn take(&mut self) -> Lines {
        std::mem::take(&mut self.ready)
    }
}

fn take(
    ready: &mut Lines,
    stamps: &mut DefaultTimes,
    number: u64,
    line: &Line<'_>,
    rules: (Times, Names),
    now: Now<'_>,
) {
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
    match sample(text, rules, now) {
        Ok((name, time, value)) => {
            ready.renamed += u64::from(rules.1.changes(path(text)));
            let time = time.unwrap_or_else(|| stamps.moment(name.as_str(), now));
            ready.push(&name, time, value, number);
        }
        Err(reason) => ready.rejects.push(LineReject {
            line: number,
            name: text.split([' ', '\t']).next().map(short_text::name),
            reason,
        }),
    }
}

/// The first field of a line.
fn path(text: &str) -> &str {
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

/// Name, time where there is one, and value.
fn sample<'t>(
    text: &'t str,
    (times, names): (Times, Names),
    now: Now<'_>,
) -> Result<(SeriesName<'t>, Option<Moment>, f64), RejectReason> {
    let path = path(text);
    let rest = text.strip_prefix(path).unwrap_or_default();
    let mut fields = rest.split([' ', '\t']).filter(|field| !field.is_empty());
    let path = path.strip_suffix(';').unwrap_or(path);
    script_mistakes::number_as_name(path)?;
    let name = names.read(path)?;
    let field = fields.next().ok_or_else(|| {
        RejectReason::Malformed("the line has no value, expected `path value timestamp`".to_owned())
    })?;
    let number = value(field)?;
    let at = match fields.next() {
        None => {
            let gap = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            script_mistakes::time_as_value(path, gap, field, number, now.here())?;
            None
        }
        Some("-1" | "-1.0" | "N" | "n") => None,
        Some(field) if times == Times::Epoch || fast_float2::parse::<f64, _>(field).is_ok() => {
            Some(timestamp(field)?.into())
        }
        Some(field) => Some(moment(field, now)?),
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
    use base::time::Millis;
    use proptest::prelude::*;

    const NOW: Millis = Millis(1_700_000_000_123);

    fn decode(chunks: &[&[u8]]) -> Lines {
        let mut decoder = Decoder::default();
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
            b"b\t2 -1\n a.c  3 N \na.d 4\na.b 5\na.b 6 -1.0\na;x=y; 7 1519862400\na.e -0.5 1519862400.25",
        ]);
        let samples: Vec<_> = lines
            .batch
            .iter()
            .map(|s| (s.name().into_owned(), s.at.0, s.value))
            .collect();
        assert_eq!(
            samples,
            [
                ("a.b".to_owned(), 1_519_862_400_000, 1.5),
                ("a.b".to_owned(), NOW.0, 2.0),
                ("a.c".to_owned(), NOW.0, 3.0),
                ("a.d".to_owned(), NOW.0, 4.0),
                ("a.b".to_owned(), NOW.0 + 1, 5.0),
                ("a.b".to_owned(), NOW.0 + 2, 6.0),
                ("a;x=y".to_owned(), 1_519_862_400_000, 7.0),
                ("a.e".to_owned(), 1_519_862_400_250, -0.5),
            ]
        );
        assert_eq!(lines.lines, [3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!((lines.received, lines.rejects.len()), (8, 0));
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
    fn lenient_times_take_every_form_without_a_blank() {
        let text = b"a 1 2018-03-01T00:00:00Z\na 2 10min\na 3 -1\na 4 1519862400\na 5 soon\na 6\n";
        let asked = std::cell::Cell::new(0);
        let by = |here: Millis| {
            asked.set(asked.get() + 1);
            here.plus(1000)
        };
        let mut decoder = Decoder::new(Times::Any);
        decoder.feed(text, Now::corrected_by(NOW, &by));
        let lines = decoder.take();
        let times: Vec<_> = lines.batch.iter().map(|sample| sample.at.0).collect();
        let now = NOW.0 + 1000;
        let at = 1_519_862_400_000;
        assert_eq!(times, [at, now - 600_000, now, at, now + 1]);
        assert_eq!((lines.stamped, asked.get()), (3, 3));
        let message = lines.rejects[0].reason.to_string();
        assert!(
            message.starts_with("the timestamp `soon` is no time: write"),
            "{message}"
        );
        // A listener takes what Graphite does.
        assert_eq!(decode(&[text]).rejects.len(), 3);
    }

    #[test]
    fn a_line_with_something_left_out_is_no_sample() {
        let lines = decode(&[
            b"x.e  1700000000\n1700000000\t0.5\nx.e 1700000000 \nx.f 1700000000 N\nx.g  0.5\n",
        ]);
        let reasons: Vec<_> = lines
            .rejects
            .iter()
            .map(|reject| (reject.line, reject.reason.to_string()))
            .collect();
        let time = "`1700000000` looks like a time, so the value may be missing; if it is the value, write `x.e 1700000000 N`";
        let name = "the name `1700000000` is a number, so the name may be missing; the form is `name value timestamp`";
        assert_eq!(
            reasons,
            [(1, time), (2, name), (3, time)].map(|(line, words)| (line, words.to_owned()))
        );
        assert_eq!(lines.batch.len(), 2);
    }

    #[test]
    fn what_is_ready_is_handed_out_once() {
        let mut decoder = Decoder::default();
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

        #[test]
        fn lines_are_the_same_however_they_are_cut(
            text in "([a-c.;=]{1,4}[ \\t][0-9x.-]{1,3}([ \\t][0-9N-]{1,3})?\\r?\\n?|#|\n){0,12}",
            size in 1_usize..40,
        ) {
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let (whole, cut) = (decode(&[text.as_bytes()]), decode(&chunks));
            prop_assert_eq!(whole.lines, cut.lines);
            prop_assert_eq!(whole.rejects, cut.rejects);
            prop_assert_eq!(whole.received, cut.received);
        }
    }
}
