//! Keeps every list sorted through changes.

use super::change::Change;
use super::sorted::{Lists, SortedLists, list};
use super::{AccessGroup, Directory, Org, Profile, Service, Space};
use base::id::{AccessGroupId, AccountId, KeyId, OrgId, SpaceId, UserId};
use base::principal::Principal;
use base::scope::Domain;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::Hash;

/// The order of a list: by the visible name, then by id.
struct Order<'a>(&'a Directory);

impl Order<'_> {
    fn accounts(&self, a: &AccountId, b: &AccountId) -> Ordering {
        let name = |id: &AccountId| self.0.accounts.get(id).map(|account| &account.name);
        (name(a), a).cmp(&(name(b), b))
    }

    fn orgs(&self, a: &OrgId, b: &OrgId) -> Ordering {
        let name = |id: &OrgId| self.0.orgs.get(id).map(|org| &org.name);
        (name(a), a).cmp(&(name(b), b))
    }

    fn spaces(&self, a: &SpaceId, b: &SpaceId) -> Ordering {
        let name = |id: &SpaceId| self.0.spaces.get(id).map(|space| &space.name);
        (name(a), a).cmp(&(name(b), b))
    }

    fn access_groups(&self, a: &AccessGroupId, b: &AccessGroupId) -> Ordering {
        let name = |id: &AccessGroupId| self.0.groups.get(id).map(|group| &group.name);
        (name(a), a).cmp(&(name(b), b))
    }

    /// Users by address, after the principals that have none.
    fn principals(&self, a: &Principal, b: &Principal) -> Ordering {
        let address = |id: &Principal| self.0.user(id.user()?).map(|user| &user.email);
        (address(a), a).cmp(&(address(b), b))
    }
}

/// Adds each to its own list.
fn group<K: Eq + Hash + Clone, V>(
    all: impl Iterator<Item = (K, V)>,
    order: impl Fn(&V, &V) -> Ordering,
) -> Lists<K, V> {
    let mut lists: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in all {
        lists.entry(key).or_default().push(value);
    }
    for list in lists.values_mut() {
        list.sort_unstable_by(&order);
    }
    lists.into_iter().collect()
}

fn take<K: Eq + Hash + Clone, V: PartialEq + Clone>(lists: &mut Lists<K, V>, key: &K, value: &V) {
    if list(lists, key) == std::slice::from_ref(value) {
        // An empty list is removed.
        lists.remove(key);
    } else if list(lists, key).contains(value) {
        lists.change(key.clone(), |list| list.retain(|entry| entry != value));
    }
}

fn put<K: Eq + Hash + Clone, V: PartialEq + Clone>(
    lists: &mut Lists<K, V>,
    key: K,
    value: V,
    order: impl Fn(&V, &V) -> Ordering,
) {
    let found = list(lists, &key).binary_search_by(|entry| order(entry, &value));
    if let Err(at) = found {
        lists.change(key, |list| list.insert(at, value));
    }
}

impl SortedLists {
    /// Sorts the contents of the directory.
    pub(super) fn of(directory: &Directory) -> Self {
        let order = Order(directory);
        let members = || directory.members.keys();
        let spaces = directory.spaces.keys().filter_map(|id| {
            let account = directory.account_of(Domain::Space(*id))?;
            Some((account, *id))
        });
        let inside = directory.spaces.values();
        let inside = inside.filter(|space| directory.orgs.contains_key(&space.org));
        let groups = directory.groups.values();
        let holders = directory
            .roles
            .iter()
            .flat_map(|(principal, domains)| domains.keys().map(|domain| (*domain, *principal)));
        let keys = directory
            .keys
            .values()
            .map(|key| ((key.account, key.principal), key.id));
        Self {
            accounts: group(
                members().map(|(account, principal)| (*principal, *account)),
                |a, b| order.accounts(a, b),
            ),
            orgs: group(
                directory.orgs.values().map(|org| (org.account, org.id)),
                |a, b| order.orgs(a, b),
            ),
            spaces: group(spaces, |a, b| order.spaces(a, b)),
            spaces_by_org: group(inside.map(|space| (space.org, space.id)), |a, b| {
                order.spaces(a, b)
            }),
            access_groups: group(groups.map(|group| (group.account, group.id)), |a, b| {
                order.access_groups(a, b)
            }),
            members: group(members().copied(), |a, b| order.principals(a, b)),
            holders: group(holders, |a, b| order.principals(a, b)),
            // Keys are unsorted: each request has its own order.
            keys: group(keys, KeyId::cmp),
        }
    }

    /// Removes changed entries from the lists at their previous positions.
    pub(super) fn remove_from_lists(&mut self, before: &Directory, change: Change) {
        match change {
            Change::Org(id) => {
                if let Some(org) = before.orgs.get(&id) {
                    take(&mut self.orgs, &org.account, &id);
                }
            }
            Change::Space(id) => {
                if let Some(account) = before.account_of(Domain::Space(id)) {
                    take(&mut self.spaces, &account, &id);
                }
                if let Some(org) = before.org_of(id) {
                    take(&mut self.spaces_by_org, &org, &id);
                }
            }
            Change::AccessGroup(id) => {
                if let Some(group) = before.groups.get(&id) {
                    take(&mut self.access_groups, &group.account, &id);
                }
            }
            Change::Principal(guid) => {
                for id in Principal::of_guid(guid) {
                    for account in before.accounts_of(id) {
                        take(&mut self.members, account, &id);
                    }
                    self.accounts.remove(&id);
                    for domain in before.domains_of(id) {
                        take(&mut self.holders, &domain, &id);
                    }
                }
            }
            Change::Key(id) => {
                if let Some(key) = before.keys.get(&id) {
                    take(&mut self.keys, &(key.account, key.principal), &id);
                }
            }
            Change::Account(_)
            | Change::Limits(_)
            | Change::AccountSettings(_)
            | Change::Regions
            | Change::User(_)
            | Change::Service(_)
            | Change::Profile(_)
            | Change::PublicAccess(_)
            | Change::Domain(_)
            | Change::Deletion(_)
            | Change::Policy(_)
            | Change::CustomRole(_)
            | Change::ResourceGroup(_)
            | Change::Instance(_)
            | Change::Issuers
            | Change::SigningKeys => {}
        }
    }

    /// Inserts changed entries at their new positions. They were all removed before, so the lists are in order.
    pub(super) fn insert_into_lists(
        &mut self,
        before: &Directory,
        now: &Directory,
        change: Change,
    ) {
        let order = Order(now);
        match change {
            Change::Account(id) => self.rename(before, now, id),
            Change::Org(id) => {
                if let Some(org) = now.orgs.get(&id) {
                    put(&mut self.orgs, org.account, id, |a, b| order.orgs(a, b));
                }
            }
            Change::Space(id) => {
                let org = now.org_of(id).and_then(|org| now.orgs.get(&org));
                if let Some(org) = org {
                    put(&mut self.spaces, org.account, id, |a, b| order.spaces(a, b));
                    put(&mut self.spaces_by_org, org.id, id, |a, b| {
                        order.spaces(a, b)
                    });
                }
            }
            Change::AccessGroup(id) => {
                if let Some(group) = now.groups.get(&id) {
                    put(&mut self.access_groups, group.account, id, |a, b| {
                        order.access_groups(a, b)
                    });
                }
            }
            Change::Principal(guid) => {
                for id in Principal::of_guid(guid) {
                    for domain in now.domains_of(id) {
                        put(&mut self.holders, domain, id, |a, b| order.principals(a, b));
                    }
                }
            }
            Change::Key(id) => {
                if let Some(key) = now.keys.get(&id) {
                    put(&mut self.keys, (key.account, key.principal), id, KeyId::cmp);
                }
            }
            Change::Limits(_)
            | Change::AccountSettings(_)
            | Change::Regions
            | Change::User(_)
            | Change::Service(_)
            | Change::Profile(_)
            | Change::PublicAccess(_)
            | Change::Domain(_)
            | Change::Deletion(_)
            | Change::Policy(_)
            | Change::CustomRole(_)
            | Change::ResourceGroup(_)
            | Change::Instance(_)
            | Change::Issuers
            | Change::SigningKeys => {}
        }
    }

    /// Inserts a changed principal into the members of an account, after all domains.
    pub(super) fn put_member(&mut self, now: &Directory, account: AccountId, principal: Principal) {
        let order = Order(now);
        put(&mut self.members, account, principal, |a, b| {
            order.principals(a, b)
        });
        put(&mut self.accounts, principal, account, |a, b| {
            order.accounts(a, b)
        });
    }

    /// Each member lists the account by its name.
    fn rename(&mut self, before: &Directory, now: &Directory, id: AccountId) {
        let name = |of: &Directory| of.accounts.get(&id).map(|account| account.name.clone());
        if name(before) == name(now) {
            return;
        }
        let order = Order(now);
        for principal in list(&self.members, &id) {
            self.accounts.change(*principal, |accounts| {
                accounts.sort_unstable_by(|a, b| order.accounts(a, b));
            });
        }
    }
}

impl Directory {
    /// The principal's accounts, by name.
    #[must_use]
    pub(crate) fn accounts_of(&self, principal: impl Into<Principal>) -> &[AccountId] {
        match principal.into() {
            Principal::Instance(id) => self
                .instance(id)
                .map_or(&[], |instance| std::slice::from_ref(&instance.account)),
            other => list(&self.sorted.accounts, &other),
        }
    }

    /// The organizations of the account, by name.
    pub(crate) fn orgs_of(&self, account: AccountId) -> &[OrgId] {
        list(&self.sorted.orgs, &account)
    }

    /// The spaces of the account, by name.
    pub(crate) fn spaces_of(&self, account: AccountId) -> &[SpaceId] {
        list(&self.sorted.spaces, &account)
    }

    /// The organizations of this name in the account.
    pub(crate) fn orgs_named(&self, account: AccountId, name: &str) -> impl Iterator<Item = &Org> {
        let all = self.orgs_of(account);
        let is_before = |id: &OrgId| {
            self.orgs
                .get(id)
                .is_some_and(|org| org.name.as_str() < name)
        };
        let same = all.iter().skip(all.partition_point(is_before));
        same.map_while(move |id| self.orgs.get(id).filter(|org| org.name == name))
    }

    /// The spaces of this name in the account, in several organizations.
    pub(crate) fn spaces_named(
        &self,
        account: AccountId,
        name: &str,
    ) -> impl Iterator<Item = &Space> {
        let all = self.spaces_of(account);
        let is_before = |id: &SpaceId| {
            let space = self.spaces.get(id);
            space.is_some_and(|space| space.name.as_str() < name)
        };
        let same = all.iter().skip(all.partition_point(is_before));
        same.map_while(move |id| self.spaces.get(id).filter(|space| space.name == name))
    }

    /// The spaces of the organization, by name.
    pub(crate) fn spaces_in(&self, org: OrgId) -> &[SpaceId] {
        list(&self.sorted.spaces_by_org, &org)
    }

    /// The users in the account, by address.
    pub fn members_of(&self, account: AccountId) -> impl Iterator<Item = UserId> {
        let all = self.principals_of(account).iter();
        all.filter_map(|principal| principal.user())
    }

    /// Everybody in the account: services and profiles, then users by address.
    #[must_use]
    pub fn principals_of(&self, account: AccountId) -> &[Principal] {
        list(&self.sorted.members, &account)
    }

    /// The services in the account, unsorted.
    pub(crate) fn services_of(&self, account: AccountId) -> impl Iterator<Item = &Service> {
        let all = self.principals_of(account).iter();
        all.filter_map(move |principal| match principal {
            Principal::Service(id) => self.services.get(id),
            _ => None,
        })
    }

    /// The trusted profiles in the account, unsorted.
    pub(crate) fn profiles_of(&self, account: AccountId) -> impl Iterator<Item = &Profile> {
        let all = self.principals_of(account).iter();
        all.filter_map(move |principal| match principal {
            Principal::Profile(id) => self.profile(*id),
            _ => None,
        })
    }

    /// The access groups of the account, by name.
    pub(crate) fn access_groups_of(
        &self,
        account: AccountId,
    ) -> impl Iterator<Item = &AccessGroup> {
        let all = list(&self.sorted.access_groups, &account).iter();
        all.filter_map(|id| self.groups.get(id))
    }

    /// The principals with any role in the domain: services and profiles, then users by address.
    pub(crate) fn holders_in(&self, domain: Domain) -> &[Principal] {
        list(&self.sorted.holders, &domain)
    }

    /// The keys of the principal in the account, unsorted.
    pub(crate) fn keys_of(&self, account: AccountId, principal: Principal) -> &[KeyId] {
        list(&self.sorted.keys, &(account, principal))
    }
}
