//! The address of a database, without its password, and why a connection could not be made.

use sqlx::postgres::PgConnectOptions;
use std::fmt;

/// Why no connection could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectFailure {
    /// The server does not answer, or is not ready.
    Down,
    /// The host name does not resolve.
    UnknownHost,
    /// The server refused the user, the password or the client address.
    Credential,
    /// The database does not exist.
    UnknownDatabase,
    /// TLS is required but not available, or not trusted.
    Tls,
    /// Something else.
    Other,
}

impl ConnectFailure {
    /// Whether the failure may pass by itself.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Down)
    }
}

/// A database's address without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseAddress(String);

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl DatabaseAddress {
    /// From these options.
    pub(crate) fn of(options: &PgConnectOptions) -> Self {
        let user = options.get_username();
        let name = options.get_database().unwrap_or(user);
        Self(match options.get_socket() {
            Some(socket) => format!("postgres://{user}@/{name}?host={}", socket.display()),
            None => {
                let (host, port) = (options.get_host(), options.get_port());
                format!("postgres://{user}@{host}:{port}/{name}")
            }
        })
    }
}
