//! Cuts a stream into lines, whatever its chunks; a line that is too long is reported and skipped, never kept.

/// A line, or the fact that it was too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A line without its end.
    Whole(&'a [u8]),
    /// More bytes than allowed.
    TooLong,
}

/// Where lines end.
pub(super) trait LineEnds {
    /// The end of the line, if it is in these bytes; else they are passed over, and the next ones follow them.
    fn next(&mut self, bytes: &[u8]) -> Option<usize>;

    /// Behind a line the next one begins.
    fn begin(&mut self);
}

/// Every `\n` ends a line.
#[derive(Debug, Default)]
pub(super) struct Newline;

impl LineEnds for Newline {
    fn next(&mut self, bytes: &[u8]) -> Option<usize> {
        memchr::memchr(b'\n', bytes)
    }

    fn begin(&mut self) {}
}

/// Keeps the unfinished line between two chunks.
#[derive(Debug, Default)]
pub(super) struct Splitter<E = Newline> {
    kept: Vec<u8>,
    skipping: bool,
    number: u64,
    bytes_max: usize,
    ends: E,
}

impl Splitter {
    pub(super) const fn new(bytes_max: usize) -> Self {
        Self::with_ends(bytes_max, Newline)
    }
}

impl<E> Splitter<E> {
    /// One of lines that end elsewhere than at each `\n`.
    pub(super) const fn with_ends(bytes_max: usize, ends: E) -> Self {
        Self {
            kept: Vec::new(),
            skipping: false,
            number: 0,
            bytes_max,
            ends,
        }
    }
}

impl<E: LineEnds> Splitter<E> {
    /// Takes a chunk and gives the lines that are complete, with their numbers.
    pub(super) fn feed(&mut self, chunk: &[u8], mut take: impl FnMut(u64, Line<'_>)) {
        let mut rest = chunk;
        while let Some(end) = self.ends.next(rest) {
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
        self.ends.begin();
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &[u8], chunk_bytes: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut splitter = Splitter::new(8);
        let mut seen = Vec::new();
        let mut take = |number: u64, line: Line<'_>| {
            seen.push((
                number,
                match line {
                    Line::Whole(line) => Some(line.to_vec()),
                    Line::TooLong => None,
                },
            ));
        };
        for chunk in text.chunks(chunk_bytes.max(1)) {
            splitter.feed(chunk, &mut take);
        }
        splitter.finish(&mut take);
        seen
    }

    #[test]
    fn long_lines_are_numbered_and_skipped() {
        let seen = lines(b"a\r\n123456789\n\nlast", 100);
        assert_eq!(
            seen,
            [
                (1, Some(b"a".to_vec())),
                (2, None),
                (3, Some(Vec::new())),
                (4, Some(b"last".to_vec()))
            ]
        );
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(text in "[a\r\n]{0,60}", chunk_bytes in 1_usize..10) {
            prop_assert_eq!(lines(text.as_bytes(), chunk_bytes), lines(text.as_bytes(), 1000));
        }
    }
}
