//! Permits for extra threads of work that can be divided. Each is returned when other work waits for it.

/// Hands out permits for extra threads of one piece of work.
pub trait ThreadPool: std::fmt::Debug + Send + Sync {
    /// The most extra threads at once.
    fn max_helpers(&self) -> usize;

    /// A permit for one more thread, if there is one that no other work waits for. Never blocks.
    fn acquire(&self) -> Option<Box<dyn Helper>>;
}

/// The permit of one extra thread, returned when dropped.
pub trait Helper: std::fmt::Debug + Send + Sync {
    /// Whether other work waits for the permit, so that the thread should end soon. Cheap enough for inner loops.
    fn is_wanted(&self) -> bool;
}
