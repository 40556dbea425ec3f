//! The memory budget for samples that are in no segment yet, for all accounts together. No samples go beyond it: a writer reserves the
//! most memory that a batch can need before it writes the first sample. Beside it are the copies of a few series while they are flushed,
//! and the late samples of a series while they are folded in; pages that index the samples, and copies for folding and deletions, count
//! once they are made.
//!
//! - From half of the budget on, the head is flushed early.
//! - Above three quarters, an owner with more than an equal share of the budget is refused.
//! - In the last eighth, an owner is refused that has more than an equal share of that eighth. So an owner with little in memory can
//!   still write when others have filled the rest.
//! - A batch that alone needs more than three quarters is refused with an error of its own, because no flush makes room for it.
//!
//! An account has one share, however many tenants it has.

use crate::core::Core;
use crate::head;
use crate::head_reservations::{HeadReservation, ReservationTotals};
use base::context::Stop;
use base::limit;
use base::sample::Batch;
use base::scope::Owner;
use base::store::StoreError;
use base::time::Millis;

/// The bytes in memory and the bytes reserved, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct HeadUsage {
    /// The bytes of all owners.
    owned: u64,
    /// Those that belong to nobody ([`Head::shared_bytes`](crate::head::Head::shared_bytes)).
    shared: u64,
    of_owner: u64,
    owners: u64,
}

/// Owners with more than their share are refused where all together need more bytes than this.
const fn shares_from(budget: u64) -> u64 {
    budget - budget / 4
}

/// The limit that `more` bytes exceed, if any: that of all, or the owner's share. The error names the configured budget and not the
/// size of the share, which would reveal how many others write.
fn over(budget: u64, usage: HeadUsage, more: u64) -> Option<Stop> {
    let (limit, allowed) = (&limit::HEAD_BYTES, budget);
    let all = (usage.owned)
        .saturating_add(usage.shared)
        .saturating_add(more);
    if all > budget {
        let whole = limit;
        return Some(Stop::Busy {
            whole,
            limit,
            allowed,
        });
    }
    // One share more than there are owners, for one that has nothing yet.
    let parts = usage.owners + 1;
    let stages = [
        (shares_from(budget), budget / parts),
        (budget - budget / 8, budget / 8 / parts),
    ];
    let of_owner = usage.of_owner.saturating_add(more);
    let mut stages = stages.into_iter();
    stages
        .any(|(begin, share)| all > begin && of_owner > share)
        .then_some(Stop::Share { limit, allowed })
}

impl Core {
    /// Bytes of samples that are in no segment yet: those of the head, and those of the frozen head.
    pub(crate) fn head_bytes(&self) -> u64 {
        let version = self.state.version();
        let frozen = version.frozen.as_ref().map(|frozen| frozen.head.bytes());
        version.head.bytes() + frozen.unwrap_or_default()
    }

    /// Bytes that belong to no owner. They are not reserved: how many a batch needs is known once it is written, and they count when
    /// the next one is reserved.
    pub(crate) fn head_shared_bytes(&self) -> u64 {
        let version = self.state.version();
        let frozen = version.frozen.as_ref();
        let frozen = frozen.map(|frozen| frozen.head.shared_bytes());
        version.head.shared_bytes() + frozen.unwrap_or_default()
    }

    fn head_usage(&self, owner: Owner, reserved: &ReservationTotals) -> HeadUsage {
        let version = self.state.version();
        let frozen = version.frozen.as_ref().map(|frozen| frozen.head.as_ref());
        let heads = frozen.into_iter().chain([version.head.as_ref()]);
        let mut usage = HeadUsage {
            owned: reserved.all,
            shared: 0,
            of_owner: reserved.bytes_of(owner),
            owners: reserved.owners() as u64,
        };
        for head in heads {
            usage.owned += head.bytes();
            usage.shared += head.shared_bytes();
            usage.of_owner += head.bytes_of(owner);
            // Both heads mostly have the same owners, so their numbers are not added.
            usage.owners = usage.owners.max(head.owners() as u64);
        }
        usage
    }

    /// Reserves memory for a batch until it is written. Refuses the batch, and asks for a flush, where the budget or the owner's share
    /// is used up. Samples that are not accepted need no memory.
    pub(crate) fn reserve_head(
        &self,
        owner: Owner,
        batch: &Batch,
        is_accepted: impl Fn(Millis) -> bool,
    ) -> Result<HeadReservation<'_>, StoreError> {
        let budget = self.config.head_bytes;
        let batch_max = shares_from(budget);
        let fits = |reserved: &ReservationTotals, more: u64| {
            let all = reserved
                .all
                .saturating_add(self.head_bytes() + self.head_shared_bytes());
            all.saturating_add(more) <= batch_max
        };
        // The usual case: so little is in memory that shares do not matter, and a rough estimate will do.
        let roughly = head::bytes_max(batch);
        let reserved = self.reservations.lock();
        if fits(&reserved, roughly) {
            return Ok(self.reservations.add(reserved, owner, roughly));
        }
        drop(reserved);
        let more = head::bytes_max_of(batch, is_accepted).min(roughly);
        if more > batch_max {
            let (limit, allowed) = (&limit::HEAD_BYTES, budget);
            return Err(StoreError::Stopped(Stop::TooMuch {
                limit,
                needed: more,
                most: batch_max,
                allowed,
            }));
        }
        let reserved = self.reservations.lock();
        if more == 0 || fits(&reserved, more) {
            return Ok(self.reservations.add(reserved, owner, more));
        }
        let Some(stop) = over(budget, self.head_usage(owner, &reserved), more) else {
            return Ok(self.reservations.add(reserved, owner, more));
        };
        drop(reserved);
        self.ask_for_flush();
        Err(StoreError::Stopped(stop))
    }

    /// Whether the head is so large that it is to be flushed before the interval has passed.
    pub(crate) fn is_head_large(&self) -> bool {
        let head = &self.state.version().head;
        head.bytes() + head.shared_bytes() >= self.config.head_bytes / 2
    }

    /// Whether the owner has at least the mean of all owners in memory. One that has less does not wait for a flush that the others
    /// have caused.
    pub(crate) fn has_share(&self, owner: Owner) -> bool {
        let usage = self.head_usage(owner, &self.reservations.lock());
        usage.of_owner.saturating_mul(usage.owners) >= usage.owned
    }

    /// Wakes the flusher; a flush that is under way is followed by another.
    pub(crate) fn ask_for_flush(&self) {
        self.requests().flush = true;
        self.wake.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_above_their_share_are_refused_first_and_all_when_nothing_is_left() {
        let usage = |all, of_owner, owners| HeadUsage {
            owned: all,
            shared: 0,
            of_owner,
            owners,
        };
        let (limit, allowed) = (&limit::HEAD_BYTES, 800);
        let share = Some(Stop::Share { limit, allowed });
        assert_eq!(
            over(800, usage(0, 0, 0), 600),
            None,
            "alone, up to three quarters"
        );
        assert_eq!(over(800, usage(600, 600, 1), 1), share);
        assert_eq!(over(800, usage(600, 0, 1), 50), None, "the other");
        assert_eq!(over(800, usage(640, 100, 3), 50), None);
        assert_eq!(over(800, usage(640, 180, 3), 50), share);
        assert_eq!(over(800, usage(700, 180, 3), 50), share, "the last eighth");
        assert_eq!(over(800, usage(700, 20, 3), 5), None);
        let whole = limit;
        let all = Stop::Busy {
            whole,
            limit,
            allowed,
        };
        assert_eq!(
            over(800, usage(700, 0, 3), 101),
            Some(all),
            "nothing is left"
        );
        assert!(over(u64::MAX, usage(0, 0, 0), u64::MAX).is_some());
    }
}
