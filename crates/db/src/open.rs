//! Opens a database, a file or a server, and migrates its tables to this program's version.

use crate::disk_space::{DiskSpace, DiskTracked};
use crate::silence::Silence;
use crate::timeouts::{BUSY_TIMEOUT, QUESTION_TIMEOUT, RETURN_TIMEOUT, timed_out, with_timeout};
use crate::write_turns::WriteTurns;
use crate::{Db, DbError, connect, migrate};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Row};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Instant;
use tokio::time::timeout;

/// Connections to PostgreSQL per node.
const POSTGRES_CONNECTIONS_MAX: u32 = 16;

/// For each connection to PostgreSQL: [`BUSY_TIMEOUT`]; and that it ends one that is silent inside a transaction, with its locks, before
/// others have waited for so long: the network may have dropped it without a word, or the node may have been suspended.
const SETTINGS: &str = "SET lock_timeout = '20s'; SET idle_in_transaction_session_timeout = '10s'";

/// Readers of a SQLite file, and the one who has the turn to write.
const SQLITE_CONNECTIONS_MAX: u32 = 4;

impl Db {
    /// Opens a database and migrates its tables to this program's version. `address` is the path of a SQLite file
    /// (created with mode 0600) or a `postgres://` address.
    ///
    /// # Errors
    /// [`DbError`] says what failed; [`DbError::Refused`] after one failed try to connect to PostgreSQL.
    pub async fn open(address: &str) -> Result<Self, DbError> {
        let db = Self::connect(address).await?;
        migrate::run(&db).await?;
        Ok(db)
    }

    /// Opens a database that has tables already, as [`Self::open`] does; `None` where it has none: it may be there for a dump, which is
    /// brought back into an empty one alone.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_existing(address: &str) -> Result<Option<Self>, DbError> {
        let db = Self::connect(address).await?;
        if !migrate::has_tables(&db).await? {
            db.close().await;
            return Ok(None);
        }
        migrate::run(&db).await?;
        Ok(Some(db))
    }

    async fn connect(address: &str) -> Result<Self, DbError> {
        let db = if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let pool = postgres_pool(POSTGRES_CONNECTIONS_MAX);
            let pool = pool.connect_lazy_with(connect::try_once(address).await?);
            Self::Pg(DiskTracked::new(pool, DiskSpace::default()))
        } else if address.contains("://") {
            return Err(DbError::Address(
                address.split("://").next().unwrap_or_default().to_owned(),
            ));
        } else {
            let pool = open_file(Path::new(address)).await?;
            let tracked = DiskTracked::new(pool, DiskSpace::default());
            Self::Sqlite(tracked, WriteTurns::new())
        };
        Ok(db)
    }
}

/// Creates the file if it does not exist; never through a link, which could lead to another file.
fn create_file(path: &Path) -> io::Result<()> {
    let made = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.map(drop),
    }
    if path.symlink_metadata()?.is_file() {
        return Ok(());
    }
    let what = "it is a link, or no file at all";
    Err(io::Error::new(io::ErrorKind::InvalidInput, what))
}

async fn open_file(path: &Path) -> Result<SqlitePool, DbError> {
    // Created here, so that the file never has wider permissions than 0600.
    create_file(path).map_err(|source| DbError::File {
        path: path.display().to_string(),
        source,
    })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    sqlite_pool(SQLITE_CONNECTIONS_MAX)
        .connect_with(options)
        .await
        .map_err(DbError::sql("open the file"))
}

/// A pool of so many connections to PostgreSQL.
pub(crate) fn postgres_pool(connections_max: u32) -> PgPoolOptions {
    let silence = Silence::default();
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(BUSY_TIMEOUT)
        // Statements, and no options of the address: poolers before a PostgreSQL refuse options.
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(SETTINGS).execute(connection).await?;
                Ok(())
            })
        })
        // The library itself waits without end for a connection that is given back in the middle of a statement.
        .after_release(|connection, _| {
            Box::pin(async move {
                with_timeout(RETURN_TIMEOUT, connection.ping()).await?;
                Ok(true)
            })
        })
        // In place of the library's own question whether the connection is there.
        .test_before_acquire(false)
        // Whoever gives up between BEGIN and its answer leaves a connection inside a transaction, of which the library does not know: all
        // that is read with it then is of one moment. A plain query outside of one begins its own. Inside a failed one this fails.
        .before_acquire(move |connection, used| {
            let (silence, free_for) = (silence.clone(), used.idle_for);
            Box::pin(async move {
                let now = Instant::now();
                if silence.concerns(free_for, now) {
                    // An error, because the library waits for those that it refuses.
                    return Err(timed_out());
                }
                let question = "SELECT transaction_timestamp() = statement_timestamp()";
                let asked = sqlx::raw_sql(question).fetch_one(connection);
                let answered = timeout(QUESTION_TIMEOUT, asked).await;
                answered
                    .unwrap_or_else(|_| {
                        silence.noted(now);
                        Err(timed_out())
                    })?
                    .try_get(0)
            })
        })
}

/// A pool of so many connections to a SQLite file.
pub(crate) fn sqlite_pool(connections_max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(BUSY_TIMEOUT)
        // When SQLite finds the disk full, it ends the transaction itself, but the driver does not notice. The
        // connection cannot begin another transaction, so a new one replaces it.
        .before_acquire(|connection, _| {
            let is_free = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_free) })
        })
}
