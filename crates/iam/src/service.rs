//! The identity service of one node: the database, the directory, the keys, and what holds them together.

use crate::audit::Counts;
use crate::change_log;
use crate::directory::{self, Directory};
use crate::ended::Ended;
use crate::error::{AuthError, IamError};
use crate::heard::Heard;
use crate::login::Logins;
use crate::manage::invitation::InvitationConfig;
use crate::manage::quota::AccountLimits;
use crate::token::encryption_key::EncryptionKey;
use crate::token::keyring::KeyRing;
use crate::token::{issuer, key_store};
use crate::verify::Verifier;
use base::limit;
use base::scope::Domain;
use base::time::Clock;
use db::{Db, Tx, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::Notify;

/// How the service is set up.
#[derive(Debug, Clone)]
pub struct IamConfig {
    /// The `iss` of new IAM tokens, for example `https://vigie.example/identity`.
    pub issuer: String,
    /// The `iss` of new UAA tokens, for example `https://vigie.example/oauth/token`.
    pub uaa_issuer: String,
    /// Life of an access token.
    pub access_token_seconds: i64,
    /// Life of a refresh token and of a session that is not used.
    pub refresh_token_seconds: i64,
    /// Folder of the key that the signing keys are encrypted under, and of signing keys in files, which are taken in.
    pub keys: PathBuf,
    /// The file of that key, where it is elsewhere.
    pub encryption_key: Option<PathBuf>,
    /// What an account may hold and do where the operator has set nothing else for it.
    pub account_limits: AccountLimits,
    /// How long this node goes on trusting what it knows while its database does not answer: a key or session may have been
    /// withdrawn on another node meanwhile.
    pub stale_seconds_max: i64,
    /// Password checks at once; each takes 19 MiB and a core for some milliseconds.
    pub password_checks_max: usize,
    /// How long what was deleted can be brought back before its samples go.
    pub deleted_milliseconds: i64,
    /// How invitations are made.
    pub invitations: InvitationConfig,
    /// What may wait, fail and be made.
    pub limits: IamLimits,
}

/// The limits of the identity service that can be set; each is named as in [`base::limit`].
#[derive(Debug, Clone)]
pub struct IamLimits {
    /// [`limit::PASSWORD_CHECKS_WAITING`].
    pub password_checks_waiting: u64,
    /// [`limit::PASSWORD_CHECKS_WAITING_PER_SOURCE`].
    pub password_checks_waiting_per_source: u64,
    /// [`limit::PASSWORD_WAIT_SECONDS`].
    pub password_wait_seconds: u64,
    /// [`limit::LOGIN_FAILURES_PER_ADDRESS`].
    pub login_failures_per_address: u64,
    /// [`limit::LOGIN_FAILURES_PER_SOURCE`].
    pub login_failures_per_source: u64,
    /// [`limit::GUESSES_PER_SOURCE`].
    pub guesses_per_source: u64,
    /// [`limit::KEYS_PER_USER`].
    pub keys_per_user: u64,
    /// [`limit::SESSIONS_PER_USER`].
    pub sessions_per_user: u64,
    /// [`limit::REFRESH_TOKENS_PER_SESSION`].
    pub refresh_tokens_per_session: u64,
    /// [`limit::PASSCODES_PER_USER`].
    pub passcodes_per_user: u64,
    /// [`limit::AUDIT_ENTRIES_PER_ACCOUNT`].
    pub audit_entries_per_account: u64,
    /// [`limit::AUDIT_RETENTION_DAYS`].
    pub audit_retention_days: u64,
    /// [`limit::AUDIT_REFUSALS_PER_MINUTE`].
    pub audit_refusals_per_minute: u64,
}

impl Default for IamLimits {
    fn default() -> Self {
        Self::of(|limit| limit.default)
    }
}

impl IamLimits {
    /// The limits as they are set.
    #[must_use]
    pub fn of(value: impl Fn(limit::Limit) -> u64) -> Self {
        Self {
            password_checks_waiting: value(limit::PASSWORD_CHECKS_WAITING),
            password_checks_waiting_per_source: value(limit::PASSWORD_CHECKS_WAITING_PER_SOURCE),
            password_wait_seconds: value(limit::PASSWORD_WAIT_SECONDS),
            login_failures_per_address: value(limit::LOGIN_FAILURES_PER_ADDRESS),
            login_failures_per_source: value(limit::LOGIN_FAILURES_PER_SOURCE),
            guesses_per_source: value(limit::GUESSES_PER_SOURCE),
            keys_per_user: value(limit::KEYS_PER_USER),
            sessions_per_user: value(limit::SESSIONS_PER_USER),
            refresh_tokens_per_session: value(limit::REFRESH_TOKENS_PER_SESSION),
            passcodes_per_user: value(limit::PASSCODES_PER_USER),
            audit_entries_per_account: value(limit::AUDIT_ENTRIES_PER_ACCOUNT),
            audit_retention_days: value(limit::AUDIT_RETENTION_DAYS),
            audit_refusals_per_minute: value(limit::AUDIT_REFUSALS_PER_MINUTE),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) config: IamConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: arc_swap::ArcSwap<KeyRing>,
    /// What the signing keys are encrypted under; none where none is used.
    pub(crate) encryption_key: Option<EncryptionKey>,
    pub(crate) directory: arc_swap::ArcSwap<Directory>,
    pub(crate) ended: Ended,
    pub(crate) logins: Logins,
    pub(crate) counts: Counts,
    pub(crate) signatures_introspected: AtomicU64,
    /// The directory is read by one after another, so that it never goes back in time.
    pub(crate) reload: tokio::sync::Mutex<()>,
    /// When this node last heard of changes.
    pub(crate) heard: Heard,
    /// Wakes whoever asks for them.
    pub(crate) woken: Arc<Notify>,
    /// Whether the database was closed: then nobody asks it any more.
    pub(crate) closed: AtomicBool,
}

impl Inner {
    /// Refuses to decide on what may have been withdrawn elsewhere long ago, or here and was not read.
    pub(crate) fn require_current(&self) -> Result<(), AuthError> {
        if self.heard.is_behind() {
            return Err(AuthError::Behind);
        }
        let seconds = self.heard.age_seconds(self.clock.now());
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
    /// Opens the service on a database.
    ///
    /// # Errors
    /// When the database or the signing key cannot be read.
    pub async fn open(db: Db, config: IamConfig, clock: Arc<dyn Clock>) -> Result<Self, IamError> {
        let (keys, key) = key_store::open(&db, &config, clock.now()).await?;
        issuer::record(&db, &config).await?;
        let own = Self::on(db, config, clock, keys, Some(key)).await?;
        // One may have been made or retired since, before the changes were counted.
        own.reread_keys().await?;
        Ok(own)
    }

    /// Opens the service without signing keys, for the operator's own commands: it changes the database, also of a server
    /// that runs, and issues and verifies no token.
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
            refresh_token_seconds: 0,
            keys: PathBuf::new(),
            encryption_key: None,
            account_limits,
            stale_seconds_max: i64::MAX,
            password_checks_max: 1,
            limits: IamLimits::default(),
            deleted_milliseconds,
            invitations,
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
        let directory = change_log::load(&db).await?;
        let ended = Ended::default();
        ended.catch_up(&db, clock.now()).await?;
        let checks = config.password_checks_max;
        let logins = Logins::open(&db, clock.now(), checks, &config.limits).await?;
        let directory = arc_swap::ArcSwap::from_pointee(directory);
        let reload = tokio::sync::Mutex::new(());
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
            counts,
            signatures_introspected: AtomicU64::new(0),
            reload,
            heard: Heard::default(),
            woken: Arc::default(),
            closed: AtomicBool::new(false),
        })))
    }

    /// The verifier of this service's tokens and keys.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier::new(Arc::clone(&self.0))
    }

    /// The current snapshot.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.0.directory.load_full()
    }

    /// Whether the database answers, and has room for what is written.
    ///
    /// # Errors
    /// When it does not, or had none.
    pub async fn ping(&self) -> Result<(), IamError> {
        directory::changes(&self.0.db).await?;
        if self.is_out_of_room() {
            return Err(IamError::OutOfRoom);
        }
        Ok(())
    }

    /// The names of the signing keys in force; the last one signs.
    #[must_use]
    pub fn signing_keys(&self) -> Vec<String> {
        self.0.keys.load().kids()
    }

    /// Whether there is an account.
    #[must_use]
    pub fn is_initialised(&self) -> bool {
        !self.0.directory.load().accounts.is_empty()
    }

    /// The step a domain's samples are consolidated to when read, if it has one.
    #[must_use]
    pub fn resolution_seconds(&self, domain: Domain) -> Option<u32> {
        self.0
            .directory
            .load()
            .domains
            .get(&domain)
            .and_then(|entry| entry.resolution_seconds)
    }

    /// How many password checks had to wait for others to end.
    #[must_use]
    pub fn password_waits(&self) -> u64 {
        self.0.logins.checks.waits()
    }

    /// Writes the identity database into a new file; `false` where it is PostgreSQL, which is copied by its own tools.
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

    /// Closes the database, after what was counted is written down.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::Relaxed);
        if let Err(error) = self.write_counts(true).await {
            tracing::warn!(%error, "what the audit has counted was not written down");
        }
        self.0.db.close().await;
    }

    /// Gives a new domain its number in the store; a number is never given twice.
    pub(crate) async fn allocate(tx: &mut Tx, domain: Domain) -> Result<(), IamError> {
        let row = tx
            .one(
                "UPDATE counters SET value = value + 1 WHERE name = 'tenants' RETURNING value",
                &[],
            )
            .await?;
        let tenant = directory::counter(row)?;
        let values = [Value::from(tenant), Value::from(domain.to_string())];
        tx.execute(
            "INSERT INTO domains (tenant, domain) VALUES ($1, $2)",
            &values,
        )
        .await?;
        Ok(())
    }
}
