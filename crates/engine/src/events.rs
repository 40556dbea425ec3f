//! Events of work in the background, for the program that runs the engine. The engine itself writes no log.

use base::store::StoreError;
use std::fmt::{self, Debug};

/// Work that the engine does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// Brings the log to stable storage.
    Commit,
    /// Brings what is in memory to segments.
    Flush,
    /// Drops days past the retention.
    Expiry,
    /// Merges segments.
    Merge,
}

impl fmt::Display for Work {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Commit => "commit",
            Self::Flush => "flush",
            Self::Expiry => "expiry",
            Self::Merge => "merge",
        })
    }
}

/// An event that the operator should know of.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'e> {
    /// Work in the background failed. What it means for writers is in what they are answered.
    Failed {
        /// The kind of work that failed.
        work: Work,
        /// Why it failed, with the file.
        error: &'e StoreError,
    },
    /// A thread of the engine has panicked. It begins again after a pause; where something may be half done the store takes
    /// no writes from then on.
    Panicked {
        /// The name of the thread.
        thread: &'static str,
    },
    /// Days lie past the retention by the clock, and stay for now: they are more than go at one time, or nobody has sent
    /// anything for so long that the clock is not believed.
    HeldBack {
        /// How many.
        days: usize,
    },
}

/// Receives events. Called from the engine's threads, and not for long.
pub trait Events: Send + Sync + Debug {
    /// Takes one event.
    fn on_event(&self, event: Event<'_>);
}

/// Ignores every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Events for Silent {
    fn on_event(&self, _: Event<'_>) {}
}
