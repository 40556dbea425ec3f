//! What one sender writes with.

use super::append::{Allowance, Durability};
use crate::sample::{Appended, Batch};
use crate::store_error::StoreError;

/// A sender's handle: made once for a connection or a stream ([`super::SampleStore::writer`]), and used for batch after batch. A
/// store may keep in it what makes the next batch cheaper, such as the order in which this sender sends its series, or what
/// it has not sent on yet.
pub trait Writer: Send {
    /// Stores a batch; equal instants of one series: the last one wins.
    ///
    /// # Errors
    /// As [`super::SampleStore::append_with_allowance`].
    fn append(
        &mut self,
        batch: &Batch,
        durability: Durability,
        allowance: Allowance,
    ) -> Result<Appended, StoreError>;
}
