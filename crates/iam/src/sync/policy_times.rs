//! Brings access policies into force, and out of it, when their conditions of time say so. It asks no database, so that a policy ends
//! in time when that is away.

use crate::blocking::run_blocking;
use crate::error::IamError;
use crate::service::{Iam, Inner};
use base::error_chain::Chain;
use base::failure_streak::FailureStreak;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long the clock is not looked at: somebody may set it, and changes bring further conditions.
const LOOK: Duration = Duration::from_millis(250);

impl Iam {
    /// Keeps to the conditions of access policies until the service is dropped or closed.
    pub fn policy_watch(&self) -> impl Future<Output = ()> + Send + use<> {
        watch(Arc::downgrade(&self.0))
    }

    /// Judges the conditions of access policies that may have changed since they were judged, if there are any.
    pub(crate) async fn judge_policies(&self) -> Result<(), IamError> {
        loop {
            let before = self.0.directory.load_full();
            let now = self.0.clock.now();
            if before.is_judged_for(now) {
                return Ok(());
            }
            let known = Arc::clone(&before);
            let judged = run_blocking(move || {
                let mut directory = (*known).clone();
                directory.judge_policies(now);
                Ok(Arc::new(directory))
            });
            let judged = judged.await?;
            // Changes that were read meanwhile are not undone: what they led to is judged in its turn. Where those who read them undo this
            // judgement, they judge once more.
            let found = self.0.directory.compare_and_swap(&before, judged);
            if Arc::ptr_eq(&found, &before) {
                return Ok(());
            }
        }
    }

    /// How long until a condition may change, or the clock is looked at again.
    fn until_next_look(&self) -> Duration {
        let next = self.0.directory.load().judged_until();
        let left = next.0.saturating_sub(self.0.clock.now().0);
        // Never at once, however the clock goes.
        let left = Duration::from_millis(u64::try_from(left).unwrap_or_default().max(1));
        left.min(LOOK)
    }
}

async fn watch(weak: Weak<Inner>) {
    let failures = FailureStreak::new();
    loop {
        let Some(inner) = weak.upgrade() else { return };
        let iam = Iam(inner);
        if iam.is_closed() {
            return;
        }
        match iam.judge_policies().await {
            Ok(()) => {
                let _ = failures.record_success();
            }
            Err(error) => {
                if failures.record_failure() {
                    tracing::error!(error = %Chain(&error), "cannot find out which access policies are in force now");
                }
            }
        }
        let pause = iam.until_next_look();
        drop(iam);
        tokio::time::sleep(pause).await;
    }
}
