//! All data for decisions, in memory: an immutable snapshot. Every change replaces it with another one, which shares
//! the unchanged parts.

mod build;
pub(crate) mod change;
mod deleted;
mod departures;
mod entry;
pub(crate) mod facts;
mod map;
mod sorted;
mod sorting;

pub use deleted::Deleted;
pub use entry::{Account, ApiKey, DomainEntry, Member, Org, Region, Space, User};
pub(crate) use map::Map;

use super::address;
use super::issuers::Issuers;
use super::metering;
use super::role::Role;
use base::id::{AccountId, KeyId, OrgId, SpaceId, UserId};
use base::scope::{Actions, Domain, Metering};
use base::time::Millis;
use departures::Departures;
use std::collections::HashMap;
use std::sync::Arc;

/// The snapshot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory {
    /// The number of changes it includes.
    pub(crate) changes: i64,
    pub(crate) accounts: Map<AccountId, Account>,
    pub(crate) account_limits: Map<AccountId, HashMap<String, u64>>,
    pub(crate) regions: Arc<Vec<Region>>,
    pub(crate) orgs: Map<OrgId, Org>,
    pub(crate) spaces: Map<SpaceId, Space>,
    pub(crate) users: Map<UserId, User>,
    /// Users by their address in its form for comparison, which is unique.
    pub(crate) users_by_address: Map<String, UserId>,
    /// The members of each account, and since when.
    pub(crate) members: Map<(AccountId, UserId), Millis>,
    departures: Departures,
    pub(crate) domains: Map<Domain, DomainEntry>,
    /// Deletions whose samples still exist, in the order of their removal.
    pub(crate) deletions: Arc<Vec<Deleted>>,
    /// By user first: what a user may see is found from their roles, not by a walk over all domains.
    pub(crate) roles: Map<UserId, HashMap<Domain, Vec<Role>>>,
    pub(crate) keys: Map<KeyId, ApiKey>,
    pub(crate) keys_by_hash: Map<[u8; 32], KeyId>,
    pub(crate) issuers: Arc<Issuers>,
    sorted: sorted::Sorted,
}

impl Directory {
    /// What the user may do with the metrics of the domain.
    #[must_use]
    pub fn actions(&self, user: UserId, domain: Domain) -> Actions {
        self.roles(user, domain)
            .iter()
            .fold(Actions::NONE, |sum, role| sum.union(role.actions()))
    }

    /// Whether the user holds the role in the domain.
    #[must_use]
    pub fn holds(&self, user: UserId, domain: Domain, role: Role) -> bool {
        self.roles(user, domain).contains(&role)
    }

    /// The user with this e-mail address, ignoring case.
    #[must_use]
    pub fn user_by_email(&self, email: &str) -> Option<&User> {
        let id = self.users_by_address.get(&address::fold(email))?;
        self.users.get(id)
    }

    /// The user with this id.
    #[must_use]
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// The roles the user holds in the domain.
    #[must_use]
    pub fn roles(&self, user: UserId, domain: Domain) -> &[Role] {
        let own = self.roles.get(&user).and_then(|own| own.get(&domain));
        own.map_or(&[], Vec::as_slice)
    }

    /// The domains in which the user holds a role.
    pub(crate) fn domains_of(&self, user: UserId) -> impl Iterator<Item = Domain> {
        self.roles
            .get(&user)
            .into_iter()
            .flat_map(HashMap::keys)
            .copied()
    }

    /// Whether the user is in the account.
    #[must_use]
    pub fn is_member(&self, user: UserId, account: AccountId) -> bool {
        self.members.contains_key(&(account, user))
    }

    /// The user, if they are in the account.
    #[must_use]
    pub fn member(&self, user: UserId, account: AccountId) -> Option<Member> {
        Some(Member {
            added_at: *self.members.get(&(account, user))?,
            user: self.users.get(&user)?.clone(),
            account,
        })
    }

    /// When the user was last removed from the account, if they were and are in it again.
    pub(crate) fn left_at(&self, user: UserId, account: AccountId) -> Option<Millis> {
        self.departures.left_at(user, account)
    }

    /// `now`, or just after the user's last removal from an account: so a proof given after a removal is later than one
    /// given before, even if the clock stood still or another node's is ahead.
    pub(crate) fn after_departures(&self, user: UserId, now: Millis) -> Millis {
        self.departures.after(user, now)
    }

    /// Every account, by name.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        let mut accounts: Vec<Account> = self.accounts.values().cloned().collect();
        accounts.sort_by(|a, b| a.name.cmp(&b.name));
        accounts
    }

    /// The usage counter of all domains of the account in the store, including deleted ones while the store may hold
    /// samples of them.
    pub fn tenants_of(&self, account: AccountId) -> impl Iterator<Item = Metering> {
        let live = self.domains.values();
        let live = live.filter(move |entry| entry.account == account);
        let deleted = self.deletions.iter();
        let deleted = deleted.filter(move |own| own.account == account);
        live.map(|entry| entry.tenant)
            .chain(deleted.map(|own| own.tenant))
            .map(metering::of)
    }

    /// Deletions whose samples still exist, in the order of their removal.
    #[must_use]
    pub fn deletions(&self) -> &[Deleted] {
        &self.deletions
    }

    /// Whether an API key may only send.
    #[must_use]
    pub fn sends_only(&self, key: &KeyId) -> bool {
        (self.keys.get(key)).is_some_and(|key| key.narrowing.send_only)
    }

    /// The account of a domain.
    #[must_use]
    pub fn account_of(&self, domain: Domain) -> Option<AccountId> {
        match domain {
            Domain::Account(id) => self.accounts.get(&id).map(|account| account.id),
            Domain::Org(id) => self.orgs.get(&id).map(|org| org.account),
            Domain::Space(id) => {
                let space = self.spaces.get(&id)?;
                self.orgs.get(&space.org).map(|org| org.account)
            }
        }
    }
}
