//! Opens the service on a database, and closes it.

use crate::account_turns::AccountTurns;
use crate::audit::Counts;
use crate::config::{
    AccountLimits, IamConfig, IamLimits, InvitationConfig, PasswordCost, SigningConfig,
};
use crate::error::IamError;
use crate::keyed_turns::KeyedTurns;
use crate::login::Logins;
use crate::repo::{counters, issuers, rows};
use crate::service::{Iam, Inner};
use crate::state::ended_sessions::EndedSessions;
use crate::state::freshness::Freshness;
use crate::state::login_turns;
use crate::state::questions::Questions;
use crate::state::shared_query::SharedQuery;
use crate::state::sync_wait::SyncWait;
use crate::state::unwritten_activity::UnwrittenActivity;
use crate::state::watcher::Watcher;
use crate::sync::key_store;
use crate::token::encryption_key::EncryptionKey;
use crate::token::keyring::KeyRing;
use crate::workload::Workloads;
use base::error_chain::Chain;
use base::limit;
use base::time::Clock;
use db::Db;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How long the counts of the audit, and the task that reads changes, may take at the end: a database that is away is waited for
/// much longer by a statement.
const LAST_MAX: Duration = Duration::from_secs(2);

impl Iam {
    /// Opens the service on a database.
    ///
    /// # Errors
    /// When the database or the signing key cannot be read.
    pub async fn open(db: Db, config: IamConfig, clock: Arc<dyn Clock>) -> Result<Self, IamError> {
        let (keys, key) = key_store::open(&db, &config, clock.now()).await?;
        issuers::record(&db, &config).await?;
        let iam = Self::on(db, config, clock, keys, Some(key)).await?;
        // A key may have been made or retired since it was read, before changes were counted.
        iam.reread_keys().await?;
        Ok(iam)
    }

    /// Opens the service without signing keys, for operator commands: it can change the database of a running server,
    /// but issues and verifies no token.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_without_keys(
        db: Db,
        account_limits: AccountLimits,
        invitations: InvitationConfig,
        deleted_milliseconds: i64,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IamError> {
        let config = IamConfig {
            issuer: String::new(),
            uaa_issuer: String::new(),
            access_token_seconds: 0,
            logging_token_seconds: 0,
            refresh_token_seconds: 0,
            signing: SigningConfig::default(),
            keys: PathBuf::new(),
            encryption_key: None,
            account_limits,
            stale_seconds_max: i64::MAX,
            password_checks_max: 1,
            password_cost: PasswordCost::default(),
            limits: IamLimits::default(),
            refusal_word: |refusal| refusal.reason.name(),
            deleted_milliseconds,
            default_plan: None,
            invitations,
            workload_issuers: Vec::new(),
        };
        Self::on(db, config, clock, KeyRing::empty(), None).await
    }

    async fn on(
        db: Db,
        config: IamConfig,
        clock: Arc<dyn Clock>,
        keys: KeyRing,
        encryption_key: Option<EncryptionKey>,
    ) -> Result<Self, IamError> {
        let directory = rows::load(&db, Arc::clone(&clock)).await?;
        let ended = EndedSessions::default();
        ended.catch_up(&db, clock.now()).await?;
        let (checks, cost) = (config.password_checks_max, config.password_cost);
        let logins = Logins::open(&db, clock.now(), checks, cost, &config.limits).await?;
        let watcher = Arc::new(Watcher::new(directory.changes));
        let directory = arc_swap::ArcSwap::from_pointee(directory);
        let reload = tokio::sync::Mutex::new(());
        let workloads = arc_swap::ArcSwap::from_pointee(Workloads::new(&config.workload_issuers));
        let counts = Counts::new(config.limits.audit_refusals_per_minute);
        Ok(Self(Arc::new(Inner {
            db,
            config,
            clock,
            keys: arc_swap::ArcSwap::from_pointee(keys),
            encryption_key,
            directory,
            ended,
            logins,
            login_turns: AccountTurns::new(login_turns::LIMITS),
            kept_alive: KeyedTurns::new(1),
            ending: KeyedTurns::new(1),
            workloads,
            counts,
            activity: UnwrittenActivity::new(limit::ACTIVITY_UNWRITTEN.default),
            signatures_introspected: AtomicU64::new(0),
            whole_reads: AtomicU64::new(0),
            reload,
            shared_reads: tokio::sync::Mutex::new(()),
            freshness: Freshness::default(),
            changes_query: SharedQuery::default(),
            sync_wait: SyncWait::default(),
            questions: Questions::default(),
            watcher,
            closed: AtomicBool::new(false),
        })))
    }

    /// Whether the database answers, and has room for a write.
    ///
    /// # Errors
    /// When it does not answer, or had no room.
    pub async fn ping(&self) -> Result<(), IamError> {
        counters::changes(&self.0.db).await?;
        if self.is_disk_full() {
            return Err(IamError::OutOfRoom);
        }
        Ok(())
    }

    /// Closes the database after writing the counts and the activity, and after the task that reads changes has closed its own
    /// connections: with the last one SQLite merges its log into the file. A database that is away does not hold up the end: what
    /// was counted since the last minute is lost then, and the log says so.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::Relaxed);
        self.0.watcher.hint();
        let last = async {
            let counts = self.write_counts(true).await;
            counts.and(self.write_activity().await)
        };
        let (written, _) = tokio::join!(
            tokio::time::timeout(LAST_MAX, last),
            tokio::time::timeout(LAST_MAX, self.0.watcher.ended()),
        );
        match written {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = %Chain(&error), "what the audit has counted was not written down");
            }
            Err(_) => tracing::warn!(
                error = "the identity database does not answer",
                seconds = LAST_MAX.as_secs(),
                "what the audit has counted was not written down"
            ),
        }
        self.0.db.close().await;
    }
}
