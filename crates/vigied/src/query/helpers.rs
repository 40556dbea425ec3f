//! Turns for extra threads of a running query: given only while no query waits for one, and returned as soon as one does.

use super::turns::{Turn, Turns};
use crate::http::fair_share::ShareOwner;
use base::context::{Helper, ThreadPool};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Turns for threads that help a query. They count for its account like those of its queries.
#[derive(Debug)]
pub(super) struct Helpers {
    pub(super) turns: Arc<Turns>,
    pub(super) owner: ShareOwner,
    pub(super) person: Arc<str>,
    pub(super) most: usize,
    /// Counts the threads that helped.
    pub(super) total: Arc<AtomicU64>,
}

impl ThreadPool for Helpers {
    fn max_helpers(&self) -> usize {
        self.most
    }

    fn acquire(&self) -> Option<Box<dyn Helper>> {
        let turn = self.turns.try_take_idle(self.owner, &self.person)?;
        self.total.fetch_add(1, Ordering::Relaxed);
        let turns = Arc::clone(&self.turns);
        Some(Box::new(SpareTurn { turns, _turn: turn }))
    }
}

/// The turn of a thread that helps.
#[derive(Debug)]
struct SpareTurn {
    turns: Arc<Turns>,
    _turn: Turn,
}

impl Helper for SpareTurn {
    fn is_wanted(&self) -> bool {
        self.turns.has_waiting_query()
    }
}

/// Threads that may help one query: with its own, as many as there are processors.
pub(super) fn most() -> usize {
    std::thread::available_parallelism().map_or(0, |cores| cores.get() - 1)
}
