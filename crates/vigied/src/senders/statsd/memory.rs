//! The memory for the sums of all domains, with a fair share for each account.

use super::sum::ONE_NAME_BYTES;
use crate::http::fair_share::{ShareOwner, Shares, Tally};
use crate::http::limit_exceeded::LimitExceeded;
use base::id::AccountId;
use base::limit::{self, Limit};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of a sample of a batch, about.
pub(super) const SAMPLE_BYTES: usize = 128;

/// How many samples of sums are made at once, where there is so much memory.
const PORTION: usize = 5000;

/// The part of the whole that the batch that is being stored may have.
const PORTION_PART: usize = 8;

/// The memory of the sums, as a tally of how much each account has.
#[derive(Debug)]
pub(super) struct SumMemory {
    tally: Mutex<Tally>,
    portion: usize,
}

/// How much more an account may have, and which limit says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RemainingBytes {
    pub(super) bytes: usize,
    pub(super) limit: Limit,
}

/// The memory of what a flush has taken out, reserved until dropped.
#[derive(Debug)]
pub(super) struct FlushReservation<'m> {
    of: &'m SumMemory,
    account: AccountId,
    bytes: usize,
}

impl Drop for FlushReservation<'_> {
    fn drop(&mut self) {
        self.of.resize(self.account, self.bytes, 0);
    }
}

impl SumMemory {
    /// So many bytes for the sums, and for the one batch that is made of them at a time.
    pub(super) fn new(most: usize, shares: Shares) -> Self {
        let portion = (most / PORTION_PART / SAMPLE_BYTES).clamp(1, PORTION);
        let sums = most.saturating_sub(portion * SAMPLE_BYTES) as u64;
        // A share that has no room for sums at all would be none, however small the whole and the share are set.
        let one_name = (ONE_NAME_BYTES as u64 * 100).div_ceil(sums.max(1));
        let shares = Shares {
            account: shares.account.at_least(one_name.min(100)),
            ..shares
        };
        Self {
            tally: Mutex::new(Tally::new(&limit::STATSD_BYTES_IN_ALL, sums, shares)),
            portion,
        }
    }

    /// How many samples may be made at once.
    pub(super) const fn portion(&self) -> usize {
        self.portion
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes left for an account. They may be exceeded by the packets that are being read: one for each thread.
    pub(super) fn remaining(&self, account: AccountId) -> RemainingBytes {
        let left = self.tally().left(ShareOwner::Account(account));
        RemainingBytes {
            bytes: usize::try_from(left.allowed).unwrap_or(usize::MAX),
            limit: *left.limit,
        }
    }

    /// Takes so many bytes for an account, where they are left for it.
    ///
    /// # Errors
    /// The limit that says that they are not.
    pub(super) fn reserve(&self, account: AccountId, bytes: usize) -> Result<(), LimitExceeded> {
        let owner = ShareOwner::Account(account);
        let mut tally = self.tally();
        if let Some(exceeded) = tally.over(owner, bytes as u64) {
            return Err(exceeded);
        }
        tally.add(owner, bytes as u64);
        Ok(())
    }

    /// Changes a reservation from so many bytes to so many.
    pub(super) fn resize(&self, account: AccountId, before: usize, now: usize) {
        let owner = ShareOwner::Account(account);
        let mut tally = self.tally();
        tally.add(owner, now as u64);
        tally.subtract(owner, before as u64);
    }

    /// Counts what was taken out of sums; they have so much less.
    pub(super) fn reserve_taken(&self, account: AccountId, bytes: usize) -> FlushReservation<'_> {
        self.resize(account, 0, bytes);
        FlushReservation {
            of: self,
            account,
            bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    fn memory(sums: usize, percent: u64) -> SumMemory {
        // What is for the batch comes on top.
        let most = sums + sums / (PORTION_PART - 1);
        SumMemory::new(most, Shares::of(percent, 25, 75))
    }

    fn accounts() -> [AccountId; 4] {
        [1, 2, 3, 4].map(|byte| AccountId(Guid::from_random([byte; 16])))
    }

    /// Two accounts had all of it, and a third had nothing counted.
    #[test]
    fn an_account_has_its_share_and_the_last_is_for_those_who_have_little() {
        let memory = memory(64 << 10, 50);
        let [one, two, three, four] = accounts();
        let total = {
            let most = memory.tally().left(ShareOwner::Account(one)).allowed * 2;
            usize::try_from(most).unwrap()
        };
        let left = |account| {
            let left = memory.remaining(account);
            (left.bytes, left.limit.name)
        };
        memory.resize(one, 0, total / 2);
        assert_eq!(left(one), (0, "account_share_percent"));
        // Not the other half: the last eighth is kept.
        let (second, limit) = left(two);
        assert_eq!(limit, "statsd_bytes_in_all");
        assert!(second.abs_diff(total * 3 / 8) <= 8, "{second} of {total}");
        memory.resize(two, 0, second);
        assert_eq!(left(two), (0, "statsd_bytes_in_all"));
        for account in [three, four] {
            let (little, _) = left(account);
            assert!(little > 0 && little <= total / 16, "{little} of {total}");
            memory.resize(account, 0, little);
            assert_eq!(left(account).0, 0);
        }
        memory.resize(one, total / 2, 0);
        assert!(left(one).0 > total / 4);
        for account in [one, two, three, four] {
            let has = memory.tally().of(ShareOwner::Account(account));
            memory.resize(account, usize::try_from(has).unwrap(), 0);
        }
        assert_eq!(memory.tally().used(), 0);
    }

    /// With the least that could be set, what was kept for newcomers had no room for the sums of one name, and a small share none
    /// for those of anybody.
    #[test]
    fn with_the_least_that_may_be_set_everybody_has_room_for_one_name() {
        let least = crate::config::least_of("limits.statsd_bytes_in_all").unwrap();
        let least = usize::try_from(least).unwrap();
        let [one, two, three, four] = accounts();
        for percent in [1, 10, 50, 100] {
            let memory = SumMemory::new(least, Shares::of(percent, 25, 75));
            for account in [one, two] {
                let left = memory.remaining(account).bytes;
                assert!(left >= ONE_NAME_BYTES, "{left} of {percent}");
                memory.resize(account, 0, left);
            }
            for account in [three, four] {
                assert!(
                    memory.remaining(account).bytes >= ONE_NAME_BYTES,
                    "{percent}"
                );
                assert_eq!(memory.reserve(account, ONE_NAME_BYTES), Ok(()), "{percent}");
            }
        }
    }

    #[test]
    fn what_a_flush_has_taken_out_is_counted_until_it_is_told() {
        let memory = memory(64 << 10, 100);
        let [one, ..] = accounts();
        let before = memory.remaining(one);
        memory.resize(one, 0, 1000);
        memory.resize(one, 1000, 400);
        let held = memory.reserve_taken(one, 600);
        assert_eq!(memory.remaining(one).bytes, before.bytes - 1000);
        drop(held);
        assert_eq!(memory.remaining(one).bytes, before.bytes - 400);
    }

    /// The samples of a whole domain were made at once, beside what was counted.
    #[test]
    fn sums_and_the_batch_that_is_made_of_them_are_within_the_limit() {
        for most in [4096, 256 << 10, 64 << 20] {
            let memory = SumMemory::new(most, Shares::whole());
            let batch = memory.portion() * SAMPLE_BYTES;
            let [one, ..] = accounts();
            assert!(memory.portion() > 0 && memory.portion() <= PORTION);
            assert!(memory.remaining(one).bytes + batch <= most, "{most}");
            assert!(batch <= most / 8, "{most}");
        }
    }
}
