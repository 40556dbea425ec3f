//! The time limits of the stages of a connection.

use std::time::Duration;

/// How long each stage may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) head: Duration,
    pub(crate) idle: Duration,
    pub(crate) stall: Duration,
    /// Least bytes of an answer taken in a second.
    pub(crate) rate: u64,
    /// For a client that has closed its side and takes nothing.
    pub(crate) half_closed: Duration,
}
