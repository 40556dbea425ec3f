//! Keeps the directory in step with the database by the change log: at once after a change of this node, within a
//! second after a change of another. Everything is read again only at the start, and after more changes than the log
//! holds.
//!
//! A node that cannot learn of changes must not guess: the age of its directory is the time since its last answered
//! query, and beyond a limit it refuses all requests. It also refuses them while one of its own changes is committed
//! but cannot be read.

pub mod key_store;
mod room;

use crate::blocking::run_blocking;
use crate::error::IamError;
use crate::model::directory::Directory;
use crate::model::directory::change::Change;
use crate::repo::changes;
use crate::repo::changes::News;
use crate::repo::counters;
use crate::repo::rows::Rows;
use crate::repo::signing_keys;
use crate::service::{Iam, Inner};
use base::spell::Spell;
use db::{Db, Follower};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{MutexGuard, Notify};
use tokio::time::Instant;

/// How often the node asks for changes of other nodes, if the database does not notify it.
const POLL: Duration = Duration::from_millis(500);

/// How long the node waits for more after a notification, because changes come in bursts.
const GATHER: Duration = Duration::from_millis(5);

/// How long a query for changes may take before it counts as unanswered.
const POLL_LIMIT: Duration = Duration::from_secs(5);

/// How often the node reads the login sources of other nodes and checks the length of the change log.
const LOOK: Duration = Duration::from_secs(30);

/// How long until the node listens again after it lost the connection; meanwhile it polls.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

impl Iam {
    /// Watches for changes of other nodes until the service is dropped or closed.
    pub fn watch(&self) {
        self.keep_audit();
        self.0.freshness.begin(self.0.clock.now());
        tokio::spawn(watch(Arc::downgrade(&self.0), self.0.db.follow()));
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

    /// Asks once for changes of other nodes and applies them. [`Self::watch`] does so repeatedly.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sync(&self) -> Result<(), IamError> {
        self.sync_by(&self.0.db).await
    }

    async fn sync_by(&self, db: &Db) -> Result<(), IamError> {
        let question = self.0.freshness.ask(self.0.clock.now());
        let (changes, ends) = counters::changes_and_ends(db).await?;
        let own = &self.0.ended;
        if ends < own.seen() {
            own.forget_number();
        }
        if ends != own.seen() {
            own.catch_up(db, self.0.clock.now()).await?;
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

    fn mark_behind(&self, error: &IamError) {
        tracing::error!(%error, "a committed change cannot be read: all requests are refused until it can");
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
        let mut tx = db.snapshot().await?;
        let news = changes::since(&mut tx, before.changes).await?;
        let fresh = match news {
            News::None => return Ok(tx.end().await?),
            News::Everything(changes) => {
                let rows = Rows::all(&mut tx).await?;
                let keys = signing_keys::rows(&mut tx).await?;
                tx.end().await?;
                self.replace_keys(&keys);
                run_blocking(move || Ok(Directory::build(changes, rows.facts()?))).await?
            }
            News::Some(changes, changed) => {
                let rows = Rows::of(&mut tx, &changed).await?;
                let keys = match changed.contains(Change::SigningKeys) {
                    true => Some(signing_keys::rows(&mut tx).await?),
                    false => None,
                };
                tx.end().await?;
                if let Some(keys) = keys {
                    self.replace_keys(&keys);
                }
                run_blocking(move || Ok(before.apply(changes, &changed, rows.facts()?))).await?
            }
        };
        let old = self.0.directory.swap(Arc::new(fresh));
        // Dropping the parts that are not shared takes time.
        tokio::task::spawn_blocking(move || drop(old));
        Ok(())
    }

    /// Whether the directory equals one that is read from scratch now. For tests: every scenario ends with this check,
    /// so that no change goes unlogged which other nodes have to learn.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[doc(hidden)]
    pub async fn matches_database(&self) -> Result<bool, IamError> {
        self.sync().await?;
        Ok(changes::load(&self.0.db).await? == *self.directory())
    }

    /// Periodic work: reads the login sources of other nodes, and deletes old changes from the log.
    async fn look(&self, db: &Db) {
        let familiar = &self.0.logins.familiar;
        let look = familiar.catch_up(db, self.0.clock.now());
        // If the database does not answer in time, the next query reports it.
        if let Ok(Err(error)) = tokio::time::timeout(POLL_LIMIT, look).await {
            tracing::warn!(%error, "cannot ask where other nodes have let people in");
        }
        if let Ok(Err(error)) = tokio::time::timeout(POLL_LIMIT, changes::drop_old(db)).await {
            tracing::warn!(%error, "the log of changes is not shortened yet");
        }
    }
}

/// Listens for notifications of other nodes until it is aborted.
async fn listen(mut follower: Follower, told: Arc<Notify>) {
    let mut hears = true;
    loop {
        match follower.changed().await {
            Ok(()) => {
                hears = true;
                told.notify_one();
            }
            Err(error) => {
                // Only the first of consecutive failures is logged.
                if std::mem::take(&mut hears) {
                    tracing::warn!(%error, "does not hear of changes at once, and asks for them");
                }
                tokio::time::sleep(LISTEN_AGAIN).await;
            }
        }
    }
}

async fn watch(weak: Weak<Inner>, follower: Follower) {
    let Some(inner) = weak.upgrade() else { return };
    let told = Arc::clone(&inner.woken);
    drop(inner);
    let db = follower.db().clone();
    let listening = tokio::spawn(listen(follower, Arc::clone(&told)));
    let away = Spell::new();
    let mut look_at = Instant::now() + LOOK;
    loop {
        tokio::select! {
            () = told.notified() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(POLL) => {}
        }
        let Some(inner) = weak.upgrade() else { break };
        let iam = Iam(inner);
        if iam.0.closed.load(Ordering::Relaxed) {
            break;
        }
        // A database that hangs counts as unreachable.
        match tokio::time::timeout(POLL_LIMIT, iam.sync_by(&db)).await {
            Ok(Ok(())) => {
                if let Some(tries) = away.worked() {
                    tracing::info!(tries, "changes of the directory are heard of again");
                }
                if look_at <= Instant::now() {
                    iam.look(&db).await;
                    look_at = Instant::now() + LOOK;
                }
            }
            // The first of consecutive failures is logged, whatever the next ones are.
            Ok(Err(error)) if away.failed() => {
                tracing::warn!(%error, "cannot ask for changes of the directory");
            }
            Err(_) if away.failed() => tracing::warn!("the identity database does not answer"),
            Ok(Err(_)) | Err(_) => {}
        }
    }
    listening.abort();
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
    use crate::model::directory::change::Changed;
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
