//! A domain that the caller may not see. It has facts about the caller alone, because the answer must not reveal whether the domain
//! exists.

use crate::caller_roles::CallerRoles;
use base::scope::Domain;
use std::fmt;

/// A domain that does not exist, or in which the caller has no role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenDomain {
    /// The domain.
    pub domain: Domain,
    /// A summary of the caller's roles.
    pub roles: CallerRoles,
    /// Whether a dynamic rule let the caller into an access group until their proof became too old for it: a new login may open the domain.
    pub is_proof_too_old: bool,
    /// Whether an access policy for the caller is out of force now by its condition of time: it may open the domain at another time.
    pub has_policy_out_of_time: bool,
    /// What the commands that give roles name the caller by: a person's e-mail address, else the IAM id.
    pub holder: Option<String>,
}

impl fmt::Display for HiddenDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.domain.fmt(f)
    }
}
