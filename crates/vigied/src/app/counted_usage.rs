//! The usage of one account, without asking the store for every write: the store's last answer, plus what was written since. One
//! writer asks the store at a time; the others go on with the known figures.

use base::store::Usage;
use base::time::Millis;

/// How long what the store said stays valid.
const FRESH_MILLIS: i64 = 5000;

/// How long it stays valid where others made series meanwhile, some of which may count twice. Longer than a sum takes over as many spaces
/// as an account may have, so that a flood of new series is not one of sums.
const INEXACT_MILLIS: i64 = 20;

/// The usage of an account. What is written while somebody asks the store counts on top of what it says: perhaps twice until a write
/// that comes a little later asks again, but never not at all.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CountedUsage {
    used: Usage,
    /// When the store was asked last.
    summed_at: Option<Millis>,
    /// How many ask it now.
    sums: u32,
    /// All that was written since the account was first seen, and how often something of it was deleted.
    written: Usage,
    deletions: u64,
    /// Something was deleted that no answer of the store knows of.
    is_stale: bool,
    /// Some of what was written may count twice.
    is_inexact: bool,
}

/// A sum that somebody has begun: when, and what had been written and deleted before.
#[derive(Debug, Clone, Copy)]
pub(super) struct BegunSum {
    at: Millis,
    written: Usage,
    deletions: u64,
}

/// Adds what another domain, or a write, has.
pub(super) fn add(usage: &mut Usage, more: Usage) {
    usage.series = usage.series.saturating_add(more.series);
    usage.name_bytes = usage.name_bytes.saturating_add(more.name_bytes);
    usage.samples = usage.samples.saturating_add(more.samples);
    usage.bytes = usage.bytes.saturating_add(more.bytes);
}

impl CountedUsage {
    /// The usage of the account.
    pub(super) const fn used(&self) -> Usage {
        self.used
    }

    /// The sum for which the caller is to ask the store, and then to call [`Self::end_sum`]: where it was never asked, or not since
    /// something was deleted; else where it was asked too long ago, or while others wrote, and nobody asks it now.
    pub(super) fn begin_sum(&mut self, now: Millis) -> Option<BegunSum> {
        let fresh_millis = match self.is_inexact {
            true => INEXACT_MILLIS,
            false => FRESH_MILLIS,
        };
        let is_old = self.summed_at.is_none_or(|at| {
            let age = now.0.saturating_sub(at.0);
            !(0..fresh_millis).contains(&age)
        });
        let is_unknown = self.summed_at.is_none() || self.is_stale;
        let is_due = is_unknown || (self.sums == 0 && is_old);
        is_due.then(|| {
            self.sums += 1;
            BegunSum {
                at: now,
                written: self.written,
                deletions: self.deletions,
            }
        })
    }

    /// Whether anybody asks the store now.
    pub(super) const fn is_being_summed(&self) -> bool {
        self.sums > 0
    }

    /// Stores the sum that was `begun` then. A sum that began before a deletion does not replace one that began after it.
    pub(super) fn set_sum(&mut self, sum: Usage, begun: BegunSum) {
        let is_current = begun.deletions == self.deletions;
        if !is_current && !self.is_stale && self.summed_at.is_some() {
            return;
        }
        let meanwhile = since(self.written, begun.written);
        self.used = sum;
        add(&mut self.used, meanwhile);
        self.summed_at = Some(begun.at);
        self.is_inexact = meanwhile.series > 0;
        self.is_stale = !is_current;
    }

    /// Whoever began has an answer, or has given up.
    pub(super) const fn end_sum(&mut self) {
        self.sums = self.sums.saturating_sub(1);
    }

    /// Something of it was deleted: whoever writes next asks the store, so that what fits now is not refused.
    pub(super) const fn make_due(&mut self) {
        self.deletions = self.deletions.wrapping_add(1);
        self.is_stale = true;
    }

    /// Counts what was written.
    pub(super) fn add_written(&mut self, written: Usage) {
        add(&mut self.used, written);
        add(&mut self.written, written);
    }
}

/// The growth of the usage since `before`.
const fn since(now: Usage, before: Usage) -> Usage {
    Usage {
        series: now.series.saturating_sub(before.series),
        name_bytes: now.name_bytes.saturating_sub(before.name_bytes),
        samples: now.samples.saturating_sub(before.samples),
        bytes: now.bytes.saturating_sub(before.bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A sum under way, and what the store said to it, once it did.
    type Sum = (BegunSum, Option<Usage>);

    #[derive(Debug, Clone)]
    enum Event {
        Write(Usage),
        Delete,
        Wait(i64),
        BeginSum,
        Ask(usize),
        EndSum(usize),
        GiveUp(usize),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            6 => (0_u64..9, 0_u64..3, 0_u64..9).prop_map(|(samples, series, name_bytes)| {
                Event::Write(Usage { series, name_bytes, samples, bytes: 0 })
            }),
            1 => Just(Event::Delete),
            2 => (0..2 * FRESH_MILLIS).prop_map(Event::Wait),
            4 => Just(Event::BeginSum),
            3 => (0_usize..3).prop_map(Event::Ask),
            3 => (0_usize..3).prop_map(Event::EndSum),
            1 => (0_usize..3).prop_map(Event::GiveUp),
        ]
    }

    #[test]
    fn one_asks_at_a_time_once_there_are_figures_and_not_too_often() {
        let mut usage = CountedUsage::default();
        let at = |millis| Millis(1_000_000 + millis);
        let first = usage.begin_sum(at(0)).unwrap();
        let second = usage.begin_sum(at(1));
        assert!(second.is_some(), "there are no figures to go on with");
        let sum = Usage {
            series: 1,
            name_bytes: 4,
            samples: 2,
            bytes: 3,
        };
        usage.set_sum(sum, first);
        usage.end_sum();
        let is_due = |usage: &mut CountedUsage, millis| usage.begin_sum(at(millis)).is_some();
        assert!(!is_due(&mut usage, FRESH_MILLIS), "the other asks still");
        usage.end_sum();
        assert!(!is_due(&mut usage, FRESH_MILLIS - 1));
        assert!(is_due(&mut usage, FRESH_MILLIS));
        assert!(!is_due(&mut usage, FRESH_MILLIS));
        usage.end_sum();
        assert!(is_due(&mut usage, -1), "the clock was set back");
        usage.end_sum();
        assert_eq!(usage.used(), sum);
    }

    /// Of several senders one asked after a deletion, and the others were refused what fitted then.
    #[test]
    fn after_a_deletion_nobody_goes_on_with_the_figures_of_before() {
        let mut usage = CountedUsage::default();
        let of = |series| Usage {
            series,
            ..Usage::default()
        };
        let first = usage.begin_sum(Millis(0)).unwrap();
        usage.set_sum(of(8), first);
        usage.end_sum();
        usage.make_due();
        let before = usage.begin_sum(Millis(1)).unwrap();
        usage.make_due();
        let after = usage.begin_sum(Millis(1)).unwrap();
        let late = usage.begin_sum(Millis(1)).unwrap();
        usage.set_sum(of(0), after);
        usage.set_sum(of(8), before);
        assert_eq!(usage.used(), of(0), "it began before the deletion");
        // Made while the last one asked, who may have been told of them.
        usage.add_written(of(3));
        usage.set_sum(of(3), late);
        assert_eq!(usage.used(), of(6));
        for _ in 0..3 {
            usage.end_sum();
        }
        assert!(usage.begin_sum(Millis(INEXACT_MILLIS)).is_none());
        let again = usage.begin_sum(Millis(INEXACT_MILLIS + 1)).unwrap();
        usage.set_sum(of(3), again);
        assert_eq!(usage.used(), of(3));
        usage.end_sum();
        assert!(usage.begin_sum(Millis(2 * INEXACT_MILLIS + 2)).is_none());
    }

    proptest! {
        #[test]
        fn nothing_that_is_stored_is_left_out_and_a_sum_without_writes_is_exact(
            events in prop::collection::vec(event(), 0..200),
        ) {
            let (mut usage, mut stored, mut now) = (CountedUsage::default(), Usage::default(), Millis(0));
            let mut sums: Vec<Sum> = Vec::new();
            let mut is_known = false;
            for event in events {
                match event {
                    Event::Write(written) => {
                        add(&mut stored, written);
                        usage.add_written(written);
                    }
                    Event::Delete => {
                        stored = Usage::default();
                        usage.make_due();
                    }
                    Event::Wait(millis) => now = now.plus(millis),
                    Event::BeginSum => {
                        if let Some(begun) = usage.begin_sum(now) {
                            sums.push((begun, None));
                        }
                    }
                    Event::Ask(sum) => {
                        if let Some((_, answer)) = sums.get_mut(sum) {
                            *answer = Some(stored);
                        }
                    }
                    Event::EndSum(sum) => {
                        if let Some((began, Some(answer))) = sums.get(sum).copied() {
                            usage.set_sum(answer, began);
                            usage.end_sum();
                            sums.remove(sum);
                            is_known = true;
                        }
                    }
                    Event::GiveUp(sum) => {
                        if sum < sums.len() {
                            sums.remove(sum);
                            usage.end_sum();
                        }
                    }
                }
                let used = usage.used();
                prop_assert!(!is_known || used.series >= stored.series && used.samples >= stored.samples);
                prop_assert!(!is_known || used.name_bytes >= stored.name_bytes);
            }
            for _ in sums {
                usage.end_sum();
            }
            now = now.plus(FRESH_MILLIS);
            let last = usage.begin_sum(now).unwrap();
            usage.set_sum(stored, last);
            usage.end_sum();
            let written = Usage { series: 1, name_bytes: 7, samples: 5, bytes: 0 };
            usage.add_written(written);
            add(&mut stored, written);
            prop_assert_eq!(usage.used(), stored);
        }
    }
}
