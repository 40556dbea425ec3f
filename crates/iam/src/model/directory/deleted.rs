//! Deletions that can be undone, or whose samples are being deleted.

use crate::model::metering;
use base::id::{AccountId, OrgId, TenantId};
use base::principal::Principal;
use base::scope::{Domain, Metering};
use base::time::Millis;
use std::collections::HashMap;
use std::ops::Deref;

/// A deleted space, organization or account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// The domain.
    pub domain: Domain,
    /// Its number in the store.
    pub tenant: TenantId,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its organization; for an organization itself, for an account its own GUID.
    pub org: OrgId,
    /// Its last name.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Millis,
    /// The domain whose deletion included it: itself, its organization or its account.
    pub deleted_with: Domain,
    /// When its samples are deleted; until then it can be restored.
    pub due_at: Millis,
    /// Its managers when it was deleted.
    pub(crate) managers: Vec<Principal>,
}

impl Deleted {
    /// Whether it can still be restored.
    #[must_use]
    pub fn is_kept(&self, now: Millis) -> bool {
        self.due_at > now
    }

    /// The usage counter of its samples in the store.
    #[must_use]
    pub fn metering(&self) -> Metering {
        metering::of(self.tenant)
    }
}

/// All deletions whose samples still exist, in the order of their removal.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Deletions {
    all: Vec<Deleted>,
    /// Where in the list each account's are: a list for one account never walks those of others.
    by_account: HashMap<AccountId, Vec<usize>>,
}

impl Deletions {
    /// Those of the account, in the order of their removal.
    pub(crate) fn of(&self, account: AccountId) -> impl Iterator<Item = &Deleted> {
        let places = self.by_account.get(&account).into_iter().flatten();
        places.filter_map(|place| self.all.get(*place))
    }

    pub(crate) fn add(&mut self, deletions: Vec<Deleted>) {
        self.all.extend(deletions);
        self.all
            .sort_unstable_by_key(|deletion| (deletion.due_at, deletion.tenant));
        self.find_places();
    }

    pub(crate) fn retain(&mut self, is_kept: impl Fn(&Deleted) -> bool) {
        self.all.retain(is_kept);
        self.find_places();
    }

    fn find_places(&mut self) {
        self.by_account.clear();
        for (place, deletion) in self.all.iter().enumerate() {
            self.by_account
                .entry(deletion.account)
                .or_default()
                .push(place);
        }
    }
}

impl Deref for Deletions {
    type Target = [Deleted];

    fn deref(&self) -> &[Deleted] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};

    fn deleted(number: u8, account: u8, due_at: i64) -> Deleted {
        let guid = Guid::from_random([number; 16]);
        let domain = Domain::Space(SpaceId(guid));
        Deleted {
            domain,
            tenant: TenantId(u32::from(number)),
            account: AccountId(Guid::from_random([account; 16])),
            org: OrgId(guid),
            name: number.to_string(),
            deleted_at: Millis(0),
            deleted_with: domain,
            due_at: Millis(due_at),
            managers: Vec::new(),
        }
    }

    fn names<'a>(deletions: impl Iterator<Item = &'a Deleted>) -> Vec<&'a str> {
        deletions.map(|deletion| deletion.name.as_str()).collect()
    }

    #[test]
    fn those_of_an_account_stay_its_own_and_in_order() {
        let [first, second, third] = [1, 2, 3].map(|byte| AccountId(Guid::from_random([byte; 16])));
        let mut deletions = Deletions::default();
        deletions.add(vec![deleted(10, 1, 50), deleted(11, 2, 40)]);
        deletions.add(vec![deleted(12, 1, 30), deleted(13, 2, 60)]);
        assert_eq!(names(deletions.iter()), ["12", "11", "10", "13"]);
        assert_eq!(names(deletions.of(first)), ["12", "10"]);
        assert_eq!(names(deletions.of(second)), ["11", "13"]);
        assert!(names(deletions.of(third)).is_empty());
        deletions.retain(|deletion| deletion.due_at > Millis(30));
        assert_eq!(names(deletions.of(first)), ["10"]);
        assert_eq!(names(deletions.of(second)), ["11", "13"]);
    }
}
