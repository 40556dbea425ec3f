//! Roles and their rights. A role applies to its own domain only: nothing is inherited.

use base::scope::{Action, Actions, Domain};
use std::fmt;
use std::str::FromStr;

/// A role in a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Account: everything, and the account's organizations and users.
    Administrator,
    /// Account: everything with metrics.
    Editor,
    /// Account: sends and deletes, but does not read.
    Operator,
    /// Account: reads.
    Viewer,
    /// Organization or space: everything in it, and its roles.
    Manager,
    /// Space: everything with metrics.
    Developer,
    /// Organization or space: reads.
    Auditor,
    /// Organization: no right to metrics.
    BillingManager,
    /// Organization: a member without further rights.
    Member,
}

/// A text that is no role of the domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role")]
pub struct RoleError(pub String);

impl Role {
    /// The role's name as the database and the interfaces write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::Editor => "Editor",
            Self::Operator => "Operator",
            Self::Viewer => "Viewer",
            Self::Manager => "Manager",
            Self::Developer => "Developer",
            Self::Auditor => "Auditor",
            Self::BillingManager => "BillingManager",
            Self::Member => "Member",
        }
    }

    /// The role's name where the kind of its domain is not said, as the API's lists and commands write it: `SpaceAuditor`.
    #[must_use]
    pub const fn title(self, domain: Domain) -> &'static str {
        match (self, domain) {
            (Self::Manager, Domain::Org(_)) => "OrgManager",
            (Self::Auditor, Domain::Org(_)) => "OrgAuditor",
            (Self::Member, Domain::Org(_)) => "OrgUser",
            (Self::Manager, Domain::Space(_)) => "SpaceManager",
            (Self::Developer, Domain::Space(_)) => "SpaceDeveloper",
            (Self::Auditor, Domain::Space(_)) => "SpaceAuditor",
            (role, _) => role.name(),
        }
    }

    /// Whether this kind of domain has the role.
    #[must_use]
    pub const fn exists_in(self, domain: Domain) -> bool {
        match domain {
            Domain::Account(_) => matches!(
                self,
                Self::Administrator | Self::Editor | Self::Operator | Self::Viewer
            ),
            Domain::Org(_) => matches!(
                self,
                Self::Manager | Self::Auditor | Self::BillingManager | Self::Member
            ),
            Domain::Space(_) => matches!(self, Self::Manager | Self::Developer | Self::Auditor),
        }
    }

    /// The role's rights to the metrics of its domain.
    #[must_use]
    pub fn actions(self) -> Actions {
        match self {
            Self::Administrator | Self::Manager => Actions::ALL,
            Self::Editor | Self::Developer => {
                Actions::of(&[Action::Write, Action::Render, Action::Find, Action::Delete])
            }
            Self::Operator => Actions::of(&[Action::Write, Action::Delete]),
            Self::Viewer => Actions::of(&[Action::Render]),
            Self::Auditor => Actions::of(&[Action::Render, Action::Find]),
            Self::BillingManager | Self::Member => Actions::NONE,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let all = [
            Self::Administrator,
            Self::Editor,
            Self::Operator,
            Self::Viewer,
            Self::Manager,
            Self::Developer,
            Self::Auditor,
            Self::BillingManager,
            Self::Member,
        ];
        all.into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| RoleError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the original documentation, written out.
    #[test]
    fn each_role_allows_what_the_documentation_says() {
        let allowed = |role: Role| {
            let letter = |action: Action| {
                if role.actions().contains(action) {
                    action.name()
                } else {
                    "-"
                }
            };
            Action::ALL
                .map(letter)
                .map(|name| name.trim_start_matches("domain."))
                .join(" ")
        };
        for (role, expected) in [
            (Role::Administrator, "write render find delete configure"),
            (Role::Editor, "write render find delete -"),
            (Role::Operator, "write - - delete -"),
            (Role::Viewer, "- render - - -"),
            (Role::Manager, "write render find delete configure"),
            (Role::Developer, "write render find delete -"),
            (Role::Auditor, "- render find - -"),
            (Role::BillingManager, "- - - - -"),
            (Role::Member, "- - - - -"),
        ] {
            assert_eq!(allowed(role), expected, "{role}");
            assert_eq!(role.name().parse::<Role>().unwrap(), role);
        }
    }
}
