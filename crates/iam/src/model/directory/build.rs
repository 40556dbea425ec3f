//! Builds a directory: from the facts of everything, or from the previous directory and the facts that have changed.

use super::change::{Change, Changed};
use super::facts::{DomainFact, Facts};
use super::sorted::SortedLists;
use super::{Directory, DomainEntry};
use crate::model::address;
use crate::model::role::Role;
use base::id::AccountId;
use base::principal::Principal;
use base::scope::Domain;
use std::collections::HashMap;
use std::sync::Arc;

/// Beyond this many changes at once all lists are sorted anew: to find the place of each would take longer.
const PLACED_MAX: usize = 2000;

impl Directory {
    /// The directory of everything, after this many changes.
    pub(crate) fn build(changes: i64, facts: Facts) -> Self {
        let mut directory = Self {
            changes,
            ..Self::default()
        };
        let now = facts.at;
        directory.add(facts);
        directory.policies.judge(now);
        directory.sorted = SortedLists::of(&directory);
        directory.compare_all_rules();
        directory.index_all_policies();
        directory
    }

    /// The directory after further changes with these facts.
    pub(crate) fn apply(&self, changes: i64, changed: &Changed, facts: Facts) -> Self {
        let mut directory = self.clone();
        directory.changes = changes;
        for change in changed.iter() {
            directory.forget(self, *change);
        }
        let members: Vec<(AccountId, Principal)> = (facts.members.iter())
            .map(|member| (member.account, member.principal))
            .collect();
        let now = facts.at;
        directory.add(facts);
        directory.sorted = match changed.len() > PLACED_MAX {
            true => SortedLists::of(&directory),
            false => self.lists_after(&directory, changed, &members),
        };
        directory.compare_changed_rules(self, changed.iter());
        if !directory.is_judged_for(now) {
            directory.judge_policies(now);
        }
        directory.index_changed_policies(self, changed);
        directory
    }

    /// The lists after changes that have led to the directory `now`.
    fn lists_after(
        &self,
        now: &Self,
        changed: &Changed,
        members: &[(AccountId, Principal)],
    ) -> SortedLists {
        let mut sorted = self.sorted.clone();
        // The positions in the lists come from the previous directory.
        for change in changed.iter() {
            sorted.remove_from_lists(self, *change);
        }
        for change in changed.iter() {
            sorted.insert_into_lists(self, now, *change);
        }
        for (account, principal) in members {
            if now.is_member(*principal, *account) {
                sorted.put_member(now, *account, *principal);
            }
        }
        sorted
    }

    fn forget(&mut self, before: &Self, change: Change) {
        match change {
            Change::Account(id) => self.accounts.remove(&id),
            Change::Limits(id) => self.account_limits.remove(&id),
            Change::AccountSettings(id) => self.account_settings.remove(&id),
            Change::Org(id) => self.orgs.remove(&id),
            Change::Space(id) => self.spaces.remove(&id),
            Change::User(id) => {
                if let Some(user) = before.users.get(&id) {
                    let address = address::fold(&user.email);
                    // Another user may have taken over the address in the same batch.
                    if self.users_by_address.get(&address) == Some(&id) {
                        self.users_by_address.remove(&address);
                    }
                }
                self.users.remove(&id);
            }
            Change::Service(id) => self.services.remove(&id),
            Change::Profile(id) => self.profiles.forget(id),
            Change::AccessGroup(id) => self.groups.remove(&id),
            Change::PublicAccess(id) => self.public_access.remove(&id),
            Change::Principal(guid) => {
                for id in Principal::of_guid(guid) {
                    for account in before.accounts_of(id) {
                        self.members.remove(&(*account, id));
                    }
                    self.departures.forget(id);
                    self.group_members.remove(&id);
                    self.roles.remove(&id);
                }
            }
            Change::Domain(domain) => self.domains.remove(&domain),
            Change::Policy(id) => self.policies.forget(id),
            Change::CustomRole(id) => self.policies.forget_role(id),
            Change::ResourceGroup(id) => self.resources.forget_group(id),
            Change::Instance(id) => self.resources.forget(id),
            Change::Key(id) => self.keys.remove(&id),
            Change::Deletion(domain) => self.deletions.forget(domain),
            // These lists are always read in full.
            Change::Regions | Change::Issuers | Change::SigningKeys => {}
        }
    }

    /// Adds the facts: domains before members, and memberships before roles and access groups. Nothing of a deleted account is visible:
    /// neither domains nor members, and so no roles, keys or tokens.
    fn add(&mut self, facts: Facts) {
        for account in facts.accounts {
            self.accounts.insert(account.id, account);
        }
        for (account, name, value) in facts.limits {
            self.account_limits.change(account, |limits| {
                limits.insert(name, value);
            });
        }
        for settings in facts.account_settings {
            self.account_settings.insert(settings.account, settings);
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
        for service in facts.services {
            if self.accounts.contains_key(&service.account) {
                self.services.insert(service.id, service);
            }
        }
        for profile in facts.profiles {
            if self.accounts.contains_key(&profile.account) {
                self.profiles.add(profile);
            }
        }
        for group in facts.access_groups {
            if self.accounts.contains_key(&group.account) {
                self.groups.insert(group.id, group);
            }
        }
        for account in facts.public_access {
            if self.accounts.contains_key(&account) {
                self.public_access.insert(account, ());
            }
        }
        for member in facts.members {
            if self.accounts.contains_key(&member.account) {
                self.members
                    .insert((member.account, member.principal), member.added_at);
            }
        }
        for (principal, membership) in facts.group_members {
            self.add_group_member(principal, membership);
        }
        self.departures.add(&facts.departures);
        for domain in facts.domains {
            self.add_domain(&domain);
        }
        self.add_roles(&facts.roles);
        // Whether they count is decided when they are asked: by the membership of whom they are for.
        for policy in facts.policies {
            self.policies.add(policy, facts.at);
        }
        for role in facts.custom_roles {
            self.policies.add_role(role);
        }
        // These count with their account and space, which is decided when they are asked for.
        for group in facts.resource_groups {
            self.resources.add_group(group);
        }
        for instance in facts.instances {
            self.resources.add(instance);
        }
        for deletion in facts.deletions {
            self.deletions.add(deletion);
        }
        for key in facts.keys {
            self.keys.insert(key);
        }
        if let Some(issuers) = facts.issuers {
            self.issuers = Arc::new(issuers);
        }
    }

    fn add_domain(&mut self, fact: &DomainFact) {
        // A user without an account can use nothing.
        let Some(account) = self.account_of(fact.domain) else {
            return;
        };
        let entry = DomainEntry {
            tenant: fact.tenant,
            account,
            resolution_seconds: fact.resolution_seconds,
            key_before_names: fact.key_before_names,
            rules: fact.rules.clone(),
        };
        self.domains.insert(fact.domain, entry);
    }

    fn add_roles(&mut self, roles: &[(Principal, Domain, Role)]) {
        let mut all: HashMap<Principal, HashMap<Domain, Vec<Role>>> = HashMap::new();
        for (principal, domain, role) in roles {
            // A role needs a membership: outside an account nobody has rights in it, whatever the rows say.
            let is_member = self
                .account_of(*domain)
                .is_some_and(|account| self.is_member(*principal, account));
            if is_member {
                let domains = all.entry(*principal).or_default();
                domains.entry(*domain).or_default().push(*role);
            }
        }
        for (principal, mut roles) in all {
            roles.values_mut().for_each(|list| list.sort_unstable());
            self.roles.insert(principal, roles);
        }
    }
}
