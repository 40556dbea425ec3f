//! The memory budget of the process, and its division. Each part has its own limit and fair shares inside it. No limit can
//! exceed its part, so all parts together stay within the budget, and a full part takes nothing from another.

use base::limit::{self, Limit};
use std::collections::BTreeMap;

/// Assumed if the memory of the machine is unknown.
const UNKNOWN_BYTES: u64 = 4 << 30;

/// The smallest budget, however small the machine.
const LEAST_BYTES: u64 = 256 << 20;

/// Divisors of the budget for each part.
const PARTS: [(Limit, u64); 3] = [
    (limit::HEAD_BYTES, HEAD),
    (limit::QUERIES_IN_FLIGHT_BYTES, 4),
    (limit::BODIES_IN_FLIGHT_BYTES, BODIES),
];

/// The divisor for samples that are in no segment yet, and the sums of statsd, which are to be samples.
const HEAD: u64 = 2;

/// The divisor for the latter.
const SUMS: u64 = 16;

/// The divisor for bodies, and what senders have in flight.
const BODIES: u64 = 8;

/// The divisor for the latter.
const SENDERS: u64 = 16;

/// The divisor for the directories of segment files, the answers that are kept and the compiled rules of domains, together.
const CACHES: u64 = 8;

/// The divisor for the answers.
const KEPT: u64 = 64;

/// The divisor for the rules.
const RULES: u64 = 64;

/// The divisor for the names of all series, which are beside the budget and not of it: they stay in memory as long as the series exist.
const NAMES: u64 = 2;

/// Of those, the divisor for the names of one account.
const NAMES_OF_ACCOUNT: u64 = 2;

/// Which listeners are open, but for HTTP: what comes in by them takes a part of what others have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OpenListeners {
    pub(super) any: bool,
    pub(super) statsd: bool,
}

/// The bytes for samples, queries, bodies and directories together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MemoryBudget(u64);

impl MemoryBudget {
    /// The setting, or half of the memory of the machine: the rest is for names, other programs, and the page cache.
    pub(super) fn new(set: u64, machine: Option<u64>) -> Self {
        Self(match set {
            0 => (machine.unwrap_or(UNKNOWN_BYTES) / 2).max(LEAST_BYTES),
            set => set,
        })
    }

    /// Lowers the limit of a part to its part of the budget, and those of one body to half of what one account can have of all
    /// bodies: a body may be held packed and plain, and one that is larger would be put off for ever. Where senders come in by
    /// listeners of their own, what they have in flight is a part of that of bodies, and the sums of statsd one of that of samples.
    /// Names come to half as much again, and those of one account to half of that: it cannot take what all others need.
    pub(super) fn clip(self, limits: &mut BTreeMap<&'static str, u64>, listeners: OpenListeners) {
        for (limit, part) in PARTS {
            let allowed = limits.entry(limit.name).or_insert(limit.default);
            *allowed = (*allowed).min(self.0 / part);
        }
        let mut share_rest = |(limit, part): (Limit, u64), (whole, divisor): (Limit, u64)| {
            let allowed = limits.entry(limit.name).or_insert(limit.default);
            *allowed = (*allowed).min(self.0 / part);
            let left = self.0 / divisor - *allowed;
            let rest = limits.entry(whole.name).or_insert(whole.default);
            *rest = (*rest).min(left);
        };
        if listeners.any {
            let senders = (limit::SENDERS_IN_FLIGHT_BYTES, SENDERS);
            share_rest(senders, (limit::BODIES_IN_FLIGHT_BYTES, BODIES));
        }
        if listeners.statsd {
            let sums = (limit::STATSD_BYTES_IN_ALL, SUMS);
            share_rest(sums, (limit::HEAD_BYTES, HEAD));
        }
        let mut lower = |limit: Limit, most: u64| {
            let allowed = limits.entry(limit.name).or_insert(limit.default);
            *allowed = (*allowed).min(most);
            *allowed
        };
        lower(limit::RENDER_CACHE_BYTES, self.0 / KEPT);
        let names = lower(limit::NAME_BYTES_IN_ALL, self.0 / NAMES);
        lower(limit::NAME_BYTES_PER_ACCOUNT, names / NAMES_OF_ACCOUNT);
        let of = |limit: Limit| limits.get(limit.name).copied().unwrap_or(limit.default);
        let all = of(limit::BODIES_IN_FLIGHT_BYTES);
        let percent = of(limit::ACCOUNT_SHARE_PERCENT).min(100);
        // The last eighth is for those who use little.
        let share = (all / 100 * percent).min(all - all / 8);
        for limit in [limit::BODY_BYTES, limit::MANAGEMENT_BODY_BYTES] {
            if let Some(value) = limits.get_mut(limit.name) {
                *value = (*value).min(share / 2);
            }
        }
    }

    /// The same for the directories of segment files.
    pub(super) fn directories(self, set: u64) -> u64 {
        set.min(self.0 / CACHES - self.0 / KEPT - self.0 / RULES)
    }

    /// The bytes for the compiled rules of domains.
    pub(super) const fn rules(self) -> u64 {
        self.0 / RULES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDERS_ALONE: OpenListeners = OpenListeners {
        any: true,
        statsd: false,
    };

    /// The most bytes of samples, queries, bodies and kept answers together; names are counted separately.
    fn sum_of_parts(limits: &BTreeMap<&'static str, u64>) -> u64 {
        let aside = [
            limit::NAME_BYTES_IN_ALL.name,
            limit::NAME_BYTES_PER_ACCOUNT.name,
        ];
        let parts = limits.iter().filter(|(name, _)| !aside.contains(*name));
        parts.map(|(_, value)| value).sum()
    }

    #[test]
    fn names_have_half_as_much_again_and_one_account_half_of_that() {
        let clipped = |memory: u64, set: &[(Limit, u64)]| {
            let mut limits = set
                .iter()
                .map(|(limit, value)| (limit.name, *value))
                .collect();
            MemoryBudget::new(memory, None).clip(&mut limits, OpenListeners::default());
            let of = |limit: Limit| limits[limit.name];
            (
                of(limit::NAME_BYTES_IN_ALL),
                of(limit::NAME_BYTES_PER_ACCOUNT),
            )
        };
        assert_eq!(clipped(1 << 30, &[]), (512 << 20, 256 << 20));
        assert_eq!(clipped(1 << 50, &[]), (64 << 30, 4 << 30), "the defaults");
        let (all, account) = (limit::NAME_BYTES_IN_ALL, limit::NAME_BYTES_PER_ACCOUNT);
        assert_eq!(clipped(1 << 30, &[(all, 1000)]), (1000, 500));
        assert_eq!(clipped(1 << 30, &[(all, 1000), (account, 7)]), (1000, 7));
    }

    #[test]
    fn the_parts_together_stay_below_the_budget_and_a_smaller_setting_counts() {
        let budget = MemoryBudget::new(1 << 30, Some(1));
        let mut limits = BTreeMap::from([
            (limit::HEAD_BYTES.name, u64::MAX),
            (limit::QUERIES_IN_FLIGHT_BYTES.name, u64::MAX),
            (limit::BODIES_IN_FLIGHT_BYTES.name, u64::MAX),
            (limit::RENDER_CACHE_BYTES.name, u64::MAX),
            (limit::BODY_BYTES.name, 7),
        ]);
        let all = limits.clone();
        budget.clip(&mut limits, OpenListeners::default());
        let others = budget.directories(u64::MAX) + budget.rules();
        assert_eq!(limits.remove(limit::BODY_BYTES.name), Some(7));
        assert_eq!(sum_of_parts(&limits) + others, 1 << 30);

        // What senders have in flight was on top of it.
        let senders = limit::SENDERS_IN_FLIGHT_BYTES;
        for set in [senders.default, u64::MAX] {
            let mut limits = all.clone();
            limits.insert(senders.name, set);
            budget.clip(&mut limits, SENDERS_ALONE);
            assert_eq!(limits.remove(limit::BODY_BYTES.name), Some(7));
            assert_eq!(limits[senders.name], set.min(64 << 20));
            assert_eq!(sum_of_parts(&limits) + others, 1 << 30);
        }

        // So were the sums of statsd.
        let sums = limit::STATSD_BYTES_IN_ALL;
        for set in [sums.default / 2, u64::MAX] {
            let mut limits = all.clone();
            limits.insert(sums.name, set);
            limits.insert(senders.name, senders.default);
            let statsd = true;
            budget.clip(&mut limits, OpenListeners { any: true, statsd });
            assert_eq!(limits.remove(limit::BODY_BYTES.name), Some(7));
            assert_eq!(limits[sums.name], set.min(64 << 20));
            assert_eq!(sum_of_parts(&limits) + others, 1 << 30);
        }

        let mut limits = BTreeMap::from([(limit::HEAD_BYTES.name, 2000)]);
        budget.clip(&mut limits, OpenListeners::default());
        assert_eq!(limits[limit::HEAD_BYTES.name], 2000);
        assert_eq!(limits[limit::BODIES_IN_FLIGHT_BYTES.name], 128 << 20);
        assert_eq!(budget.directories(0), 0);
    }

    /// A body of 12.75 MB was allowed, and put off for ever.
    #[test]
    fn one_body_fits_into_the_share_of_an_account_packed_and_plain() {
        for (memory, percent) in [
            (128 << 20, 50),
            (256 << 20, 50),
            (128 << 20, 100),
            (1 << 30, 50),
        ] {
            let mut limits = BTreeMap::from([
                (limit::BODY_BYTES.name, limit::BODY_BYTES.default),
                (limit::ACCOUNT_SHARE_PERCENT.name, percent),
            ]);
            MemoryBudget::new(memory, None).clip(&mut limits, SENDERS_ALONE);
            let all = limits[limit::BODIES_IN_FLIGHT_BYTES.name];
            let body = limits[limit::BODY_BYTES.name];
            assert!(
                2 * body <= (all * percent / 100).min(all - all / 8),
                "{body} of {all}"
            );
            assert!(body > 0 && (memory < 1 << 30 || body == limit::BODY_BYTES.default));
        }
    }

    #[test]
    fn where_nothing_is_set_it_is_half_of_the_machines() {
        assert_eq!(MemoryBudget::new(0, Some(8 << 30)), MemoryBudget(4 << 30));
        assert_eq!(MemoryBudget::new(0, None), MemoryBudget(2 << 30));
        assert_eq!(MemoryBudget::new(0, Some(1 << 20)), MemoryBudget(256 << 20));
    }
}
