//! The outcome of a COMMIT to PostgreSQL whose answer was lost: the change may be durable, and must then not be reported as a failure.
//! PostgreSQL is asked over a new connection, by the number of the transaction.

use crate::DbError;
use crate::disk_space::DiskTracked;
use crate::timeouts::{BUSY_TIMEOUT, answer};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgPool, PgSeverity, Postgres};
use sqlx::{ConnectOptions, Connection, Transaction};
use std::io;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long to ask altogether. A server that fails over takes longer, and the caller would have gone.
const ASK_MAX: Duration = Duration::from_secs(5);

/// How long one query may take.
const TRY_MAX: Duration = Duration::from_secs(2);

/// The pause between two queries, doubled each time.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest pause between two queries.
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// The outcome of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Committed,
    Aborted,
}

/// Commits; without an answer, asks for the outcome.
pub(crate) async fn commit(
    mut tx: DiskTracked<Transaction<'static, Postgres>>,
    pool: &PgPool,
) -> Result<(), DbError> {
    // One query more for each change: afterwards nobody could tell the number. None for a transaction that wrote nothing. It
    // also fails where a statement failed before, when a COMMIT would roll back and yet be no error.
    let number = sqlx::query_scalar::<_, Option<i64>>("SELECT txid_current_if_assigned()");
    let number = answer(number.fetch_one(&mut *tx.on))
        .await
        .map_err(tx.disk_space.classify("commit"))?;
    let source = match timeout(BUSY_TIMEOUT, tx.on.commit()).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) if is_answer(&error) => return Err(tx.disk_space.classify("commit")(error)),
        Ok(Err(error)) => error,
        Err(_) => io::Error::from(io::ErrorKind::TimedOut).into(),
    };
    let action = "commit";
    let Some(number) = number else {
        return Err(DbError::Unavailable { action, source });
    };
    match ask(&pool.connect_options(), number).await {
        Some(Outcome::Committed) => Ok(()),
        Some(Outcome::Aborted) => Err(DbError::Unavailable { action, source }),
        None => Err(DbError::OutcomeUnknown {
            source: source.into(),
        }),
    }
}

/// Whether the server has answered that it did not commit. An error that also ends the connection may come after the commit.
fn is_answer(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    let error = error.and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    error.is_some_and(|error| error.severity() == PgSeverity::Error)
}

async fn ask(options: &PgConnectOptions, number: i64) -> Option<Outcome> {
    let asking = async {
        let mut pause = PAUSE;
        loop {
            // No answer, no connection, or still in progress.
            if let Ok(Ok(Some(outcome))) =
                timeout(TRY_MAX, query_outcome_once(options, number)).await
            {
                return outcome;
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
        }
    };
    timeout(ASK_MAX, asking).await.ok()
}

async fn query_outcome_once(
    options: &PgConnectOptions,
    number: i64,
) -> Result<Option<Outcome>, sqlx::Error> {
    let mut connection = options.connect().await?;
    let status = sqlx::query_scalar::<_, Option<String>>("SELECT txid_status($1)")
        .bind(number)
        .fetch_one(&mut connection)
        .await?;
    // It is answered, however this ends.
    let _ = connection.close().await;
    Ok(match status.as_deref() {
        Some("committed") => Some(Outcome::Committed),
        Some("aborted") => Some(Outcome::Aborted),
        _ => None,
    })
}
