//! Database errors.

use crate::address::{ConnectFailure, DatabaseAddress};
use crate::tls;

/// Error codes for a full disk: SQLite's `FULL`, also for its shared memory, and PostgreSQL's `disk_full`.
const FULL: [&str; 3] = ["13", "4874", "53100"];

/// SQLite's primary codes for a file that is locked by others, or cannot be read or written at present: `BUSY`, `LOCKED`,
/// `IOERR` and `CANTOPEN`. The low byte of a code is its primary one.
const SQLITE_UNAVAILABLE: [u32; 4] = [5, 6, 10, 14];

/// PostgreSQL's classes for what may pass: connections (08), lack of resources (53), shutdown (57P) and the system (58); and its
/// codes for a transaction that met another one, a server that only reads, a lock that is not free, a time-out, and a transaction that was silent.
const POSTGRES_UNAVAILABLE: [&str; 10] = [
    "08", "53", "57P", "58", "40001", "40P01", "25006", "55P03", "57014", "25P03",
];

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
    #[error("cannot use the database `{address}`")]
    Refused {
        /// Where it is.
        address: DatabaseAddress,
        /// The kind of failure.
        why: ConnectFailure,
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
    /// The database is busy or away: the same may succeed later. Of a transaction nothing was changed then; a statement
    /// outside of one may have taken effect.
    #[error("the database is not available: it failed to {action}")]
    Unavailable {
        /// For example `begin`.
        action: &'static str,
        /// The database's words, or the operating system's.
        #[source]
        source: sqlx::Error,
    },
    /// The answer to a commit was lost, and so was that to the question what became of it: the change may have been made.
    #[error("the database did not say whether it committed: the change may have been made")]
    OutcomeUnknown {
        /// How the answer was lost.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database's disk has no room.
    #[error("the database's disk is full")]
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
            _ if may_pass(&source) => Self::Unavailable { action, source },
            _ => Self::Sql { action, source },
        }
    }
}

/// Whether the fault is one of the moment, and not of the statement.
fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        _ if tls::is_lasting(error) => false,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        // A connection that was closed within an answer, as by a balancer that has lost its server.
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_transient_code(&code)),
        _ => false,
    }
}

/// Codes of PostgreSQL have five characters; those of SQLite are numbers, and shorter.
fn is_transient_code(code: &str) -> bool {
    if code.len() == 5 {
        return POSTGRES_UNAVAILABLE
            .iter()
            .any(|class| code.starts_with(class));
    }
    let primary = code.parse::<u32>().map(|code| code & 0xff);
    primary.is_ok_and(|code| SQLITE_UNAVAILABLE.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_is_wrong() {
        // BUSY, BUSY_SNAPSHOT, IOERR_FSYNC; too many connections, a lock, a time-out, a server that goes down.
        for code in [
            "5", "517", "1034", "53300", "55P03", "57014", "25P03", "57P01",
        ] {
            assert!(is_transient_code(code), "{code}");
        }
        // ERROR, CONSTRAINT_FOREIGNKEY, CORRUPT; syntax, a missing table, a foreign key.
        for code in ["1", "787", "11", "42601", "42P01", "23503", ""] {
            assert!(!is_transient_code(code), "{code}");
        }
        let error = DbError::sql("begin")(sqlx::Error::Tls("no TLS is offered".into()));
        assert!(matches!(error, DbError::Sql { .. }), "{error}");
        let error = DbError::sql("begin")(sqlx::Error::PoolTimedOut);
        assert!(matches!(error, DbError::Unavailable { .. }), "{error}");
        let error = DbError::sql("begin")(sqlx::Error::Protocol("unexpected end".into()));
        assert!(matches!(error, DbError::Unavailable { .. }), "{error}");
        let error = DbError::sql("query")(sqlx::Error::RowNotFound);
        assert!(matches!(error, DbError::Sql { .. }), "{error}");
    }
}
