//! CSV with a header line: columns are picked by name, so that a file needs no conversion before it is sent.
//!
//! RFC 4180: fields parted by commas, quoted where they hold a comma, a quote (doubled) or a line end; also with `;` or tabs
//! between them (`dialect.rs`), and decimal commas then (`numbers.rs`). A row has a sample, or a time and a value of each series
//! (`layout.rs`). Timestamps are epoch seconds, or a time in another form, of UTC where it names no zone.

mod columns;
mod dialect;
mod layout;
mod numbers;
mod read;
mod row;
mod slashed;

pub use columns::{Columns, HeaderError};
pub use numbers::DecimalSign;
pub use slashed::DateOrder;

use crate::ingest::default_times::DefaultTimes;
use crate::ingest::{LineReject, Lines, Names, Now};
use base::sample::RejectReason;
use dialect::{Dialect, FirstLine};
use layout::{Layout, LongLayout};
use numbers::Numbers;
use read::Reader;
use row::{Row, Splitter};

/// Takes chunks of a file and makes samples of its rows.
#[derive(Debug)]
pub struct Decoder {
    columns: Columns,
    constant_name: Option<String>,
    first_line: Option<FirstLine>,
    decimal_sign: Option<DecimalSign>,
    numbers: Numbers,
    names: Names,
    date_order: Option<DateOrder>,
    layout: Option<Result<Layout, HeaderError>>,
    splitter: Splitter,
    stamps: DefaultTimes,
    ready: Lines,
}

impl Decoder {
    /// A decoder at the beginning of a file.
    #[must_use]
    pub fn new(columns: Columns) -> Self {
        Self {
            columns,
            constant_name: None,
            first_line: Some(FirstLine::default()),
            decimal_sign: None,
            numbers: Numbers::default(),
            names: Names::default(),
            date_order: None,
            layout: None,
            splitter: Splitter::default(),
            stamps: DefaultTimes::default(),
            ready: Lines::default(),
        }
    }

    /// A decoder of a file whose rows are all of one series, such as `timestamp,value`; `columns.name` is not used.
    #[must_use]
    pub fn constant_name(name: String, columns: Columns) -> Self {
        Self {
            constant_name: Some(name),
            ..Self::new(columns)
        }
    }

    /// Reads names by this rule.
    #[must_use]
    pub fn with_names(self, names: Names) -> Self {
        Self { names, ..self }
    }

    /// Reads dates with slashes in this order; without one, only those that cannot be misread.
    #[must_use]
    pub fn with_date_order(self, date_order: Option<DateOrder>) -> Self {
        Self { date_order, ..self }
    }

    /// Reads numbers by this sign before their decimals; without one, only those that cannot be misread.
    #[must_use]
    pub fn with_decimal_sign(self, decimal_sign: Option<DecimalSign>) -> Self {
        Self {
            decimal_sign,
            ..self
        }
    }

    /// Takes the next bytes; `now` is when they were read, the time of rows that have none.
    ///
    /// # Errors
    /// [`HeaderError`], again and again, when the first line does not do.
    pub fn feed<'n>(&mut self, chunk: &[u8], now: impl Into<Now<'n>>) -> Result<(), HeaderError> {
        let now = now.into();
        let Some(first_line) = &mut self.first_line else {
            return self.rows(chunk, now);
        };
        match first_line.take(chunk) {
            Some(begun) => self.begin(&begun, now),
            None => Ok(()),
        }
    }

    /// The first line is there.
    fn begin(&mut self, begun: &(Dialect, Vec<u8>), now: Now<'_>) -> Result<(), HeaderError> {
        let (dialect, bytes) = begun;
        self.first_line = None;
        self.numbers = Numbers::new(*dialect, self.decimal_sign);
        self.splitter = Splitter::new(dialect.0);
        self.rows(bytes, now)
    }

    fn rows(&mut self, chunk: &[u8], now: Now<'_>) -> Result<(), HeaderError> {
        let mut splitter = std::mem::take(&mut self.splitter);
        splitter.feed(chunk, |row| self.row(&row, now));
        self.splitter = splitter;
        self.header()
    }

    /// The file has ended; a last row without its line end counts.
    ///
    /// # Errors
    /// [`HeaderError`] when the first line does not do, or there was none.
    pub fn finish<'n>(&mut self, now: impl Into<Now<'n>>) -> Result<(), HeaderError> {
        let now = now.into();
        if let Some(first_line) = &mut self.first_line {
            let begun = first_line.finish();
            self.begin(&begun, now)?;
        }
        let mut splitter = std::mem::take(&mut self.splitter);
        splitter.finish(|row| self.row(&row, now));
        self.splitter = splitter;
        if self.layout.is_none() {
            self.layout = Some(Err(HeaderError::Empty));
        }
        self.header()
    }

    /// The file broke off: a last row without its end is no sample, and `why` says so.
    pub fn abandon(&mut self, why: String) {
        let first = self.first_line.as_ref().filter(|line| line.is_begun());
        let line = first.map(|_| 1).or_else(|| self.splitter.unfinished());
        if let Some(line) = line {
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

    fn header(&self) -> Result<(), HeaderError> {
        match &self.layout {
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    fn row(&mut self, row: &Row<'_>, now: Now<'_>) {
        if row.is_blank() {
            return;
        }
        let layout = match &self.layout {
            Some(Ok(layout)) => layout,
            Some(Err(_)) => return,
            None if row.line() == 1 && row.is_declaration() => return,
            None => {
                let known = layout::of_header(row, &self.columns, self.constant_name.as_deref());
                let by_header = |known: &Result<Layout, HeaderError>| {
                    known.is_ok()
                        || self.columns != Columns::default()
                        || self.constant_name.is_some()
                };
                match layout::of_graphite(row, now).filter(|_| !by_header(&known)) {
                    None => {
                        if let Ok(Layout::Long(LongLayout { has_gaps: true, .. })) = &known {
                            self.numbers.expect_points();
                        }
                        self.layout = Some(known);
                        return;
                    }
                    // This row is a sample itself.
                    Some(headless) => {
                        let Ok(layout) = self.layout.insert(Ok(headless)) else {
                            return;
                        };
                        layout
                    }
                }
            }
        };
        let reader = Reader {
            row,
            numbers: &self.numbers,
            names: self.names,
            date_order: self.date_order,
            now,
        };
        let (ready, stamps) = (&mut self.ready, &mut self.stamps);
        match layout {
            Layout::Long(long) => reader.sample(long, ready, stamps),
            Layout::Wide(wide) => reader.samples(wide, ready, stamps),
        }
    }
}

#[cfg(test)]
mod tests;
