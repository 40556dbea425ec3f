//! Events of work in the background, for the program that runs the engine. The engine itself writes no log.

use base::store::StoreError;
use std::fmt::Debug;

/// An event that the operator should know of.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'e> {
    /// Work in the background failed. What it means for writers is in what they are answered.
    Failed {
        /// For example `flush`.
        work: &'static str,
        /// An event, with the file.
        error: &'e StoreError,
    },
    /// A thread of the engine has panicked. It begins again after a pause; where something may be half done the store takes
    /// no writes from then on.
    Panicked {
        /// Which one.
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
