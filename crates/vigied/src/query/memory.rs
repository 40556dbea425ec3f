//! The memory of all queries in bytes: what they read, and the parts of their answers that are not sent yet.

use crate::http::share::{ShareOwner, Shares, Tally};
use base::context::{Memory, Stop};
use base::limit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The memory of all queries.
#[derive(Debug)]
pub(super) struct Pool(Mutex<Tally>);

impl Pool {
    pub(super) fn new(bytes: u64, shares: Shares) -> Self {
        Self(Mutex::new(Tally::new(
            &limit::QUERIES_IN_FLIGHT_BYTES,
            bytes,
            shares,
        )))
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn used(&self) -> u64 {
        self.tally().used()
    }
}

/// The memory of one query, released when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    pool: Arc<Pool>,
    owner: ShareOwner,
    bytes: AtomicU64,
}

impl Reservation {
    pub(super) fn new(pool: &Arc<Pool>, owner: ShareOwner) -> Self {
        Self {
            pool: Arc::clone(pool),
            owner,
            bytes: AtomicU64::new(0),
        }
    }

    /// Releases all but `bytes`.
    pub(super) fn shrink_to(&self, bytes: u64) {
        let held = self.bytes.load(Ordering::Relaxed);
        self.release(held.saturating_sub(bytes));
    }
}

impl Memory for Reservation {
    fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        let mut tally = self.pool.tally();
        if let Some(over) = tally.over(self.owner, bytes) {
            let needed = self.bytes.load(Ordering::Relaxed).saturating_add(bytes);
            let most = tally.most(self.owner).allowed;
            if needed > most {
                // Nobody is in the way: it would be put off for ever.
                return Err(Stop::Budget {
                    limit: &limit::QUERIES_IN_FLIGHT_BYTES,
                    needed,
                    allowed: most,
                });
            }
            return Err(Stop::Busy {
                whole: over.whole,
                limit: over.limit,
                allowed: over.allowed,
            });
        }
        tally.add(self.owner, bytes);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn release(&self, bytes: u64) {
        let mut tally = self.pool.tally();
        let bytes = bytes.min(self.bytes.load(Ordering::Relaxed));
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        tally.subtract(self.owner, bytes);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_holds_another_lacks_until_it_is_given_back() {
        let pool = Arc::new(Pool::new(100, Shares::whole()));
        let owner = ShareOwner::Account(base::id::AccountId(base::id::Guid::from_random([1; 16])));
        let (one, other) = (
            Reservation::new(&pool, owner),
            Reservation::new(&pool, owner),
        );
        one.reserve(50).unwrap();
        other.reserve(30).unwrap();
        let stop = other.reserve(21).unwrap_err();
        assert!(matches!(stop, Stop::Busy { .. }), "{stop}");
        assert!(stop.to_string().contains("queries_in_flight_bytes"));
        one.release(10);
        other.reserve(10).unwrap();
        other.shrink_to(20);
        assert_eq!(pool.used(), 60);
        drop((one, other));
        assert_eq!(pool.used(), 0);
    }

    #[test]
    fn what_one_can_never_have_is_not_put_off() {
        let pool = Arc::new(Pool::new(100, Shares::whole()));
        let owner = ShareOwner::Account(base::id::AccountId(base::id::Guid::from_random([1; 16])));
        let one = Reservation::new(&pool, owner);
        one.reserve(60).unwrap();
        let stop = one.reserve(60).unwrap_err();
        let Stop::Budget {
            needed, allowed, ..
        } = stop
        else {
            panic!("{stop}");
        };
        assert_eq!(needed, 120);
        assert!(allowed <= 100);
        assert_eq!(pool.used(), 60);
    }
}
