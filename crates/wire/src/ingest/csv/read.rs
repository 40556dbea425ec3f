//! Decodes the samples of a row.

use super::layout::{LongLayout, NameSource, WideLayout, is_gap};
use super::numbers::Numbers;
use super::row::Row;
use super::slashed::{self, DateOrder};
use crate::ingest::default_times::DefaultTimes;
use crate::ingest::{
    LineReject, Lines, Moment, Names, Now, moment, script_mistakes, short_text, timestamp,
};
use base::name::SeriesName;
use base::sample::RejectReason;

/// Reads a row.
pub(super) struct Reader<'a> {
    pub(super) row: &'a Row<'a>,
    pub(super) numbers: &'a Numbers,
    pub(super) names: Names,
    /// Of dates with slashes, if it was given.
    pub(super) date_order: Option<DateOrder>,
    /// When it was read.
    pub(super) now: Now<'a>,
}

impl Reader<'_> {
    /// The sample of a row that has one.
    pub(super) fn sample(&self, layout: &LongLayout, ready: &mut Lines, stamps: &mut DefaultTimes) {
        let value = self.row.field(layout.value).ok().flatten();
        if layout.has_gaps && value.is_some_and(is_gap) {
            return;
        }
        ready.received += 1;
        let name = match &layout.name {
            NameSource::Column(at) => self.row.field(*at).ok().flatten(),
            NameSource::Constant(name) => Some(name.as_str()),
        };
        match self.long(layout, name) {
            Ok((read, time, value)) => {
                let changes = name.is_some_and(|name| self.names.changes(name));
                ready.renamed += u64::from(changes);
                let name = read;
                let time = time.unwrap_or_else(|| stamps.moment(name.as_str(), self.now));
                ready.push(&name, time, value, self.row.line());
            }
            Err(reason) => self.reject(ready, name, reason),
        }
    }

    /// The samples of a row that has one of each series; an empty cell is none.
    pub(super) fn samples(
        &self,
        layout: &WideLayout,
        ready: &mut Lines,
        stamps: &mut DefaultTimes,
    ) {
        let time = self
            .row
            .check()
            .and_then(|()| self.fits(layout.names.len()))
            .and_then(|()| self.instant(layout.timestamp));
        let time = match time {
            Ok(time) => time,
            Err(reason) => {
                ready.received += 1;
                return self.reject(ready, None, reason);
            }
        };
        for (column, name) in layout.names.iter().enumerate() {
            let cell = self.row.field(column);
            if column == layout.timestamp || matches!(&cell, Ok(None)) {
                continue;
            }
            if matches!(&cell, Ok(Some(text)) if is_gap(text)) {
                continue;
            }
            ready.received += 1;
            let sample = cell.and_then(|text| {
                script_mistakes::number_as_name(name)?;
                let name = self.names.read(name)?;
                Ok((name, self.numbers.read(text.unwrap_or_default(), column)?))
            });
            match sample {
                Ok((read, value)) => {
                    ready.renamed += u64::from(self.names.changes(name));
                    let name = read;
                    let time = time.unwrap_or_else(|| stamps.moment(name.as_str(), self.now));
                    ready.push(&name, time, value, self.row.line());
                }
                Err(reason) => self.reject(ready, Some(name), reason),
            }
        }
    }

    fn reject(&self, ready: &mut Lines, name: Option<&str>, reason: RejectReason) {
        ready.rejects.push(LineReject {
            line: self.row.line(),
            name: name.filter(|name| !name.is_empty()).map(short_text::name),
            reason,
        });
    }

    fn long<'n>(
        &self,
        layout: &LongLayout,
        name: Option<&'n str>,
    ) -> Result<(SeriesName<'n>, Option<Moment>, f64), RejectReason> {
        self.row.check()?;
        self.fits(layout.columns)?;
        let name = match (name, &layout.name) {
            (Some(name), _) => {
                script_mistakes::number_as_name(name)?;
                self.names.read(name)?
            }
            (None, NameSource::Column(at)) => {
                // Says why there is no text to take.
                self.cell(*at)?;
                SeriesName::parse("")?
            }
            (None, NameSource::Constant(_)) => SeriesName::parse("")?,
        };
        let number = (self.numbers).read(self.cell(layout.value)?, layout.value)?;
        let time = match layout.timestamp {
            Some(column) => self.instant(column)?,
            None => None,
        };
        Ok((name, time, number))
    }

    /// `0,5` for a half makes two columns of one value; half of it would be taken for the whole.
    fn fits(&self, columns: usize) -> Result<(), RejectReason> {
        for at in columns..self.row.len() {
            if self
                .row
                .field(at)?
                .is_some_and(|text| !text.trim().is_empty())
            {
                return Err(RejectReason::Malformed(format!(
                    "the row has {} columns, the header has {columns}",
                    self.row.len(),
                )));
            }
        }
        Ok(())
    }

    fn cell(&self, at: usize) -> Result<&str, RejectReason> {
        self.row.field(at)?.ok_or_else(|| {
            RejectReason::Malformed(format!("the row has {} columns, too few", self.row.len()))
        })
    }

    /// Reads epoch seconds, or a time in another form; nothing where the cell is empty. Where a day could be a month, neither
    /// is guessed.
    fn instant(&self, column: usize) -> Result<Option<Moment>, RejectReason> {
        let text = self.cell(column)?.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let is_number =
            |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
        if text.bytes().all(is_number) && fast_float2::parse::<f64, _>(text).is_ok() {
            return timestamp(text).map(|at| Some(at.into()));
        }
        match slashed::year_first(text, self.date_order)? {
            // A refusal repeats what the file says.
            Some(read) => moment(&read, self.now).map_err(|_| {
                RejectReason::Timestamp(format!(
                    "the timestamp `{}` is no time that exists (read as `{}`)",
                    short_text::short(text),
                    short_text::short(&read)
                ))
            }),
            None => moment(text, self.now),
        }
        .map(Some)
    }
}
