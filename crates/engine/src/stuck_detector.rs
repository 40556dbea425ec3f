//! Detects that the engine is stuck: one of its locks is held and not released. It is called by health checks and never waits.

use crate::error;
use base::store::{Outage, StoreError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// No piece of work holds the lock for a hundredth of this.
const STUCK_AFTER: Duration = Duration::from_secs(5);

/// Remembers since when the same holder has been seen holding each of the locks.
#[derive(Debug, Default)]
pub(crate) struct StuckDetector(Mutex<Vec<Option<(u64, Instant)>>>);

impl StuckDetector {
    /// `held`: for each lock that is held at `now`, how often it has been acquired; `None` for a free one.
    ///
    /// # Errors
    /// [`Outage::Stuck`] when one of these figures has not changed for [`STUCK_AFTER`]: a busy lock changes hands, a
    /// stuck one does not.
    pub(crate) fn check(&self, held: &[Option<u64>], now: Instant) -> Result<(), StoreError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.resize(held.len(), None);
        for (seen, held) in all.iter_mut().zip(held) {
            *seen = match (*seen, *held) {
                (Some((same, since)), Some(turns)) if same == turns => Some((same, since)),
                (_, held) => held.map(|turns| (turns, now)),
            };
        }
        let stuck = all.iter().flatten();
        let stuck = stuck.map(|(_, since)| now.saturating_duration_since(*since));
        match stuck.max() {
            Some(stuck) if stuck >= STUCK_AFTER => Err(error::unavailable(
                Outage::Stuck,
                format!("the store has been stuck for {} s", stuck.as_secs()),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::empty_store;
    use base::time::Millis;
    use std::sync::{Arc, mpsc};

    #[test]
    fn a_lock_that_changes_hands_is_busy_and_one_that_does_not_is_stuck() {
        let watch = StuckDetector::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(watch.check(&[None, Some(7)], after(0)).is_ok());
        assert!(
            watch.check(&[None, Some(8)], after(6)).is_ok(),
            "others had it"
        );
        assert!(
            watch.check(&[None, Some(8)], after(10)).is_ok(),
            "not for long enough"
        );
        let stuck = watch.check(&[None, Some(8)], after(11));
        let stuck = stuck.unwrap_err();
        assert_eq!(stuck.outage(), Some(Outage::Stuck));
        assert_eq!(stuck.to_string(), "the store has been stuck for 5 s");
        assert!(watch.check(&[None, None], after(12)).is_ok());
        assert!(watch.check(&[None, Some(8)], after(13)).is_ok());
    }

    #[test]
    fn health_is_told_while_the_lock_is_held() {
        let core = Arc::new(empty_store(Millis(0)));
        let _held = core.state.lock_all();
        let shared = Arc::clone(&core);
        let (answer, answered) = mpsc::channel();
        std::thread::spawn(move || {
            let _ = answer.send(shared.health().is_ok());
        });
        // Held, but not for long enough to be stuck.
        assert_eq!(answered.recv_timeout(Duration::from_secs(60)), Ok(true));
        let later = Instant::now() + STUCK_AFTER;
        let stuck = core
            .stuck_detector
            .check(&core.state.locked_acquisitions(), later);
        assert_eq!(stuck.unwrap_err().outage(), Some(Outage::Stuck));
    }
}
