//! Counts by period: how often the same event happened within one minute or hour. Bounded: each period counts a limited
//! number of events separately; further events are counted without their source, then as others. A limited number of
//! periods is kept until they are written.

use base::id::AccountId;
use base::time::Millis;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Periods that are kept while the database cannot be written.
const PERIODS_MAX: usize = 10;

/// An event that is counted.
pub(crate) trait TallyKey: Clone + Eq + Hash {
    /// Which part of the room it takes.
    fn part(&self) -> Part;

    /// This event without its source: an attacker may have many sources.
    fn without_source(self) -> Self;

    /// This event without source and actor; few of these exist.
    fn without_source_and_actor(self) -> Self;
}

/// A part of the room for events that are counted separately, so that nobody's crowd out those of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Of a known user: they may have all of it.
    Known,
    /// Of nobody known: they get at most half.
    Unknown,
    /// Of the workloads of an account, whose issuer may sign for as many as it likes: an account's get at most a sixteenth, and those of
    /// all accounts a quarter.
    Workload(Option<AccountId>),
}

/// One count.
#[derive(Debug, Clone)]
pub(crate) struct Count<K> {
    pub(crate) what: K,
    /// The time of the first event of its period.
    pub(crate) first: Millis,
    /// The request of the first event.
    pub(crate) transaction: Option<Arc<str>>,
    pub(crate) times: u64,
    /// Whether an entry already reports that the event happened in this period; `times` counts the events since.
    pub(crate) is_reported: bool,
}

impl<K> Count<K> {
    fn add(&mut self, now: Millis) {
        if self.times == 0 {
            self.first = now;
        }
        self.times += 1;
    }
}

/// The result of counting an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountOutcome {
    /// The first of its period.
    First,
    /// A repetition.
    Again,
    /// There was no room to count it separately.
    Overflow,
}

#[derive(Debug)]
struct Period<K> {
    counts: HashMap<K, Count<K>>,
    /// Events that are counted separately.
    separate: usize,
    /// Of these, the events that name no known user.
    unnamed: usize,
    /// Of these, the events of workloads, by account.
    workloads: HashMap<Option<AccountId>, usize>,
    /// Events that are counted without their source.
    from_anywhere: usize,
}

impl<K> Default for Period<K> {
    fn default() -> Self {
        Self {
            counts: HashMap::new(),
            separate: 0,
            unnamed: 0,
            workloads: HashMap::new(),
            from_anywhere: 0,
        }
    }
}

impl<K: TallyKey> Period<K> {
    fn has_room(&self, what: &K, most: usize) -> bool {
        let has_unnamed = self.unnamed < most - most / 2;
        let has_part = match what.part() {
            Part::Known => true,
            Part::Unknown => has_unnamed,
            Part::Workload(account) => {
                let of_account = self.workloads.get(&account).copied().unwrap_or_default();
                let of_all: usize = self.workloads.values().sum();
                has_unnamed && of_account < most.div_ceil(16) && of_all < most.div_ceil(4)
            }
        };
        has_part && self.separate < most
    }

    fn count_separate(&mut self, what: &K) {
        self.separate += 1;
        let part = what.part();
        self.unnamed += usize::from(part != Part::Known);
        if let Part::Workload(account) = part {
            *self.workloads.entry(account).or_default() += 1;
        }
    }

    /// How a new event is counted: as it is, without its source, or among the others.
    fn classify(&mut self, what: K, most: usize) -> (K, CountOutcome) {
        if self.has_room(&what, most) {
            self.count_separate(&what);
            return (what, CountOutcome::First);
        }
        let is_named = what.part() == Part::Known;
        let anywhere = what.clone().without_source();
        if is_named && self.counts.contains_key(&anywhere) {
            return (anywhere, CountOutcome::Overflow);
        }
        if is_named && self.from_anywhere < most {
            self.from_anywhere += 1;
            return (anywhere, CountOutcome::First);
        }
        (what.without_source_and_actor(), CountOutcome::Overflow)
    }
}

#[derive(Debug)]
pub(crate) struct Tally<K> {
    period: i64,
    most: usize,
    periods: Mutex<BTreeMap<i64, Period<K>>>,
    /// How often an event could not be counted separately.
    overflow: AtomicU64,
}

impl<K: TallyKey> Tally<K> {
    /// Periods of this many milliseconds; each counts at most this many events separately.
    pub(crate) fn new(period: i64, most: usize) -> Self {
        Self {
            period: period.max(1),
            most,
            periods: Mutex::default(),
            overflow: AtomicU64::new(0),
        }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<i64, Period<K>>> {
        self.periods.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an event. `transaction` is called for the first event only.
    pub(crate) fn note(
        &self,
        what: &K,
        now: Millis,
        transaction: impl FnOnce() -> Option<Arc<str>>,
    ) -> CountOutcome {
        let begun = now.0.div_euclid(self.period);
        let mut table = self.table();
        if table.len() >= PERIODS_MAX && !table.contains_key(&begun) {
            table.pop_first();
        }
        let period = table.entry(begun).or_default();
        if let Some(count) = period.counts.get_mut(what) {
            count.add(now);
            return CountOutcome::Again;
        }
        let (key, noted) = period.classify(what.clone(), self.most);
        if key != *what {
            self.overflow.fetch_add(1, Ordering::Relaxed);
        }
        let count = period.counts.entry(key.clone()).or_insert_with(|| Count {
            what: key,
            first: now,
            transaction: transaction(),
            times: 0,
            is_reported: false,
        });
        count.add(now);
        noted
    }

    /// How often an event was counted without its source or among the others, because there was no room.
    pub(crate) fn overflow(&self) -> u64 {
        self.overflow.load(Ordering::Relaxed)
    }

    /// Takes the first events of periods that still go on. If the process is killed, only the number of times is lost,
    /// not the fact that the event happened.
    pub(crate) fn take_new(&self) -> Vec<Count<K>> {
        let mut table = self.table();
        let all = table
            .values_mut()
            .flat_map(|period| period.counts.values_mut());
        let new = all.filter(|count| !count.is_reported && count.times > 0);
        new.map(|count| {
            count.is_reported = true;
            let copy = count.clone();
            count.times = 0;
            copy
        })
        .collect()
    }

    /// Takes the counts of periods that have ended, or of all periods.
    pub(crate) fn take(&self, now: Millis, all: bool) -> Vec<Count<K>> {
        let current = now.0.div_euclid(self.period);
        let mut table = self.table();
        let ended = match all {
            true => std::mem::take(&mut *table),
            false => {
                // Periods behind the clock, and periods ahead of it if the clock was set back.
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
            .filter(|count| count.times > 0)
            .collect()
    }

    /// Puts back counts that could not be written.
    pub(crate) fn give_back(&self, counts: Vec<Count<K>>) {
        let mut table = self.table();
        for count in counts {
            let begun = count.first.0.div_euclid(self.period);
            if table.len() >= PERIODS_MAX && !table.contains_key(&begun) {
                continue;
            }
            let period = table.entry(begun).or_default();
            let times = count.times;
            match period.counts.get_mut(&count.what) {
                Some(known) => {
                    known.times += times;
                    known.first = known.first.min(count.first);
                    known.is_reported = false;
                }
                None => {
                    period.count_separate(&count.what);
                    period.counts.insert(count.what.clone(), count);
                }
            }
        }
    }

    /// The counts that were not taken yet.
    pub(crate) fn pending(&self) -> Vec<Count<K>> {
        let table = self.table();
        let counts = table.values().flat_map(|period| period.counts.values());
        counts.filter(|count| count.times > 0).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl TallyKey for u32 {
        fn part(&self) -> Part {
            Part::Known
        }

        fn without_source(self) -> Self {
            0
        }

        fn without_source_and_actor(self) -> Self {
            0
        }
    }

    /// A user (0 is none) and a source (0 is others).
    impl TallyKey for (u32, u32) {
        fn part(&self) -> Part {
            match self.0 {
                0 => Part::Unknown,
                _ => Part::Known,
            }
        }

        fn without_source(self) -> Self {
            (self.0, 0)
        }

        fn without_source_and_actor(self) -> Self {
            (0, 0)
        }
    }

    #[test]
    fn strange_sources_hide_no_guess_at_a_user() {
        let tally = Tally::new(1000, 10);
        let note = |what| tally.note(&what, Millis(0), || None);
        let times = |what| {
            let pending = tally.pending();
            let noted = pending.iter().find(|count| count.what == what);
            noted.map_or(0, |count| count.times)
        };
        for source in 1..=500 {
            note((0, source));
        }
        // Events that name nobody get half of the room.
        assert_eq!(tally.pending().len(), 6);
        // A known user whose password is guessed from one source is counted separately.
        note((7, 1));
        note((7, 1));
        assert_eq!(times((7, 1)), 2);
        // From many sources the user is still named, and so is a second one.
        for source in 1..=500 {
            note((8, source));
        }
        assert_eq!(note((9, 3)), CountOutcome::First);
        assert!(times((8, 0)) > 400);
        assert_eq!(times((9, 0)), 1);
        // The total stays bounded, and nothing is lost.
        for user in 10..10_000 {
            note((user, 1));
        }
        let pending = tally.pending();
        assert!(pending.len() <= 2 * 10 + 1, "{}", pending.len());
        let sum: u64 = pending.iter().map(|count| count.times).sum();
        assert_eq!(sum, 500 + 2 + 500 + 1 + 9_990);
    }

    /// A workload of one of these accounts.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    struct Workload(AccountId, Option<u32>);

    impl TallyKey for Workload {
        fn part(&self) -> Part {
            Part::Workload(Some(self.0))
        }

        fn without_source(self) -> Self {
            self
        }

        fn without_source_and_actor(self) -> Self {
            Self(self.0, None)
        }
    }

    #[test]
    fn the_workloads_of_one_account_hide_none_of_another() {
        let tally = Tally::new(1000, 64);
        let [loud, quiet] = [7, 8].map(|byte| AccountId(base::id::Guid::from_random([byte; 16])));
        for number in 0..1000 {
            tally.note(&Workload(loud, Some(number)), Millis(0), || None);
        }
        let noted = tally.note(&Workload(quiet, Some(1)), Millis(0), || None);
        assert_eq!(noted, CountOutcome::First);
        let of_loud = |count: &&Count<Workload>| count.what.0 == loud;
        let pending = tally.pending();
        // Four of their own, and one for all others.
        assert_eq!(pending.iter().filter(of_loud).count(), 5);
        let times: u64 = pending
            .iter()
            .filter(of_loud)
            .map(|count| count.times)
            .sum();
        assert_eq!(times, 1000);
    }

    fn note(tally: &Tally<u32>, what: u32, at: i64) -> CountOutcome {
        tally.note(&what, Millis(at), || None)
    }

    #[test]
    fn the_same_is_one_count_by_period() {
        let tally = Tally::new(1000, 10);
        assert_eq!(note(&tally, 7, 0), CountOutcome::First);
        assert_eq!(note(&tally, 7, 999), CountOutcome::Again);
        assert_eq!(note(&tally, 7, 1000), CountOutcome::First);
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
    fn what_happens_first_is_told_at_once_and_the_rest_at_the_end_and_nothing_twice() {
        let tally = Tally::new(1000, 3);
        note(&tally, 7, 10);
        note(&tally, 7, 20);
        let first = tally.take_new();
        assert_eq!((first[0].times, first[0].first), (2, Millis(10)));
        assert!(tally.take_new().is_empty());
        assert!(tally.pending().is_empty());
        note(&tally, 7, 30);
        assert!(tally.take_new().is_empty(), "it is told already");
        let rest = tally.take(Millis(1000), false);
        assert_eq!((rest[0].times, rest[0].first), (1, Millis(30)));
        // Counts that could not be written are returned by the next call.
        note(&tally, 8, 2000);
        let new = tally.take_new();
        note(&tally, 8, 2010);
        tally.give_back(new);
        let again = tally.take_new();
        assert_eq!((again[0].times, again[0].first), (2, Millis(2000)));
        assert!(tally.take(Millis(9000), false).is_empty());
    }

    #[test]
    fn what_is_not_counted_as_it_is_is_a_hit_of_the_limit() {
        let tally = Tally::new(1000, 3);
        for what in 1..=10 {
            note(&tally, what, 0);
            note(&tally, what, 0);
        }
        assert_eq!(tally.overflow(), 14);
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nothing_back() {
        let tally = Tally::new(1000, 3);
        note(&tally, 1, 5000);
        assert_eq!(tally.take(Millis(1000), false).len(), 1);
    }
}
