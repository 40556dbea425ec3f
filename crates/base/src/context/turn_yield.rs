//! The hook by which long work yields its turn to others, and waits until it has the turn again.

use super::Stop;
use std::time::{Duration, Instant};

/// The turn of a piece of work, for which others may wait. Called at each check of the work.
pub trait TurnYield: std::fmt::Debug + Send + Sync {
    /// If others have waited long enough at `now`, yields the turn to them and blocks until it is back; returns how long that took.
    /// Most calls must be almost free.
    ///
    /// # Errors
    /// [`Stop::Cancelled`] or [`Stop::Deadline`] when the turn did not come back; the work must end then.
    fn yield_turn(&self, now: Instant) -> Result<Duration, Stop>;
}
