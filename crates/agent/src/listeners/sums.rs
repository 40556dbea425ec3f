//! statsd's counters, timers, gauges and sets, aggregated between two flushes.

use super::counts::Counts;
use super::stamp::not_before;
use crate::intake::Intake;
use base::limit::{STATSD_BYTES, STATSD_SERIES};
use base::time::{Clock as _, Millis, SystemClock};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wire::ingest::statsd::{
    Aggregator, AggregatorLimit, AggregatorLimits, Settings, SettingsError, flush_time,
};

/// How many samples a flush gives at once.
const PORTION: usize = 2000;

/// The sums of all senders.
#[derive(Debug)]
pub(super) struct Sums {
    interval: Duration,
    state: Mutex<SumState>,
}

#[derive(Debug)]
pub(super) struct SumState {
    pub(super) aggregator: Aggregator,
    pub(super) flushed_at: Millis,
}

impl Sums {
    pub(super) fn new(settings: Settings) -> Result<Self, SettingsError> {
        let bound = |limit: base::limit::Limit| AggregatorLimit {
            limit,
            allowed: limit.default,
        };
        let bounds = AggregatorLimits {
            series: bound(STATSD_SERIES),
            bytes: bound(STATSD_BYTES),
        };
        Ok(Self {
            interval: Duration::from_millis(settings.flush_interval_ms),
            state: Mutex::new(SumState {
                aggregator: Aggregator::new(settings, bounds)?,
                flushed_at: Millis(i64::MIN / 2),
            }),
        })
    }

    // A panic costs what was being added, and nothing of what was there.
    pub(super) fn lock(&self) -> MutexGuard<'_, SumState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn interval(&self) -> Duration {
        self.interval
    }

    /// Puts the sums where the journal takes them from, and begins anew. Readers do not wait for it.
    pub(super) fn flush(&self, intake: &Intake, counts: &Counts) {
        let mut state = self.lock();
        // Two flushes within a second would replace each other.
        let at = not_before(state.flushed_at.plus(1000), flush_time(SystemClock.now()));
        state.flushed_at = at;
        let taken_out = state.aggregator.take_out();
        drop(state);
        let left_out = taken_out.emit(at, PORTION, |batch| {
            if intake.put(&batch).is_none() {
                let count = batch.len() as u64;
                counts.refuse(count, || "the agent was ending".to_owned());
            }
        });
        counts.refuse(left_out, || "a sum is no finite number".to_owned());
    }
}
