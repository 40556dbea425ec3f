//! Opens the identity database. A failure is reported at once, with a remedy. A server that starts waits up to
//! `database_wait_seconds` for a database that is down.

use crate::config::Settings;
use db::{ConnectFailure, Db, DbError};
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Time between attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// The configured database, or the file in the data folder.
pub(crate) fn address(settings: &Settings, file: &Path) -> String {
    let file = || file.to_string_lossy().into_owned();
    settings.database().map_or_else(file, str::to_owned)
}

/// Opens the database, and makes its tables, to begin an identity.
pub(crate) async fn open_new(address: &str) -> anyhow::Result<Db> {
    Db::open(address).await.map_err(with_hint)
}

/// Opens the database without retries, for commands; `None` if it has no tables.
pub(crate) async fn open(address: &str) -> anyhow::Result<Option<Db>> {
    Db::open_existing(address).await.map_err(with_hint)
}

/// Opens the database; retries until `wait` has passed while the database is down. `None` if it has no tables.
pub(crate) async fn open_with_retries(address: &str, wait: Duration) -> anyhow::Result<Option<Db>> {
    let deadline = Instant::now() + wait;
    let mut reported = String::new();
    loop {
        let error = match Db::open_existing(address).await {
            Ok(db) => {
                if !reported.is_empty() {
                    tracing::info!("the database answers");
                }
                return Ok(db);
            }
            Err(error) => error,
        };
        let may_pass = matches!(&error, DbError::Refused { why, .. } if why.may_pass());
        if !may_pass || Instant::now() + PAUSE > deadline {
            return Err(with_hint(error));
        }
        // Log each reason once: a database that starts gives a different one than a database that is down.
        let reason = base::error_chain::on_one_line(&error);
        if reason != reported {
            let left = deadline.saturating_duration_since(Instant::now()).as_secs();
            tracing::warn!(
                "the identity database is waited for: {reason}; trying again for {left} s (`database_wait_seconds`)"
            );
            reported = reason;
        }
        sleep(PAUSE).await;
    }
}

/// Adds the remedy to an error.
fn with_hint(error: DbError) -> anyhow::Error {
    let DbError::Refused { why, .. } = &error else {
        return error.into();
    };
    let hint = match why {
        ConnectFailure::Down => "start it, or check host and port in the setting `database`",
        ConnectFailure::UnknownHost => "check the host in the setting `database`",
        ConnectFailure::Credential => {
            "check user and password in the setting `database`, and what the server's `pg_hba.conf` allows"
        }
        ConnectFailure::UnknownDatabase => {
            "make it with `createdb`, or name another in the setting `database`"
        }
        ConnectFailure::Tls => {
            "say in the setting `database` what the server can do: `?sslmode=verify-full&sslrootcert=FILE` for TLS with an authority of your own, `?sslmode=disable` for none"
        }
        ConnectFailure::Other => return error.into(),
    };
    let what = error.to_string();
    match error {
        DbError::Refused { source, .. } => {
            // The library adds a line of PostgreSQL's own source.
            let cause = match source.as_database_error() {
                Some(refusal) => anyhow::Error::msg(refusal.message().to_owned()),
                None => anyhow::Error::new(source),
            };
            cause.context(format!("{what}\nhint: {hint}"))
        }
        error => error.into(),
    }
}
