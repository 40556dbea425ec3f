//! What one account keeps, without asking the store for every write: what the store said last, and what was written since. One
//! writer asks it at a time, and the others go on with the figures that there are.

use base::store::Usage;
use base::time::Millis;

/// How long what the store said stays valid.
const FRESH_MILLIS: i64 = 5000;

/// The usage of an account. What is written while somebody asks the store counts on top of what it says: perhaps twice until
/// the next time, but never not at all.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CountedUsage {
    used: Usage,
    /// When the store was asked last.
    summed_at: Option<Millis>,
    /// How many ask it now, and what was written since the first of them began.
    sums: u32,
    written_meanwhile: Usage,
}

/// Adds what another domain, or a write, has.
pub(super) fn add(usage: &mut Usage, more: Usage) {
    usage.series = usage.series.saturating_add(more.series);
    usage.name_bytes = usage.name_bytes.saturating_add(more.name_bytes);
    usage.samples = usage.samples.saturating_add(more.samples);
    usage.bytes = usage.bytes.saturating_add(more.bytes);
}

impl CountedUsage {
    /// What the account keeps.
    pub(super) const fn used(&self) -> Usage {
        self.used
    }

    /// Whether the caller is to ask the store, and then to call [`Self::end_sum`]: where it was asked too long ago and nobody asks
    /// it now, or never.
    pub(super) fn begin_sum(&mut self, now: Millis) -> bool {
        let is_due = self.summed_at.is_none_or(|at| {
            let age = now.0.saturating_sub(at.0);
            self.sums == 0 && !(0..FRESH_MILLIS).contains(&age)
        });
        if is_due {
            self.sums += 1;
        }
        is_due
    }

    /// Whether anybody asks the store now.
    pub(super) const fn is_being_summed(&self) -> bool {
        self.sums > 0
    }

    /// What the store said to a caller who began at `began`.
    pub(super) fn set_sum(&mut self, sum: Usage, began: Millis) {
        self.used = sum;
        add(&mut self.used, self.written_meanwhile);
        self.summed_at = Some(began);
    }

    /// Whoever began has an answer, or has given up.
    pub(super) fn end_sum(&mut self) {
        self.sums = self.sums.saturating_sub(1);
        if self.sums == 0 {
            self.written_meanwhile = Usage::default();
        }
    }

    /// Something of it was deleted: whoever writes next asks the store, so that what fits now is not refused.
    pub(super) fn make_due(&mut self) {
        self.summed_at = self.summed_at.map(|_| Millis(i64::MIN));
    }

    /// Counts what was written.
    pub(super) fn add_written(&mut self, written: Usage) {
        add(&mut self.used, written);
        if self.sums > 0 {
            add(&mut self.written_meanwhile, written);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A sum under way, and what the store said to it, once it did.
    type Sum = (Millis, Option<Usage>);

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
        assert!(usage.begin_sum(at(0)));
        assert!(usage.begin_sum(at(1)), "there are no figures to go on with");
        let sum = Usage {
            series: 1,
            name_bytes: 4,
            samples: 2,
            bytes: 3,
        };
        usage.set_sum(sum, at(0));
        usage.end_sum();
        assert!(!usage.begin_sum(at(FRESH_MILLIS)), "the other asks still");
        usage.end_sum();
        assert!(!usage.begin_sum(at(FRESH_MILLIS - 1)));
        assert!(usage.begin_sum(at(FRESH_MILLIS)));
        assert!(!usage.begin_sum(at(FRESH_MILLIS)));
        usage.end_sum();
        assert!(usage.begin_sum(at(-1)), "the clock was set back");
        usage.set_sum(sum, at(-1));
        usage.end_sum();
        usage.make_due();
        assert!(usage.begin_sum(at(0)), "something was deleted");
        assert!(!usage.begin_sum(at(0)), "one asks");
        usage.end_sum();
        assert_eq!(usage.used(), sum);
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
                        if usage.begin_sum(now) {
                            sums.push((now, None));
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
            prop_assert!(usage.begin_sum(now));
            usage.set_sum(stored, now);
            usage.end_sum();
            let written = Usage { series: 1, name_bytes: 7, samples: 5, bytes: 0 };
            usage.add_written(written);
            add(&mut stored, written);
            prop_assert_eq!(usage.used(), stored);
        }
    }
}
