//! Keeps the directory in step with the database by the change log: at once after a change of this node, within a
//! second after a change of another. Everything is read again only at the start, after more changes than the log holds, and
//! after more at once than are worth following.
//!
//! A node that cannot learn of changes must not guess: the age of its directory is the time since its last answered
//! query, and beyond a limit it refuses all requests. It also refuses them while one of its own changes is committed
//! but cannot be read.

mod activity;
mod answering;
mod disk_space;
mod key_schedule;
pub mod key_store;

use self::answering::while_answering;
use crate::blocking::run_blocking;
use crate::error::IamError;
use crate::model::directory::Directory;
use crate::model::directory::change::{Change, Changed};
use crate::repo::changes;
use crate::repo::changes::ChangesSince;
use crate::repo::counters;
use crate::repo::rows::Rows;
use crate::repo::signing_keys::{self, EncryptedSigningKey};
use crate::service::{Iam, Inner};
use base::error_chain::Chain;
use base::failure_streak::FailureStreak;
use db::{Db, Follower};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{MutexGuard, Notify};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How often the node asks for changes of other nodes, if the database does not notify it.
const POLL: Duration = Duration::from_millis(500);

/// How long the node waits for more after a notification, because changes come in bursts.
const GATHER: Duration = Duration::from_millis(5);

/// How long a query for changes may take before it counts as unanswered.
const POLL_LIMIT: Duration = Duration::from_secs(5);

/// How long nothing may be heard of the database while rows are read. How long reading takes in all is no sign of a fault: it
/// depends on how many there are.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// How often the node reads the login sources of other nodes and checks the length of the change log.
const LOOK: Duration = Duration::from_secs(30);

/// How long until the node listens again after it lost the connection; meanwhile it polls.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

impl Iam {
    /// Watches for changes of other nodes, and keeps the audit and the activity, until the service is dropped or closed.
    pub fn watch(&self) {
        tokio::spawn(self.audit_watch());
        tokio::spawn(self.activity_watch());
        tokio::spawn(self.change_watch());
    }

    /// Watches for changes of other nodes until the service is dropped or closed. It may be begun again after a panic, which
    /// does not make the directory younger.
    pub fn change_watch(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.freshness.begin(self.0.clock.now());
        watch(Arc::downgrade(&self.0), self.0.db.follow())
    }

    /// The age of this node's directory in seconds: the time since its last answered query. 0 if no task watches.
    #[must_use]
    pub fn directory_age_seconds(&self) -> i64 {
        self.0.freshness.age_seconds(self.0.clock.now())
    }

    /// Whether a change of this node is committed but not read yet: until then all requests are refused.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.0.freshness.is_behind()
    }

    /// Asks once for changes of other nodes and applies them; those who ask at the same time share a question. [`Self::watch`] does so
    /// repeatedly.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sync(&self) -> Result<(), IamError> {
        let question = || self.sync_by(&self.0.db);
        self.0.question.ask(question).await
    }

    async fn sync_by(&self, db: &Db) -> Result<(), IamError> {
        let question = self.0.freshness.ask(self.0.clock.now());
        // A database that hangs counts as unreachable.
        let asked = counters::changes_and_ends(db);
        let (changes, ends) = while_answering(POLL_LIMIT, asked).await?;
        let ended = &self.0.ended;
        if ends < ended.last_number() {
            ended.forget_number();
        }
        if ends != ended.last_number() {
            while_answering(SILENCE_MAX, ended.catch_up(db, self.0.clock.now())).await?;
        }
        if changes != self.0.directory.load().changes {
            self.read(self.0.reload.lock().await, db).await?;
        }
        self.0.freshness.answered(question);
        Ok(())
    }

    /// Applies a change that was committed here. The change stands even if it cannot be read: then all requests are
    /// refused until it is.
    pub(crate) async fn apply_committed(&self, changes: Option<i64>) {
        let Some(changes) = changes else { return };
        if let Err(error) = self.catch_up(changes).await {
            self.mark_behind(&error);
        }
    }

    /// Applies the ends of sessions that were committed here. They are kept outside the directory: they are the most
    /// frequent changes, and each is one row.
    pub(crate) async fn read_ends(&self) {
        let (db, now) = (&self.0.db, self.0.clock.now());
        if let Err(error) = self.0.ended.catch_up(db, now).await {
            self.mark_behind(&error);
        }
    }

    /// Whether a change of this node was committed is not known: all requests are refused until what there is has been
    /// read.
    pub(crate) fn mark_unknown(&self, error: &IamError) {
        tracing::error!(error = %Chain(error), "whether a change was committed is not known: all requests are refused until it is");
        self.0.freshness.mark_behind();
        self.0.woken.notify_one();
    }

    fn mark_behind(&self, error: &IamError) {
        tracing::error!(error = %Chain(error), "a committed change cannot be read: all requests are refused until it can");
        self.0.freshness.mark_behind();
        self.0.woken.notify_one();
    }

    /// Brings the directory up to this number of changes, unless it has them already: one read serves all concurrent
    /// callers.
    async fn catch_up(&self, changes: i64) -> Result<(), IamError> {
        let turn = self.0.reload.lock().await;
        if self.0.directory.load().changes >= changes {
            return Ok(());
        }
        self.read(turn, &self.0.db).await
    }

    /// Applies changes.
    async fn read(&self, _turn: MutexGuard<'_, ()>, db: &Db) -> Result<(), IamError> {
        let before = self.0.directory.load_full();
        let Some(found) =
            while_answering(SILENCE_MAX, UnreadChanges::since(before.changes, db)).await?
        else {
            return Ok(());
        };
        let UnreadChanges {
            changes,
            changed,
            rows,
            keys,
        } = found;
        if changed.is_none() {
            self.0.whole_reads.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(keys) = keys {
            self.replace_keys(&keys);
        }
        let fresh = run_blocking(move || {
            let facts = rows.facts()?;
            Ok(match changed {
                Some(changed) => before.apply(changes, &changed, facts),
                None => Directory::build(changes, facts),
            })
        });
        let fresh = fresh.await?;
        let old = self.0.directory.swap(Arc::new(fresh));
        // Dropping the parts that are not shared takes time.
        tokio::task::spawn_blocking(move || drop(old));
        Ok(())
    }

    /// Periodic work: reads the login sources of other nodes, and deletes old changes from the log.
    async fn look(&self, db: &Db) {
        let known_sources = &self.0.logins.known_sources;
        let look = known_sources.catch_up(db, self.0.clock.now());
        // If the database does not answer in time, the next query reports it.
        if let Ok(Err(error)) = tokio::time::timeout(POLL_LIMIT, look).await {
            tracing::warn!(error = %Chain(&error), "cannot ask where other nodes have let people in");
        }
        if let Ok(Err(error)) = tokio::time::timeout(POLL_LIMIT, changes::drop_old(db)).await {
            tracing::warn!(error = %Chain(&error), "the log of changes is not shortened yet");
        }
    }
}

/// The changes that a node has not read yet, as of one moment.
struct UnreadChanges {
    /// The number of changes.
    changes: i64,
    /// The objects of the rows; `None`: all there are.
    changed: Option<Changed>,
    rows: Rows,
    /// The signing keys, unless they are as they were.
    keys: Option<Vec<EncryptedSigningKey>>,
}

impl UnreadChanges {
    /// The changes after change `seen`; `None` if there are none.
    async fn since(seen: i64, db: &Db) -> Result<Option<Self>, IamError> {
        let mut tx = db.snapshot().await?;
        let news = changes::since(&mut tx, seen).await?;
        let (changes, changed) = match news {
            ChangesSince::None => {
                tx.end().await?;
                return Ok(None);
            }
            ChangesSince::Everything(changes) => (changes, None),
            ChangesSince::Some(changes, changed) => (changes, Some(changed)),
        };
        let rows = match &changed {
            None => Rows::all(&mut tx).await?,
            Some(changed) => Rows::of(&mut tx, &changed.ids()).await?,
        };
        let is_of_keys = |changed: &Changed| changed.contains(Change::SigningKeys);
        let keys = match changed.as_ref().is_none_or(is_of_keys) {
            true => Some(signing_keys::in_service(&mut tx).await?),
            false => None,
        };
        tx.end().await?;
        Ok(Some(Self {
            changes,
            changed,
            rows,
            keys,
        }))
    }
}

/// Listens for notifications of other nodes until it is aborted.
async fn listen(mut follower: Follower, woken: Arc<Notify>) {
    let mut hears = true;
    loop {
        match follower.changed().await {
            Ok(()) => {
                hears = true;
                woken.notify_one();
            }
            Err(error) => {
                // Only the first of consecutive failures is logged.
                if std::mem::take(&mut hears) {
                    tracing::warn!(error = %Chain(&error), "not notified of changes: polling for them");
                }
                tokio::time::sleep(LISTEN_AGAIN).await;
            }
        }
    }
}

async fn watch(weak: Weak<Inner>, follower: Follower) {
    let Some(inner) = weak.upgrade() else { return };
    let woken = Arc::clone(&inner.woken);
    drop(inner);
    let db = follower.db().clone();
    // A set of one: its task ends with this one, however it ends.
    let mut listening = JoinSet::new();
    listening.spawn(listen(follower, Arc::clone(&woken)));
    let away = FailureStreak::new();
    let mut look_at = Instant::now() + LOOK;
    loop {
        tokio::select! {
            () = woken.notified() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(POLL) => {}
        }
        let Some(inner) = weak.upgrade() else { break };
        let iam = Iam(inner);
        if iam.0.closed.load(Ordering::Relaxed) {
            break;
        }
        match iam.sync_by(&db).await {
            Ok(()) => {
                if let Some(tries) = away.record_success() {
                    tracing::info!(tries, "changes of the directory are heard of again");
                }
                if look_at <= Instant::now() {
                    iam.look(&db).await;
                    look_at = Instant::now() + LOOK;
                }
            }
            // The first of consecutive failures is logged, whatever the next ones are.
            Err(IamError::Silent) if away.record_failure() => {
                tracing::warn!("the identity database does not answer");
            }
            Err(error) if away.record_failure() => {
                tracing::warn!(error = %Chain(&error), "cannot ask for changes of the directory");
            }
            Err(_) => {}
        }
    }
    drop(listening);
    if matches!(db, Db::Pg(_)) {
        db.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountLimits;
    use crate::config::InvitationConfig;
    use crate::error::AuthError;
    use crate::token::identity::Credential;
    use base::time::{Clock, ManualClock, Millis};

    #[test]
    fn a_user_who_has_changed_stands_elsewhere_in_the_lists() {
        let mut changed = Changed::default();
        let user = base::id::UserId(base::id::Guid::from_random([7; 16]));
        changed.add(Change::User(user));
        assert!(changed.contains(Change::User(user)));
        assert!(changed.contains(Change::Principal(user.0)));
    }

    #[tokio::test]
    async fn a_node_without_its_database_says_so_and_trusts_nothing_after_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("iam.db");
        let clock = Arc::new(ManualClock::at(Millis::from_secs(1_000)));
        let db = Db::open(&file.to_string_lossy()).await.unwrap();
        let limits = AccountLimits::default();
        let iam = Iam::open_without_keys(db, limits, InvitationConfig::default(), 0, clock.clone())
            .await
            .unwrap();
        let mut inner = Arc::try_unwrap(iam.0).unwrap();
        inner.config.stale_seconds_max = 300;
        let iam = Iam(Arc::new(inner));
        let refused = || {
            iam.verifier()
                .identity(Credential::ApiKey("x"))
                .unwrap_err()
        };

        // Queries get no answer, or the task has stopped.
        iam.0.freshness.begin(clock.now());
        clock.advance(300_000);
        assert_eq!(iam.directory_age_seconds(), 300);
        assert_eq!(refused(), AuthError::KeyUnknown);
        clock.advance(1_000);
        let error = refused();
        assert!(
            matches!(error, AuthError::Stale { seconds: 301, .. }),
            "{error}"
        );

        iam.sync().await.unwrap();
        assert_eq!(iam.directory_age_seconds(), 0);
        assert_eq!(refused(), AuthError::KeyUnknown);
    }
}
