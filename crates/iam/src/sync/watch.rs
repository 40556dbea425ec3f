//! The task that reads changes. It has connections of its own, so that nothing else that the node does keeps it from learning of a
//! revocation: it is notified of changes, or polls for them, and reads at once what somebody here has committed and waits for.

use super::connections::Connections;
use crate::error::IamError;
use crate::service::{Iam, Inner};
use crate::state::watcher::{Running, Watcher};
use base::error_chain::Chain;
use base::failure_streak::FailureStreak;
use db::Follower;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How often the node asks for changes of other nodes, if the database does not notify it.
const POLL: Duration = Duration::from_millis(500);

/// How long the node waits for more after a notification, because changes come in bursts.
const GATHER: Duration = Duration::from_millis(5);

/// How long until the node listens again after it lost the connection; meanwhile it polls.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

/// The extent of one round of reading.
#[derive(Debug, Clone, Copy)]
enum Round {
    /// The changes, because one was committed here and is waited for.
    Changes,
    /// Everything that a node has to learn from others.
    Everything,
}

/// Reads changes until the service is dropped or closed.
pub(super) async fn watch(weak: Weak<Inner>, follower: Follower, running: Running) {
    let watcher = Arc::clone(running.watcher());
    let db = follower.db().clone();
    // A set of one: its task ends with this one, however it ends.
    let mut listening = JoinSet::new();
    listening.spawn(listen(follower, Arc::clone(&watcher)));
    let failures = FailureStreak::new();
    let mut due = Instant::now() + POLL;
    loop {
        let round = tokio::select! {
            () = watcher.awaited() => Round::Changes,
            () = watcher.hinted() => {
                due = due.min(Instant::now() + GATHER);
                continue;
            }
            () = tokio::time::sleep_until(due) => Round::Everything,
        };
        let Some(inner) = weak.upgrade() else { break };
        let iam = Iam(inner);
        if iam.is_closed() {
            break;
        }
        let done = match round {
            Round::Changes => iam.read_over(Connections::OfWatcher(&db)).await,
            Round::Everything => {
                let done = iam.sync_over(Connections::OfWatcher(&db)).await;
                due = Instant::now() + POLL;
                done
            }
        };
        match done {
            Ok(()) => {
                if let Some(tries) = failures.record_success() {
                    tracing::info!(tries, "changes of the directory are heard of again");
                }
            }
            Err(error) => {
                watcher.failed();
                if failures.record_failure() {
                    warn(&error);
                }
            }
        }
    }
    drop(listening);
    db.close().await;
    drop(running);
}

/// Logs the first of consecutive failures, whatever the next ones are.
fn warn(error: &IamError) {
    match error {
        IamError::Silent => tracing::warn!("the identity database does not answer"),
        error => {
            tracing::warn!(error = %Chain(error), "cannot ask for changes of the directory");
        }
    }
}

/// Listens for notifications of other nodes until it is aborted.
async fn listen(mut follower: Follower, watcher: Arc<Watcher>) {
    let mut is_listening = true;
    loop {
        match follower.changed().await {
            Ok(()) => {
                is_listening = true;
                watcher.hint();
            }
            Err(error) => {
                // Only the first of consecutive failures is logged.
                if std::mem::take(&mut is_listening) {
                    tracing::warn!(error = %Chain(&error), "not notified of changes: polling for them");
                }
                tokio::time::sleep(LISTEN_AGAIN).await;
            }
        }
    }
}
