//! CSV with a header line: columns are picked by name, so that a file needs no conversion before it is sent.
//!
//! RFC 4180: fields parted by commas, quoted where they hold a comma, a quote (doubled) or a line end. Timestamps are
//! epoch seconds, RFC 3339, or `YYYY-MM-DD HH:MM:SS`, which is taken as UTC.

mod row;

use crate::ingest::stamp::Stamps;
use crate::ingest::{LineReject, Lines, cut, moment, slip, timestamp, value};
use base::name::SeriesName;
use base::sample::RejectReason;
use base::time::Millis;
use row::{Row, Splitter};

/// The longest row, in bytes.
pub const ROW_BYTES_MAX: usize = 64 * 1024;

/// Which columns hold what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The column of series names.
    pub name: String,
    /// The column of values.
    pub value: String,
    /// The column of timestamps. `None`: a column `timestamp` where there is one, else every row is of now.
    pub timestamp: Option<String>,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            name: "name".to_owned(),
            value: "value".to_owned(),
            timestamp: None,
        }
    }
}

/// Why the header line does not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// No line at all.
    #[error("the file is empty, expected a header line with the names of the columns")]
    Empty,
    /// The line can't be read.
    #[error("the header line can not be read: {0}")]
    Malformed(RejectReason),
    /// A column that is needed.
    #[error("there is no column `{column}`; the columns are {found}")]
    Missing {
        /// Its name.
        column: String,
        /// The columns there are, in backticks.
        found: String,
    },
    /// A name two columns have.
    #[error("there are two columns `{column}`")]
    Twice {
        /// The name.
        column: String,
    },
}

#[derive(Debug)]
enum Naming {
    Column(usize),
    Constant(String),
}

#[derive(Debug)]
struct Layout {
    name: Naming,
    value: usize,
    timestamp: Option<usize>,
    /// How many columns the header has.
    columns: usize,
}

/// Takes chunks of a file and makes samples of its rows.
#[derive(Debug)]
pub struct Decoder {
    columns: Columns,
    constant_name: Option<String>,
    layout: Option<Result<Layout, HeaderError>>,
    splitter: Splitter,
    stamps: Stamps,
    ready: Lines,
}

impl Decoder {
    /// A decoder at the beginning of a file.
    #[must_use]
    pub fn new(columns: Columns) -> Self {
        Self {
            columns,
            constant_name: None,
            layout: None,
            splitter: Splitter::default(),
            stamps: Stamps::default(),
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

    /// Takes the next bytes; `now` is when they were read, the time of rows in a file without timestamps.
    ///
    /// # Errors
    /// [`HeaderError`], again and again, when the first line does not do.
    pub fn feed(&mut self, chunk: &[u8], now: Millis) -> Result<(), HeaderError> {
        let mut splitter = std::mem::take(&mut self.splitter);
        splitter.feed(chunk, |row| self.row(&row, now));
        self.splitter = splitter;
        self.header()
    }

    /// The file has ended; a last row without its line end counts.
    ///
    /// # Errors
    /// [`HeaderError`] when the first line does not do, or there was none.
    pub fn finish(&mut self, now: Millis) -> Result<(), HeaderError> {
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
        if let Some(line) = self.splitter.unfinished().filter(|_| self.layout.is_some()) {
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

    fn row(&mut self, row: &Row<'_>, now: Millis) {
        if row.is_blank() {
            return;
        }
        let layout = match &self.layout {
            None => {
                self.layout = Some(layout(row, &self.columns, self.constant_name.as_deref()));
                return;
            }
            Some(Err(_)) => return,
            Some(Ok(layout)) => layout,
        };
        self.ready.received += 1;
        let name = match &layout.name {
            Naming::Column(at) => row.field(*at).ok().flatten(),
            Naming::Constant(name) => Some(name.as_str()),
        };
        match sample(row, layout, name, now) {
            Ok((name, at, value)) => {
                let at = at.unwrap_or_else(|| self.stamps.stamp(name.as_str(), now));
                self.ready.batch.push(&name, at, value);
                self.ready.lines.push(row.line());
            }
            Err(reason) => self.ready.rejects.push(LineReject {
                line: row.line(),
                name: name.filter(|name| !name.is_empty()).map(cut::name),
                reason,
            }),
        }
    }
}

/// Finds the columns in the header line: by exact name, else whatever the case.
fn layout(
    header: &Row<'_>,
    columns: &Columns,
    constant_name: Option<&str>,
) -> Result<Layout, HeaderError> {
    header.check().map_err(HeaderError::Malformed)?;
    let mut names = Vec::new();
    for at in 0..header.len() {
        let name = header
            .field(at)
            .map_err(HeaderError::Malformed)?
            .unwrap_or_default();
        names.push(name.trim_start_matches('\u{feff}').trim().trim_matches('"'));
    }
    let find = |column: &str| -> Result<Option<usize>, HeaderError> {
        let by = |same: &dyn Fn(&str) -> bool| {
            let mut found = names
                .iter()
                .enumerate()
                .filter(|(_, name)| same(name))
                .map(|(at, _)| at);
            (found.next(), found.next())
        };
        let (first, second) = match by(&|name| name == column) {
            (None, _) => by(&|name| name.eq_ignore_ascii_case(column)),
            exact => exact,
        };
        if second.is_some() {
            return Err(HeaderError::Twice {
                column: column.to_owned(),
            });
        }
        Ok(first)
    };
    let need = |column: &str| {
        find(column)?.ok_or_else(|| HeaderError::Missing {
            column: column.to_owned(),
            found: names
                .iter()
                .map(|name| format!("`{}`", cut::short(name)))
                .collect::<Vec<_>>()
                .join(", "),
        })
    };
    Ok(Layout {
        name: match constant_name {
            Some(name) => Naming::Constant(name.to_owned()),
            None => Naming::Column(need(&columns.name)?),
        },
        value: need(&columns.value)?,
        timestamp: match &columns.timestamp {
            Some(column) => Some(need(column)?),
            None => find("timestamp")?,
        },
        columns: names.len(),
    })
}

fn sample<'a>(
    row: &Row<'_>,
    layout: &Layout,
    name: Option<&'a str>,
    now: Millis,
) -> Result<(SeriesName<'a>, Option<Millis>, f64), RejectReason> {
    row.check()?;
    // `0,5` for a half makes two columns of one value; half of it would be taken for the whole.
    for at in layout.columns..row.len() {
        if row.field(at)?.is_some_and(|text| !text.trim().is_empty()) {
            return Err(RejectReason::Malformed(format!(
                "the row has {} columns, the header has {}",
                row.len(),
                layout.columns
            )));
        }
    }
    let cell = |at: usize| {
        row.field(at)?.ok_or_else(|| {
            RejectReason::Malformed(format!("the row has {} columns, too few", row.len()))
        })
    };
    let name = match (name, &layout.name) {
        (Some(name), _) => {
            slip::number_as_name(name)?;
            SeriesName::parse(name)?
        }
        (None, Naming::Column(at)) => {
            // Says why there is no text to take.
            cell(*at)?;
            SeriesName::parse("")?
        }
        (None, Naming::Constant(_)) => SeriesName::parse("")?,
    };
    let number = value(cell(layout.value)?.trim())?;
    let at = match layout.timestamp {
        None => None,
        Some(column) => Some(instant(cell(column)?.trim(), now)?),
    };
    Ok((name, at, number))
}

/// Reads epoch seconds, or a time in another form.
fn instant(text: &str, now: Millis) -> Result<Millis, RejectReason> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'))
        && fast_float2::parse::<f64, _>(text).is_ok()
    {
        return timestamp(text);
    }
    moment(text, now)
}

#[cfg(test)]
mod tests;
