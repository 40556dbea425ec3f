//! Timeouts for the database.

use sqlx::Error;
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// How long a statement waits for the lock of another.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// How long PostgreSQL's answer to a statement is waited for: longer than statements wait for locks. A connection over which none comes
/// may be one that something between drops without a word.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(25);

/// How long the answer with many rows is waited for, which may come over a slow network.
const ROWS_TIMEOUT: Duration = Duration::from_secs(120);

/// How long a connection that is given back to the pool may take to show that it can be used again. Until then nobody gets another one in
/// its place.
pub(crate) const RETURN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection of the pool may take to show that it can be used; then another one is.
pub(crate) const QUESTION_TIMEOUT: Duration = Duration::from_secs(1);

/// The answer of PostgreSQL to a statement. Without one, whoever waited drops the connection, and the pool gives it up.
pub(crate) async fn answer<T>(
    statement: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    with_timeout(ANSWER_TIMEOUT, statement).await
}

/// All rows that PostgreSQL answers with.
pub(crate) async fn rows<T>(query: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    with_timeout(ROWS_TIMEOUT, query).await
}

/// The result, or a timeout error after `limit`.
pub(crate) async fn with_timeout<T>(
    limit: Duration,
    statement: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let answered = timeout(limit, statement).await;
    answered.unwrap_or_else(|_| Err(timed_out()))
}

/// The error of whoever has waited for too long.
pub(crate) fn timed_out() -> Error {
    Error::Io(io::ErrorKind::TimedOut.into())
}
