//! Lists in the order they are shown: sorted once for each snapshot, not for each request.

use super::map::Map;
use base::id::{AccessGroupId, AccountId, KeyId, OrgId, SpaceId};
use base::principal::Principal;
use base::scope::Domain;
use std::hash::Hash;

pub(super) type Lists<K, V> = Map<K, Vec<V>>;

/// The lists.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SortedLists {
    pub(super) accounts: Lists<Principal, AccountId>,
    pub(super) orgs: Lists<AccountId, OrgId>,
    pub(super) spaces: Lists<AccountId, SpaceId>,
    pub(super) spaces_by_org: Lists<OrgId, SpaceId>,
    pub(super) access_groups: Lists<AccountId, AccessGroupId>,
    pub(super) members: Lists<AccountId, Principal>,
    pub(super) holders: Lists<Domain, Principal>,
    pub(super) keys: Lists<(AccountId, Principal), KeyId>,
}

pub(super) fn list<'a, K: Eq + Hash, V>(lists: &'a Lists<K, V>, key: &K) -> &'a [V] {
    lists.get(key).map_or(&[], Vec::as_slice)
}
