//! Parameters and columns.

use crate::DbError;
use sqlx::Row as _;

/// A parameter. Absent values keep their type, which PostgreSQL requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// TEXT.
    Text(Option<String>),
    /// INTEGER, 64 bits.
    Int(Option<i64>),
    /// BLOB.
    Blob(Option<Vec<u8>>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(Some(i64::from(flag)))
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(Some(bytes))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Blob(Some(bytes.to_vec()))
    }
}

/// One row of a result.
pub struct Row(pub(crate) Inner);

pub(crate) enum Inner {
    Sqlite(sqlx::sqlite::SqliteRow),
    Pg(sqlx::postgres::PgRow),
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Row(<hidden>)")
    }
}

macro_rules! getter {
    ($(#[$doc:meta])* $name:ident, $type:ty) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`DbError::Column`] when the column is missing or of another type.
        pub fn $name(&self, column: &'static str) -> Result<$type, DbError> {
            match &self.0 {
                Inner::Sqlite(row) => row.try_get(column),
                Inner::Pg(row) => row.try_get(column),
            }
            .map_err(|source| DbError::Column { column, source })
        }
    };
}

impl Row {
    getter!(
        /// A TEXT column.
        text, String
    );
    getter!(
        /// A TEXT column that may be absent.
        text_or_none, Option<String>
    );
    getter!(
        /// An INTEGER column.
        int, i64
    );
    getter!(
        /// An INTEGER column that may be absent.
        int_or_none, Option<i64>
    );
    getter!(
        /// A BLOB column.
        blob, Vec<u8>
    );
    getter!(
        /// A BLOB column that may be absent.
        blob_or_none, Option<Vec<u8>>
    );

    /// An INTEGER column that is a boolean.
    ///
    /// # Errors
    /// As [`Self::int`].
    pub fn flag(&self, column: &'static str) -> Result<bool, DbError> {
        self.int(column).map(|number| number != 0)
    }
}
