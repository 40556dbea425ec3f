//! What can go wrong between a statement and its rows.

use crate::place::{Place, Refused};

/// What the databases say when their disk is full: SQLite's `FULL`, also of its shared memory, and PostgreSQL's `disk_full`.
const FULL: [&str; 3] = ["13", "4874", "53100"];

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The address names neither database.
    #[error("`{0}` is no database: give a file, or `postgres://USER@HOST/NAME`")]
    Address(String),
    /// The file cannot be made.
    #[error("cannot create {path}")]
    File {
        /// Which file.
        path: String,
        /// The operating system's words.
        #[source]
        source: std::io::Error,
    },
    /// The address begins like PostgreSQL's and cannot be read. It is not repeated: it may hold a password.
    #[error("the address of the database cannot be read: give `postgres://USER@HOST/NAME`")]
    Unreadable,
    /// No connection to the database could be made.
    #[error("cannot use the database `{place}`")]
    Refused {
        /// Where it is.
        place: Place,
        /// What kind of refusal it is.
        why: Refused,
        /// The database's words, or the operating system's.
        #[source]
        source: sqlx::Error,
    },
    /// The database refused or could not be reached.
    #[error("the database failed to {action}")]
    Sql {
        /// For example `connect`.
        action: &'static str,
        /// The database's words; statements hold no values, so neither does this.
        #[source]
        source: sqlx::Error,
    },
    /// The database's disk has no room.
    #[error("the database's disk is full\nhint: make room on the disk")]
    Full {
        /// The database's words.
        #[source]
        source: sqlx::Error,
    },
    /// A row that breaks a uniqueness rule.
    #[error("a row with the same key exists")]
    Unique,
    /// A column that is missing or of another type than asked for.
    #[error("column `{column}` cannot be read")]
    Column {
        /// Which column.
        column: &'static str,
        /// The library's words.
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
