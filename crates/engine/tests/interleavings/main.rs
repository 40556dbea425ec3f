//! The log, the marks and those who wait for a lock under threads, in every order that `loom` can think of, at most so often
//! interrupted where they need not wait. The files under test are those of the engine, with `loom`'s locks and atomics in place of
//! the standard library's: they take theirs from `crate::sync`.

#[cfg(test)]
mod group_commit;
#[cfg(test)]
mod locks_given_up;
#[cfg(test)]
mod recent_samples;
#[cfg(test)]
mod seen_batches;

#[expect(dead_code, reason = "the models use only a part of it")]
#[path = "../../src/error.rs"]
mod error;

#[expect(dead_code, reason = "the models use only a part of it")]
#[path = "../../src/file_action.rs"]
mod file_action;

#[path = "../../src/poison.rs"]
mod poison;

#[expect(dead_code, reason = "the models use only a part of it")]
#[path = "../../src/resource_shortage.rs"]
mod resource_shortage;

/// Stands in for the engine's module of that name, whose error `error` converts.
mod column {
    pub(crate) struct Damaged(pub(crate) &'static str);
}

#[expect(dead_code, reason = "the models use only a part of it")]
#[path = "../../src/head/batches.rs"]
mod batches;

#[path = "../../src/head/cell.rs"]
mod cell;

#[expect(dead_code, reason = "the models use only a part of it")]
#[path = "../../src/head/recent.rs"]
mod recent;

#[expect(dead_code, reason = "the models use only a part of it")]
#[path = "../../src/head/visibility.rs"]
mod visibility;

#[path = "../../src/wal/chunks.rs"]
mod chunks;

#[expect(dead_code, reason = "the models use only a part of it")]
#[path = "../../src/wal/group_commit.rs"]
mod group;

#[path = "../../src/lock_tickets.rs"]
mod lock_tickets;

#[path = "../../src/lock_waiters.rs"]
mod lock_waiters;

mod sync;

/// Runs `threads` in every order with at most so many interruptions.
#[cfg(test)]
fn in_every_order(interruptions: usize, threads: impl Fn() + Sync + Send + 'static) {
    sync::may_be_stale(false);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(interruptions);
    model.check(threads);
}

/// The same, and each load finds whatever the memory's order allows, and not only what was stored last: that takes many more
/// runs, and so is for a few steps.
#[cfg(test)]
fn in_every_order_of_memory(interruptions: usize, threads: impl Fn() + Sync + Send + 'static) {
    sync::may_be_stale(true);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(interruptions);
    model.check(threads);
}
