//! Database errors.

use crate::place::{Place, Refused};

/// Error codes for a full disk: SQLite's `FULL`, also for its shared memory, and PostgreSQL's `disk_full`.
const FULL: [&str; 3] = ["13", "4874", "53100"];

/// Why a database operation failed.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The address is for no supported database.
    #[error("`{0}` is no database: give a file, or `postgres://USER@HOST/NAME`")]
    Address(String),
    /// The file cannot be created.
    #[error("cannot create {path}")]
    File {
        /// Which file.
        path: String,
        /// The operating system's message.
        #[source]
        source: std::io::Error,
    },
    /// The address begins like PostgreSQL's but cannot be parsed. It is not repeated: it may hold a password.
    #[error("the address of the database cannot be read: give `postgres://USER@HOST/NAME`")]
    Unreadable,
    /// No connection to the database could be made.
    #[error("cannot use the database `{place}`")]
    Refused {
        /// Where it is.
        place: Place,
        /// The kind of failure.
        why: Refused,
        /// The message of the database or of the operating system.
        #[source]
        source: sqlx::Error,
    },
    /// The database refused or could not be reached.
    #[error("the database failed to {action}")]
    Sql {
        /// For example `connect`.
        action: &'static str,
        /// The database's message; statements hold no values, so the message has none either.
        #[source]
        source: sqlx::Error,
    },
    /// The database's disk has no room.
    #[error("the database's disk is full\nhint: make room on the disk")]
    Full {
        /// The database's message.
        #[source]
        source: sqlx::Error,
    },
    /// A row violates a uniqueness rule.
    #[error("a row with the same key exists")]
    Unique,
    /// A column is missing or has another type than requested.
    #[error("column `{column}` cannot be read")]
    Column {
        /// Which column.
        column: &'static str,
        /// The library's message.
        #[source]
        source: sqlx::Error,
    },
    /// The database was written by a newer program.
    #[error(
        "the database has migration {found}, this program knows up to {known}: use a newer `vigied`"
    )]
    Newer {
        /// The newest migration the database has.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
}

impl DbError {
    pub(crate) fn sql(action: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| match source.as_database_error() {
            Some(error) if error.is_unique_violation() => Self::Unique,
            Some(error) if error.code().is_some_and(|code| FULL.contains(&&*code)) => {
                Self::Full { source }
            }
            _ => Self::Sql { action, source },
        }
    }
}
