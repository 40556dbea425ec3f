//! Logs a fault of the server once, and not for every request that meets it: frequent requests must not fill the log, and the
//! line that says what is wrong must not be lost among copies of itself.

use base::failure_streak::FailureStreak;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a fault is not logged again.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Different faults logged within this time; the rest are counted.
const LOGGED_MAX: usize = 16;

/// The identity database does not answer, or is busy for too long.
pub(crate) static IDENTITY_AWAY: OutageLog = OutageLog::new();

/// Faults of store and identity that do not pass by themselves.
pub(crate) static FAULTS: FaultLog = FaultLog::new();

/// Something that requests need has gone.
#[derive(Debug)]
pub(crate) struct OutageLog {
    streak: FailureStreak,
    last: Mutex<Option<Instant>>,
}

impl OutageLog {
    const fn new() -> Self {
        Self {
            streak: FailureStreak::new(),
            last: Mutex::new(None),
        }
    }

    /// A request has met it; whether to log it, as the first.
    pub(crate) fn record(&self, now: Instant) -> bool {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        self.streak.record_failure()
    }

    /// Whether it was met, and by no request for so long.
    pub(crate) fn is_quiet(&self, now: Instant, long: Duration) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_long = |last| now.saturating_duration_since(last) >= long;
        self.streak.is_failing() && last.is_none_or(is_long)
    }

    /// It is back; how many requests met it, where that is new.
    pub(crate) fn back(&self) -> Option<u64> {
        self.streak.record_success()
    }
}

/// The faults logged in the last minute.
#[derive(Debug)]
pub(crate) struct FaultLog(Mutex<RecentFaults>);

#[derive(Debug)]
struct RecentFaults {
    since: Option<Instant>,
    texts: BTreeSet<String>,
    left_out: u64,
}

impl FaultLog {
    const fn new() -> Self {
        Self(Mutex::new(RecentFaults {
            since: None,
            texts: BTreeSet::new(),
            left_out: 0,
        }))
    }

    fn recent(&self) -> MutexGuard<'_, RecentFaults> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether to log this fault, and how many were left out before; `None` where it was logged within the last minute.
    pub(crate) fn should_log(&self, text: &str, now: Instant) -> Option<u64> {
        let mut recent = self.recent();
        let is_over = |since| now.saturating_duration_since(since) >= LOG_INTERVAL;
        if recent.since.is_none_or(is_over) {
            recent.since = Some(now);
            recent.texts.clear();
        }
        if recent.texts.len() >= LOGGED_MAX || recent.texts.contains(text) {
            recent.left_out += 1;
            return None;
        }
        recent.texts.insert(text.to_owned());
        Some(std::mem::take(&mut recent.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_once_a_minute_and_few_at_all() {
        let (faults, begun) = (FaultLog::new(), Instant::now());
        assert_eq!(faults.should_log("a", begun), Some(0));
        for _ in 0..1000 {
            assert_eq!(faults.should_log("a", begun), None);
        }
        assert_eq!(faults.should_log("b", begun), Some(1000), "another is told");
        let logged = (0..1000).filter(|at| faults.should_log(&format!("c{at}"), begun).is_some());
        assert_eq!(logged.count(), LOGGED_MAX - 2);
        let left_out = 1000 - (LOGGED_MAX as u64 - 2);
        assert_eq!(faults.should_log("a", begun + LOG_INTERVAL), Some(left_out));
    }

    #[test]
    fn what_is_away_is_told_first_and_when_it_is_back() {
        let (outage_log, begun) = (OutageLog::new(), Instant::now());
        let long = Duration::from_secs(10);
        assert!(!outage_log.is_quiet(begun + long, long));
        assert!(outage_log.record(begun) && !outage_log.record(begun + long));
        assert!(!outage_log.is_quiet(begun + long, long));
        assert!(outage_log.is_quiet(begun + long + long, long));
        assert_eq!(outage_log.back(), Some(2));
        assert!(!outage_log.is_quiet(begun + long + long, long) && outage_log.back().is_none());
    }
}
