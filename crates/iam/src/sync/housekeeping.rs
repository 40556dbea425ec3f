//! Work that can wait: reads the login sources that other nodes recorded, and deletes old entries of the change log, expired sessions
//! and expired tokens. It runs on a task of its own, so that the task that learns of revocations never waits for it.

use super::answering::while_answering;
use crate::error::IamError;
use crate::repo::changes;
use crate::repo::transactions::credentials::{self, Forgotten};
use crate::service::{Iam, Inner};
use base::error_chain::Chain;
use base::failure_streak::FailureStreak;
use db::{Db, Value};
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How often it is done.
const INTERVAL: Duration = Duration::from_secs(30);

/// How long nothing may be heard of the database by one part of the work.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// Rows of the log that one transaction deletes; few, so that other writers wait only briefly.
const ROWS_PER_DELETION: i64 = 500;

/// Rows that are over, for each kind, whose principals are seen to at a time; the rest waits for the next time.
const OVER_AT_ONCE: i64 = 250;

/// Principals between two pauses. With PostgreSQL each has a transaction of its own, as it locks what it deletes.
const SWEEPS_WITHOUT_PAUSE: usize = 20;

/// How long one sweep of what is over may take.
const SWEEP_MAX: Duration = Duration::from_secs(30);

/// The pause between two deletions: whoever waits to write does not wait for every one of them.
const PAUSE: Duration = Duration::from_millis(50);

/// The principals for whom a sweep has failed, and why for the first.
#[derive(Debug, Default)]
struct FailedSweeps {
    owners: BTreeSet<String>,
    first: Option<IamError>,
}

impl Iam {
    /// Reads the login sources of other nodes, shortens the change log and deletes what is over of sessions, until the service is dropped
    /// or closed.
    pub fn housekeeping_watch(&self) -> impl Future<Output = ()> + Send + use<> {
        repeat(Arc::downgrade(&self.0), INTERVAL)
    }

    /// Deletes the changes that every node has had time to read, if there are many, in small transactions.
    ///
    /// # Errors
    /// When the database fails or does not answer; what was deleted until then stays deleted.
    pub async fn shorten_change_log(&self) -> Result<(), IamError> {
        let db = &self.0.db;
        let Some(last) = while_answering(SILENCE_MAX, changes::last_to_drop(db)).await? else {
            return Ok(());
        };
        while !self.is_closed() {
            let deletion = changes::drop_oldest(db, last, ROWS_PER_DELETION);
            if !while_answering(SILENCE_MAX, deletion).await? {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Deletes expired sessions, tokens and one-time codes of all principals, in small transactions, for half a minute at most; a login
    /// does so for its principal alone.
    ///
    /// # Errors
    /// When the database fails or does not answer; what was deleted until then stays deleted. Where it fails for one principal, whose rows
    /// may be locked, the others are tried all the same.
    pub async fn sweep_credentials(&self) -> Result<(), IamError> {
        let (db, over) = (&self.0.db, Forgotten::at(self.0.clock.now()));
        let begun = Instant::now();
        let mut failed = FailedSweeps::default();
        // What else is done now and then waits for this; the rest is for the next time.
        while begun.elapsed() < SWEEP_MAX {
            let owners = credentials::owners_of_swept(db, over, OVER_AT_ONCE);
            let mut owners = while_answering(SILENCE_MAX, owners).await?;
            owners.retain(|owner| !failed.owners.contains(owner));
            if owners.is_empty() || self.is_closed() {
                break;
            }
            let owners: Vec<String> = owners.into_iter().collect();
            // Nothing that is over is left of these, unless it fails, and then they are not tried again: so this ends.
            self.sweep_of_all(&owners, over, &mut failed).await?;
        }
        failed.first.map_or(Ok(()), Err)
    }

    async fn sweep_of_all(
        &self,
        owners: &[String],
        over: Forgotten,
        failed: &mut FailedSweeps,
    ) -> Result<(), IamError> {
        let at_once = match self.0.db {
            // Each transaction waits for the disk.
            Db::Sqlite(..) => SWEEPS_WITHOUT_PAUSE,
            Db::Pg(_) => 1,
        };
        for some in owners.chunks(SWEEPS_WITHOUT_PAUSE) {
            for principals in some.chunks(at_once) {
                if self.is_closed() {
                    return Ok(());
                }
                let swept = while_answering(SILENCE_MAX, self.sweep_of(principals, over)).await;
                if let Err(error) = swept {
                    // It may be this principal alone whose rows somebody has; if it is a second one, it is the database.
                    if failed.first.is_some() {
                        return Err(error);
                    }
                    failed.first = Some(error);
                    failed.owners.extend(principals.iter().cloned());
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn sweep_of(&self, principals: &[String], over: Forgotten) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        for principal in principals {
            credentials::sweep_all_of(&mut tx, &Value::from(principal.clone()), over).await?;
        }
        self.commit_unaudited(tx).await
    }

    async fn read_login_sources(&self) -> Result<(), IamError> {
        let known_sources = &self.0.logins.known_sources;
        let reading = known_sources.catch_up(&self.0.db, self.0.clock.now());
        while_answering(SILENCE_MAX, reading).await
    }
}

async fn repeat(weak: Weak<Inner>, interval: Duration) {
    let (unread, unshortened) = (FailureStreak::new(), FailureStreak::new());
    let unswept = FailureStreak::new();
    loop {
        tokio::time::sleep(interval).await;
        let Some(inner) = weak.upgrade() else { return };
        let iam = Iam(inner);
        if iam.is_closed() {
            return;
        }
        let read = iam.read_login_sources().await;
        let shortened = iam.shorten_change_log().await;
        let swept = iam.sweep_credentials().await;
        // The database may have been closed under the work, which is no fault.
        if iam.is_closed() {
            return;
        }
        if let Some(error) = first_failure(&unread, read) {
            tracing::warn!(error = %Chain(&error), "cannot read the login sources of other nodes");
        }
        if let Some(error) = first_failure(&unshortened, shortened) {
            tracing::warn!(error = %Chain(&error), "the log of changes is not shortened yet");
        }
        if let Some(error) = first_failure(&unswept, swept) {
            tracing::warn!(error = %Chain(&error), "sessions and tokens that are over are not deleted yet");
        }
    }
}

/// The error, if it is the first of consecutive ones: only that is logged.
fn first_failure(streak: &FailureStreak, done: Result<(), IamError>) -> Option<IamError> {
    match done {
        Ok(()) => {
            let _ = streak.record_success();
            None
        }
        Err(error) => streak.record_failure().then_some(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AccountLimits, InvitationConfig};
    use base::time::{ManualClock, Millis};
    use db::Db;

    /// Longer than any machine takes to notice the end.
    const PATIENCE: Duration = Duration::from_secs(20);

    async fn opened(folder: &tempfile::TempDir) -> Iam {
        let file = folder.path().join("iam.db");
        let clock = Arc::new(ManualClock::at(Millis::from_secs(1_000)));
        let db = Db::open(&file.to_string_lossy()).await.unwrap();
        let limits = AccountLimits::default();
        Iam::open_without_keys(db, limits, InvitationConfig::default(), 0, clock)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn it_ends_when_the_service_is_closed_or_dropped() {
        for is_closed in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let iam = opened(&folder).await;
            let task = tokio::spawn(repeat(Arc::downgrade(&iam.0), Duration::ZERO));
            if is_closed {
                iam.close().await;
            } else {
                drop(iam);
            }
            let ended = tokio::time::timeout(PATIENCE, task).await;
            ended.expect("it goes on").unwrap();
        }
    }

    #[test]
    fn only_the_first_of_consecutive_failures_is_logged() {
        let streak = FailureStreak::new();
        assert!(first_failure(&streak, Ok(())).is_none());
        assert!(first_failure(&streak, Err(IamError::Silent)).is_some());
        assert!(first_failure(&streak, Err(IamError::Silent)).is_none());
        assert!(first_failure(&streak, Ok(())).is_none());
        assert!(first_failure(&streak, Err(IamError::Silent)).is_some());
    }
}
