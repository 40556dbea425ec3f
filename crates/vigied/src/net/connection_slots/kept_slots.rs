//! Which slots each account keeps, and which account keeps most, without a search.

use crate::net::connection_state::ConnectionKey;
use base::id::AccountId;
use base::source::SourceKey;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The kept slots by account.
#[derive(Debug, Default)]
pub(super) struct KeptSlots {
    count: usize,
    /// By number of the connection, and so the oldest first.
    accounts: HashMap<AccountId, BTreeMap<u64, Option<SourceKey>>>,
    /// Every account that keeps any, by how many.
    ranking: BTreeSet<(usize, AccountId)>,
}

impl KeptSlots {
    /// How many are kept.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// How many the account keeps.
    pub(super) fn of(&self, account: AccountId) -> usize {
        self.accounts.get(&account).map_or(0, BTreeMap::len)
    }

    /// The account that keeps most, and how many.
    pub(super) fn most(&self) -> Option<(AccountId, usize)> {
        let (count, account) = self.ranking.last()?;
        Some((*account, *count))
    }

    /// The connections for which the account keeps slots, the oldest first.
    pub(super) fn oldest(&self, account: AccountId) -> impl Iterator<Item = ConnectionKey> {
        let kept = self.accounts.get(&account).into_iter().flatten();
        kept.map(|(id, source)| (*source, *id))
    }

    pub(super) fn insert(&mut self, account: AccountId, (source, id): ConnectionKey) {
        let kept = self.accounts.entry(account).or_default();
        let before = kept.len();
        kept.insert(id, source);
        let after = kept.len();
        self.count += after - before;
        self.rank(account, before, after);
    }

    pub(super) fn remove(&mut self, account: AccountId, (_, id): ConnectionKey) {
        let Some(kept) = self.accounts.get_mut(&account) else {
            return;
        };
        let before = kept.len();
        kept.remove(&id);
        let after = kept.len();
        if after == 0 {
            self.accounts.remove(&account);
        }
        self.count -= before - after;
        self.rank(account, before, after);
    }

    fn rank(&mut self, account: AccountId, before: usize, after: usize) {
        self.ranking.remove(&(before, account));
        if after > 0 {
            self.ranking.insert((after, account));
        }
    }
}
