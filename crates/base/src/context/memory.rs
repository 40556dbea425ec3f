//! The memory that a piece of work reserves, counted for all of it together.

use super::Stop;

/// Where the bytes that a piece of work holds are taken from. What is still held when it is dropped goes back.
pub trait MemoryReservation: std::fmt::Debug + Send + Sync {
    /// Takes `bytes` more.
    ///
    /// # Errors
    /// [`Stop::Busy`] when there are not so many; then nothing was taken.
    fn reserve(&self, bytes: u64) -> Result<(), Stop>;

    /// Gives `bytes` back.
    fn release(&self, bytes: u64);
}
