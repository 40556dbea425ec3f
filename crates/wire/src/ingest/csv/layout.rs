//! Which column holds what: of a sample in each row, or of a series in each column.

use super::columns::{Columns, HeaderError};
use super::row::Row;
use crate::ingest::{Now, moment, short_text};

/// The usual names of columns, unless others are given.
const NAMES: [&str; 4] = ["name", "metric", "series", "target"];
const TIMES: [&str; 4] = ["timestamp", "time", "date", "datetime"];

#[derive(Debug)]
pub(super) enum NameSource {
    Column(usize),
    Constant(String),
}

/// A file whose rows have a sample each.
#[derive(Debug)]
pub(super) struct LongLayout {
    pub(super) name: NameSource,
    pub(super) value: usize,
    pub(super) timestamp: Option<usize>,
    /// How many columns the header has.
    pub(super) columns: usize,
    /// Whether a row without a value is a time at which there was none, as programs export it.
    pub(super) has_gaps: bool,
}

/// A file whose rows have a time, and of each series a value.
#[derive(Debug)]
pub(super) struct WideLayout {
    pub(super) timestamp: usize,
    /// The names of all columns; that of the time is passed over.
    pub(super) names: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Layout {
    Long(LongLayout),
    Wide(WideLayout),
}

/// Finds the columns in the header line.
pub(super) fn of_header(
    header: &Row<'_>,
    columns: &Columns,
    constant_name: Option<&str>,
) -> Result<Layout, HeaderError> {
    let found = Header::read(header)?;
    let timestamp = match &columns.timestamp {
        Some(column) => Some(found.need(column)?),
        None => found.any(&TIMES)?,
    };
    let usual = Columns::default();
    let value = found.find(&columns.value)?;
    let name = match constant_name {
        Some(name) => Some(NameSource::Constant(name.to_owned())),
        None if columns.name == usual.name => found.any(&NAMES)?.map(NameSource::Column),
        None => Some(NameSource::Column(found.need(&columns.name)?)),
    };
    if let (None, None, Some(timestamp)) = (&name, value, timestamp)
        && columns.value == usual.value
        && found.names.len() > 1
    {
        return Ok(Layout::Wide(WideLayout {
            timestamp,
            names: found.names,
        }));
    }
    let Some(name) = name else {
        return Err(found.missing(&columns.name));
    };
    let Some(value) = value else {
        return Err(found.missing(&columns.value));
    };
    Ok(Layout::Long(LongLayout {
        name,
        value,
        timestamp,
        columns: found.names.len(),
        has_gaps: found.is_grafanas(),
    }))
}

/// Graphite's `format=csv`: rows of name, time and value, and no header. Its first row tells it apart.
pub(super) fn of_graphite(first: &Row<'_>, now: Now<'_>) -> Option<Layout> {
    let field = |at| first.field(at).ok().flatten().map(str::trim);
    let (name, time, value) = (field(0)?, field(1)?, field(2)?);
    let is_sample = first.len() == 3
        && !name.is_empty()
        && time.starts_with(|c: char| c.is_ascii_digit())
        && moment(time, now.here().into()).is_ok()
        && (is_gap(value) || value.parse::<f64>().is_ok());
    is_sample.then_some(Layout::Long(LongLayout {
        name: NameSource::Column(0),
        value: 2,
        timestamp: Some(1),
        columns: 3,
        has_gaps: true,
    }))
}

/// Whether a cell says that there was no value: it is empty, or has one of the words that programs export for that.
pub(super) fn is_gap(cell: &str) -> bool {
    matches!(cell.trim(), "" | "null" | "undefined" | "None")
}

/// The names of columns.
struct Header {
    names: Vec<String>,
}

impl Header {
    fn read(header: &Row<'_>) -> Result<Self, HeaderError> {
        header.check().map_err(HeaderError::Malformed)?;
        let mut names = Vec::new();
        for at in 0..header.len() {
            let name = header
                .field(at)
                .map_err(HeaderError::Malformed)?
                .unwrap_or_default();
            let name = name.trim_start_matches('\u{feff}').trim().trim_matches('"');
            names.push(name.to_owned());
        }
        Ok(Self { names })
    }

    /// Whether it is the header of Grafana's rows of series.
    fn is_grafanas(&self) -> bool {
        self.names == ["Series", "Time", "Value"]
    }

    /// By exact name, else whatever the case.
    fn find(&self, column: &str) -> Result<Option<usize>, HeaderError> {
        let by = |same: &dyn Fn(&str) -> bool| {
            let mut found = self
                .names
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
    }

    /// The first of several names that there is.
    fn any(&self, names: &[&str]) -> Result<Option<usize>, HeaderError> {
        for name in names {
            if let Some(at) = self.find(name)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn need(&self, column: &str) -> Result<usize, HeaderError> {
        self.find(column)?.ok_or_else(|| self.missing(column))
    }

    fn missing(&self, column: &str) -> HeaderError {
        let names = self.names.iter();
        HeaderError::Missing {
            column: column.to_owned(),
            found: names
                .map(|name| format!("`{}`", short_text::short(name)))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}
