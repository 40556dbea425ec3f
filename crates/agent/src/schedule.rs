//! The schedule of the agent's readings.

use crate::host::Host;
use crate::notifier::Notifier;
use crate::reading::{NamePrefix, Reading, batch};
use base::sample::Batch;
use base::time::{Clock as _, Millis, SystemClock};
use std::time::Duration;

/// Between the first two readings: long enough for rates, short enough for a user who waits.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The readings of a host, on schedule.
#[derive(Debug)]
pub struct Schedule<'a> {
    /// The host; without one, there is nothing to take but what others add.
    pub host: Option<&'a Host>,
    /// The prefix of every name.
    pub naming: &'a NamePrefix,
    /// Stops the readings.
    pub notifier: &'a Notifier,
    /// The interval between readings.
    pub interval: Duration,
    /// The number of readings; `None`: until stopped.
    pub count: Option<u64>,
}

impl Schedule<'_> {
    /// Passes the samples of each reading and its time to `take`, until the notifier stops it or the number of readings is reached.
    ///
    /// # Errors
    /// The first error of `take`.
    pub fn run<E>(&self, mut take: impl FnMut(Batch, Millis) -> Result<(), E>) -> Result<(), E> {
        let mut before = self.read();
        let mut left = self.count;
        let mut pause = FIRST_WAIT.min(self.interval);
        while left != Some(0) && !self.notifier.sleep(pause) {
            let now = self.read();
            take(batch(Some(&before), &now, self.naming), now.at)?;
            left = left.map(|count| count.saturating_sub(1));
            before = now;
            pause = until_next(SystemClock.now(), self.interval);
        }
        Ok(())
    }

    fn read(&self) -> Reading {
        let at = SystemClock.now();
        match self.host {
            Some(host) => host.read(at),
            None => Reading {
                at,
                ..Reading::default()
            },
        }
    }
}

/// The time until the clock shows a multiple of the interval: all agents read at the same moments, whenever they were
/// started.
fn until_next(now: Millis, interval: Duration) -> Duration {
    let interval = i64::try_from(interval.as_millis())
        .unwrap_or(i64::MAX)
        .max(1);
    let rest = interval - now.0.rem_euclid(interval);
    Duration::from_millis(u64::try_from(rest).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_fall_on_multiples_of_the_interval() {
        let ten = Duration::from_secs(10);
        assert_eq!(until_next(Millis(12_345), ten), Duration::from_millis(7655));
        assert_eq!(until_next(Millis(20_000), ten), ten);
        assert_eq!(until_next(Millis(-1), ten), Duration::from_millis(1));
    }
}
