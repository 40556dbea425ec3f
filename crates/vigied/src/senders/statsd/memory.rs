//! Memory for the sums of all domains, and how much of it each account has.

use base::id::AccountId;
use base::limit::{self, Limit};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Booked {
    all: usize,
    accounts: HashMap<AccountId, usize>,
}

/// Who has how much.
#[derive(Debug)]
pub(super) struct Memory {
    most: usize,
    booked: Mutex<Booked>,
}

/// How much more an account may have, and which limit says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) bytes: usize,
    pub(super) limit: Limit,
}

impl Memory {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            booked: Mutex::default(),
        }
    }

    fn booked(&self) -> MutexGuard<'_, Booked> {
        self.booked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is left for an account whose share is so many percent. It may be exceeded by the packets that are being read: one for
    /// each thread.
    pub(super) fn left(&self, account: AccountId, percent: u64) -> Left {
        let booked = self.booked();
        let share = self.most as u128 * u128::from(percent.min(100)) / 100;
        let share = usize::try_from(share).unwrap_or(usize::MAX);
        let own = booked.accounts.get(&account).copied().unwrap_or(0);
        let (of_all, of_account) = (
            self.most.saturating_sub(booked.all),
            share.saturating_sub(own),
        );
        Left {
            bytes: of_all.min(of_account),
            limit: match of_account < of_all {
                true => limit::ACCOUNT_SHARE_PERCENT,
                false => limit::STATSD_BYTES_IN_ALL,
            },
        }
    }

    /// What had so many bytes has so many now.
    pub(super) fn rebook(&self, account: AccountId, before: usize, now: usize) {
        let mut booked = self.booked();
        booked.all = (booked.all + now).saturating_sub(before);
        let own = booked.accounts.entry(account).or_default();
        *own = (*own + now).saturating_sub(before);
        if *own == 0 {
            booked.accounts.remove(&account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    #[test]
    fn an_account_has_its_share_and_all_have_the_rest() {
        let memory = Memory::new(1000);
        let [one, two, three] = [1, 2, 3].map(|own| AccountId(Guid::from_random([own; 16])));
        let left = |own| {
            let left = memory.left(own, 40);
            (left.bytes, left.limit.name)
        };
        memory.rebook(one, 0, 400);
        assert_eq!(left(one), (0, "account_share_percent"));
        memory.rebook(two, 0, 350);
        assert_eq!(left(two), (50, "account_share_percent"));
        assert_eq!(left(three), (250, "statsd_bytes_in_all"));
        memory.rebook(one, 400, 0);
        assert_eq!(left(one), (400, "account_share_percent"));
        assert_eq!(memory.booked().accounts.len(), 1);
    }
}
