//! Slots for work in progress, such as requests. A request takes its slot when its body has arrived completely, and keeps it
//! until its work ends; a request that is still arriving has none.

use super::fair_share::{ShareOwner, Shares, Tally};
use super::limit_exceeded::LimitExceeded;
use base::limit::Limit;
use std::sync::{Arc, Mutex, PoisonError};

/// A number of slots, with fair shares.
#[derive(Debug)]
pub(crate) struct RequestSlots(Mutex<Tally>);

/// A slot, freed when dropped.
#[derive(Debug)]
pub(crate) struct RequestSlot {
    slots: Arc<RequestSlots>,
    owner: ShareOwner,
}

impl RequestSlots {
    pub(crate) fn new(whole: &'static Limit, total: u64, shares: Shares) -> Self {
        Self(Mutex::new(Tally::new(whole, total, shares)))
    }

    /// A slot for this owner.
    ///
    /// # Errors
    /// [`LimitExceeded`] when all are taken, or the owner's share is.
    pub(crate) fn take(self: &Arc<Self>, owner: ShareOwner) -> Result<RequestSlot, LimitExceeded> {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match tally.over(owner, 1) {
            Some(over) => Err(over),
            None => {
                tally.add(owner, 1);
                Ok(RequestSlot {
                    slots: Arc::clone(self),
                    owner,
                })
            }
        }
    }
}

impl Drop for RequestSlot {
    fn drop(&mut self) {
        let tally = self.slots.0.lock();
        let mut tally = tally.unwrap_or_else(PoisonError::into_inner);
        tally.subtract(self.owner, 1);
    }
}
