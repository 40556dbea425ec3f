//! The request bodies being received, and the bytes of all bodies in the process.
//!
//! A new body is accepted if possible. To make room, the server drops the oldest body of an unauthenticated client, or a body of
//! the same account that has fallen behind the minimum rate, or, when all is full, the oldest body of the account with most. So
//! clients that keep bodies open lose them, and clients that send at once do not.

use super::fair_share::{ShareOwner, Shares, Tally};
use super::limit_exceeded::LimitExceeded;
use base::limit;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A body up to this size frees too little to be dropped for its bytes.
const SMALL_BYTES: u64 = limit::FORM_BYTES.default;

/// The limits.
#[derive(Debug, Clone)]
pub(crate) struct BodyLimits {
    pub(crate) arriving: u64,
    pub(crate) bytes: u64,
    pub(crate) stall: Duration,
    pub(crate) bytes_per_second: u64,
    pub(crate) shares: Shares,
}

/// The bodies of the process.
#[derive(Debug)]
pub(crate) struct Bodies {
    inner: Mutex<Inner>,
    /// Notified whenever bytes are released.
    freed: Notify,
    stall: Duration,
    bytes_per_second: u64,
}

#[derive(Debug)]
struct Inner {
    /// In order of arrival.
    entries: BTreeMap<u64, Entry>,
    next: u64,
    arriving: Tally,
    bytes: Tally,
}

#[derive(Debug)]
struct Entry {
    owner: ShareOwner,
    /// Deadline for the next part of the body.
    deadline: Instant,
    begun: Instant,
    bytes: u64,
    leave: Arc<Notify>,
}

/// A body being received, until dropped.
#[derive(Debug)]
pub(crate) struct ArrivingBody {
    bodies: Arc<Bodies>,
    id: u64,
    deadline: Instant,
    leave: Arc<Notify>,
    held: BodyReservation,
}

/// The bytes of one body, released when dropped.
#[derive(Debug)]
pub(crate) struct BodyReservation {
    bodies: Arc<Bodies>,
    owner: ShareOwner,
    bytes: u64,
}

impl Bodies {
    pub(crate) fn new(limits: &BodyLimits) -> Self {
        let shares = || limits.shares.clone();
        Self {
            inner: Mutex::new(Inner {
                entries: BTreeMap::new(),
                next: 0,
                arriving: Tally::new(&limit::ARRIVING_BODIES, limits.arriving, shares()),
                bytes: Tally::new(&limit::BODIES_IN_FLIGHT_BYTES, limits.bytes, shares()),
            }),
            freed: Notify::new(),
            stall: limits.stall,
            bytes_per_second: limits.bytes_per_second.max(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to receive a body of this owner.
    ///
    /// # Errors
    /// [`LimitExceeded`] if there is no room and no body can be dropped.
    pub(crate) fn enter(
        self: &Arc<Self>,
        owner: ShareOwner,
    ) -> Result<ArrivingBody, LimitExceeded> {
        self.enter_at(owner, Instant::now())
    }

    fn enter_at(
        self: &Arc<Self>,
        owner: ShareOwner,
        now: Instant,
    ) -> Result<ArrivingBody, LimitExceeded> {
        let mut inner = self.lock();
        while let Some(over) = inner.arriving.over(owner, 1) {
            let Some(id) = inner.body_to_drop(owner, &over, self.late_deadline(now)) else {
                return Err(over);
            };
            inner.displace(id);
        }
        let (id, deadline) = (inner.next, now + self.stall);
        let leave = Arc::new(Notify::new());
        inner.next += 1;
        inner.arriving.add(owner, 1);
        inner.entries.insert(
            id,
            Entry {
                owner,
                deadline,
                begun: now,
                bytes: 0,
                leave: Arc::clone(&leave),
            },
        );
        drop(inner);
        let held = BodyReservation {
            bodies: Arc::clone(self),
            owner,
            bytes: 0,
        };
        Ok(ArrivingBody {
            bodies: Arc::clone(self),
            id,
            deadline,
            leave,
            held,
        })
    }

    /// A body with an earlier deadline has used up a fifth of its allowed delay.
    fn late_deadline(&self, now: Instant) -> Instant {
        now + self.stall * 4 / 5
    }
}

impl Inner {
    /// The body to drop for a new one.
    fn body_to_drop(
        &self,
        newcomer: ShareOwner,
        over: &LimitExceeded,
        late: Instant,
    ) -> Option<u64> {
        let mut oldest = self.entries.iter();
        if !over.is_whole() {
            let all_unauthenticated = over.limit == &limit::STRANGER_SHARE_PERCENT;
            let found = oldest.find(|(_, entry)| match entry.owner {
                ShareOwner::Account(_) => entry.owner == newcomer && entry.deadline < late,
                _ => {
                    entry.owner == newcomer || all_unauthenticated && newcomer.is_unauthenticated()
                }
            });
            return found.map(|(id, _)| *id);
        }
        if let Some((id, _)) = oldest.find(|(_, entry)| entry.owner.is_unauthenticated()) {
            return Some(*id);
        }
        let of_newcomer = self.arriving.of(newcomer);
        let most = self.entries.iter().filter(|(_, entry)| {
            !newcomer.is_unauthenticated() && self.arriving.of(entry.owner) > of_newcomer + 1
        });
        // The oldest body of the owners with most.
        most.max_by_key(|(id, entry)| (self.arriving.of(entry.owner), u64::MAX - **id))
            .map(|(id, _)| *id)
    }

    /// The body to drop for its bytes: the oldest large one of the owner with most bytes, if that owner has more than the one
    /// that asks.
    fn body_to_drop_for_bytes(&self, asks: ShareOwner, since: Instant) -> Option<u64> {
        let of_asker = self.bytes.of(asks);
        let large = self.entries.iter().filter(|(_, entry)| {
            entry.bytes > SMALL_BYTES
                && entry.begun < since
                && self.bytes.of(entry.owner) > of_asker
        });
        large
            .max_by_key(|(id, entry)| (self.bytes.of(entry.owner), u64::MAX - **id))
            .map(|(id, _)| *id)
    }

    fn displace(&mut self, id: u64) {
        if let Some(entry) = self.leave(id) {
            entry.leave.notify_one();
        }
    }

    fn leave(&mut self, id: u64) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.arriving.subtract(entry.owner, 1);
        Some(entry)
    }
}

impl ArrivingBody {
    /// As [`BodyReservation::never_fits`].
    pub(crate) fn never_fits(&self, more: usize) -> Option<LimitExceeded> {
        self.held.never_fits(more)
    }

    /// Deadline for the next part of the body.
    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Resolves when the body is dropped in favor of another.
    pub(crate) fn leave(&self) -> Arc<Notify> {
        Arc::clone(&self.leave)
    }

    /// Records a part: extends the deadline by the time these bytes may take, to at most one full stall from now.
    pub(crate) fn record_received(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let nanoseconds = bytes.saturating_mul(1_000_000_000) / self.bodies.bytes_per_second;
        self.postpone(Duration::from_nanos(nanoseconds), Instant::now());
    }

    fn postpone(&mut self, by: Duration, now: Instant) {
        let whole = now + self.bodies.stall;
        self.deadline = self
            .deadline
            .checked_add(by)
            .map_or(whole, |deadline| deadline.min(whole));
        let mut inner = self.bodies.lock();
        if let Some(entry) = inner.entries.get_mut(&self.id) {
            entry.deadline = self.deadline;
            entry.bytes = self.held.bytes;
        }
    }

    /// Reserves `bytes` more; if none are free, waits, at most as long as a body may stall.
    ///
    /// # Errors
    /// [`LimitExceeded`] if no bytes became free.
    pub(crate) async fn reserve(&mut self, bytes: usize) -> Result<(), LimitExceeded> {
        let begun = Instant::now();
        loop {
            let bodies = Arc::clone(&self.bodies);
            let mut freed = std::pin::pin!(bodies.freed.notified());
            freed.as_mut().enable();
            let over = match self.held.grow(bytes) {
                Ok(()) if begun.elapsed() < Duration::from_millis(1) => return Ok(()),
                Ok(()) => {
                    self.postpone(begun.elapsed(), Instant::now());
                    return Ok(());
                }
                Err(over) => over,
            };
            if over.is_whole() {
                let since = begun.checked_sub(bodies.stall).unwrap_or(begun);
                let mut inner = bodies.lock();
                if let Some(id) = inner.body_to_drop_for_bytes(self.held.owner, since) {
                    inner.displace(id);
                }
            }
            if tokio::time::timeout_at(begun + bodies.stall, freed)
                .await
                .is_err()
            {
                return Err(over);
            }
        }
    }

    /// The body is complete; its bytes stay reserved.
    pub(crate) fn arrived(mut self) -> BodyReservation {
        let empty = BodyReservation {
            bodies: Arc::clone(&self.bodies),
            owner: self.held.owner,
            bytes: 0,
        };
        std::mem::replace(&mut self.held, empty)
    }
}

impl Drop for ArrivingBody {
    fn drop(&mut self) {
        self.bodies.lock().leave(self.id);
    }
}

impl BodyReservation {
    /// An empty reservation.
    pub(crate) fn nothing(bodies: &Arc<Bodies>, owner: ShareOwner) -> Self {
        Self {
            bodies: Arc::clone(bodies),
            owner,
            bytes: 0,
        }
    }

    /// Reserves `more` bytes.
    ///
    /// # Errors
    /// [`LimitExceeded`] if all bytes or the owner's share are in use.
    pub(crate) fn grow(&mut self, more: usize) -> Result<(), LimitExceeded> {
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        let mut inner = self.bodies.lock();
        if let Some(over) = inner.bytes.over(self.owner, more) {
            return Err(over);
        }
        inner.bytes.add(self.owner, more);
        self.bytes += more;
        Ok(())
    }

    /// The most that the owner can have, even alone.
    pub(crate) fn most(&self) -> LimitExceeded {
        self.bodies.lock().bytes.most(self.owner)
    }

    /// The limit that `more` bytes exceed for ever: the owner cannot have so many, even alone.
    pub(crate) fn never_fits(&self, more: usize) -> Option<LimitExceeded> {
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        let most = self.most();
        (self.bytes.saturating_add(more) > most.allowed).then_some(most)
    }

    /// The owner of the bytes.
    pub(crate) const fn owner(&self) -> ShareOwner {
        self.owner
    }

    /// The table that counts them.
    pub(crate) const fn bodies(&self) -> &Arc<Bodies> {
        &self.bodies
    }
}

impl Drop for BodyReservation {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.bodies.lock().bytes.subtract(self.owner, self.bytes);
            self.bodies.freed.notify_waiters();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
