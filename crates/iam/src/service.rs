//! The identity service of one node: the database, the directory and the keys.

use crate::account_turns::AccountTurns;
use crate::audit::Counts;
use crate::config::IamConfig;
use crate::error::{AuthError, IamError};
use crate::keyed_turns::KeyedTurns;
use crate::login::Logins;
use crate::model::directory::{Directory, Plan, RuleTexts};
use crate::state::ended_sessions::EndedSessions;
use crate::state::freshness::{Freshness, Moment};
use crate::state::questions::Questions;
use crate::state::shared_query::SharedQuery;
use crate::state::sync_wait::SyncWait;
use crate::state::unwritten_activity::UnwrittenActivity;
use crate::state::watcher::Watcher;
use crate::token::encryption_key::EncryptionKey;
use crate::token::keyring::KeyRing;
use crate::workload::{WorkloadIssuer, Workloads};
use base::id::SessionId;
use base::scope::Domain;
use base::time::Clock;
use db::Db;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) config: IamConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: arc_swap::ArcSwap<KeyRing>,
    /// The encryption key of the signing keys; none if the service was opened without them.
    pub(crate) encryption_key: Option<EncryptionKey>,
    pub(crate) directory: arc_swap::ArcSwap<Directory>,
    pub(crate) ended: EndedSessions,
    pub(crate) logins: Logins,
    /// The turns in which logins of one account write.
    pub(crate) login_turns: AccountTurns,
    /// The turns in which a session is kept alive, one call of each session after the other.
    pub(crate) kept_alive: KeyedTurns<SessionId>,
    /// The turns in which a session is ended by a token of it.
    pub(crate) ending: KeyedTurns<SessionId>,
    /// The issuers of workloads' tokens.
    pub(crate) workloads: arc_swap::ArcSwap<Workloads>,
    pub(crate) counts: Counts,
    pub(crate) activity: UnwrittenActivity,
    pub(crate) signatures_introspected: AtomicU64,
    /// How often all rows were read again since the start.
    pub(crate) whole_reads: AtomicU64,
    /// Only one task reads the directory at a time, so that it never goes back in time.
    pub(crate) reload: tokio::sync::Mutex<()>,
    /// Only one of those who read it over the connections of all requests takes one; locked before `reload`.
    pub(crate) shared_reads: tokio::sync::Mutex<()>,
    /// When this node last learned of changes.
    pub(crate) freshness: Freshness,
    /// The query for changes, where a request causes it.
    pub(crate) changes_query: SharedQuery,
    /// Whether readers wait for it.
    pub(crate) sync_wait: SyncWait,
    /// How often unknown credentials have caused it.
    pub(crate) questions: Questions,
    /// The task that reads changes, for those who wait for one.
    pub(crate) watcher: Arc<Watcher>,
    /// Whether the database was closed: no task may query it after that.
    pub(crate) closed: AtomicBool,
}

impl Inner {
    /// The current moment.
    pub(crate) fn moment(&self) -> Moment {
        Moment::of(&*self.clock)
    }

    /// Refuses to decide when credentials may have been revoked elsewhere long ago, or here by a change that was not
    /// read.
    pub(crate) fn require_current(&self) -> Result<(), AuthError> {
        if self.freshness.is_behind() {
            return Err(AuthError::Behind);
        }
        let seconds = self.freshness.age_seconds(self.moment());
        let allowed = self.config.stale_seconds_max;
        if seconds > allowed {
            return Err(AuthError::Stale { seconds, allowed });
        }
        Ok(())
    }
}

/// The identity service. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Iam(pub(crate) Arc<Inner>);

impl Iam {
    /// The current snapshot.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.0.directory.load_full()
    }

    /// The names of the signing keys in service; the last one signs.
    #[must_use]
    pub fn signing_keys(&self) -> Vec<String> {
        self.0.keys.load().kids()
    }

    /// Takes these issuers of workloads' tokens in place of those named before. Keys that come from where they came before
    /// stay known; others are read when the first token comes.
    pub fn replace_workload_issuers(&self, issuers: &[WorkloadIssuer]) {
        let renamed = self.0.workloads.load().renamed(issuers);
        self.0.workloads.store(Arc::new(renamed));
    }

    /// Whether an account exists.
    #[must_use]
    pub fn is_initialised(&self) -> bool {
        !self.0.directory.load().accounts.is_empty()
    }

    /// The step that the domain's samples are consolidated to when read, if it has one.
    #[must_use]
    pub fn resolution_seconds(&self, domain: Domain) -> Option<u32> {
        self.0
            .directory
            .load()
            .domains
            .get(&domain)
            .and_then(|entry| entry.resolution_seconds)
    }

    /// Whether senders to the domain may write a key before each name.
    #[must_use]
    pub fn takes_key_before_names(&self, domain: Domain) -> bool {
        let directory = self.0.directory.load();
        let entry = directory.domains.get(&domain);
        entry.is_some_and(|entry| entry.key_before_names)
    }

    /// The plan of the domain, if it has one; without a plan it has no limits but the server's.
    #[must_use]
    pub fn plan_of(&self, domain: Domain) -> Option<Plan> {
        let directory = self.0.directory.load();
        directory.plan_of(domain, self.0.config.default_plan)
    }

    /// The rules about the names of a domain, if it has any.
    #[must_use]
    pub fn rules(&self, domain: Domain) -> Option<Arc<RuleTexts>> {
        let directory = self.0.directory.load();
        directory.domains.get(&domain)?.rules.clone()
    }

    /// How many password checks had to wait for others.
    #[must_use]
    pub fn password_waits(&self) -> u64 {
        self.0.logins.checks.waits()
    }

    /// Writes a copy of the identity database into a new file; `false` for PostgreSQL, which has its own tools for
    /// that.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn copy_database(&self, file: &Path) -> Result<bool, IamError> {
        Ok(self.0.db.copy_to(file).await?)
    }

    /// Whether the database was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Relaxed)
    }
}
