//! The first connection to PostgreSQL: one try, whose failure is reported at once with the address and the reason. The
//! pool would retry silently until its timeout, and then report only the timeout.

use crate::error::DbError;
use crate::tls;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use std::io::ErrorKind;
use std::str::FromStr;
use std::time::Duration;

pub use crate::address::{ConnectFailure, DatabaseAddress};

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
    let address = DatabaseAddress::of(&options);
    let refused = |why, source| DbError::Refused {
        address: address.clone(),
        why,
        source,
    };
    match tokio::time::timeout(TRY_MAX, options.connect()).await {
        Ok(Ok(connection)) => {
            close(connection).await;
            Ok(options)
        }
        Ok(Err(error)) => Err(refused(why(&error, options.get_socket().is_some()), error)),
        Err(_) => {
            let text = format!("no answer within {} s", TRY_MAX.as_secs());
            let error = std::io::Error::new(std::io::ErrorKind::TimedOut, text);
            Err(refused(ConnectFailure::Down, sqlx::Error::Io(error)))
        }
    }
}

/// Closes the connection, if the server still answers.
async fn close(connection: PgConnection) {
    let _ = tokio::time::timeout(TRY_MAX, connection.close()).await;
}

fn why(error: &sqlx::Error, is_socket: bool) -> ConnectFailure {
    match error {
        _ if tls::is_lasting(error) => ConnectFailure::Tls,
        // Without a socket file, the missing file is a certificate or a key.
        sqlx::Error::Io(error) if error.kind() == ErrorKind::NotFound && !is_socket => {
            ConnectFailure::Tls
        }
        sqlx::Error::Io(error) => of_system(error),
        sqlx::Error::Tls(_) => ConnectFailure::Down,
        sqlx::Error::Database(error) => match error.code().as_deref() {
            // Starting, stopping, or out of connections.
            Some("57P01" | "57P02" | "57P03" | "53300") => ConnectFailure::Down,
            Some("28000" | "28P01" | "42501") => ConnectFailure::Credential,
            Some("3D000") => ConnectFailure::UnknownDatabase,
            _ => ConnectFailure::Other,
        },
        _ => ConnectFailure::Other,
    }
}

fn of_system(error: &std::io::Error) -> ConnectFailure {
    use std::io::ErrorKind::{InvalidData, InvalidInput, PermissionDenied};
    match error.kind() {
        // Errors of the resolver have no kind of their own.
        _ if error.to_string().contains("lookup address") => ConnectFailure::UnknownHost,
        PermissionDenied | InvalidData | InvalidInput => ConnectFailure::Other,
        _ => ConnectFailure::Down,
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
            assert_eq!(DatabaseAddress::of(&options).to_string(), place);
        }
    }

    /// A server that answers the request for TLS with these bytes: why a try is refused, and whether the same, of a further
    /// connection of a running server, may pass.
    async fn tried(answer: &'static [u8], flags: &str) -> (ConnectFailure, bool) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut client, _) = server.accept().await.unwrap();
            let mut asked = [0; 8];
            client.read_exact(&mut asked).await.unwrap();
            client.write_all(answer).await.unwrap();
            // What else the client says.
            let _ = client.read(&mut [0; 4096]).await;
        });
        let address = format!("postgres://u@127.0.0.1:{port}/n?sslmode={flags}");
        match try_once(&address).await {
            Err(DbError::Refused { why, source, .. }) => {
                let later = DbError::sql("begin")(source);
                (why, matches!(later, DbError::Unavailable { .. }))
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_server_that_will_never_do_tls_is_told_from_one_that_breaks_off() {
        for (answer, flags, why) in [
            (&b"N"[..], "require", ConnectFailure::Tls),
            // Alerts of the server: an unknown authority, no common version, an internal error.
            (
                b"S\x15\x03\x03\0\x02\x02\x30",
                "require",
                ConnectFailure::Tls,
            ),
            (
                b"S\x15\x03\x03\0\x02\x02\x46",
                "verify-full",
                ConnectFailure::Tls,
            ),
            (b"S", "require", ConnectFailure::Down),
        ] {
            let outcome = tried(answer, flags).await;
            assert_eq!(outcome, (why, why.may_pass()), "{answer:?}");
        }
        // A running server may meet a file that is being replaced.
        let missing = "verify-full&sslrootcert=/nonexistent/authority.pem";
        assert_eq!(tried(b"S", missing).await, (ConnectFailure::Tls, true));
    }
}
