//! The memory that a piece of work reserves, counted for all of it together.

use super::Stop;

/// The memory that a piece of work has reserved. Dropping it releases the rest.
pub trait MemoryReservation: std::fmt::Debug + Send + Sync {
    /// Reserves `bytes` more.
    ///
    /// # Errors
    /// [`Stop::Busy`] when there is not so much left; nothing is reserved then.
    fn reserve(&self, bytes: u64) -> Result<(), Stop>;

    /// Releases `bytes`.
    fn release(&self, bytes: u64);
}
