//! Limits the speed of an import: to what was asked for, and so that other writers need not wait for it.
//!
//! One request is under way at a time. When the answers take twice as long as they usually do, somebody else needs the server, or
//! its disk: then as long as the request took nothing is sent, so that at least half of the time is free for others. On its own
//! machine an import runs only while a processor is idle, or nearly (`SCHED_IDLE`).

use std::time::Duration;

/// Answers that take this many times as long as usual are slow.
const SLOW_TIMES: u32 = 2;

/// The usual time may rise by this part of itself with each answer, so that a server that stays slower is not waited for
/// for ever: it doubles in about two hundred answers.
const RISE_PART: u32 = 256;

/// Answers within this time are never slow: so short a time says nothing.
const SHORT: Duration = Duration::from_millis(5);

/// The longest wait after a request.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The pace of one import.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// Samples a second.
    rate: Option<u32>,
    /// The usual time of a full request.
    usual: Option<Duration>,
    /// Samples of a full request.
    full: usize,
}

impl Pace {
    /// With at most `rate` samples a second, sent `full` at a time.
    pub(super) const fn new(rate: Option<u32>, full: usize) -> Self {
        Self {
            rate,
            usual: None,
            full,
        }
    }

    /// How long to wait after a request of so many samples.
    pub(super) fn wait_after(&mut self, elapsed: Duration, samples: usize) -> Duration {
        let asked = self.rate.map_or(Duration::ZERO, |rate| {
            Duration::from_secs_f64(samples as f64 / f64::from(rate)).saturating_sub(elapsed)
        });
        // A smaller request is quicker, and says nothing about the usual ones.
        let usual = match self.usual {
            Some(usual) if samples >= self.full => (usual + usual / RISE_PART).min(elapsed),
            Some(usual) => usual,
            None => elapsed,
        };
        if samples >= self.full {
            self.usual = Some(usual);
        }
        let is_slow = elapsed > SHORT && elapsed > usual * SLOW_TIMES;
        let yielded = if is_slow { elapsed } else { Duration::ZERO };
        asked.max(yielded).min(WAIT_MAX.max(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_slow_answer_is_followed_by_as_long_a_wait() {
        let mut pace = Pace::new(None, 100);
        assert_eq!(pace.wait_after(ms(20), 100), ms(0));
        assert_eq!(pace.wait_after(ms(39), 100), ms(0));
        assert_eq!(pace.wait_after(ms(60), 100), ms(60));
        assert_eq!(pace.wait_after(ms(20), 100), ms(0));
        assert_eq!(pace.wait_after(ms(60_000), 100), WAIT_MAX);
    }

    #[test]
    fn the_baseline_follows_a_server_that_stays_slow() {
        let mut pace = Pace::new(None, 100);
        pace.wait_after(ms(20), 100);
        let waits = (0..2000).take_while(|_| pace.wait_after(ms(60), 100) > ms(0));
        assert!((50..500).contains(&waits.count()));
        // And it is quick again at once when the server is.
        pace.wait_after(ms(20), 100);
        assert_eq!(pace.wait_after(ms(60), 100), ms(60));
    }

    #[test]
    fn partial_batches_do_not_change_the_baseline() {
        let mut pace = Pace::new(None, 100);
        pace.wait_after(ms(20), 100);
        pace.wait_after(ms(1), 2);
        assert_eq!(pace.wait_after(ms(30), 100), ms(0));
        let mut pace = Pace::new(None, 100);
        pace.wait_after(ms(1), 100);
        assert_eq!(pace.wait_after(ms(4), 100), ms(0), "no figure to go by");
    }

    #[test]
    fn the_rate_limit_is_kept() {
        let mut pace = Pace::new(Some(1000), 100);
        assert_eq!(pace.wait_after(ms(20), 100), ms(80));
        assert_eq!(pace.wait_after(ms(200), 100), ms(200));
        assert_eq!(pace.wait_after(ms(20), 30_000), ms(29_980));
    }
}
