//! The memory for bytes in flight of all sender connections, with a share for each account.

use crate::http::fair_share::{ShareOwner, Shares, Tally};
use base::limit;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The bytes in flight, as a tally by account.
#[derive(Debug)]
pub(super) struct Budget(Mutex<Tally>);

/// Bytes that were taken, given back when this is dropped.
#[derive(Debug)]
pub(super) struct BudgetReservation<'b> {
    of: &'b Budget,
    owner: ShareOwner,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(bytes: u64, shares: Shares) -> Self {
        let tally = Tally::new(&limit::SENDERS_IN_FLIGHT_BYTES, bytes, shares);
        Self(Mutex::new(tally))
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An empty reservation.
    pub(super) const fn none(&self, owner: ShareOwner) -> BudgetReservation<'_> {
        BudgetReservation {
            of: self,
            owner,
            bytes: 0,
        }
    }

    /// The most that an owner could have with nobody else there.
    pub(super) fn most(&self, owner: ShareOwner) -> u64 {
        self.tally().most(owner).allowed
    }
}

impl BudgetReservation<'_> {
    /// Takes so many more, if they are left for the owner.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        let mut tally = self.of.tally();
        let is_had = tally.over(self.owner, bytes).is_none();
        if is_had {
            tally.add(self.owner, bytes);
            self.bytes += bytes;
        }
        is_had
    }

    /// Gives all back.
    pub(super) fn clear(&mut self) {
        self.of.tally().subtract(self.owner, self.bytes);
        self.bytes = 0;
    }
}

impl Drop for BudgetReservation<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{AccountId, Guid};

    fn account(number: u8) -> ShareOwner {
        ShareOwner::Account(AccountId(Guid::from_random([number; 16])))
    }

    #[test]
    fn what_is_taken_comes_back() {
        let budget = Budget::new(10, Shares::whole());
        let (mut one, mut two) = (budget.none(account(1)), budget.none(account(1)));
        assert!(one.grow(5) && !two.grow(5) && two.grow(4));
        drop(one);
        assert!(two.grow(5) && !two.grow(1));
        two.clear();
        assert!(two.grow(9));
    }

    /// One account's unfinished pickles kept those of all others waiting.
    #[test]
    fn one_account_leaves_bytes_to_others() {
        let budget = Budget::new(1000, Shares::of(50, 25, 75));
        let mut many: Vec<_> = (0..20).map(|_| budget.none(account(1))).collect();
        let taken = many
            .iter_mut()
            .filter_map(|bytes| bytes.grow(100).then_some(()));
        assert_eq!((taken.count(), budget.most(account(1))), (5, 500));
        let mut other = budget.none(account(2));
        assert!(other.grow(300));
        // The last eighth is for who has little.
        let mut third = budget.none(account(3));
        assert!(!third.grow(100) && third.grow(30));
    }
}
