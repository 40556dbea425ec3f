//! Whether readers of identity wait for what other nodes have done: not just after somebody has waited in vain. All connections to the
//! database may be taken, which the watcher does not notice, as it has its own: then the answers come from memory.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// For how long nobody waits after one who had no answer.
const PAUSE: Duration = Duration::from_secs(2);

/// When somebody has had no answer.
#[derive(Debug, Default)]
pub(crate) struct SyncWait(Mutex<Option<Instant>>);

impl SyncWait {
    fn unanswered_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an answer may come in time.
    pub(crate) fn is_worth_waiting(&self) -> bool {
        let unanswered_at = *self.unanswered_at();
        unanswered_at.is_none_or(|at| at.elapsed() >= PAUSE)
    }

    /// Somebody has waited.
    pub(crate) fn has_waited(&self, is_answered: bool) {
        *self.unanswered_at() = (!is_answered).then(Instant::now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_just_after_one_who_had_no_answer() {
        let sync_wait = SyncWait::default();
        assert!(sync_wait.is_worth_waiting());
        sync_wait.has_waited(false);
        assert!(!sync_wait.is_worth_waiting());
        tokio::time::advance(PAUSE).await;
        assert!(sync_wait.is_worth_waiting());
        sync_wait.has_waited(false);
        sync_wait.has_waited(true);
        assert!(sync_wait.is_worth_waiting(), "the database answers again");
    }
}
