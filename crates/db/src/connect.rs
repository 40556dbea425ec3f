//! The first connection to PostgreSQL: one try, whose failure is reported at once with the address and the reason. The
//! pool would retry silently until its timeout, and then report only the timeout.

use crate::error::DbError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use std::str::FromStr;
use std::time::Duration;

pub use crate::place::{Place, Refused};

/// Timeout of one try: a host that does not answer must not look like a working one.
const TRY_MAX: Duration = Duration::from_secs(5);

/// Permitted parameters after the `?` of an address.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// The first unknown parameter of an address. The library would log it with its value, which may be a password under a
/// misspelled name.
#[must_use]
pub fn unknown_parameter(address: &str) -> Option<&str> {
    let (_, query) = address.split_once('?')?;
    query
        .split('&')
        .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
        .find(|name| {
            let is_option = name.starts_with("options[");
            !name.is_empty() && !is_option && !PARAMETERS.contains(name)
        })
}

/// Connection options, after one successful try.
pub(crate) async fn try_once(address: &str) -> Result<PgConnectOptions, DbError> {
    if unknown_parameter(address).is_some() {
        return Err(DbError::Unreadable);
    }
    // The library's message is not shown: it may hold a part of the address, and so of the password.
    let options = PgConnectOptions::from_str(address).map_err(|_| DbError::Unreadable)?;
    let place = Place::of(&options);
    let refused = |why, source| DbError::Refused {
        place: place.clone(),
        why,
        source,
    };
    match tokio::time::timeout(TRY_MAX, options.connect()).await {
        Ok(Ok(connection)) => {
            close(connection).await;
            Ok(options)
        }
        Ok(Err(error)) => Err(refused(why(&error), error)),
        Err(_) => {
            let text = format!("no answer within {} s", TRY_MAX.as_secs());
            let error = std::io::Error::new(std::io::ErrorKind::TimedOut, text);
            Err(refused(Refused::Down, sqlx::Error::Io(error)))
        }
    }
}

/// Closes the connection, if the server still answers.
async fn close(connection: PgConnection) {
    let _ = tokio::time::timeout(TRY_MAX, connection.close()).await;
}

fn why(error: &sqlx::Error) -> Refused {
    match error {
        sqlx::Error::Io(error) => of_system(error),
        sqlx::Error::Tls(_) => Refused::Tls,
        sqlx::Error::Database(error) => match error.code().as_deref() {
            // Starting, stopping, or out of connections.
            Some("57P01" | "57P02" | "57P03" | "53300") => Refused::Down,
            Some("28000" | "28P01" | "42501") => Refused::Credential,
            Some("3D000") => Refused::UnknownDatabase,
            _ => Refused::Other,
        },
        _ => Refused::Other,
    }
}

fn of_system(error: &std::io::Error) -> Refused {
    use std::io::ErrorKind::{InvalidData, InvalidInput, PermissionDenied};
    let is_of_tls = error
        .get_ref()
        .is_some_and(|inner| inner.to_string().contains("certificate"));
    match error.kind() {
        _ if is_of_tls => Refused::Tls,
        // Errors of the resolver have no kind of their own.
        _ if error.to_string().contains("lookup address") => Refused::UnknownHost,
        PermissionDenied | InvalidData | InvalidInput => Refused::Other,
        _ => Refused::Down,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_nobody_reads_is_found() {
        for address in [
            "postgres://u@h/n",
            "postgres://u@h/n?",
            "postgres://u@h/n?sslmode=require&options[x]=y&password=a=b",
        ] {
            assert_eq!(unknown_parameter(address), None, "{address}");
        }
        for (address, name) in [
            ("postgres://u@h/n?sslmode=require&passwd=s3cret", "passwd"),
            ("postgres://u@h/n?s3", "s3"),
            ("postgres://u@h/n?SSLMODE=x", "SSLMODE"),
        ] {
            assert_eq!(unknown_parameter(address), Some(name));
        }
    }

    #[test]
    fn no_password_is_in_a_place() {
        for (address, place) in [
            ("postgres://u:s3cret@h:1/n", "postgres://u@h:1/n"),
            ("postgres://u@h/n?password=s3cret", "postgres://u@h:5432/n"),
            (
                "postgres://u:s3cret@%2Frun%2Fpostgresql/n",
                "postgres://u@/n?host=/run/postgresql",
            ),
        ] {
            let options = PgConnectOptions::from_str(address).unwrap();
            assert_eq!(Place::of(&options).to_string(), place);
        }
    }
}
