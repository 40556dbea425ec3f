//! A domain that the caller may not see. It has facts about the caller alone, because the answer must not reveal whether the domain
//! exists.

use base::scope::Domain;
use std::fmt;

/// A summary of a caller's roles in the account of their credential, or in all accounts for a credential without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerRoles {
    /// No role.
    NoRole,
    /// Only roles in the account itself, which show no organization or space.
    AccountAlone,
    /// A role in an organization or a space.
    Somewhere,
    /// The Administrator of the account, who sees every organization and space, with a role there or without.
    Administrator,
}

/// A domain that does not exist, or in which the caller has no role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenDomain {
    /// The domain.
    pub domain: Domain,
    /// A summary of the caller's roles.
    pub roles: CallerRoles,
    /// The caller's e-mail address, if they are a person.
    pub address: Option<String>,
}

impl fmt::Display for HiddenDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.domain.fmt(f)
    }
}
