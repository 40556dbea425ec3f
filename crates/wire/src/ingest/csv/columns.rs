//! The names of columns that are recognized, and the error for a header line without them.

use base::sample::RejectReason;

/// Which columns hold what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The column of series names.
    pub name: String,
    /// The column of values.
    pub value: String,
    /// The column of timestamps. `None`: a column `timestamp`, `time`, `date` or `datetime` where there is one, else every row
    /// is of now.
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
    #[error("the header line cannot be read: {0}")]
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
