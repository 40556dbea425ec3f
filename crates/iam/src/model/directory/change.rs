//! The subjects of changes, as the database triggers write them into the change log.

use base::id::{
    AccessGroupId, AccountId, CustomRoleId, Guid, InstanceId, KeyId, OrgId, PolicyId, ProfileId,
    ResourceGroupId, ServiceId, SpaceId, UserId,
};
use base::scope::Domain;
use std::collections::{BTreeSet, HashMap};

/// A row that was created, changed or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// An account.
    Account(AccountId),
    /// The limits of an account.
    Limits(AccountId),
    /// The settings of an account.
    AccountSettings(AccountId),
    /// The regions.
    Regions,
    /// An organization.
    Org(OrgId),
    /// A space.
    Space(SpaceId),
    /// A user's name and address.
    User(UserId),
    /// A service's name and settings.
    Service(ServiceId),
    /// A trusted profile, its rules and links, and who may take it on.
    Profile(ProfileId),
    /// An access group and its dynamic rules.
    AccessGroup(AccessGroupId),
    /// Whether the account has a public access group.
    PublicAccess(AccountId),
    /// The memberships, roles and access groups of the principal with this GUID.
    Principal(Guid),
    /// A domain's number and settings.
    Domain(Domain),
    /// A domain that was deleted.
    Deletion(Domain),
    /// An access policy.
    Policy(PolicyId),
    /// A role that an account has made.
    CustomRole(CustomRoleId),
    /// A resource group.
    ResourceGroup(ResourceGroupId),
    /// A resource instance.
    Instance(InstanceId),
    /// An API key.
    Key(KeyId),
    /// The issuer names of tokens.
    Issuers,
    /// The signing keys.
    SigningKeys,
}

/// The kind of object that a [`Change`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Account,
    Limits,
    AccountSettings,
    Regions,
    Org,
    Space,
    User,
    Service,
    Profile,
    AccessGroup,
    PublicAccess,
    Principal,
    Domain,
    Deletion,
    Policy,
    CustomRole,
    ResourceGroup,
    Instance,
    Key,
    Issuers,
    SigningKeys,
}

impl Change {
    /// Its kind, and its id as the database stores it; the lists that are always read in full have none.
    fn kind_and_id(self) -> (Kind, String) {
        match self {
            Self::Account(id) => (Kind::Account, id.to_string()),
            Self::Limits(id) => (Kind::Limits, id.to_string()),
            Self::AccountSettings(id) => (Kind::AccountSettings, id.to_string()),
            Self::Regions => (Kind::Regions, String::new()),
            Self::Org(id) => (Kind::Org, id.to_string()),
            Self::Space(id) => (Kind::Space, id.to_string()),
            Self::User(id) => (Kind::User, id.0.to_string()),
            Self::Service(id) => (Kind::Service, id.0.to_string()),
            Self::Profile(id) => (Kind::Profile, id.0.to_string()),
            Self::AccessGroup(id) => (Kind::AccessGroup, id.0.to_string()),
            Self::PublicAccess(id) => (Kind::PublicAccess, id.to_string()),
            Self::Principal(guid) => (Kind::Principal, guid.to_string()),
            Self::Domain(domain) => (Kind::Domain, domain.to_string()),
            Self::Deletion(domain) => (Kind::Deletion, domain.to_string()),
            Self::Policy(id) => (Kind::Policy, id.to_string()),
            Self::CustomRole(id) => (Kind::CustomRole, id.to_string()),
            Self::ResourceGroup(id) => (Kind::ResourceGroup, id.0.to_string()),
            Self::Instance(id) => (Kind::Instance, id.to_string()),
            Self::Key(id) => (Kind::Key, id.0.to_string()),
            Self::Issuers => (Kind::Issuers, String::new()),
            Self::SigningKeys => (Kind::SigningKeys, String::new()),
        }
    }

    /// Parses a log entry; none if the word or the id is unknown here: a newer program may have written it.
    pub(crate) fn parse(kind: &str, id: &str) -> Option<Self> {
        let guid = || Guid::parse(id).ok();
        Some(match kind {
            "account" => Self::Account(id.parse().ok()?),
            "limits" => Self::Limits(id.parse().ok()?),
            "account_settings" => Self::AccountSettings(id.parse().ok()?),
            "region" => Self::Regions,
            "org" => Self::Org(id.parse().ok()?),
            "space" => Self::Space(id.parse().ok()?),
            "user" => Self::User(UserId(guid()?)),
            "service" => Self::Service(ServiceId(guid()?)),
            "profile" => Self::Profile(ProfileId(guid()?)),
            "access_group" => Self::AccessGroup(AccessGroupId(guid()?)),
            "public_access" => Self::PublicAccess(id.parse().ok()?),
            "principal" => Self::Principal(guid()?),
            "domain" => Self::Domain(domain(id)?),
            "deletion" => Self::Deletion(domain(id)?),
            "policy" => Self::Policy(PolicyId(guid()?)),
            "custom_role" => Self::CustomRole(CustomRoleId(guid()?)),
            "resource_group" => Self::ResourceGroup(ResourceGroupId(guid()?)),
            "instance" => Self::Instance(InstanceId(guid()?)),
            "key" => Self::Key(KeyId(guid()?)),
            "issuer" => Self::Issuers,
            "signing_key" => Self::SigningKeys,
            _ => return None,
        })
    }
}

/// A domain as the database stores it.
pub(crate) fn domain(text: &str) -> Option<Domain> {
    let (prefix, guid) = text.split_once('-')?;
    let guid = Guid::parse(guid).ok()?;
    match prefix {
        "a" => Some(Domain::Account(AccountId(guid))),
        "o" => Some(Domain::Org(OrgId(guid))),
        "s" => Some(Domain::Space(SpaceId(guid))),
        _ => None,
    }
}

/// Several changes without duplicates.
#[derive(Debug, Default)]
pub(crate) struct Changed(BTreeSet<Change>);

impl Changed {
    /// Adds one, and what depends on it: a user's position in the lists depends on the address.
    pub(crate) fn add(&mut self, change: Change) {
        if let Change::User(user) = change {
            self.0.insert(Change::Principal(user.0));
        }
        self.0.insert(change);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    /// How many they are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The ids of each kind.
    pub(crate) fn ids(&self) -> ChangedIds {
        let mut ids: HashMap<Kind, Vec<String>> = HashMap::new();
        for change in &self.0 {
            let (kind, id) = change.kind_and_id();
            ids.entry(kind).or_default().push(id);
        }
        ChangedIds(ids)
    }

    /// Whether it is in the set.
    pub(crate) fn contains(&self, change: Change) -> bool {
        self.0.contains(&change)
    }
}

/// The ids of several changes, as the database stores them, by their kinds.
#[derive(Debug)]
pub(crate) struct ChangedIds(HashMap<Kind, Vec<String>>);

impl ChangedIds {
    /// The ids of a kind.
    pub(crate) fn of(&self, kind: Kind) -> &[String] {
        self.0.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Whether there is a change of this kind.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.0.contains_key(&kind)
    }
}
