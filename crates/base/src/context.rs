//! What a piece of work may cost, and when it must end: a deadline, a flag that cancels it, and a budget.
//!
//! Whoever answers a request makes one [`Context`] for the whole of it, and hands it to everything that works for it.
//! What several calls spend adds up. Whoever works asks while working, so that a refusal comes when the budget is used
//! up and not when the work is done. There is no clock here: who checks the deadline says what time it is.

use crate::limit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

mod helping;
mod memory;
mod reservation;
mod resource;
mod spent;
mod stop;
mod yielding;

pub use helping::{Helper, ThreadPool};
pub use memory::MemoryReservation;
pub use reservation::Reservation;
pub use resource::Resource;
pub use stop::Stop;
pub use yielding::TurnYield;

pub use spent::PartSpent;
use spent::{Shared, Spent};

/// How much of each [`Resource`] may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// [`Resource::Steps`].
    pub steps: u64,
    /// [`Resource::Nodes`].
    pub nodes: u64,
    /// [`Resource::Series`].
    pub series: u64,
    /// [`Resource::Samples`].
    pub samples: u64,
    /// [`Resource::Bytes`].
    pub bytes: u64,
}

impl Budget {
    /// As much as there is.
    pub const UNLIMITED: Self = Self {
        steps: u64::MAX,
        nodes: u64::MAX,
        series: u64::MAX,
        samples: u64::MAX,
        bytes: u64::MAX,
    };
}

impl Default for Budget {
    /// The limits' defaults.
    fn default() -> Self {
        Self {
            steps: limit::STEPS_PER_QUERY.default,
            nodes: limit::NODES_PER_LIST.default,
            series: limit::SERIES_PER_QUERY.default,
            samples: limit::SAMPLES_PER_QUERY.default,
            bytes: limit::BYTES_PER_QUERY.default,
        }
    }
}

/// The terms under which a piece of work is done. Shared by reference; what is spent is counted across threads.
#[derive(Debug)]
pub struct Context {
    deadline: Option<Instant>,
    budget: Budget,
    cancelled: Arc<AtomicBool>,
    memory: Option<Arc<dyn MemoryReservation>>,
    yielding: Option<Arc<dyn TurnYield>>,
    helping: Option<Arc<dyn ThreadPool>>,
    shared: Arc<Shared>,
    /// What was spent by this part of the work.
    part: Option<Arc<Spent>>,
}

impl Context {
    /// Work within `budget`, with no deadline, which nobody cancels.
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        Self {
            deadline: None,
            budget,
            cancelled: Arc::default(),
            memory: None,
            yielding: None,
            helping: None,
            shared: Arc::default(),
            part: None,
        }
    }

    /// Work without an end: for a program's own, never for a caller's.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(Budget::UNLIMITED)
    }

    /// The same, which ends at `deadline`.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The same, which ends when somebody sets `flag`.
    #[must_use]
    pub fn cancelled_by(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancelled = flag;
        self
    }

    /// The same, which takes what it holds in memory from `memory`.
    #[must_use]
    pub fn with_memory(mut self, memory: Arc<dyn MemoryReservation>) -> Self {
        self.memory = Some(memory);
        self
    }

    /// The same, which lets others come in between as `yielding` says.
    #[must_use]
    pub fn with_yielding(mut self, yielding: Arc<dyn TurnYield>) -> Self {
        self.yielding = Some(yielding);
        self
    }

    /// The same, for which further threads may work as `helping` says.
    #[must_use]
    pub fn with_helping(mut self, helping: Arc<dyn ThreadPool>) -> Self {
        self.helping = Some(helping);
        self
    }

    /// Where further threads for the work come from.
    #[must_use]
    pub fn helping(&self) -> Option<&Arc<dyn ThreadPool>> {
        self.helping.as_ref()
    }

    /// The terms of a part of the work, which may be done beside others: all of it ends together, what a part spends and
    /// holds is the whole's, and it has no further threads.
    #[must_use]
    pub fn part(&self) -> (Self, PartSpent) {
        let spent = Arc::new(Spent::default());
        let part = Self {
            deadline: self.deadline,
            budget: self.budget,
            cancelled: Arc::clone(&self.cancelled),
            memory: self.memory.clone(),
            yielding: self.yielding.clone(),
            helping: None,
            shared: Arc::clone(&self.shared),
            part: Some(Arc::clone(&spent)),
        };
        let shared = Arc::clone(&self.shared);
        (part, PartSpent { spent, shared })
    }

    /// Says that the answer has so many slots for each series, whatever samples it has: they count as samples.
    pub fn set_slots_per_series(&self, per_series: u64) {
        self.shared.slots.store(per_series, Ordering::Relaxed);
    }

    /// Refuses as many series as would have too many slots in the answer.
    ///
    /// # Errors
    /// [`Stop::Budget`].
    pub fn ensure_slots_left(&self, series: u64) -> Result<(), Stop> {
        let slots = self.shared.slots.load(Ordering::Relaxed);
        self.ensure_left(Resource::Samples, slots.saturating_mul(series))
    }

    /// Says that `bytes` more are about to be in memory.
    ///
    /// # Errors
    /// [`Stop::Busy`] when there is no room for them.
    pub fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        self.memory
            .as_ref()
            .map_or(Ok(()), |memory| memory.reserve(bytes))
    }

    /// Says that `bytes` are no longer in memory.
    pub fn release(&self, bytes: u64) {
        if let Some(memory) = &self.memory {
            memory.release(bytes);
        }
    }

    /// Moves the deadline: the work has waited for somebody else that long.
    pub fn extend_deadline(&self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.shared
            .paused
            .fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// The flag that cancels it when it is set.
    #[must_use]
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancelled)
    }

    /// When it must end.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let paused = Duration::from_millis(self.shared.paused.load(Ordering::Relaxed));
        self.deadline?.checked_add(paused)
    }

    /// Whether the work may go on at `now`. It may block, to let others come in between ([`TurnYield`]), and that time does
    /// not count: never call it with a lock that anybody else needs.
    ///
    /// # Errors
    /// [`Stop::Cancelled`], [`Stop::Deadline`].
    pub fn check(&self, now: Instant) -> Result<(), Stop> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Stop::Cancelled);
        }
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            return Err(Stop::Deadline);
        }
        if let Some(yielding) = &self.yielding {
            let waited = yielding.yield_turn(now)?;
            if !waited.is_zero() {
                self.extend_deadline(waited);
            }
        }
        Ok(())
    }

    /// Spends `amount` of a resource.
    ///
    /// # Errors
    /// [`Stop::Budget`] when that is more than is left; it stays spent.
    pub fn spend(&self, resource: Resource, amount: u64) -> Result<(), Stop> {
        if let Some(part) = &self.part {
            part.add(resource, amount);
        }
        let before = self.shared.spent.add(resource, amount);
        self.ensure_allowed(resource, before.saturating_add(amount))
    }

    /// Whether `amount` more of a resource would still be allowed; spends nothing. For what is known before it is done.
    ///
    /// # Errors
    /// [`Stop::Budget`] when it would not.
    pub fn ensure_left(&self, resource: Resource, amount: u64) -> Result<(), Stop> {
        let needed = self.spent(resource).saturating_add(amount);
        self.ensure_allowed(resource, needed)
    }

    fn ensure_allowed(&self, resource: Resource, needed: u64) -> Result<(), Stop> {
        let allowed = self.allowed(resource);
        if needed > allowed {
            return Err(over(resource, needed, allowed));
        }
        Ok(())
    }

    /// What has been spent of a resource.
    #[must_use]
    pub fn spent(&self, resource: Resource) -> u64 {
        self.shared.spent.get(resource)
    }

    /// What may be spent of a resource in all.
    #[must_use]
    pub const fn allowed(&self, resource: Resource) -> u64 {
        match resource {
            Resource::Steps => self.budget.steps,
            Resource::Nodes => self.budget.nodes,
            Resource::Series => self.budget.series,
            Resource::Samples => self.budget.samples,
            Resource::Bytes => self.budget.bytes,
        }
    }
}

const fn over(resource: Resource, needed: u64, allowed: u64) -> Stop {
    Stop::Budget {
        limit: resource.limit(),
        needed,
        allowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;
    use std::time::Duration;

    #[test]
    fn what_several_calls_spend_adds_up_and_the_refusal_says_how_much_it_was() {
        let context = Context::new(Budget {
            samples: 10,
            ..Budget::default()
        });
        assert_eq!(context.spend(Resource::Samples, 6), Ok(()));
        assert_eq!(context.ensure_left(Resource::Samples, 4), Ok(()));
        let refused = context.ensure_left(Resource::Samples, 5);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "the query needs 11 samples or more, and `samples_per_query` is 10"
        );
        assert_eq!(context.spent(Resource::Samples), 6);
        assert_eq!(context.spend(Resource::Samples, 4), Ok(()));
        assert_eq!(
            context.spend(Resource::Samples, 1),
            Err(Stop::Budget {
                limit: &limit::SAMPLES_PER_QUERY,
                needed: 11,
                allowed: 10
            })
        );
        assert_eq!(context.spend(Resource::Series, 10_000), Ok(()));
    }

    /// Waits for a second at every third check, and for ever when that is over.
    #[derive(Debug, Default)]
    struct EveryThird(AtomicU64);

    impl TurnYield for EveryThird {
        fn yield_turn(&self, _: Instant) -> Result<Duration, Stop> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                2 => Ok(Duration::from_secs(1)),
                5 => Err(Stop::Cancelled),
                _ => Ok(Duration::ZERO),
            }
        }
    }

    #[test]
    fn the_time_in_which_others_came_in_between_does_not_count() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let context = Context::unlimited().until(start + second);
        let context = context.with_yielding(Arc::<EveryThird>::default());
        assert_eq!(context.check(start), Ok(()));
        assert_eq!(context.check(start + second), Err(Stop::Deadline));
        assert_eq!(context.check(start), Ok(()));
        assert_eq!(context.deadline(), Some(start + second));
        assert_eq!(context.check(start), Ok(()));
        assert_eq!(context.deadline(), Some(start + second * 2));
        assert_eq!(context.check(start + second), Ok(()));
        assert_eq!(context.check(start), Ok(()));
        assert_eq!(context.check(start), Err(Stop::Cancelled));
    }

    #[test]
    fn it_ends_at_its_deadline_or_when_it_is_cancelled() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let context = Context::unlimited().until(start + second);
        assert_eq!(context.check(start), Ok(()));
        assert_eq!(context.check(start + second), Err(Stop::Deadline));
        let flag = Arc::new(AtomicBool::new(false));
        let context = context.cancelled_by(Arc::clone(&flag));
        assert_eq!(context.check(start), Ok(()));
        flag.store(true, Ordering::Relaxed);
        assert_eq!(context.check(start), Err(Stop::Cancelled));
        assert!(context.cancel_flag().load(Ordering::Relaxed));
    }

    #[test]
    fn parts_spend_what_the_whole_has_and_what_is_given_up_is_not_spent() {
        let start = Instant::now();
        let whole = Context::new(Budget {
            samples: 10,
            ..Budget::default()
        });
        let whole = whole.until(start);
        let ((one, spent), (other, _)) = (whole.part(), whole.part());
        assert_eq!(one.spend(Resource::Samples, 6), Ok(()));
        assert_eq!(whole.spend(Resource::Samples, 1), Ok(()));
        let stop = other.spend(Resource::Samples, 4).unwrap_err();
        assert!(matches!(stop, Stop::Budget { needed: 11, .. }), "{stop}");
        spent.undo();
        assert_eq!(other.spent(Resource::Samples), 5);
        assert_eq!(one.spend(Resource::Samples, 5), Ok(()));
        // The whole waits no less for others, and is no less cancelled, than a part.
        one.extend_deadline(Duration::from_secs(1));
        assert_eq!(other.check(start), Ok(()));
        one.cancel_flag().store(true, Ordering::Relaxed);
        assert_eq!(whole.check(start), Err(Stop::Cancelled));
    }
}
