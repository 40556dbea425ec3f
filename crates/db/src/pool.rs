//! The pool, and statements outside a transaction.

use crate::disk_space::DiskTracked;
use crate::row::Inner;
use crate::statement::bound;
use crate::timeouts::{BUSY_TIMEOUT, answer, rows};
use crate::write_turns::WriteTurns;
use crate::{DbError, Row, Tx, Value};
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{Postgres, Transaction};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use tokio::time::timeout;

/// A database.
#[derive(Debug, Clone)]
pub enum Db {
    /// A file of this node.
    Sqlite(DiskTracked<SqlitePool>, WriteTurns),
    /// A server that several nodes share.
    Pg(DiskTracked<PgPool>),
}

/// Runs one body for either kind of database.
macro_rules! on {
    ($db:expr, $executor:ident => $body:expr) => {
        match $db {
            Db::Sqlite($executor, _) => $body,
            Db::Pg($executor) => $body,
        }
    };
}

/// Begins a transaction on PostgreSQL, in a task of its own: a caller who is gone before the answer would leave a connection inside a
/// transaction to the pool, of which the library does not know.
async fn begin_to_end(
    pool: &PgPool,
    sql: &'static str,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move {
        tokio::select! {
            begun = timeout(BUSY_TIMEOUT, pool.begin_with(sql)) => {
                begun.map_err(|_| sqlx::Error::PoolTimedOut)?
            }
            () = pool.close_event() => Err(sqlx::Error::PoolClosed),
        }
    });
    begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

impl Db {
    /// Writes a consistent copy of a SQLite database into a new file. Does nothing and returns `false` for PostgreSQL,
    /// which has its own tools for that.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub async fn copy_to(&self, file: &Path) -> Result<bool, DbError> {
        let Self::Sqlite(pool, _) = self else {
            return Ok(false);
        };
        let made = std::fs::File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file);
        made.map_err(|source| DbError::File {
            path: file.display().to_string(),
            source,
        })?;
        sqlx::query("VACUUM INTO $1")
            .bind(file.to_string_lossy().into_owned())
            .execute(&pool.on)
            .await
            .map_err(DbError::sql("copy itself"))?;
        Ok(true)
    }

    /// Runs a statement; returns the number of affected rows.
    ///
    /// # Errors
    /// [`DbError::Unique`] when a row with the same key exists, else [`DbError::Sql`]. It may have taken effect when the
    /// answer is lost ([`DbError::Unavailable`]): it must be one that can be repeated.
    pub async fn execute(&self, sql: &'static str, values: &[Value]) -> Result<u64, DbError> {
        let _turn = match self {
            Self::Sqlite(_, turns) => Some(turns.take("execute").await?),
            Self::Pg(_) => None,
        };
        let (rows, disk_space) = match self {
            Self::Sqlite(pool, _) => {
                let done = bound!(sql, values).execute(&pool.on).await;
                (done.map(|done| done.rows_affected()), &pool.disk_space)
            }
            Self::Pg(pool) => {
                let done = answer(bound!(sql, values).execute(&pool.on)).await;
                (done.map(|done| done.rows_affected()), &pool.disk_space)
            }
        };
        let rows = rows.map_err(disk_space.classify("execute"))?;
        if rows > 0 {
            disk_space.wrote();
        }
        Ok(rows)
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// [`DbError::Sql`].
    pub async fn all(&self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        match self {
            Self::Sqlite(pool, _) => {
                let rows = bound!(sql, values)
                    .fetch_all(&pool.on)
                    .await
                    .map_err(pool.disk_space.classify("query"))?;
                Ok(rows
                    .into_iter()
                    .map(|row| Row(Inner::Sqlite(row)))
                    .collect())
            }
            Self::Pg(pool) => {
                let found = rows(bound!(sql, values).fetch_all(&pool.on))
                    .await
                    .map_err(pool.disk_space.classify("query"))?;
                Ok(found.into_iter().map(|row| Row(Inner::Pg(row))).collect())
            }
        }
    }

    /// The first row of a query, if there is one.
    ///
    /// # Errors
    /// [`DbError::Sql`].
    pub async fn one(&self, sql: &'static str, values: &[Value]) -> Result<Option<Row>, DbError> {
        match self {
            Self::Sqlite(pool, _) => {
                let row = bound!(sql, values)
                    .fetch_optional(&pool.on)
                    .await
                    .map_err(pool.disk_space.classify("query"))?;
                Ok(row.map(|row| Row(Inner::Sqlite(row))))
            }
            Self::Pg(pool) => {
                let row = answer(bound!(sql, values).fetch_optional(&pool.on))
                    .await
                    .map_err(pool.disk_space.classify("query"))?;
                Ok(row.map(|row| Row(Inner::Pg(row))))
            }
        }
    }

    /// Begins a transaction that excludes other writers; it is rolled back if it is dropped without [`Tx::commit`].
    ///
    /// # Errors
    /// [`DbError::Sql`].
    pub async fn begin(&self) -> Result<Tx, DbError> {
        match self {
            // IMMEDIATE takes the write lock now: a transaction that reads first could not wait for it later.
            Self::Sqlite(pool, turns) => {
                let turn = turns.take("begin").await?;
                let begun = pool.on.begin_with("BEGIN IMMEDIATE").await;
                let begun = begun.map_err(pool.disk_space.classify("begin"))?;
                let begun = DiskTracked::new(begun, pool.disk_space.clone());
                Ok(Tx::Sqlite(begun, Some(turn)))
            }
            Self::Pg(pool) => {
                let sql = "BEGIN ISOLATION LEVEL READ COMMITTED";
                let begun = begin_to_end(&pool.on, sql).await;
                let begun = begun.map_err(pool.disk_space.classify("begin"))?;
                Ok(Tx::Pg(
                    DiskTracked::new(begun, pool.disk_space.clone()),
                    pool.on.clone(),
                ))
            }
        }
    }

    /// Begins a read-only transaction, in which all statements see the same moment. It ends when dropped.
    ///
    /// # Errors
    /// [`DbError::Sql`].
    pub async fn snapshot(&self) -> Result<Tx, DbError> {
        match self {
            Self::Sqlite(pool, _) => {
                let begun = pool.on.begin_with("BEGIN DEFERRED").await;
                let begun = begun.map_err(pool.disk_space.classify("begin"))?;
                let begun = DiskTracked::new(begun, pool.disk_space.clone());
                Ok(Tx::Sqlite(begun, None))
            }
            Self::Pg(pool) => {
                let sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                let begun = begin_to_end(&pool.on, sql).await;
                let begun = begun.map_err(pool.disk_space.classify("begin"))?;
                Ok(Tx::Pg(
                    DiskTracked::new(begun, pool.disk_space.clone()),
                    pool.on.clone(),
                ))
            }
        }
    }

    /// Whether the disk had no room for the last write; the next successful write resets this.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        on!(self, pool => pool.disk_space.is_full())
    }

    /// How many connections there are at most; whoever wants another waits.
    #[must_use]
    pub fn connections_max(&self) -> u32 {
        on!(self, pool => pool.on.options().get_max_connections())
    }

    /// Closes every connection; SQLite merges its log into the file with the last one.
    pub async fn close(&self) {
        on!(self, pool => pool.on.close().await);
    }
}
