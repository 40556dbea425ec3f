//! Sums taken out of the aggregator by a flush: whoever has them makes samples of them, in portions, while the aggregator
//! goes on.

use super::namespace::{Affixes, Namespace};
use super::summary::Summaries;
use base::name::SeriesName;
use base::sample::Batch;
use base::time::Millis;
use std::collections::HashSet;
use std::sync::Arc;

/// The values of a timer.
#[derive(Debug, Default)]
pub(super) struct Timer {
    pub(super) values: Vec<f64>,
    /// How many they stand for.
    pub(super) counted: f64,
}

/// The members of a set of statsd.
pub(super) type Members = HashSet<Box<str>>;

/// Sums taken out of the aggregator, to be made into samples.
#[derive(Debug)]
pub struct Flush {
    pub(super) names: Arc<Namespace>,
    pub(super) summaries: Arc<Summaries>,
    /// Between two flushes.
    pub(super) seconds: f64,
    pub(super) counters: Vec<(Arc<str>, f64)>,
    pub(super) timers: Vec<(Arc<str>, Timer)>,
    pub(super) gauges: Vec<(Arc<str>, f64)>,
    pub(super) sets: Vec<(Arc<str>, Members)>,
    pub(super) bytes: usize,
    pub(super) forgotten: u64,
}

impl Flush {
    /// About how many bytes of memory it has: so many fewer the aggregator keeps.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many series are flushed for the last time, because no values came for too long.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Gives the samples, all of them at `now` (to the second, as etsy's), ordered by name, in batches of so many, the last one
    /// fewer: one timer may have hundreds of sums. Returns how many sums are left out, because they are no finite number.
    pub fn emit(mut self, now: Millis, samples: usize, mut take: impl FnMut(Batch)) -> u64 {
        let at = flush_time(now);
        let mut batch = Batch::default();
        let mut text = String::new();
        let mut left_out = 0;
        let mut emit = |affixes: &Affixes, name: &str, value: f64| {
            if !value.is_finite() {
                left_out += 1;
                return;
            }
            affixes.write(&mut text, name);
            // Checked when the metric came.
            if let Ok(name) = SeriesName::parse(&text) {
                batch.push(&name, at, value);
            }
            if batch.len() >= samples {
                take(std::mem::take(&mut batch));
            }
        };
        for (name, count) in sorted(&mut self.counters) {
            emit(&self.names.rate, name, *count / self.seconds);
            if let Some(affixes) = &self.names.count {
                emit(affixes, name, *count);
            }
        }
        for (name, timer) in sorted(&mut self.timers) {
            let (values, counted) = (&mut timer.values, timer.counted);
            self.summaries
                .emit(name, values, counted, |affixes, value| {
                    emit(affixes, name, value);
                });
        }
        for (name, value) in sorted(&mut self.gauges) {
            emit(&self.names.gauge, name, *value);
        }
        for (name, members) in sorted(&mut self.sets) {
            #[expect(clippy::cast_precision_loss, reason = "far fewer members than 2^53")]
            emit(&self.names.members, name, members.len() as f64);
        }
        if !batch.is_empty() {
            take(batch);
        }
        left_out
    }
}

/// The time of the samples of a flush: the nearest second, as etsy's.
#[must_use]
pub const fn flush_time(now: Millis) -> Millis {
    Millis((now.0 + 500).div_euclid(1000) * 1000)
}

/// The entries by name: what comes out does not depend on the order in which it came in.
fn sorted<T>(entries: &mut [(Arc<str>, T)]) -> impl Iterator<Item = (&str, &mut T)> {
    entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    entries.iter_mut().map(|(name, value)| (&**name, value))
}
