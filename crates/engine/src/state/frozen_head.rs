//! The head that a flush is writing to segments.

use crate::head::Head;
use std::sync::Arc;

/// A head that is being flushed: read, but never changed.
#[derive(Debug)]
pub(crate) struct FrozenHead {
    pub(crate) head: Arc<Head>,
    /// The last record whose effect is in it.
    pub(crate) sequence: u64,
    /// The last batch that may have written to it.
    pub(crate) batch: u64,
}
