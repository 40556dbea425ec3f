//! Who and what there is, in the order in which it is listed: sorted once for each snapshot, not for each request.

use super::Directory;
use base::id::{AccountId, KeyId, OrgId, SpaceId, UserId};
use base::scope::Domain;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::Hash;

/// The orders.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    accounts: HashMap<UserId, Vec<AccountId>>,
    orgs: HashMap<AccountId, Vec<OrgId>>,
    spaces: HashMap<AccountId, Vec<SpaceId>>,
    members: HashMap<AccountId, Vec<UserId>>,
    holders: HashMap<Domain, Vec<UserId>>,
    keys: HashMap<(AccountId, UserId), Vec<KeyId>>,
}

/// Puts each into the list of its own.
fn group<K: Eq + Hash, V>(
    all: impl Iterator<Item = (K, V)>,
    order: impl Fn(&V, &V) -> Ordering,
) -> HashMap<K, Vec<V>> {
    let mut lists: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in all {
        lists.entry(key).or_default().push(value);
    }
    for list in lists.values_mut() {
        list.sort_unstable_by(&order);
    }
    lists
}

impl Sorted {
    /// Sorts what the directory holds.
    pub(super) fn of(own: &Directory) -> Self {
        let account = |id: &AccountId| own.accounts.get(id).map(|own| &own.name);
        let org = |id: &OrgId| own.orgs.get(id).map(|own| &own.name);
        let space = |id: &SpaceId| own.spaces.get(id).map(|own| &own.name);
        let user = |id: &UserId| own.users.get(id).map(|own| &own.email);
        let members = || own.members.keys();
        let spaces = own.spaces.keys().filter_map(|id| {
            let account = own.account_of(Domain::Space(*id))?;
            Some((account, *id))
        });
        let holders = own
            .roles
            .iter()
            .flat_map(|(user, own)| own.keys().map(|domain| (*domain, *user)));
        let keys = own
            .keys
            .values()
            .map(|key| ((key.account, key.user), key.id));
        Self {
            accounts: group(
                members().map(|(account, user)| (*user, *account)),
                |a, b| (account(a), a).cmp(&(account(b), b)),
            ),
            orgs: group(
                own.orgs.values().map(|org| (org.account, org.id)),
                |a, b| (org(a), a).cmp(&(org(b), b)),
            ),
            spaces: group(spaces, |a, b| (space(a), a).cmp(&(space(b), b))),
            members: group(members().copied(), |a, b| (user(a), a).cmp(&(user(b), b))),
            holders: group(holders, |a, b| (user(a), a).cmp(&(user(b), b))),
            // Each request for keys brings its own order.
            keys: group(keys, |_, _| Ordering::Equal),
        }
    }
}

fn list<'a, K: Eq + Hash, V>(lists: &'a HashMap<K, Vec<V>>, key: &K) -> &'a [V] {
    lists.get(key).map_or(&[], Vec::as_slice)
}

impl Directory {
    /// The accounts the user is in, by name.
    #[must_use]
    pub fn accounts_of(&self, user: UserId) -> &[AccountId] {
        list(&self.sorted.accounts, &user)
    }

    /// The organizations of the account, by name.
    pub(crate) fn orgs_of(&self, account: AccountId) -> &[OrgId] {
        list(&self.sorted.orgs, &account)
    }

    /// The spaces of the account, by name.
    pub(crate) fn spaces_of(&self, account: AccountId) -> &[SpaceId] {
        list(&self.sorted.spaces, &account)
    }

    /// Who is in the account, by address.
    #[must_use]
    pub fn members_of(&self, account: AccountId) -> &[UserId] {
        list(&self.sorted.members, &account)
    }

    /// Who holds a role in the domain, whichever, by address.
    pub(crate) fn holders_in(&self, domain: Domain) -> &[UserId] {
        list(&self.sorted.holders, &domain)
    }

    /// The keys of the user in the account, in no order.
    pub(crate) fn keys_of(&self, account: AccountId, user: UserId) -> &[KeyId] {
        list(&self.sorted.keys, &(account, user))
    }
}
