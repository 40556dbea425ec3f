//! What a fetch has in memory.

use base::context::Context;
use base::store::StoreError;

/// Bytes in memory, until it is dropped.
pub(super) struct Held<'c> {
    context: &'c Context,
    bytes: u64,
}

impl<'c> Held<'c> {
    pub(super) const fn of(context: &'c Context) -> Self {
        Self { context, bytes: 0 }
    }

    pub(super) fn more(&mut self, bytes: u64) -> Result<(), StoreError> {
        self.context.reserve(bytes)?;
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(())
    }

    /// Takes over what another one holds.
    pub(super) fn join(&mut self, mut other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        other.bytes = 0;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.context.release(self.bytes);
    }
}
