//! What one sender writes with.

use super::{Allowance, Durability, SampleStore, StoreError};
use crate::sample::{Appended, Batch};
use crate::scope::Scope;

/// A sender's handle: made once for a connection or a stream ([`SampleStore::writer`]), and used for batch after batch. A
/// store may keep in it what makes the next batch cheaper, such as the order in which this sender sends its series, or what
/// it has not sent on yet.
pub trait Writer: Send {
    /// Stores a batch; equal instants of one series: the last one wins.
    ///
    /// # Errors
    /// As [`SampleStore::append_within`].
    fn append(
        &mut self,
        batch: &Batch,
        durability: Durability,
        allowance: Allowance,
    ) -> Result<Appended, StoreError>;
}

/// A handle that keeps nothing.
pub(super) struct Plain<'s, S: ?Sized> {
    pub(super) store: &'s S,
    pub(super) scope: Scope,
}

impl<S: SampleStore + ?Sized> Writer for Plain<'_, S> {
    fn append(
        &mut self,
        batch: &Batch,
        durability: Durability,
        allowance: Allowance,
    ) -> Result<Appended, StoreError> {
        self.store
            .append_within(&self.scope, batch, durability, allowance)
    }
}
