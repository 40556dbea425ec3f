//! Slots for work in progress, such as requests. A request takes its slot when its body has arrived completely, and keeps it
//! until its work ends; a request that is still arriving has none.

use super::limit_exceeded::LimitExceeded;
use super::share::{ShareOwner, Shares, Tally};
use base::limit::Limit;
use std::sync::{Arc, Mutex, PoisonError};

/// All of them.
#[derive(Debug)]
pub(crate) struct Places(Mutex<Tally>);

/// One of them, free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    owner: ShareOwner,
}

impl Places {
    pub(crate) fn new(whole: &'static Limit, total: u64, shares: Shares) -> Self {
        Self(Mutex::new(Tally::new(whole, total, shares)))
    }

    /// A place for this owner.
    ///
    /// # Errors
    /// [`LimitExceeded`] when all are taken, or the owner's share is.
    pub(crate) fn take(self: &Arc<Self>, owner: ShareOwner) -> Result<Place, LimitExceeded> {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match tally.over(owner, 1) {
            Some(over) => Err(over),
            None => {
                tally.add(owner, 1);
                Ok(Place {
                    places: Arc::clone(self),
                    owner,
                })
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let tally = self.places.0.lock();
        let mut tally = tally.unwrap_or_else(PoisonError::into_inner);
        tally.subtract(self.owner, 1);
    }
}
