//! Who acts: a person, a service, or a profile that a workload has taken on. What a key or a token stands for, and what
//! roles are given to.

use crate::id::{ProfileId, ServiceId, UserId};
use std::fmt;

/// Whoever acts. Its text is the IAM id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Principal {
    /// A person.
    User(UserId),
    /// A program with an identity of its own.
    Service(ServiceId),
    /// What a workload acts as for a while, without a key.
    Profile(ProfileId),
    /// The server itself, at the word of somebody whom the audit names.
    Server,
}

impl Principal {
    /// The person, where it is one.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user),
            _ => None,
        }
    }
}

impl From<UserId> for Principal {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Service(id) => id.fmt(f),
            Self::Profile(id) => id.fmt(f),
            Self::Server => f.write_str("server"),
        }
    }
}
