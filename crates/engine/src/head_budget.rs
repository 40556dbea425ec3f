//! The memory budget for samples that are in no segment yet, for all accounts together. It is kept to the byte: a
//! writer reserves the most that a batch can take before the first of its samples is written.
//!
//! From half of it on the head is flushed before its time. What is beyond three quarters is for those who have less than an
//! equal share: whoever has more is refused first. The last eighth is split among all, and kept for owners that have less.
//! Shares are of accounts: as many tenants as one has, they have one together. A batch that needs more than three quarters by
//! itself is told so: it will never be accepted.

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
    all: u64,
    of_owner: u64,
    owners: u64,
}

/// From here on, owners with more than their share are refused.
const fn shares_from(budget: u64) -> u64 {
    budget - budget / 4
}

/// The limit that refuses `more` bytes, if any: the whole, or the caller's share. Errors name the configured figure, because a
/// share would reveal how many others write.
fn over(budget: u64, usage: HeadUsage, more: u64) -> Option<Stop> {
    let (limit, allowed) = (&limit::HEAD_BYTES, budget);
    let all = usage.all.saturating_add(more);
    if all > budget {
        let whole = limit;
        return Some(Stop::Busy {
            whole,
            limit,
            allowed,
        });
    }
    // One more, for an owner that has nothing yet. The last eighth is split among all, so that owners with little get it.
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
    /// Bytes of samples that are in no segment: those that came in since the last flush began, and those that it writes.
    pub(crate) fn head_bytes(&self) -> u64 {
        let version = self.state.version();
        let frozen = version.frozen.as_ref().map(|frozen| frozen.head.bytes());
        version.head.bytes() + frozen.unwrap_or_default()
    }

    /// Bytes of the pages that lead to these samples. Nobody reserves them: they are known once a batch is written, and count
    /// against the next one.
    pub(crate) fn head_page_bytes(&self) -> u64 {
        let version = self.state.version();
        let frozen = version.frozen.as_ref();
        let frozen = frozen.map(|frozen| frozen.head.page_bytes());
        version.head.page_bytes() + frozen.unwrap_or_default()
    }

    fn head_usage(&self, owner: Owner, reserved: &ReservationTotals) -> HeadUsage {
        let version = self.state.version();
        let frozen = version.frozen.as_ref().map(|frozen| frozen.head.as_ref());
        let heads = frozen.into_iter().chain([version.head.as_ref()]);
        let mut usage = HeadUsage {
            all: reserved.all,
            of_owner: reserved.of(owner),
            owners: reserved.owners() as u64,
        };
        for head in heads {
            usage.all += head.bytes() + head.page_bytes();
            usage.of_owner += head.bytes_of(owner);
            // Here and there they are mostly the same.
            usage.owners = usage.owners.max(head.owners() as u64);
        }
        usage
    }

    /// Reserves memory for a batch until it is written. Refuses it when there is none, or none for this owner; a flush makes room.
    /// Samples that are not accepted take none.
    pub(crate) fn reserve_head(
        &self,
        owner: Owner,
        batch: &Batch,
        is_accepted: impl Fn(Millis) -> bool,
    ) -> Result<HeadReservation<'_>, StoreError> {
        let budget = self.config.head_bytes;
        let batch_max = shares_from(budget);
        let fits = |now: &ReservationTotals, more: u64| {
            let all = now
                .all
                .saturating_add(self.head_bytes() + self.head_page_bytes());
            all.saturating_add(more) <= batch_max
        };
        // Nearly always: nobody's share matters.
        let roughly = head::bytes_max(batch);
        let now = self.reservations.now();
        if fits(&now, roughly) {
            return Ok(self.reservations.add(now, owner, roughly));
        }
        drop(now);
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
        let now = self.reservations.now();
        if more == 0 || fits(&now, more) {
            return Ok(self.reservations.add(now, owner, more));
        }
        let Some(stop) = over(budget, self.head_usage(owner, &now), more) else {
            return Ok(self.reservations.add(now, owner, more));
        };
        drop(now);
        self.ask_for_flush();
        Err(StoreError::Stopped(stop))
    }

    /// Whether the head is to be flushed before its time.
    pub(crate) fn is_head_large(&self) -> bool {
        let head = &self.state.version().head;
        head.bytes() + head.page_bytes() >= self.config.head_bytes / 2
    }

    /// Whether the owner has as much in the head as others have in the mean: who has less need not wait for a flush that
    /// others have made due.
    pub(crate) fn has_share(&self, owner: Owner) -> bool {
        let usage = self.head_usage(owner, &self.reservations.now());
        usage.of_owner.saturating_mul(usage.owners) >= usage.all
    }

    /// The flusher has work, as soon as it has done what it is at.
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
            all,
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
