//! Transactions.

use crate::disk_space::DiskTracked;
use crate::outcome;
use crate::row::Inner;
use crate::statement::bound;
use crate::timeouts::{answer, rows};
use crate::write_turns::WriteTurn;
use crate::{DbError, Row, Value};

/// An open transaction.
#[derive(Debug)]
pub enum Tx {
    /// On a SQLite file, with the turn of whoever writes.
    Sqlite(
        DiskTracked<sqlx::Transaction<'static, sqlx::Sqlite>>,
        Option<WriteTurn>,
    ),
    /// On PostgreSQL, with the pool whose server can be asked what became of it.
    Pg(
        DiskTracked<sqlx::Transaction<'static, sqlx::Postgres>>,
        sqlx::PgPool,
    ),
}

impl Tx {
    /// Whether nobody else writes until it ends, whatever they write: so it is with SQLite, from [`crate::Db::begin`] on.
    #[must_use]
    pub const fn excludes_writers(&self) -> bool {
        matches!(self, Self::Sqlite(..))
    }

    /// Runs a statement; returns the number of affected rows.
    ///
    /// # Errors
    /// [`DbError::Unique`] when a row with the same key exists, else [`DbError::Sql`].
    pub async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, DbError> {
        match self {
            Self::Sqlite(tx, _turn) => {
                let done = bound!(sql, values).execute(&mut *tx.on).await;
                let rows = done
                    .map_err(tx.disk_space.classify("execute"))?
                    .rows_affected();
                tx.has_written |= rows > 0;
                Ok(rows)
            }
            Self::Pg(tx, _) => {
                let done = answer(bound!(sql, values).execute(&mut *tx.on)).await;
                let rows = done
                    .map_err(tx.disk_space.classify("execute"))?
                    .rows_affected();
                tx.has_written |= rows > 0;
                Ok(rows)
            }
        }
    }

    /// Executes a statement for as long as it takes: what changes tables may rewrite them, or wait for another node that does.
    pub(crate) async fn execute_patiently(&mut self, sql: &'static str) -> Result<(), DbError> {
        let done = match self {
            Self::Sqlite(tx, _turn) => sqlx::query(sql).execute(&mut *tx.on).await.map(drop),
            Self::Pg(tx, _) => sqlx::query(sql).execute(&mut *tx.on).await.map(drop),
        };
        let disk_space = match self {
            Self::Sqlite(tx, _turn) => &tx.disk_space,
            Self::Pg(tx, _) => &tx.disk_space,
        };
        done.map_err(disk_space.classify("execute"))
    }

    /// The first row of a query, if there is one.
    ///
    /// # Errors
    /// [`DbError::Sql`].
    pub async fn one(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Option<Row>, DbError> {
        match self {
            Self::Sqlite(tx, _turn) => {
                let row = bound!(sql, values)
                    .fetch_optional(&mut *tx.on)
                    .await
                    .map_err(tx.disk_space.classify("query"))?;
                Ok(row.map(|row| Row(Inner::Sqlite(row))))
            }
            Self::Pg(tx, _) => {
                let row = answer(bound!(sql, values).fetch_optional(&mut *tx.on))
                    .await
                    .map_err(tx.disk_space.classify("query"))?;
                Ok(row.map(|row| Row(Inner::Pg(row))))
            }
        }
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// [`DbError::Sql`].
    pub async fn all(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        match self {
            Self::Sqlite(tx, _turn) => {
                let rows = bound!(sql, values)
                    .fetch_all(&mut *tx.on)
                    .await
                    .map_err(tx.disk_space.classify("query"))?;
                let rows = rows.into_iter().map(|row| Row(Inner::Sqlite(row)));
                Ok(rows.collect())
            }
            Self::Pg(tx, _) => {
                let found = rows(bound!(sql, values).fetch_all(&mut *tx.on))
                    .await
                    .map_err(tx.disk_space.classify("query"))?;
                Ok(found.into_iter().map(|row| Row(Inner::Pg(row))).collect())
            }
        }
    }

    /// Ends a [`crate::Db::snapshot`], which has nothing to commit.
    ///
    /// # Errors
    /// [`DbError::Sql`].
    pub async fn end(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx, _turn) => {
                let ended = tx.on.rollback().await;
                ended.map_err(DbError::sql("end a transaction"))
            }
            // The pool ends it, and looks whether the connection can be used again: what was read counts without that.
            Self::Pg(tx, _) => {
                drop(tx);
                Ok(())
            }
        }
    }

    /// Commits the transaction. On PostgreSQL, an answer that is lost is asked for: this returns as the commit ended.
    ///
    /// # Errors
    /// [`DbError::OutcomeUnknown`] when nobody could say how it ended; with every other error nothing was changed.
    pub async fn commit(self) -> Result<(), DbError> {
        let (done, disk_space, has_written) = match self {
            Self::Sqlite(tx, _turn) => {
                let done = tx
                    .on
                    .commit()
                    .await
                    .map_err(tx.disk_space.classify("commit"));
                (done, tx.disk_space, tx.has_written)
            }
            Self::Pg(tx, pool) => {
                let (disk_space, has_written) = (tx.disk_space.clone(), tx.has_written);
                (outcome::commit(tx, &pool).await, disk_space, has_written)
            }
        };
        done?;
        if has_written {
            disk_space.wrote();
        }
        Ok(())
    }
}
