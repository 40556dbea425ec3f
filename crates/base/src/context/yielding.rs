//! The hook by which long work gives up its turn to others, and waits until it has it again.

use super::Stop;
use std::time::{Duration, Instant};

/// What work holds while it goes on, and others wait for. Asked whenever the work is checked.
pub trait TurnYield: std::fmt::Debug + Send + Sync {
    /// Lets those who wait have it, where they have waited long enough at `now`, and blocks until it is back; how long that
    /// took. Most calls must cost next to nothing.
    ///
    /// # Errors
    /// [`Stop::Cancelled`] or [`Stop::Deadline`] when it did not come back; the work must end then.
    fn yield_turn(&self, now: Instant) -> Result<Duration, Stop>;
}
