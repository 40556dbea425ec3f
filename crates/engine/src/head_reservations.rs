//! Reservations of head memory by appends in progress. Each reserves the most that its batch can need before anything of it is
//! written, so that concurrent appends do not all pass the same check. A reservation shrinks as samples are written, because
//! the head counts them from then on.

use crate::head;
use base::sample::Batch;
use base::scope::Owner;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How much is reserved, and by whom, at one moment.
#[derive(Debug, Default)]
pub(crate) struct ReservationTotals {
    pub(crate) all: u64,
    /// One for each owner with batches in progress, which are few: a linear search is faster than a hash map.
    owners: Vec<(Owner, u64)>,
}

impl ReservationTotals {
    pub(crate) fn bytes_of(&self, owner: Owner) -> u64 {
        let reserved = self.owners.iter().find(|(other, _)| *other == owner);
        reserved.map_or(0, |(_, bytes)| *bytes)
    }

    fn add(&mut self, owner: Owner, bytes: u64) {
        self.all += bytes;
        match self.owners.iter_mut().find(|(other, _)| *other == owner) {
            Some((_, reserved)) => *reserved += bytes,
            None => self.owners.push((owner, bytes)),
        }
    }

    fn release(&mut self, owner: Owner, bytes: u64) {
        self.all = self.all.saturating_sub(bytes);
        let position = self.owners.iter().position(|(other, _)| *other == owner);
        if let Some(position) = position
            && let Some((_, reserved)) = self.owners.get_mut(position)
        {
            *reserved = reserved.saturating_sub(bytes);
            if *reserved == 0 {
                self.owners.swap_remove(position);
            }
        }
    }

    /// How many have reservations.
    pub(crate) fn owners(&self) -> usize {
        self.owners.len()
    }
}

/// All reservations. Their lock is held for a few additions, and no other lock is taken meanwhile.
#[derive(Debug, Default)]
pub(crate) struct HeadReservations(Mutex<ReservationTotals>);

impl HeadReservations {
    pub(crate) fn lock(&self) -> MutexGuard<'_, ReservationTotals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a reservation under the same lock under which the caller has checked that it fits.
    pub(crate) fn add(
        &self,
        mut now: MutexGuard<'_, ReservationTotals>,
        owner: Owner,
        bytes: u64,
    ) -> HeadReservation<'_> {
        now.add(owner, bytes);
        drop(now);
        let reservations = self;
        HeadReservation {
            reservations,
            owner,
            bytes,
        }
    }
}

/// A reservation; it ends when it is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct HeadReservation<'c> {
    reservations: &'c HeadReservations,
    owner: Owner,
    bytes: u64,
}

impl HeadReservation<'_> {
    /// Gives back what is more than this.
    pub(crate) fn shrink_to(&mut self, bytes: u64) {
        let more = self.bytes.saturating_sub(bytes);
        if more > 0 {
            self.reservations.lock().release(self.owner, more);
            self.bytes -= more;
        }
    }
}

/// The samples and runs of a batch that are not written yet.
#[derive(Debug)]
pub(crate) struct Unwritten {
    samples: u64,
    /// A run counts until its last sample is written.
    runs: u64,
}

impl Unwritten {
    /// All samples and runs of the batch.
    pub(crate) const fn new(batch: &Batch) -> Self {
        Self {
            samples: batch.len() as u64,
            runs: batch.run_count() as u64,
        }
    }

    /// Some samples were written, of this many runs.
    pub(crate) const fn record_written(&mut self, samples: usize, runs: usize) {
        self.samples = self.samples.saturating_sub(samples as u64);
        self.runs = self.runs.saturating_sub((runs as u64).saturating_sub(1));
    }

    /// The most that it can take in memory.
    pub(crate) const fn bytes_max(&self) -> u64 {
        let runs = if self.samples < self.runs {
            self.samples
        } else {
            self.runs
        };
        head::bytes_max_of_runs(self.samples, runs)
    }
}

impl Drop for HeadReservation<'_> {
    fn drop(&mut self) {
        self.reservations.lock().release(self.owner, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::TenantId;

    #[test]
    fn reservations_add_up_and_end_when_they_are_dropped() {
        let reservations = HeadReservations::default();
        let [one, other] = [1, 2].map(|number| Owner::from(TenantId(number)));
        let first = reservations.add(reservations.lock(), one, 10);
        let second = reservations.add(reservations.lock(), one, 5);
        let third = reservations.add(reservations.lock(), other, 3);
        let all = || {
            let reserved = reservations.lock();
            (
                reserved.all,
                reserved.bytes_of(one),
                reserved.bytes_of(other),
                reserved.owners(),
            )
        };
        assert_eq!(all(), (18, 15, 3, 2));
        drop(first);
        assert_eq!(all(), (8, 5, 3, 2));
        drop((second, third));
        assert_eq!(all(), (0, 0, 0, 0));
    }

    /// A reservation counted whole beside the pieces that were written, so that others were refused early.
    #[test]
    fn a_claim_shrinks_with_what_is_not_written_yet() {
        use base::name::SeriesName;
        use base::time::Millis;
        let mut batch = Batch::default();
        for number in 0..30 {
            let name = format!("a.{}", number / 3);
            batch.push(&SeriesName::parse(&name).unwrap(), Millis(number), 1.0);
        }
        let reservations = HeadReservations::default();
        let one = Owner::from(TenantId(1));
        let mut unwritten = Unwritten::new(&batch);
        assert_eq!(unwritten.bytes_max(), head::bytes_max(&batch));
        let mut reservation = reservations.add(reservations.lock(), one, unwritten.bytes_max());
        // Five samples of two runs, the second of which continues.
        let mut before = reservations.lock().all;
        for piece in 0..6 {
            unwritten.record_written(5, 2);
            reservation.shrink_to(unwritten.bytes_max());
            let reserved = reservations.lock();
            assert!(reserved.all < before, "{piece}");
            assert_eq!(reserved.all, reserved.bytes_of(one));
            before = reserved.all;
        }
        assert_eq!((before, reservations.lock().owners()), (0, 0));
        // It never grows, and what is reserved for accepted samples alone is less than what it could be.
        let mut small = reservations.add(reservations.lock(), one, 7);
        small.shrink_to(1000);
        assert_eq!(reservations.lock().all, 7);
        drop((small, reservation));
        assert_eq!(reservations.lock().all, 0);
    }
}
