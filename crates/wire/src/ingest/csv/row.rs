//! Cuts a stream into the rows and fields of RFC 4180, whatever its chunks.

use base::sample::RejectReason;

/// The longest row, in bytes.
pub(crate) const ROW_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Before the first byte of a field.
    #[default]
    Start,
    /// In a field without quotes.
    Plain,
    /// In a field with quotes.
    Quoted,
    /// Behind a quote in a quoted field: its end, or the first of a doubled one.
    Quote,
}

/// Errors in a row's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    TooLong,
    AfterQuote,
    Unclosed,
}

/// Keeps the unfinished row between two chunks.
#[derive(Debug)]
pub(super) struct Splitter {
    separator: u8,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    state: State,
    flaw: Option<Flaw>,
    line: u64,
    first_line: u64,
}

impl Default for Splitter {
    fn default() -> Self {
        Self::new(b',')
    }
}

impl Splitter {
    /// At the beginning of a file whose fields are parted so.
    pub(super) const fn new(separator: u8) -> Self {
        Self {
            separator,
            bytes: Vec::new(),
            ends: Vec::new(),
            state: State::Start,
            flaw: None,
            line: 1,
            first_line: 1,
        }
    }

    /// Takes a chunk and gives the rows that are complete.
    pub(super) fn feed(&mut self, chunk: &[u8], mut take: impl FnMut(Row<'_>)) {
        for byte in chunk {
            self.byte(*byte, &mut take);
        }
    }

    /// The first line of the row that has not ended, if there is one.
    pub(super) fn unfinished(&self) -> Option<u64> {
        let is_begun = !self.bytes.is_empty() || !self.ends.is_empty() || self.flaw.is_some();
        is_begun.then_some(self.first_line)
    }

    /// Gives the last row, where it has no line end.
    pub(super) fn finish(&mut self, mut take: impl FnMut(Row<'_>)) {
        if self.state == State::Quoted {
            self.flaw.get_or_insert(Flaw::Unclosed);
        }
        if self.unfinished().is_some() {
            self.end_row(&mut take);
        }
    }

    fn byte(&mut self, byte: u8, take: &mut impl FnMut(Row<'_>)) {
        self.state = match (self.state, byte) {
            // A row that is too long has lost its way: the next line end begins anew, be it in quotes or not.
            (State::Quoted, b'\n') if self.flaw != Some(Flaw::TooLong) => {
                self.line += 1;
                self.push(byte);
                State::Quoted
            }
            (_, b'\n') => {
                self.line += 1;
                self.end_row(take);
                State::Start
            }
            (State::Quoted, b'"') | (State::Quote, b'\r') => State::Quote,
            (State::Quoted, _) | (State::Quote, b'"') => {
                self.push(byte);
                State::Quoted
            }
            (State::Start | State::Plain | State::Quote, byte) if byte == self.separator => {
                self.end_field();
                State::Start
            }
            (State::Quote, _) => {
                self.flaw.get_or_insert(Flaw::AfterQuote);
                State::Plain
            }
            (State::Start, b'"') => State::Quoted,
            (State::Start | State::Plain, _) => {
                self.push(byte);
                State::Plain
            }
        };
    }

    const fn is_full(&self) -> bool {
        self.bytes.len() + self.ends.len() >= ROW_BYTES_MAX
    }

    fn push(&mut self, byte: u8) {
        if self.is_full() {
            self.flaw = Some(Flaw::TooLong);
        } else {
            self.bytes.push(byte);
        }
    }

    fn end_field(&mut self) {
        if self.is_full() {
            self.flaw = Some(Flaw::TooLong);
        } else {
            self.ends.push(self.bytes.len());
        }
    }

    fn end_row(&mut self, take: &mut impl FnMut(Row<'_>)) {
        if self.bytes.last() == Some(&b'\r') && self.ends.last() != Some(&self.bytes.len()) {
            self.bytes.pop();
        }
        self.ends.push(self.bytes.len());
        take(Row {
            bytes: &self.bytes,
            ends: &self.ends,
            line: self.first_line,
            flaw: self.flaw,
        });
        self.bytes.clear();
        self.ends.clear();
        self.flaw = None;
        self.state = State::Start;
        self.first_line = self.line;
    }
}

/// One row.
#[derive(Debug)]
pub(super) struct Row<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
    line: u64,
    flaw: Option<Flaw>,
}

impl Row<'_> {
    /// The number of its first line, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// How many fields it has.
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it is an empty line.
    pub(super) fn is_blank(&self) -> bool {
        self.ends.len() == 1
            && self.bytes.iter().all(u8::is_ascii_whitespace)
            && self.flaw.is_none()
    }

    /// Whether it says what parts fields, as `sep=;` does.
    pub(super) fn is_declaration(&self) -> bool {
        let begins = self
            .bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(self.bytes);
        begins.len() <= 5 && begins.to_ascii_lowercase().starts_with(b"sep=")
    }

    /// Whether its form is right.
    pub(super) fn check(&self) -> Result<(), RejectReason> {
        let what = match self.flaw {
            None => return Ok(()),
            Some(Flaw::TooLong) => {
                format!("the row has more than {ROW_BYTES_MAX} bytes (a quote that is not closed?)")
            }
            Some(Flaw::AfterQuote) => {
                "the row has text between a closing quote and the next comma".to_owned()
            }
            Some(Flaw::Unclosed) => "the row has a quote that is not closed".to_owned(),
        };
        Err(RejectReason::Malformed(what))
    }

    /// The field at a position; `None` where the row has fewer.
    pub(super) fn field(&self, at: usize) -> Result<Option<&str>, RejectReason> {
        let Some(end) = self.ends.get(at) else {
            return Ok(None);
        };
        let start = at
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0);
        std::str::from_utf8(self.bytes.get(start..*end).unwrap_or_default())
            .map(Some)
            .map_err(|_| RejectReason::Malformed(format!("column {} is not UTF-8", at + 1)))
    }
}
