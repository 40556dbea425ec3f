//! How much of each resource a piece of work has used, counted across its threads.

use super::resource::Resource;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(super) struct Spent {
    steps: AtomicU64,
    nodes: AtomicU64,
    series: AtomicU64,
    samples: AtomicU64,
    bytes: AtomicU64,
}

impl Spent {
    const fn of(&self, resource: Resource) -> &AtomicU64 {
        match resource {
            Resource::Steps => &self.steps,
            Resource::Nodes => &self.nodes,
            Resource::Series => &self.series,
            Resource::Samples => &self.samples,
            Resource::Bytes => &self.bytes,
        }
    }

    pub(super) fn get(&self, resource: Resource) -> u64 {
        self.of(resource).load(Ordering::Relaxed)
    }

    /// Returns what was spent before.
    pub(super) fn add(&self, resource: Resource, amount: u64) -> u64 {
        self.of(resource).fetch_add(amount, Ordering::Relaxed)
    }

    fn take_back(&self, resource: Resource, amount: u64) {
        self.of(resource).fetch_sub(amount, Ordering::Relaxed);
    }
}

/// The counters that all parts of the work share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Milliseconds by which the deadline has moved.
    pub(super) paused: AtomicU64,
    pub(super) slots: AtomicU64,
    pub(super) spent: Spent,
}

/// The usage of one part of the work.
#[derive(Debug)]
pub struct PartSpent {
    pub(super) spent: Arc<Spent>,
    pub(super) shared: Arc<Shared>,
}

impl PartSpent {
    /// Takes the spending of the part back, because the part was given up and will be done again. No thread may still work on it.
    pub fn undo(self) {
        for resource in Resource::ALL {
            let spent = self.spent.get(resource);
            self.shared.spent.take_back(resource, spent);
        }
    }
}
