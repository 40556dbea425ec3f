//! What a connection does, as far as that matters for its eviction.

use std::time::Instant;

/// The work that an eviction would lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::net) enum Activity {
    /// No request is open, since this time.
    Idle(Instant),
    /// Requests are worked on, or answers are sent, since this time.
    Busy(Instant),
}

/// What a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) struct Usage {
    pub(in crate::net) activity: Activity,
    /// Since when a request is due: the first one, or one that has begun to arrive.
    pub(in crate::net) awaits_request: Option<Instant>,
    /// A request of it had a valid credential.
    pub(in crate::net) has_credential: bool,
}
