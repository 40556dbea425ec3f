//! From facts to a directory: from those of everything, or from the one before and the facts of what has changed since.

use super::change::{Change, Changed};
use super::facts::{DomainFact, Facts};
use super::sorted::Sorted;
use super::{Deleted, Directory, DomainEntry};
use crate::model::address;
use crate::model::role::Role;
use base::id::{AccountId, UserId};
use base::scope::Domain;
use std::collections::HashMap;
use std::sync::Arc;

impl Directory {
    /// The directory of everything there is after that many changes.
    pub(crate) fn build(changes: i64, facts: Facts) -> Self {
        let mut own = Self {
            changes,
            ..Self::default()
        };
        own.add(facts);
        own.sorted = Sorted::of(&own);
        own
    }

    /// The directory after further changes, of which these are the facts.
    pub(crate) fn apply(&self, changes: i64, changed: &Changed, facts: Facts) -> Self {
        let mut own = self.clone();
        own.changes = changes;
        // Where something stands in the lists is asked of the directory as it was.
        for change in changed.iter() {
            own.sorted.take_out(self, *change);
            own.forget(self, *change);
        }
        let members: Vec<(AccountId, UserId)> = (facts.members.iter())
            .map(|own| (own.account, own.user))
            .collect();
        own.add(facts);
        let mut sorted = std::mem::take(&mut own.sorted);
        for change in changed.iter() {
            sorted.put_in(self, &own, *change);
        }
        for (account, user) in members {
            if own.is_member(user, account) {
                sorted.put_member(&own, account, user);
            }
        }
        own.sorted = sorted;
        own
    }

    fn forget(&mut self, before: &Self, change: Change) {
        match change {
            Change::Account(id) => self.accounts.remove(&id),
            Change::Limits(id) => self.account_limits.remove(&id),
            Change::Org(id) => self.orgs.remove(&id),
            Change::Space(id) => self.spaces.remove(&id),
            Change::User(id) => {
                if let Some(user) = before.users.get(&id) {
                    let address = address::fold(&user.email);
                    // Another user may have taken the address over in the same batch.
                    if self.users_by_address.get(&address) == Some(&id) {
                        self.users_by_address.remove(&address);
                    }
                }
                self.users.remove(&id);
            }
            Change::Person(id) => {
                for account in before.accounts_of(id) {
                    self.members.remove(&(*account, id));
                }
                self.departures.forget(id);
                self.roles.remove(&id);
            }
            Change::Domain(domain) => self.domains.remove(&domain),
            Change::Deletion(domain) => {
                if self.deletions.iter().any(|own| own.domain == domain) {
                    Arc::make_mut(&mut self.deletions).retain(|own| own.domain != domain);
                }
            }
            Change::Key(id) => {
                if let Some(key) = before.keys.get(&id) {
                    self.keys_by_hash.remove(&key.hash);
                }
                self.keys.remove(&id);
            }
            // Read as a whole.
            Change::Regions | Change::Issuers | Change::SigningKeys => {}
        }
    }

    /// Puts in what the facts say: places before those who are in them, and memberships before roles. Of an account that was
    /// deleted nothing is seen: neither places nor members, and so no roles, keys or tokens.
    fn add(&mut self, facts: Facts) {
        for account in facts.accounts {
            self.accounts.insert(account.id, account);
        }
        for (account, name, value) in facts.limits {
            self.account_limits.change(account, |own| {
                own.insert(name, value);
            });
        }
        if let Some(regions) = facts.regions {
            self.regions = Arc::new(regions);
        }
        for org in facts.orgs {
            if self.accounts.contains_key(&org.account) {
                self.orgs.insert(org.id, org);
            }
        }
        for space in facts.spaces {
            if self.orgs.contains_key(&space.org) {
                self.spaces.insert(space.id, space);
            }
        }
        for user in facts.users {
            self.users_by_address
                .insert(address::fold(&user.email), user.id);
            self.users.insert(user.id, user);
        }
        for own in facts.members {
            if self.accounts.contains_key(&own.account) {
                self.members.insert((own.account, own.user), own.added_at);
            }
        }
        self.departures.add(&facts.departures);
        for own in facts.domains {
            self.add_domain(&own);
        }
        self.add_roles(&facts.roles);
        if !facts.deletions.is_empty() {
            let all: &mut Vec<Deleted> = Arc::make_mut(&mut self.deletions);
            all.extend(facts.deletions);
            all.sort_unstable_by_key(|own| (own.due_at, own.tenant));
        }
        for key in facts.keys {
            self.keys_by_hash.insert(key.hash, key.id);
            self.keys.insert(key.id, key);
        }
        if let Some(issuers) = facts.issuers {
            self.issuers = Arc::new(issuers);
        }
    }

    fn add_domain(&mut self, own: &DomainFact) {
        // Nobody's: what is in no account opens to nobody.
        let Some(account) = self.account_of(own.domain) else {
            return;
        };
        let entry = DomainEntry {
            tenant: own.tenant,
            account,
            resolution_seconds: own.resolution_seconds,
        };
        self.domains.insert(own.domain, entry);
    }

    fn add_roles(&mut self, roles: &[(UserId, Domain, Role)]) {
        let mut all: HashMap<UserId, HashMap<Domain, Vec<Role>>> = HashMap::new();
        for (user, domain, role) in roles {
            // A role is nothing without the membership: nobody outside an account acts in it, whatever a row says.
            let is_member = self
                .account_of(*domain)
                .is_some_and(|account| self.is_member(*user, account));
            if is_member {
                let own = all.entry(*user).or_default();
                own.entry(*domain).or_default().push(*role);
            }
        }
        for (user, mut roles) in all {
            roles.values_mut().for_each(|own| own.sort_unstable());
            self.roles.insert(user, roles);
        }
    }
}
