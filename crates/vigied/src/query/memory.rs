//! The memory of all queries in bytes: what they read, and the parts of their answers that are not sent yet.

use crate::http::fair_share::{ShareOwner, Shares, Tally};
use base::context::{MemoryReservation, Stop};
use base::limit;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A query takes its memory from that of all queries in pieces of up to so many bytes: to ask takes longer than what a series
/// needs, and threads of a query would wait for each other.
const PIECE_BYTES_MAX: u64 = 64 * 1024;

/// A piece is at most this part of the whole.
const PIECE_PART: u64 = 4096;

/// The memory of all queries.
#[derive(Debug)]
pub(super) struct Pool {
    tally: Mutex<Tally>,
    /// The bytes that a query may reserve ahead.
    piece: u64,
}

impl Pool {
    pub(super) fn new(bytes: u64, shares: Shares) -> Self {
        let whole = &limit::QUERIES_IN_FLIGHT_BYTES;
        Self {
            tally: Mutex::new(Tally::new(whole, bytes, shares)),
            piece: (bytes / PIECE_PART).min(PIECE_BYTES_MAX),
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
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
    held: Mutex<ReservedBytes>,
}

/// The bytes that a query has reserved.
#[derive(Debug, Default)]
struct ReservedBytes {
    /// Bytes that it needs.
    used: u64,
    /// Bytes that it has taken from all queries' memory: as many or a few more.
    taken: u64,
}

impl Reservation {
    pub(super) fn new(pool: &Arc<Pool>, owner: ShareOwner) -> Self {
        Self {
            pool: Arc::clone(pool),
            owner,
            held: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, ReservedBytes> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Releases all but `bytes`, and keeps nothing ahead.
    pub(super) fn shrink_to(&self, bytes: u64) {
        let mut held = self.held();
        held.used = held.used.min(bytes);
        self.give_back(&mut held, 0);
    }

    /// Takes what is missing to `needed` bytes, and a piece more where there is room for that.
    fn take(&self, held: &mut ReservedBytes, needed: u64) -> Result<(), Stop> {
        let missing = needed.saturating_sub(held.taken);
        let mut tally = self.pool.tally();
        let ahead = missing.saturating_add(self.pool.piece);
        let more = match tally.over(self.owner, ahead) {
            None => ahead,
            Some(_) => missing,
        };
        if let Some(over) = tally.over(self.owner, more) {
            let most = tally.most(self.owner).allowed;
            if needed > most {
                // More than the account could have if nobody else had any: waiting would never help.
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
        tally.add(self.owner, more);
        held.taken = held.taken.saturating_add(more);
        Ok(())
    }

    /// Gives back what was taken and is not needed, but for `kept` bytes.
    fn give_back(&self, held: &mut ReservedBytes, kept: u64) {
        let kept = held.used.saturating_add(kept);
        let bytes = held.taken.saturating_sub(kept);
        if bytes > 0 {
            held.taken -= bytes;
            self.pool.tally().subtract(self.owner, bytes);
        }
    }
}

impl MemoryReservation for Reservation {
    fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        let mut held = self.held();
        let needed = held.used.saturating_add(bytes);
        if needed > held.taken {
            self.take(&mut held, needed)?;
        }
        held.used = needed;
        Ok(())
    }

    fn release(&self, bytes: u64) {
        let mut held = self.held();
        held.used = held.used.saturating_sub(bytes);
        // As much as a query took ahead it may take again in a moment.
        if held.taken - held.used > self.pool.piece.saturating_mul(2) {
            self.give_back(&mut held, self.pool.piece);
        }
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

    #[test]
    fn what_is_taken_ahead_is_little_and_hinders_nobody() {
        let bytes = 8 * PIECE_PART;
        let pool = Arc::new(Pool::new(bytes, Shares::whole()));
        let owner = ShareOwner::Account(base::id::AccountId(base::id::Guid::from_random([1; 16])));
        let one = Reservation::new(&pool, owner);
        for used in 1..=1000 {
            one.reserve(1).unwrap();
            assert!((used..=used + 8).contains(&pool.used()), "{used}");
        }
        for used in (0..1000).rev() {
            one.release(1);
            assert!((used..=used + 16).contains(&pool.used()), "{used}");
        }
        one.shrink_to(0);
        assert_eq!(pool.used(), 0);
        // The last eighth is for who uses little.
        one.reserve(7 * PIECE_PART).unwrap();
        assert_eq!(pool.used(), 7 * PIECE_PART);
        one.reserve(1).unwrap_err();
    }
}
