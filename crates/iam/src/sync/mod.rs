//! Keeps the directory in step with the database by the change log: at once after a change of this node, within a
//! second after a change of another. Everything is read again only at the start, after more changes than the log holds, and
//! after more at once than are worth following.
//!
//! One task reads the changes of all nodes, this one included, over a connection of its own; whoever has committed a change waits
//! for it. Without that task, or when it is late, they read for themselves.
//!
//! A node that cannot learn of changes must not guess: the age of its directory is the time since its last answered
//! query, and beyond a limit it refuses all requests. It also refuses them while one of its own changes is committed
//! but cannot be read.

mod activity;
mod answering;
mod connections;
mod disk_space;
mod housekeeping;
mod key_schedule;
pub mod key_store;
mod policy_times;
mod watch;

use self::answering::while_answering;
use self::connections::Connections;
use crate::blocking::run_blocking;
use crate::error::IamError;
use crate::model::directory::Directory;
use crate::model::directory::change::{Change, Changed};
use crate::repo::changes;
use crate::repo::changes::ChangesSince;
use crate::repo::counters;
use crate::repo::rows::Rows;
use crate::repo::signing_keys::{self, EncryptedSigningKey};
use crate::service::Iam;
use crate::state::shared_query::QueryMoment;
use base::error_chain::Chain;
use db::Tx;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a query for changes, or the wait for a connection to read them, may take before it counts as unanswered.
const POLL_LIMIT: Duration = Duration::from_secs(5);

/// How long nothing may be heard of the database while rows are read. How long reading takes in all is no sign of a fault: it
/// depends on how many there are.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// With a directory that is older, in seconds, nobody waits for the database to hear of more.
const UNHEARD_SECONDS_MAX: i64 = 2;

/// With a directory that is older, in seconds, the database is away for those who read from it.
const AWAY_SECONDS: i64 = 5;

/// How often they look.
const AWAY_CHECK_PAUSE: Duration = Duration::from_secs(1);

/// How long whoever has committed a change waits for the task that reads them, before they try for themselves.
const WATCHER_MAX: Duration = Duration::from_secs(1);

/// How long a transaction waits for them: it keeps a connection and what it has locked meanwhile, which with SQLite is all writing.
const TRANSACTION_MAX: Duration = Duration::from_millis(100);

impl Iam {
    /// Watches for changes of other nodes, and keeps the audit, the activity and the change log, until the service is dropped or
    /// closed.
    pub fn watch(&self) {
        tokio::spawn(self.audit_watch());
        tokio::spawn(self.activity_watch());
        tokio::spawn(self.housekeeping_watch());
        tokio::spawn(self.policy_watch());
        tokio::spawn(self.change_watch());
    }

    /// Watches for changes of other nodes until the service is dropped or closed. It may be begun again after a panic, which
    /// does not make the directory younger.
    pub fn change_watch(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.freshness.begin(self.0.moment());
        let running = self.0.watcher.begin();
        watch::watch(Arc::downgrade(&self.0), self.0.db.follow(), running)
    }

    /// The age of this node's directory in seconds: the time since its last answered query. 0 if no task watches.
    #[must_use]
    pub fn directory_age_seconds(&self) -> i64 {
        self.0.freshness.age_seconds(self.0.moment())
    }

    /// Whether the database has not answered the task that watches for longer than anybody waits to hear of changes.
    pub(crate) fn is_unheard(&self) -> bool {
        self.directory_age_seconds() > UNHEARD_SECONDS_MAX
    }

    /// Waits until the database is away; a second at least, in which what needs no database is over. Whoever reads from it then waits in
    /// vain, and gives back what others wait for.
    pub async fn database_away(&self) {
        loop {
            tokio::time::sleep(AWAY_CHECK_PAUSE).await;
            if self.directory_age_seconds() > AWAY_SECONDS {
                return;
            }
        }
    }

    /// Whether a change of this node is committed but not read yet: until then all requests are refused.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.0.freshness.is_behind()
    }

    /// Whether a signing key is in service here: one that this node's encryption key opens.
    #[must_use]
    pub fn has_signing_key(&self) -> bool {
        !self.0.keys.load().kids().is_empty()
    }

    /// Checks that the node learns of changes: the database may answer requests while it does not answer the task that watches.
    ///
    /// # Errors
    /// The reason why it does not.
    pub fn hears_of_changes(&self) -> Result<(), String> {
        if self.is_behind() {
            return Err("a change that was made here cannot be read yet".to_owned());
        }
        match self.directory_age_seconds() {
            seconds if seconds > AWAY_SECONDS => Err(format!(
                "the question for changes has had no answer for {seconds} s"
            )),
            _ => Ok(()),
        }
    }

    /// Asks once for changes of other nodes and applies them; those who ask at the same time share a query. [`Self::watch`] does so
    /// repeatedly.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sync(&self) -> Result<(), IamError> {
        self.sync_since(self.0.changes_query.now()).await
    }

    /// As [`Self::sync`], for changes from before this moment.
    pub(crate) async fn sync_since(&self, moment: QueryMoment) -> Result<(), IamError> {
        let query = || self.sync_over(Connections::Shared);
        self.0.changes_query.run_since(moment, query).await
    }

    async fn sync_over(&self, connections: Connections<'_>) -> Result<(), IamError> {
        self.judge_policies().await?;
        let db = connections.db(&self.0);
        let query = self.0.freshness.ask(self.0.moment());
        // A database that hangs counts as unreachable.
        let ended = &self.0.ended;
        // Before the query: who ends sessions meanwhile, and reads that, knows of more than its answer.
        let known = ended.last_number();
        let asked = counters::changes_and_ends(db);
        let (changes, ends) = while_answering(POLL_LIMIT, asked).await?;
        if ends < known {
            ended.forget_number();
        }
        if ends != ended.last_number() {
            while_answering(SILENCE_MAX, ended.catch_up(db, self.0.clock.now())).await?;
        }
        if changes != self.0.directory.load().changes {
            self.read_over(connections).await?;
        }
        self.0.freshness.answered(query);
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
        let caught_up = self.0.ended.catch_up(db, now);
        if let Err(error) = while_answering(SILENCE_MAX, caught_up).await {
            self.mark_behind(&error);
        }
    }

    /// Whether a change of this node was committed is not known: all requests are refused until what there is has been
    /// read.
    pub(crate) fn mark_unknown(&self, error: &IamError) {
        tracing::error!(error = %Chain(error), "whether a change was committed is not known: all requests are refused until it is");
        self.0.freshness.mark_behind();
        self.0.watcher.hint();
    }

    fn mark_behind(&self, error: &IamError) {
        tracing::error!(error = %Chain(error), "a committed change cannot be read: all requests are refused until it can");
        self.0.freshness.mark_behind();
        self.0.watcher.hint();
    }

    /// Brings the directory up to this number of changes, unless it has them already: one read serves all concurrent
    /// callers.
    async fn catch_up(&self, changes: i64) -> Result<(), IamError> {
        let watcher = &self.0.watcher;
        let read = tokio::time::timeout(WATCHER_MAX, watcher.read_through(changes)).await;
        if matches!(read, Ok(true)) {
            return Ok(());
        }
        // All connections but the watcher's may be taken, so it may still be the first.
        let done = tokio::select! {
            biased;
            () = watcher.wait_through(changes) => Ok(()),
            done = self.read_over(Connections::Shared) => done,
        };
        let Err(error) = done else { return Ok(()) };
        // It may still be reading over its own connection. Only when it cannot either is the node behind.
        let brought = tokio::time::timeout(SILENCE_MAX, watcher.read_through(changes)).await;
        match brought {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(error),
        }
    }

    /// Brings the directory up to this number of changes for a transaction that has read it; returns whether that took no longer than a
    /// transaction may wait. The task that reads them needs none of the connections that transactions keep.
    pub(crate) async fn is_read_in_time(&self, changes: i64) -> bool {
        let read = tokio::time::timeout(TRANSACTION_MAX, self.catch_up(changes)).await;
        matches!(read, Ok(Ok(())))
    }

    /// Applies the changes that there are.
    async fn read_over(&self, connections: Connections<'_>) -> Result<(), IamError> {
        let _queue = connections.queue(&self.0).await;
        // Before the turn, so that nobody who has it waits for a connection. The transaction sees the moment of its first
        // statement, which comes later.
        let begun = async { Ok(connections.db(&self.0).snapshot().await?) };
        // Others may wait for this one, so it waits for a connection no longer than for an answer.
        let snapshot = while_answering(POLL_LIMIT, begun).await?;
        let _turn = self.0.reload.lock().await;
        let before = self.0.directory.load_full();
        let unread = UnreadChanges::since(before.changes, snapshot);
        let Some(found) = while_answering(SILENCE_MAX, unread).await? else {
            // Whoever has read them may have been given up before saying so.
            self.0.watcher.applied(before.changes);
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
        let clock = Arc::clone(&self.0.clock);
        let fresh = run_blocking(move || {
            let facts = rows.facts(clock.now())?;
            Ok(match changed {
                Some(changed) => before.apply(changes, &changed, facts),
                None => Directory::build(changes, facts),
            })
        });
        let fresh = fresh.await?;
        let old = self.0.directory.swap(Arc::new(fresh));
        // What was judged meanwhile, at a later moment than these rows, is undone by that.
        let judged = self.judge_policies().await;
        self.0.watcher.applied(changes);
        // Dropping the parts that are not shared takes time.
        tokio::task::spawn_blocking(move || drop(old));
        judged
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
    /// The changes after change `seen`, of a transaction that only reads; `None` if there are none.
    async fn since(seen: i64, mut tx: Tx) -> Result<Option<Self>, IamError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountLimits;
    use crate::config::InvitationConfig;
    use crate::error::AuthError;
    use crate::token::identity::Credential;
    use base::time::{ManualClock, Millis};
    use db::Db;

    #[test]
    fn a_user_who_has_changed_stands_elsewhere_in_the_lists() {
        let mut changed = Changed::default();
        let user = base::id::UserId(base::id::Guid::from_random([7; 16]));
        changed.add(Change::User(user));
        assert!(changed.contains(Change::User(user)));
        assert!(changed.contains(Change::Principal(user.0)));
    }

    async fn opened(folder: &tempfile::TempDir, clock: Arc<ManualClock>) -> Iam {
        let file = folder.path().join("iam.db");
        let db = Db::open(&file.to_string_lossy()).await.unwrap();
        let limits = AccountLimits::default();
        Iam::open_without_keys(db, limits, InvitationConfig::default(), 0, clock)
            .await
            .unwrap()
    }

    /// A number of changes that the directory does not show yet.
    async fn unread_number(iam: &Iam) -> i64 {
        iam.probe_disk_space().await.unwrap();
        let made = counters::changes(&iam.0.db).await.unwrap();
        assert!(iam.directory().changes < made);
        made
    }

    #[tokio::test]
    async fn whoever_waits_for_a_task_that_is_late_reads_for_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let iam = opened(&folder, Arc::default()).await;
        let _late = iam.0.watcher.begin();
        let made = unread_number(&iam).await;
        iam.catch_up(made).await.unwrap();
        assert_eq!(iam.directory().changes, made);
    }

    #[tokio::test]
    async fn a_transaction_waits_no_longer_than_it_may_for_a_task_that_is_late() {
        let folder = tempfile::tempdir().unwrap();
        let iam = opened(&folder, Arc::default()).await;
        let _late = iam.0.watcher.begin();
        let made = unread_number(&iam).await;
        assert!(!iam.is_read_in_time(made).await);
        iam.sync().await.unwrap();
        // What is changed from then on has no part in it.
        let later = unread_number(&iam).await;
        assert!(iam.is_read_in_time(made).await);
        assert!(!iam.is_read_in_time(later).await);
    }

    #[tokio::test]
    async fn what_was_read_by_somebody_who_was_given_up_is_told_by_whoever_reads_next() {
        let folder = tempfile::tempdir().unwrap();
        let iam = opened(&folder, Arc::default()).await;
        let made = unread_number(&iam).await;
        iam.sync().await.unwrap();
        let watcher = &iam.0.watcher;
        watcher.applied(made - 1);
        assert!(!watcher.read_through(made).await);
        iam.read_over(Connections::Shared).await.unwrap();
        assert!(watcher.read_through(made).await);
    }

    #[tokio::test]
    async fn whoever_finds_no_connection_takes_what_others_have_read() {
        let folder = tempfile::tempdir().unwrap();
        let iam = opened(&folder, Arc::default()).await;
        let made = unread_number(&iam).await;
        let mut taken = Vec::new();
        for _ in 0..iam.0.db.connections_max() {
            taken.push(iam.0.db.snapshot().await.unwrap());
        }
        let mut waiting = Box::pin(iam.catch_up(made));
        let begun = std::future::poll_fn(|context| {
            let is_ready = waiting.as_mut().poll(context).is_ready();
            std::task::Poll::Ready(is_ready)
        });
        assert!(!begun.await, "it has read without a connection");
        iam.0.watcher.applied(made);
        waiting.await.unwrap();
        drop(taken);
    }

    #[tokio::test]
    async fn whoever_cannot_read_waits_for_a_task_that_still_may() {
        let folder = tempfile::tempdir().unwrap();
        let iam = opened(&folder, Arc::default()).await;
        let watcher = &iam.0.watcher;
        let late = watcher.begin();
        let made = unread_number(&iam).await;
        // Whoever reads over the shared connections fails.
        iam.0.db.close().await;
        let reading = async {
            // It is asked at first, and once more after that failure.
            watcher.awaited().await;
            watcher.awaited().await;
            watcher.applied(made);
            std::future::pending().await
        };
        let caught_up = tokio::select! {
            done = iam.catch_up(made) => done,
            never = reading => never,
        };
        caught_up.unwrap();
        drop(late);
        iam.catch_up(made + 1).await.unwrap_err();
    }

    #[tokio::test]
    async fn a_service_that_is_closed_leaves_the_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let iam = opened(&folder, Arc::default()).await;
        let made = unread_number(&iam).await;
        tokio::spawn(iam.change_watch());
        iam.catch_up(made).await.unwrap();
        iam.close().await;
        // As long as a connection is open, SQLite keeps its log beside the file.
        let files = std::fs::read_dir(folder.path()).unwrap();
        let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, ["iam.db"]);
    }

    #[tokio::test]
    async fn a_node_without_its_database_says_so_and_trusts_nothing_after_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Millis::from_secs(1_000)));
        let iam = opened(&folder, Arc::clone(&clock)).await;
        let mut inner = Arc::try_unwrap(iam.0).unwrap();
        inner.config.stale_seconds_max = 300;
        let iam = Iam(Arc::new(inner));
        let refused = || {
            iam.verifier()
                .identity(Credential::ApiKey("x"))
                .unwrap_err()
        };

        // Queries get no answer, or the task has stopped.
        iam.0.freshness.begin(iam.0.moment());
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

        // A clock that is set back makes the directory no younger.
        clock.advance(-3_600_000);
        assert_eq!(iam.directory_age_seconds(), 0);
        clock.advance(301_000);
        let error = refused();
        assert!(
            matches!(error, AuthError::Stale { seconds: 301, .. }),
            "{error}"
        );
        iam.sync().await.unwrap();
        assert_eq!(refused(), AuthError::KeyUnknown);
    }
}
