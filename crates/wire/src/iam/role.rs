//! The rights of each role, in words for people: one table for the command line and the documentation. The server decides
//! by its own rules; a test compares the two.

use base::scope::{Action, Domain};
use serde::Serialize;

/// One role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RoleMeaning {
    /// Its name, as it is given and taken.
    pub role: &'static str,
    /// Where it is held, and where alone it counts: `account`, `organization` or `space`.
    pub place: &'static str,
    /// Send samples.
    pub send: bool,
    /// Read samples.
    pub query: bool,
    /// List the names of metrics.
    pub list: bool,
    /// Delete metrics.
    pub delete: bool,
    /// Change how samples are read.
    pub settings: bool,
    /// Its management rights beside metrics.
    pub manages: Option<&'static str>,
}

impl RoleMeaning {
    /// Whether it allows this where it is held.
    #[must_use]
    pub const fn allows(&self, action: Action) -> bool {
        match action {
            Action::Write => self.send,
            Action::Render => self.query,
            Action::Find => self.list,
            Action::Delete => self.delete,
            Action::Configure => self.settings,
        }
    }
}

/// The roles that allow this in such a domain.
pub fn allowing(action: Action, domain: Domain) -> impl Iterator<Item = &'static str> {
    let place = match domain {
        Domain::Account(_) => "account",
        Domain::Org(_) => "organization",
        Domain::Space(_) => "space",
    };
    let fits = move |meaning: &&RoleMeaning| meaning.place == place && meaning.allows(action);
    ROLES.iter().filter(fits).map(|meaning| meaning.role)
}

const fn role(
    role: &'static str,
    place: &'static str,
    [send, query, list, delete, settings]: [bool; 5],
    manages: Option<&'static str>,
) -> RoleMeaning {
    RoleMeaning {
        role,
        place,
        send,
        query,
        list,
        delete,
        settings,
        manages,
    }
}

const ALL: [bool; 5] = [true; 5];
const METRICS: [bool; 5] = [true, true, true, true, false];
const READ: [bool; 5] = [false, true, true, false, false];
const NONE: [bool; 5] = [false; 5];

/// Every role.
pub const ROLES: [RoleMeaning; 11] = [
    role(
        "Administrator",
        "account",
        ALL,
        Some("its users and their roles, its organizations and spaces"),
    ),
    role("Editor", "account", METRICS, Some("new organizations")),
    role(
        "Operator",
        "account",
        [true, false, false, true, false],
        None,
    ),
    role(
        "Viewer",
        "account",
        [false, true, false, false, false],
        None,
    ),
    role(
        "OrgManager",
        "organization",
        ALL,
        Some("the organization, its spaces, and roles in both"),
    ),
    role("BillingManager", "organization", NONE, None),
    role("OrgAuditor", "organization", READ, None),
    role("OrgUser", "organization", NONE, None),
    role(
        "SpaceManager",
        "space",
        ALL,
        Some("the space, and roles in it"),
    ),
    role("SpaceDeveloper", "space", METRICS, None),
    role("SpaceAuditor", "space", READ, None),
];

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{AccountId, Guid, OrgId, SpaceId};

    #[test]
    fn what_allows_something_depends_on_where() {
        let guid = Guid::from_random([1; 16]);
        let roles = |action, domain| allowing(action, domain).collect::<Vec<_>>().join(" ");
        let space = Domain::Space(SpaceId(guid));
        assert_eq!(roles(Action::Write, space), "SpaceManager SpaceDeveloper");
        let account = Domain::Account(AccountId(guid));
        assert_eq!(roles(Action::Find, account), "Administrator Editor");
        let org = Domain::Org(OrgId(guid));
        assert_eq!(roles(Action::Configure, org), "OrgManager");
        // So that a refusal always has a role to name.
        for domain in [space, account, org] {
            for action in Action::ALL {
                assert_ne!(roles(action, domain), "", "{action:?} {domain:?}");
            }
        }
    }
}
