//! Counts by period: how often the same happened within one minute or hour. Bounded: of each period so many are counted one
//! by one, what comes beside is counted as others; and so many periods are kept until they are written down.

use base::time::Millis;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Periods that are kept while they cannot be written down.
const PERIODS_MAX: usize = 10;

/// What is counted.
pub(crate) trait Counted: Copy + Eq + Hash {
    /// The same without what tells its doer apart: of these there are few.
    fn others(self) -> Self;
}

/// One count.
#[derive(Debug, Clone)]
pub(crate) struct Count<K> {
    pub(crate) what: K,
    /// When it happened first in its period.
    pub(crate) first: Millis,
    /// The request in which it did.
    pub(crate) transaction: Option<Arc<str>>,
    pub(crate) times: u64,
}

/// What became of one that was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noted {
    /// It is the first of its period.
    First,
    /// It is one more.
    Again,
    /// There was no room to count it by itself.
    Beside,
}

#[derive(Debug)]
struct Period<K> {
    counts: HashMap<K, Count<K>>,
    alone: usize,
}

#[derive(Debug)]
pub(crate) struct Tally<K> {
    period: i64,
    most: usize,
    periods: Mutex<BTreeMap<i64, Period<K>>>,
}

impl<K: Counted> Tally<K> {
    /// Periods of so many milliseconds, in each of which so many are counted one by one.
    pub(crate) fn new(period: i64, most: usize) -> Self {
        Self {
            period: period.max(1),
            most,
            periods: Mutex::default(),
        }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<i64, Period<K>>> {
        self.periods.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something happened. `transaction` is asked for the first alone.
    pub(crate) fn note(
        &self,
        what: K,
        now: Millis,
        transaction: impl FnOnce() -> Option<Arc<str>>,
    ) -> Noted {
        let begun = now.0.div_euclid(self.period);
        let mut table = self.table();
        if table.len() >= PERIODS_MAX && !table.contains_key(&begun) {
            table.pop_first();
        }
        let period = table.entry(begun).or_insert_with(|| Period {
            counts: HashMap::new(),
            alone: 0,
        });
        if let Some(count) = period.counts.get_mut(&what) {
            count.times += 1;
            return Noted::Again;
        }
        let is_beside = period.alone >= self.most;
        let (what, noted) = match is_beside {
            true => (what.others(), Noted::Beside),
            false => (what, Noted::First),
        };
        period.alone += usize::from(!is_beside);
        let count = period.counts.entry(what).or_insert_with(|| Count {
            what,
            first: now,
            transaction: transaction(),
            times: 0,
        });
        count.times += 1;
        noted
    }

    /// Takes what was counted in periods that have ended, or in all.
    pub(crate) fn take(&self, now: Millis, all: bool) -> Vec<Count<K>> {
        let current = now.0.div_euclid(self.period);
        let mut table = self.table();
        let ended = match all {
            true => std::mem::take(&mut *table),
            false => {
                // Those behind the clock, and those ahead of it, if it was set back.
                let running = table.remove(&current);
                let ended = std::mem::take(&mut *table);
                if let Some(running) = running {
                    table.insert(current, running);
                }
                ended
            }
        };
        drop(table);
        let counts = ended.into_values();
        counts
            .flat_map(|period| period.counts.into_values())
            .collect()
    }

    /// Gives back what could not be written down.
    pub(crate) fn give_back(&self, counts: Vec<Count<K>>) {
        let mut table = self.table();
        for count in counts {
            let begun = count.first.0.div_euclid(self.period);
            if table.len() >= PERIODS_MAX && !table.contains_key(&begun) {
                continue;
            }
            let period = table.entry(begun).or_insert_with(|| Period {
                counts: HashMap::new(),
                alone: 0,
            });
            let times = count.times;
            match period.counts.get_mut(&count.what) {
                Some(own) => own.times += times,
                None => {
                    period.alone += 1;
                    period.counts.insert(count.what, count);
                }
            }
        }
    }

    /// What is counted and not yet taken.
    pub(crate) fn pending(&self) -> Vec<Count<K>> {
        let table = self.table();
        let counts = table.values().flat_map(|period| period.counts.values());
        counts.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Counted for u32 {
        fn others(self) -> Self {
            0
        }
    }

    fn note(tally: &Tally<u32>, what: u32, at: i64) -> Noted {
        tally.note(what, Millis(at), || None)
    }

    #[test]
    fn the_same_is_one_count_by_period() {
        let tally = Tally::new(1000, 10);
        assert_eq!(note(&tally, 7, 0), Noted::First);
        assert_eq!(note(&tally, 7, 999), Noted::Again);
        assert_eq!(note(&tally, 7, 1000), Noted::First);
        let ended = tally.take(Millis(1500), false);
        assert_eq!(ended.len(), 1);
        assert_eq!((ended[0].times, ended[0].first), (2, Millis(0)));
        assert!(tally.take(Millis(1500), false).is_empty());
        assert_eq!(tally.take(Millis(1500), true).len(), 1);
    }

    #[test]
    fn what_comes_beside_is_counted_as_others() {
        let tally = Tally::new(1000, 3);
        for what in 1..=100 {
            note(&tally, what, 0);
        }
        let counts = tally.take(Millis(1000), false);
        assert_eq!(counts.len(), 4);
        let others = counts.iter().find(|count| count.what == 0).unwrap();
        assert_eq!(others.times, 97);
        assert_eq!(counts.iter().map(|count| count.times).sum::<u64>(), 100);
    }

    #[test]
    fn what_cannot_be_written_is_kept_and_bounded() {
        let tally = Tally::new(1000, 3);
        for at in 0..1000 {
            note(&tally, 1, at * 1000);
            let counts = tally.take(Millis(i64::MAX), false);
            tally.give_back(counts);
        }
        assert!(tally.pending().len() <= PERIODS_MAX);
        note(&tally, 2, 0);
        let counts = tally.take(Millis(i64::MAX), true);
        tally.give_back(counts.clone());
        tally.give_back(counts.clone());
        let doubled = tally.take(Millis(i64::MAX), true);
        let sum = |counts: &[Count<u32>]| counts.iter().map(|count| count.times).sum::<u64>();
        assert_eq!(sum(&doubled), 2 * sum(&counts));
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nothing_back() {
        let tally = Tally::new(1000, 3);
        note(&tally, 1, 5000);
        assert_eq!(tally.take(Millis(1000), false).len(), 1);
    }
}
