//! For how long a connection counts as new.

use crate::net::connection_state::NEW_TIME;
use std::time::Duration;

#[derive(Debug, Clone, Copy)]
pub(super) struct NewTimes {
    /// One that is idle: its request may still be on its way.
    pub(super) idle: Duration,
    /// One that is busy: with a login, say.
    pub(super) busy: Duration,
}

impl NewTimes {
    /// One time for both.
    pub(super) const fn of(time: Duration) -> Self {
        Self {
            idle: time,
            busy: time,
        }
    }
}

impl Default for NewTimes {
    fn default() -> Self {
        Self::of(NEW_TIME)
    }
}
