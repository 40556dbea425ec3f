//! Why work ended before it was done.

use crate::limit::{self, Limit};
use std::time::Duration;

/// Why work ended before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Nobody waits for the result any more.
    #[error("the query was cancelled")]
    Cancelled,
    /// The deadline has passed.
    #[error("the query took longer than `{}` = {} allows", limit::REQUEST_SECONDS.name, allowed.as_secs())]
    Deadline {
        /// How long the work was allowed to take.
        allowed: Duration,
    },
    /// The budget is used up.
    #[error("the query needs {needed} {unit} or more, and `{name}` is {allowed}", unit = limit.unit, name = limit.name)]
    Budget {
        /// The limit that sets the budget.
        limit: &'static Limit,
        /// The figure that was reached, or is known to be needed.
        needed: u64,
        /// The figure that is allowed.
        allowed: u64,
    },
    /// The memory for all work of the process is in use, or the caller's share of it.
    #[error("the server has no room for the query: {allowed} {unit} of `{name}` are in use", unit = whole.unit, name = whole.name)]
    Busy {
        /// The limit for the whole process.
        whole: &'static Limit,
        /// The limit that was reached: the same, or that of a share.
        limit: &'static Limit,
        /// The figure that is allowed.
        allowed: u64,
    },
    /// This work alone needs more than one caller can have at once. Repeating it does not help; a smaller request does.
    #[error("the request needs up to {needed} {unit} at once, and one may have {most} of `{name}` = {allowed}", unit = limit.unit, name = limit.name)]
    TooMuch {
        /// The limit of all together.
        limit: &'static Limit,
        /// The figure that is needed.
        needed: u64,
        /// The figure that one can have.
        most: u64,
        /// The limit's value.
        allowed: u64,
    },
    /// The limit for the whole process is not reached, but the caller has used up a fair share of it.
    #[error("a fair part of `{name}` = {allowed} {unit} is used up by this caller", unit = limit.unit, name = limit.name)]
    Share {
        /// The limit of all together.
        limit: &'static Limit,
        /// Its value.
        allowed: u64,
    },
}
