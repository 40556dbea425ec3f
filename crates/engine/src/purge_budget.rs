//! How much background purges may rewrite. Without a budget, a tenant that deletes a little on every day could have the whole store
//! rewritten again and again, at the cost of all tenants.

use base::time::Millis;

const HOUR_MS: u128 = 3600 * 1000;

/// In an hour, purges rewrite one in so many bytes of the store: all of it once a day.
const STORE_PART: u64 = 24;

/// The bytes that purges may rewrite now. At most one hour's worth of unused bytes is kept, or more where a waiting group needs
/// more.
#[derive(Debug, Default)]
pub(crate) struct PurgeBudget {
    bytes_left: u64,
    refilled: Option<Millis>,
    /// Something was refused since the last refill.
    is_used_up: bool,
}

impl PurgeBudget {
    /// One with nothing left, of which more is there only as time passes.
    pub(crate) const fn used_up_at(now: Millis) -> Self {
        Self {
            bytes_left: 0,
            refilled: Some(now),
            is_used_up: false,
        }
    }

    /// For a purge that a caller waits for.
    pub(crate) const fn unlimited() -> Self {
        Self {
            bytes_left: u64::MAX,
            refilled: None,
            is_used_up: false,
        }
    }

    /// Adds what the time since the last refill has brought, for a store of `stored` bytes, but at least `hourly_min` an hour. It
    /// grows up to an hour's worth, or to `costliest`: what the most expensive group that waits takes.
    pub(crate) fn refill(&mut self, now: Millis, stored: u64, hourly_min: u64, costliest: u64) {
        let hourly = (stored / STORE_PART).max(hourly_min);
        let brought = match self.refilled {
            None => hourly,
            Some(before) => {
                // A clock that was set back adds nothing.
                let passed = now.0.saturating_sub(before.0).max(0).unsigned_abs();
                let brought = u128::from(hourly) * u128::from(passed) / HOUR_MS;
                u64::try_from(brought).unwrap_or(u64::MAX)
            }
        };
        self.bytes_left = self
            .bytes_left
            .saturating_add(brought)
            .min(hourly.max(costliest));
        self.refilled = Some(now);
        self.is_used_up = false;
    }

    /// Whether so many bytes may be rewritten. After the first refusal, everything is refused until the next refill: otherwise small
    /// groups would use up the budget again and again, and a large one would never be purged.
    pub(crate) const fn allows(&mut self, bytes: u64) -> bool {
        self.is_used_up |= bytes > self.bytes_left;
        !self.is_used_up
    }

    /// Deducts bytes that were read or rewritten.
    pub(crate) const fn spend(&mut self, bytes: u64) {
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
    }

    /// Whether something waits for the next refill.
    pub(crate) const fn is_used_up(&self) -> bool {
        self.is_used_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// A budget that has used its first hour.
    fn spent(stored: u64, hourly_min: u64) -> PurgeBudget {
        let mut budget = PurgeBudget::default();
        assert!(!budget.allows(1), "nothing before the first refill");
        budget.refill(Millis(0), stored, hourly_min, 0);
        let hourly = (stored / STORE_PART).max(hourly_min);
        assert!(budget.allows(hourly));
        budget.spend(hourly);
        assert!(!budget.allows(1));
        budget
    }

    #[test]
    fn what_a_broken_pass_may_have_spent_is_not_there_again_at_once() {
        let mut budget = PurgeBudget::used_up_at(Millis(0));
        budget.refill(Millis(HOUR / 10), 2400, 0, 0);
        assert!(budget.allows(10));
        assert!(!budget.allows(11));
    }

    #[test]
    fn in_an_hour_it_grows_by_a_share_of_the_store_or_by_the_least() {
        for (stored, hourly_min, hourly) in [(2400, 10, 100), (2400, 300, 300), (0, 0, 0)] {
            let mut budget = spent(stored, hourly_min);
            budget.refill(Millis(HOUR / 2), stored, hourly_min, 0);
            assert!(budget.allows(hourly / 2));
            assert!(!budget.allows(hourly / 2 + 1));
            assert!(budget.is_used_up() && !budget.allows(0));
            budget.refill(Millis(9 * HOUR), stored, hourly_min, 0);
            assert!(!budget.is_used_up() && budget.allows(hourly));
            assert!(!budget.allows(hourly + 1), "an hour's worth at the most");
        }
    }

    #[test]
    fn it_saves_for_what_takes_more_and_a_clock_that_was_set_back_brings_nothing() {
        let mut budget = spent(2400, 0);
        budget.refill(Millis(7 * HOUR), 2400, 0, 650);
        assert!(budget.allows(650));
        assert!(!budget.allows(651));
        let mut budget = spent(2400, 0);
        budget.refill(Millis(-HOUR), 2400, 0, 0);
        assert!(!budget.allows(1));
        budget.refill(Millis(0), 2400, 0, 0);
        assert!(budget.allows(100));
        let mut unlimited = PurgeBudget::unlimited();
        unlimited.spend(u64::MAX / 2);
        assert!(unlimited.allows(u64::MAX / 2));
    }
}
