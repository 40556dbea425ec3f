//! Deletions that can be undone, or whose samples are being deleted.

use super::keyed_sets::{self, KeyedSets};
use super::map::Map;
use crate::model::metering;
use base::id::{AccountId, OrgId, TenantId};
use base::principal::Principal;
use base::scope::{Domain, Metering};
use base::time::Millis;

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

/// Where a deletion is in the order of removal.
type Place = (Millis, TenantId, Domain);

/// All deletions whose samples still exist, in the order of their removal. What is changed is copied with a few beside it: one account's
/// deletion costs no walk through those of others.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Deletions {
    by_domain: Map<Domain, Deleted>,
    by_account: KeyedSets<AccountId, Place>,
    /// By the hour of their removal.
    by_hour: KeyedSets<i64, Place>,
}

impl Deletions {
    /// Those of the account, in the order of their removal.
    pub(crate) fn of(&self, account: AccountId) -> impl Iterator<Item = &Deleted> {
        let places = self.by_account.get(&account).into_iter().flatten();
        places.filter_map(|(_, _, domain)| self.by_domain.get(domain))
    }

    /// The deletion of this domain.
    pub(crate) fn of_domain(&self, domain: Domain) -> Option<&Deleted> {
        self.by_domain.get(&domain)
    }

    /// All of them, in the order of their removal.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Deleted> {
        self.until(i64::MAX)
    }

    /// Those whose samples are to be removed now, in order.
    pub(crate) fn due(&self, now: Millis) -> impl Iterator<Item = &Deleted> {
        let until = self.until(hour(now));
        until.take_while(move |deletion| !deletion.is_kept(now))
    }

    /// Those up to an hour, and with it.
    fn until(&self, last: i64) -> impl Iterator<Item = &Deleted> {
        let hours = self.by_hour.keys().copied();
        let mut hours: Vec<i64> = hours.filter(|hour| *hour <= last).collect();
        hours.sort_unstable();
        let sets = hours.into_iter().filter_map(|hour| self.by_hour.get(&hour));
        sets.flatten()
            .filter_map(|(_, _, domain)| self.by_domain.get(domain))
    }

    /// Adds one, in the place of what was known of its domain.
    pub(crate) fn add(&mut self, deletion: Deleted) {
        self.forget(deletion.domain);
        let place = place(&deletion);
        keyed_sets::put(&mut self.by_account, deletion.account, place);
        keyed_sets::put(&mut self.by_hour, hour(deletion.due_at), place);
        self.by_domain.insert(deletion.domain, deletion);
    }

    /// Forgets the deletion of the domain.
    pub(crate) fn forget(&mut self, domain: Domain) {
        let Some(known) = self.by_domain.get(&domain) else {
            return;
        };
        let (account, place) = (known.account, place(known));
        keyed_sets::take(&mut self.by_account, account, &place);
        keyed_sets::take(&mut self.by_hour, hour(place.0), &place);
        self.by_domain.remove(&domain);
    }
}

const fn place(deletion: &Deleted) -> Place {
    (deletion.due_at, deletion.tenant, deletion.domain)
}

const fn hour(at: Millis) -> i64 {
    at.0.div_euclid(3_600_000)
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
        // On both sides of the end of an hour.
        let hour = 3_600_000;
        for (number, account, due_at) in [
            (10, 1, hour + 50),
            (11, 2, hour - 40),
            (12, 1, 30),
            (13, 2, hour + 60),
        ] {
            deletions.add(deleted(number, account, due_at));
        }
        assert_eq!(names(deletions.iter()), ["12", "11", "10", "13"]);
        assert_eq!(names(deletions.of(first)), ["12", "10"]);
        assert_eq!(names(deletions.of(second)), ["11", "13"]);
        assert!(names(deletions.of(third)).is_empty());
        assert_eq!(names(deletions.due(Millis(30))), ["12"]);
        let due = deletions.due(Millis(hour + 50));
        assert_eq!(names(due), ["12", "11", "10"]);

        let before = deletions.clone();
        // It is made due at once.
        deletions.add(deleted(13, 2, 10));
        deletions.forget(deleted(12, 1, 30).domain);
        deletions.forget(deleted(14, 1, 30).domain);
        assert_eq!(names(deletions.iter()), ["13", "11", "10"]);
        assert_eq!(names(deletions.of(first)), ["10"]);
        assert_eq!(names(deletions.of(second)), ["13", "11"]);
        assert_eq!(names(before.iter()), ["12", "11", "10", "13"]);
        deletions.add(deleted(12, 1, 30));
        deletions.add(deleted(13, 2, hour + 60));
        assert!(deletions == before, "as if they were read anew");
    }
}
