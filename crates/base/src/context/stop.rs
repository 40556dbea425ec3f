//! Why work ended before it was done.

use crate::limit::{self, Limit};

/// Why work ended before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Nobody waits for it any more.
    #[error("the query was cancelled")]
    Cancelled,
    /// Its time is over.
    #[error("the query took longer than `{}` allows", limit::REQUEST_SECONDS.name)]
    Deadline,
    /// The budget is used up.
    #[error("the query needs {needed} {unit} or more, and `{name}` is {allowed}", unit = limit.unit, name = limit.name)]
    Budget {
        /// Whose budget.
        limit: &'static Limit,
        /// The figure that was reached, or is known to be needed.
        needed: u64,
        /// The figure that is allowed.
        allowed: u64,
    },
    /// What all work of the process may have in memory at once is in use, or the share of whoever asks.
    #[error("the server has no room for the query: {allowed} {unit} of `{name}` are in use", unit = whole.unit, name = whole.name)]
    Busy {
        /// The limit of all together.
        whole: &'static Limit,
        /// The limit that was run into: the same, or that of a share.
        limit: &'static Limit,
        /// The figure that is allowed.
        allowed: u64,
    },
    /// It needs more by itself than anybody can have at once: the same will never be accepted, and less at once will.
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
    /// What all may have at once is not used up, but whoever asks has a fair part of it.
    #[error("a fair part of `{name}` = {allowed} {unit} is used up by this caller", unit = limit.unit, name = limit.name)]
    Share {
        /// The limit of all together.
        limit: &'static Limit,
        /// Its value.
        allowed: u64,
    },
}
