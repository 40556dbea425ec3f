//! Cuts a stream into lines, whatever its chunks. A line end within the quotes of a text belongs to the text.

use memchr::memchr2;

/// A line, or the fact that it was too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A line without its end.
    Whole(&'a [u8]),
    /// More bytes than allowed.
    TooLong,
}

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
    /// In a value, or behind the quotes of one.
    Value,
    /// Within quotes.
    Text,
    Time,
}

/// Keeps the unfinished line between two chunks, and where in it the stream is.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    kept: Vec<u8>,
    skipping: bool,
    number: u64,
    bytes_max: usize,
    part: Part,
    /// How much of the line was passed over.
    length: usize,
    /// Whether the byte before was a backslash that means the next one.
    escaped: bool,
}

impl Cutter {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            ..Self::default()
        }
    }

    /// Takes a chunk and gives the lines that are complete, with their numbers.
    pub(super) fn feed(&mut self, chunk: &[u8], mut take: impl FnMut(u64, Line<'_>)) {
        let mut rest = chunk;
        while let Some(end) = self.end(rest) {
            let (head, tail) = rest.split_at(end);
            rest = tail.get(1..).unwrap_or_default();
            self.line(head, &mut take);
        }
        self.keep(rest);
    }

    /// The number of the line that has not ended, if there is one.
    pub(super) fn unfinished(&self) -> Option<u64> {
        (self.skipping || !self.kept.is_empty()).then_some(self.number + 1)
    }

    /// Gives the last line, where it has no end.
    pub(super) fn finish(&mut self, mut take: impl FnMut(u64, Line<'_>)) {
        if self.unfinished().is_some() {
            self.line(&[], &mut take);
        }
    }

    /// Where the line ends, if it does in these bytes; else they are passed over.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
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

    /// Passes over a text, up to the quotes behind it; how many bytes that were.
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

    const fn begin(&mut self) {
        self.part = Part::Start;
        self.escaped = false;
        self.length = 0;
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

    fn line(&mut self, head: &[u8], take: &mut impl FnMut(u64, Line<'_>)) {
        self.number += 1;
        let whole = if self.kept.is_empty() && !self.skipping {
            head
        } else {
            self.keep(head);
            &self.kept
        };
        if self.skipping || whole.len() > self.bytes_max {
            take(self.number, Line::TooLong);
        } else {
            take(
                self.number,
                Line::Whole(whole.strip_suffix(b"\r").unwrap_or(whole)),
            );
        }
        self.kept.clear();
        self.skipping = false;
        self.begin();
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.skipping || self.kept.len() + bytes.len() > self.bytes_max {
            self.kept = Vec::new();
            self.skipping = true;
        } else {
            self.kept.extend_from_slice(bytes);
        }
    }
}
