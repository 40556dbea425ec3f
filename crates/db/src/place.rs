//! Where a database is, and why it lets nobody in.

use sqlx::postgres::PgConnectOptions;
use std::fmt;

/// Why nobody was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Nobody answers there, or not yet.
    Down,
    /// The name leads nowhere.
    UnknownHost,
    /// The user, its password, or from where it comes.
    Credential,
    /// There is no such database.
    UnknownDatabase,
    /// TLS is asked for and not to be had, or not to be trusted.
    Tls,
    /// Something else.
    Other,
}

impl Refused {
    /// Whether it may pass without anybody's doing.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Down)
    }
}

/// A database's address without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Place {
    /// Of these options.
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
