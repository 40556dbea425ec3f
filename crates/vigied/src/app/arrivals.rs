//! Arrivals of each domain: its senders by listener, and its latest refusals. They are in memory alone, begin with the server, and
//! take no more memory than their limits allow.
//!
//! A sender never waits for it: where somebody else has the lock, what is to be noted waits in a queue of a fixed size until
//! the next who gets it. Where nothing is refused, nothing is allocated but once for each sender.

mod arrival;
mod known;

pub(crate) use arrival::{Arrival, ArrivalSource};
use base::limit::Limit;
use base::scope::Domain;
use base::time::Millis;
use known::ArrivalTable;
pub(crate) use known::{Limits, View};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError, TryLockError};

/// How many arrivals wait while somebody reads.
const QUEUE: usize = 256;

/// The arrivals of all domains.
#[derive(Debug)]
pub(crate) struct Arrivals {
    known: Mutex<(ArrivalTable, Receiver<Arrival>)>,
    queue: SyncSender<Arrival>,
    /// Batches that found no room in the queue.
    missed: AtomicU64,
    since: Millis,
}

impl Arrivals {
    pub(crate) fn new(limits: Limits, since: Millis) -> Self {
        let (queue, waiting) = sync_channel(QUEUE);
        Self {
            known: Mutex::new((ArrivalTable::new(limits), waiting)),
            queue,
            missed: AtomicU64::new(0),
            since,
        }
    }

    /// Records a batch without waiting. `on_limit` is called with each limit for which another entry was dropped.
    pub(crate) fn note(&self, arrival: Arrival, on_limit: impl Fn(&'static Limit)) {
        let mut held = match self.known.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                if self.queue.try_send(arrival).is_err() {
                    self.missed.fetch_add(1, Ordering::Relaxed);
                }
                return;
            }
        };
        let (known, waiting) = &mut *held;
        drain(known, waiting, &on_limit);
        known.add(arrival, &on_limit);
    }

    /// The arrivals of a domain. `on_limit` as for [`Self::note`].
    pub(crate) fn of(&self, domain: Domain, on_limit: impl Fn(&'static Limit)) -> View {
        let mut guard = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, waiting) = &mut *guard;
        drain(known, waiting, &on_limit);
        known.view(domain)
    }

    /// Forgets domains that are no more.
    pub(crate) fn forget(&self, exists: impl Fn(Domain) -> bool) {
        let mut guard = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        guard.0.forget(exists);
    }

    /// Since when anything is noted.
    pub(crate) const fn since(&self) -> Millis {
        self.since
    }

    /// How many batches of all domains could not be noted, because too many came while somebody read.
    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

fn drain(
    known: &mut ArrivalTable,
    waiting: &Receiver<Arrival>,
    on_limit: &impl Fn(&'static Limit),
) {
    for arrival in waiting.try_iter().take(QUEUE) {
        known.add(arrival, on_limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};
    use base::source::Source;

    pub(super) fn space(number: u8) -> Domain {
        Domain::Space(SpaceId(Guid::from_random([number; 16])))
    }

    pub(super) fn by(number: u8) -> ArrivalSource {
        let source = Source::client([192, 0, 2, number].into());
        ArrivalSource::new("graphite.listen", source, None)
    }

    pub(super) const LIMITS: Limits = Limits {
        senders: 8,
        senders_per_domain: 3,
        rejects: 8,
        rejects_per_domain: 3,
    };

    #[test]
    fn what_comes_while_somebody_reads_is_noted_later_and_nobody_waits() {
        let arrivals = Arrivals::new(LIMITS, Millis(0));
        let note = |at| {
            let arrival = Arrival::new(space(1), by(1), Millis(at), 5);
            arrivals.note(arrival, |_| {});
        };
        note(1);
        let reading = arrivals.known.lock().unwrap();
        for at in 2..500 {
            note(at);
        }
        drop(reading);
        note(500);
        let view = arrivals.of(space(1), |_| {});
        let taken: u64 = view.senders.iter().map(|sender| sender.1.taken).sum();
        assert_eq!(taken, 5 * (2 + QUEUE as u64));
        assert_eq!(arrivals.missed(), 498 - QUEUE as u64);
    }
}
