//! Extra threads for work that can be divided: a permit for each, returned when somebody else waits for it.

/// Where further threads of one piece of work get leave to run.
pub trait ThreadPool: std::fmt::Debug + Send + Sync {
    /// How many may help at once.
    fn max_helpers(&self) -> usize;

    /// Leave for one more thread, where there is some that nobody else waits for. Never waits.
    fn acquire(&self) -> Option<Box<dyn Helper>>;
}

/// The permit of one extra thread, returned when dropped.
pub trait Helper: std::fmt::Debug + Send + Sync {
    /// Whether somebody waits for it: the thread is to end soon. Costs next to nothing.
    fn is_wanted(&self) -> bool;
}
