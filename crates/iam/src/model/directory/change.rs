//! What a change is about: the words of the change log, which the triggers of the database write.

use base::id::{AccountId, Guid, KeyId, OrgId, SpaceId, UserId};
use base::scope::Domain;
use std::collections::BTreeSet;

/// One thing that has changed, come or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// An account.
    Account(AccountId),
    /// The limits set for one.
    Limits(AccountId),
    /// The regions.
    Regions,
    /// An organization.
    Org(OrgId),
    /// A space.
    Space(SpaceId),
    /// A user's names and address.
    User(UserId),
    /// In which accounts a user is, was, and with which roles.
    Person(UserId),
    /// A domain's number and settings.
    Domain(Domain),
    /// A domain that was deleted.
    Deletion(Domain),
    /// An API key.
    Key(KeyId),
    /// The names under which tokens are issued.
    Issuers,
    /// The keys that sign.
    SigningKeys,
}

impl Change {
    /// As the log says it; none where the word or the id is nothing to this program: a newer one may have written it.
    pub(crate) fn parse(kind: &str, id: &str) -> Option<Self> {
        let guid = || Guid::parse(id).ok();
        Some(match kind {
            "account" => Self::Account(id.parse().ok()?),
            "limits" => Self::Limits(id.parse().ok()?),
            "region" => Self::Regions,
            "org" => Self::Org(id.parse().ok()?),
            "space" => Self::Space(id.parse().ok()?),
            "user" => Self::User(UserId(guid()?)),
            "person" => Self::Person(UserId(guid()?)),
            "domain" => Self::Domain(domain(id)?),
            "deletion" => Self::Deletion(domain(id)?),
            "key" => Self::Key(KeyId(guid()?)),
            "issuer" => Self::Issuers,
            "signing_key" => Self::SigningKeys,
            _ => return None,
        })
    }
}

/// A domain as the database writes it.
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

/// Several, each once.
#[derive(Debug, Default)]
pub(crate) struct Changed(BTreeSet<Change>);

impl Changed {
    /// Adds one, and what depends on it: where a user stands in a list depends on the address.
    pub(crate) fn add(&mut self, change: Change) {
        if let Change::User(user) = change {
            self.0.insert(Change::Person(user));
        }
        self.0.insert(change);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    /// Whether it is among them.
    pub(crate) fn contains(&self, change: Change) -> bool {
        self.0.contains(&change)
    }
}
