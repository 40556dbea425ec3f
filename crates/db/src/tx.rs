//! Statements that happen together or not at all.

use crate::pool::bound;
use crate::row::Inner;
use crate::{DbError, Row, Value};

/// An open transaction.
#[derive(Debug)]
pub enum Tx {
    /// On a SQLite file.
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    /// On PostgreSQL.
    Pg(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    /// Runs a statement; returns how many rows it touched.
    ///
    /// # Errors
    /// [`DbError::Unique`] when a row with the same key exists, else [`DbError::Sql`].
    pub async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, DbError> {
        match self {
            Self::Sqlite(tx) => bound!(sql, values)
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
            Self::Pg(tx) => bound!(sql, values)
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
        }
        .map_err(DbError::sql("execute"))
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
            Self::Sqlite(tx) => {
                let row = bound!(sql, values)
                    .fetch_optional(&mut **tx)
                    .await
                    .map_err(DbError::sql("query"))?;
                Ok(row.map(|row| Row(Inner::Sqlite(row))))
            }
            Self::Pg(tx) => {
                let row = bound!(sql, values)
                    .fetch_optional(&mut **tx)
                    .await
                    .map_err(DbError::sql("query"))?;
                Ok(row.map(|row| Row(Inner::Pg(row))))
            }
        }
    }

    /// Every row of a query.
    ///
    /// # Errors
    /// [`DbError::Sql`].
    pub async fn all(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        match self {
            Self::Sqlite(tx) => {
                let rows = bound!(sql, values)
                    .fetch_all(&mut **tx)
                    .await
                    .map_err(DbError::sql("query"))?;
                let rows = rows.into_iter().map(|row| Row(Inner::Sqlite(row)));
                Ok(rows.collect())
            }
            Self::Pg(tx) => {
                let rows = bound!(sql, values)
                    .fetch_all(&mut **tx)
                    .await
                    .map_err(DbError::sql("query"))?;
                Ok(rows.into_iter().map(|row| Row(Inner::Pg(row))).collect())
            }
        }
    }

    /// Makes it happen.
    ///
    /// # Errors
    /// [`DbError::Sql`]; nothing has happened then.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Pg(tx) => tx.commit().await,
        }
        .map_err(DbError::sql("commit"))
    }
}
