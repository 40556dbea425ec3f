//! The context of a piece of work, which bounds its cost and time: a deadline, a flag that cancels it, and a budget.
//!
//! The handler of a request makes one [`Context`] and passes it to every call that works for the request; what these calls spend
//! adds up. The work checks its context as it goes, so that it ends when the budget is used up, and not after it is done.
//! There is no clock here: the caller of [`Context::check`] passes the time.

use crate::limit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

mod memory;
mod reservation;
mod resource;
mod spent;
mod stop;
mod thread_pool;
mod turn_yield;

pub use memory::MemoryReservation;
pub use reservation::Reservation;
pub use resource::Resource;
pub use stop::Stop;
pub use thread_pool::{Helper, ThreadPool};
pub use turn_yield::TurnYield;

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
    /// No limit on any resource.
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

/// The limits of a piece of work. Shared by reference; spending is counted across threads.
#[derive(Debug)]
pub struct Context {
    deadline: Option<Instant>,
    /// How much time there was until then.
    allowed: Duration,
    budget: Budget,
    cancelled: Arc<AtomicBool>,
    memory: Option<Arc<dyn MemoryReservation>>,
    turn_yield: Option<Arc<dyn TurnYield>>,
    thread_pool: Option<Arc<dyn ThreadPool>>,
    shared: Arc<Shared>,
    /// The spending of this part of the work.
    part: Option<Arc<Spent>>,
}

impl Context {
    /// A context with this budget and no deadline, which nobody cancels.
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        Self {
            deadline: None,
            allowed: Duration::MAX,
            budget,
            cancelled: Arc::default(),
            memory: None,
            turn_yield: None,
            thread_pool: None,
            shared: Arc::default(),
            part: None,
        }
    }

    /// A context without limits: for a program's own work, never for a caller's.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(Budget::UNLIMITED)
    }

    /// Sets the deadline of work that is `allowed` so much time.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Instant, allowed: Duration) -> Self {
        self.deadline = Some(deadline);
        self.allowed = allowed;
        self
    }

    /// Ends the work when somebody sets `flag`.
    #[must_use]
    pub fn with_cancel_flag(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancelled = flag;
        self
    }

    /// Reserves the memory of the work from `memory`.
    #[must_use]
    pub fn with_memory(mut self, memory: Arc<dyn MemoryReservation>) -> Self {
        self.memory = Some(memory);
        self
    }

    /// Yields the turn of the work to others, as `turn_yield` decides.
    #[must_use]
    pub fn with_turn_yield(mut self, turn_yield: Arc<dyn TurnYield>) -> Self {
        self.turn_yield = Some(turn_yield);
        self
    }

    /// Allows further threads for the work, as `thread_pool` decides.
    #[must_use]
    pub fn with_thread_pool(mut self, thread_pool: Arc<dyn ThreadPool>) -> Self {
        self.thread_pool = Some(thread_pool);
        self
    }

    /// The source of further threads for the work.
    #[must_use]
    pub fn thread_pool(&self) -> Option<&Arc<dyn ThreadPool>> {
        self.thread_pool.as_ref()
    }

    /// A context for a part of the work, which may run beside other parts: all parts end together, what a part spends or reserves
    /// counts for the whole, and a part gets no further threads.
    #[must_use]
    pub fn part(&self) -> (Self, PartSpent) {
        let spent = Arc::new(Spent::default());
        let part = Self {
            deadline: self.deadline,
            allowed: self.allowed,
            budget: self.budget,
            cancelled: Arc::clone(&self.cancelled),
            memory: self.memory.clone(),
            turn_yield: self.turn_yield.clone(),
            thread_pool: None,
            shared: Arc::clone(&self.shared),
            part: Some(Arc::clone(&spent)),
        };
        let shared = Arc::clone(&self.shared);
        (part, PartSpent { spent, shared })
    }

    /// Sets how many slots the answer has for each series, however many samples the series has. Slots count as samples.
    pub fn set_slots_per_series(&self, per_series: u64) {
        self.shared.slots.store(per_series, Ordering::Relaxed);
    }

    /// Checks that the slots of this many series are within the budget.
    ///
    /// # Errors
    /// [`Stop::Budget`].
    pub fn ensure_slots_left(&self, series: u64) -> Result<(), Stop> {
        let slots = self.shared.slots.load(Ordering::Relaxed);
        self.ensure_left(Resource::Samples, slots.saturating_mul(series))
    }

    /// Reserves `bytes` more of memory, before they are allocated.
    ///
    /// # Errors
    /// [`Stop::Busy`] when there is not enough memory left for queries.
    pub fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        self.memory
            .as_ref()
            .map_or(Ok(()), |memory| memory.reserve(bytes))
    }

    /// Releases `bytes`, which are no longer in memory.
    pub fn release(&self, bytes: u64) {
        if let Some(memory) = &self.memory {
            memory.release(bytes);
        }
    }

    /// Moves the deadline by the time that the work has waited for others.
    pub fn extend_deadline(&self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.shared
            .paused
            .fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// The flag that cancels the work when it is set.
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

    /// Says that the deadline has passed.
    #[must_use]
    pub const fn overdue(&self) -> Stop {
        Stop::Deadline {
            allowed: self.allowed,
        }
    }

    /// Checks whether the work may continue at `now`. It may block while others have the turn ([`TurnYield`]); this time does not
    /// count. Never call it while holding a lock that others need.
    ///
    /// # Errors
    /// [`Stop::Cancelled`], [`Stop::Deadline`].
    pub fn check(&self, now: Instant) -> Result<(), Stop> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Stop::Cancelled);
        }
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            return Err(self.overdue());
        }
        if let Some(turn_yield) = &self.turn_yield {
            let waited = turn_yield.yield_turn(now)?;
            if !waited.is_zero() {
                self.extend_deadline(waited);
            }
        }
        Ok(())
    }

    /// Spends `amount` of a resource.
    ///
    /// # Errors
    /// [`Stop::Budget`] when less is left; the amount counts as spent all the same.
    pub fn spend(&self, resource: Resource, amount: u64) -> Result<(), Stop> {
        if let Some(part) = &self.part {
            part.add(resource, amount);
        }
        let before = self.shared.spent.add(resource, amount);
        self.ensure_allowed(resource, before.saturating_add(amount))
    }

    /// Checks that `amount` of a resource is left, and spends nothing: for costs that are known in advance.
    ///
    /// # Errors
    /// [`Stop::Budget`] when less is left.
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

    /// How much of a resource has been spent.
    #[must_use]
    pub fn spent(&self, resource: Resource) -> u64 {
        self.shared.spent.get(resource)
    }

    /// How much of a resource may be spent in all.
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
        let context = Context::unlimited().with_deadline(start + second, second);
        let context = context.with_turn_yield(Arc::<EveryThird>::default());
        assert_eq!(context.check(start), Ok(()));
        assert_eq!(
            context.check(start + second),
            Err(Stop::Deadline { allowed: second })
        );
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
        let context = Context::unlimited().with_deadline(start + second, second);
        assert_eq!(context.check(start), Ok(()));
        assert_eq!(
            context.check(start + second),
            Err(Stop::Deadline { allowed: second })
        );
        let flag = Arc::new(AtomicBool::new(false));
        let context = context.with_cancel_flag(Arc::clone(&flag));
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
        let whole = whole.with_deadline(start, Duration::from_secs(1));
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
