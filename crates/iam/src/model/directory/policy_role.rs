//! Roles that policies give: those of the platform, those of the service, and those that an account has made of single actions.
//! Unlike a role in a domain, a policy's role is about metrics alone: it manages neither users nor roles.

use super::Stamp;
use crate::model::role::Role;
use base::id::{AccountId, CustomRoleId, Guid};
use base::scope::{Action, Actions};
use std::fmt;
use std::str::FromStr;

/// The beginning of the CRN of a platform or service role.
const NAMED_CRN: &str = "crn:v1:bluemix:public:iam::::";

/// The beginning of the CRN of a custom role, before the account.
const CUSTOM_CRN: &str = "crn:v1:ibmcloud:public:iam-access-management::a/";

/// The part between the account and the name in that CRN.
const CUSTOM_KIND: &str = "::customRole:";

/// A role of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyRole {
    /// One that every account has.
    Named(NamedRole),
    /// One of the account's own.
    Custom(CustomRoleId),
}

/// A role that every account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamedRole {
    /// Platform: queries.
    Viewer,
    /// Platform: sends and deletes, but does not read.
    Operator,
    /// Platform: everything with metrics.
    Editor,
    /// Platform: everything with metrics, and the settings of the domain.
    Administrator,
    /// Service: queries and lists.
    Reader,
    /// Service: sends, queries and lists.
    Writer,
    /// Service: everything with metrics, and the settings of the domain.
    Manager,
}

/// A text that is no role of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPolicyRole;

impl NamedRole {
    /// The platform's.
    pub const PLATFORM: [Self; 4] = [
        Self::Viewer,
        Self::Operator,
        Self::Editor,
        Self::Administrator,
    ];

    /// The service's.
    pub const SERVICE: [Self; 3] = [Self::Reader, Self::Writer, Self::Manager];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "Viewer",
            Self::Operator => "Operator",
            Self::Editor => "Editor",
            Self::Administrator => "Administrator",
            Self::Reader => "Reader",
            Self::Writer => "Writer",
            Self::Manager => "Manager",
        }
    }

    /// Its description.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Viewer => "Queries metrics.",
            Self::Operator => "Sends and deletes metrics, and does not read them.",
            Self::Editor => "Sends, queries, lists and deletes metrics.",
            Self::Administrator | Self::Manager => {
                "Sends, queries, lists and deletes metrics, and changes how they are read."
            }
            Self::Reader => "Queries and lists metrics.",
            Self::Writer => "Sends, queries and lists metrics.",
        }
    }

    /// The actions it allows.
    #[must_use]
    pub fn actions(self) -> Actions {
        match self {
            Self::Viewer => Role::Viewer.actions(),
            Self::Operator => Role::Operator.actions(),
            Self::Editor => Role::Editor.actions(),
            Self::Administrator | Self::Manager => Actions::ALL,
            Self::Reader => Actions::of(&[Action::Render, Action::Find]),
            Self::Writer => Actions::of(&[Action::Write, Action::Render, Action::Find]),
        }
    }

    /// The word of its kind in its cloud resource name.
    const fn kind(self) -> &'static str {
        match self {
            Self::Viewer | Self::Operator | Self::Editor | Self::Administrator => "role",
            Self::Reader | Self::Writer | Self::Manager => "serviceRole",
        }
    }

    /// Its cloud resource name.
    #[must_use]
    pub fn crn(self) -> String {
        format!("{NAMED_CRN}{}:{}", self.kind(), self.name())
    }

    /// The role of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::PLATFORM.into_iter().chain(Self::SERVICE);
        all.find(|role| role.name() == name)
    }

    /// The role of this cloud resource name.
    #[must_use]
    pub fn of_crn(crn: &str) -> Option<Self> {
        let (kind, name) = crn.strip_prefix(NAMED_CRN)?.split_once(':')?;
        Self::named(name).filter(|role| role.kind() == kind)
    }
}

/// The stored form: the name, or the GUID of one of the account's own.
impl fmt::Display for PolicyRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(role) => f.write_str(role.name()),
            Self::Custom(id) => id.fmt(f),
        }
    }
}

impl FromStr for PolicyRole {
    type Err = NoPolicyRole;

    fn from_str(text: &str) -> Result<Self, NoPolicyRole> {
        if let Some(role) = NamedRole::named(text) {
            return Ok(Self::Named(role));
        }
        let guid = Guid::parse(text).map_err(|_| NoPolicyRole)?;
        Ok(Self::Custom(CustomRoleId(guid)))
    }
}

/// A role that an account has made of actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRole {
    /// Its id.
    pub id: CustomRoleId,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its name in its CRN, unique in the account; it never changes.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// Its description.
    pub description: String,
    /// The actions it allows, in the order given.
    pub actions: Vec<Action>,
    /// Grows with every change; part of the entity tag.
    pub revision: i64,
    /// When it was created, and by whom.
    pub created: Stamp,
    /// When it was changed last, and by whom.
    pub modified: Stamp,
}

impl CustomRole {
    /// Its cloud resource name.
    #[must_use]
    pub fn crn(&self) -> String {
        let (account, name) = (self.account, &self.name);
        format!("{CUSTOM_CRN}{account}{CUSTOM_KIND}{name}")
    }

    /// The name in a cloud resource name of one of this account's own roles.
    pub(crate) fn name_in_crn(crn: &str, account: AccountId) -> Option<&str> {
        let (of, name) = crn.strip_prefix(CUSTOM_CRN)?.split_once(CUSTOM_KIND)?;
        (of == account.to_string()).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_read_back_from_its_name_and_its_crn() {
        for role in NamedRole::PLATFORM.into_iter().chain(NamedRole::SERVICE) {
            assert_eq!(NamedRole::of_crn(&role.crn()), Some(role));
            let stored = PolicyRole::Named(role);
            assert_eq!(stored.to_string().parse(), Ok(stored));
            assert!(!role.actions().is_empty());
        }
        let role = PolicyRole::Custom(CustomRoleId(Guid::from_random([7; 16])));
        assert_eq!(role.to_string().parse(), Ok(role));
        assert_eq!("viewer".parse::<PolicyRole>(), Err(NoPolicyRole));
        for wrong in [
            "role:Reader",
            "serviceRole:Viewer",
            "Viewer",
            "role:Viewer:",
        ] {
            assert_eq!(NamedRole::of_crn(&format!("{NAMED_CRN}{wrong}")), None);
        }
        assert_eq!(NamedRole::of_crn("Viewer"), None);
    }

    #[test]
    fn a_role_of_an_accounts_own_is_named_by_that_account_alone() {
        let account = |number: u8| AccountId(Guid::from_random([number; 16]));
        let crn = format!("{CUSTOM_CRN}{}{CUSTOM_KIND}Sender", account(1));
        let named =
            |crn: &str, of: u8| CustomRole::name_in_crn(crn, account(of)).map(ToOwned::to_owned);
        assert_eq!(named(&crn, 1).as_deref(), Some("Sender"));
        assert_eq!(named(&crn, 2), None);
        assert_eq!(named(&crn.to_uppercase(), 1), None);
        assert_eq!(named("Sender", 1), None);
    }
}
