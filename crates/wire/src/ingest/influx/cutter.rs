//! Where the lines of a stream end: a line end within the quotes of a text belongs to the text.

use crate::ingest::line::{LineEnds, Splitter};
use memchr::memchr2;

/// In which part of a line the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    /// Before anything but blanks.
    #[default]
    Start,
    /// In a comment, or a line that is too long: quotes mean nothing.
    Unread,
    /// Measurement and tags.
    Series,
    /// The name of a field.
    Key,
    /// Behind the `=` of a field.
    Begin,
    /// In a value, or after the quotes of one.
    Value,
    /// Within quotes.
    Text,
    Time,
}

/// Line ends that are not within a text, and where in the line the stream is.
#[derive(Debug, Default)]
pub(super) struct OutsideTexts {
    bytes_max: usize,
    part: Part,
    /// How much of the line was passed over.
    length: usize,
    /// Whether the byte before was a backslash that means the next one.
    escaped: bool,
}

/// Splits a stream into InfluxDB's lines.
pub(super) type Cutter = Splitter<OutsideTexts>;

/// One for lines of so many bytes at most.
pub(super) fn cutter(bytes_max: usize) -> Cutter {
    let ends = OutsideTexts {
        bytes_max,
        ..OutsideTexts::default()
    };
    Splitter::with_ends(bytes_max, ends)
}

impl LineEnds for OutsideTexts {
    fn next(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.part == Part::Text {
                at += self.text(rest);
                continue;
            }
            // No text begins without quotes: up to the next ones nothing needs to be looked at byte by byte.
            let mark = memchr2(b'\n', b'"', rest);
            if let Some(mark) = mark
                && rest.get(mark) == Some(&b'\n')
            {
                self.begin();
                return Some(at + mark);
            }
            let stop = mark.map_or(rest.len(), |mark| mark + 1);
            rest.iter().take(stop).for_each(|byte| self.step(*byte));
            self.length += stop;
            at += stop;
        }
        None
    }

    fn begin(&mut self) {
        self.part = Part::Start;
        self.escaped = false;
        self.length = 0;
    }
}

impl OutsideTexts {
    /// Passes over a text, up to the quotes after it; how many bytes that were.
    fn text(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            if self.length >= self.bytes_max {
                // The line is refused in any case, and what follows must not be taken for a part of it.
                self.part = Part::Unread;
                return at;
            }
            self.step(*byte);
            self.length += 1;
            if self.part != Part::Text {
                return at + 1;
            }
        }
        bytes.len()
    }

    /// Takes one byte that is no line end, or one within a text.
    const fn step(&mut self, byte: u8) {
        let escaped = self.escaped;
        self.escaped = byte == b'\\'
            && match self.part {
                // Here a backslash means the next byte whatever stands before it.
                Part::Start | Part::Series => true,
                _ => !escaped,
            };
        self.part = match (self.part, byte) {
            (Part::Start, b' ' | b'\t' | b'\r') => Part::Start,
            (Part::Start, b'#') => Part::Unread,
            (Part::Start, _) => Part::Series,
            (Part::Series, b' ') if !escaped => Part::Key,
            (Part::Key, b'=') if !escaped => Part::Begin,
            (Part::Begin, b'"') => Part::Text,
            (Part::Begin | Part::Value, b',') => Part::Key,
            (Part::Begin | Part::Value, b' ') => Part::Time,
            (Part::Begin, _) => Part::Value,
            (Part::Text, b'"') if !escaped => Part::Value,
            (part, _) => part,
        };
    }
}
