//! The identity service of one node: the database, the directory, the keys, and what holds them together.

use crate::directory::{self, Directory};
use crate::error::IamError;
use crate::manage::invitation::InvitationConfig;
use crate::token::issuer;
use crate::token::keyring::KeyRing;
use crate::verify::Verifier;
use base::scope::Domain;
use base::time::Clock;
use db::{Db, Tx, Value};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{MutexGuard, Semaphore};

/// How often the node asks whether another node has changed something.
const POLL: Duration = Duration::from_millis(500);

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
    /// Folder of the signing keys.
    pub keys: PathBuf,
    /// Password checks at once; each takes 19 MiB and a core for some milliseconds.
    pub password_checks_max: usize,
    /// How invitations are made.
    pub invitations: InvitationConfig,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) config: IamConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: KeyRing,
    pub(crate) directory: arc_swap::ArcSwap<Directory>,
    pub(crate) password_checks: Arc<Semaphore>,
    pub(crate) password_waits: AtomicU64,
    /// Changes are made one after another, so that the directory never goes back in time.
    reload: tokio::sync::Mutex<()>,
    /// Whether the database was closed: then nobody asks it any more.
    closed: AtomicBool,
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
        let keys = KeyRing::open(&config.keys, clock.now())?;
        issuer::record(&db, &config).await?;
        Self::on(db, config, clock, keys).await
    }

    /// Opens the service without signing keys, for the operator's own commands: it changes the database, also of a server
    /// that runs, and issues and verifies no token.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_without_keys(
        db: Db,
        invitations: InvitationConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IamError> {
        let config = IamConfig {
            issuer: String::new(),
            uaa_issuer: String::new(),
            access_token_seconds: 0,
            refresh_token_seconds: 0,
            keys: PathBuf::new(),
            password_checks_max: 1,
            invitations,
        };
        Self::on(db, config, clock, KeyRing::empty()).await
    }

    async fn on(
        db: Db,
        config: IamConfig,
        clock: Arc<dyn Clock>,
        keys: KeyRing,
    ) -> Result<Self, IamError> {
        let directory = Directory::load(&db, clock.now()).await?;
        let password_checks = Arc::new(Semaphore::new(config.password_checks_max.max(1)));
        let directory = arc_swap::ArcSwap::from_pointee(directory);
        let reload = tokio::sync::Mutex::new(());
        Ok(Self(Arc::new(Inner {
            db,
            config,
            clock,
            keys,
            directory,
            password_checks,
            password_waits: AtomicU64::new(0),
            reload,
            closed: AtomicBool::new(false),
        })))
    }

    /// Watches for changes by other nodes until the service is dropped.
    pub fn watch(&self) {
        let weak = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(POLL).await;
                let Some(inner) = weak.upgrade() else { return };
                let iam = Self(inner);
                let changes = directory::changes(&iam.0.db).await;
                if iam.0.closed.load(Ordering::Relaxed) {
                    return;
                }
                match changes {
                    Ok(changes) => {
                        // Fewer than are known: an older copy was put in the database's place.
                        let read = if changes < iam.0.directory.load().changes {
                            iam.read(iam.0.reload.lock().await).await
                        } else {
                            iam.catch_up(changes).await
                        };
                        if let Err(error) = read {
                            tracing::error!(%error, "cannot read the directory again");
                        }
                    }
                    Err(error) => tracing::warn!(%error, "cannot ask for changes of the directory"),
                }
            }
        });
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

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), IamError> {
        directory::changes(&self.0.db).await.map(drop)
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
        self.0.password_waits.load(Ordering::Relaxed)
    }

    /// Whether the database was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Relaxed)
    }

    /// Closes the database.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::Relaxed);
        self.0.db.close().await;
    }

    /// Commits a change and brings it into the directory before returning.
    pub(crate) async fn commit(&self, mut tx: Tx) -> Result<(), IamError> {
        let sql = "UPDATE counters SET value = value + 1 WHERE name = 'changes' RETURNING value";
        let changes = directory::counter(tx.one(sql, &[]).await?)?;
        tx.commit().await?;
        self.catch_up(changes).await
    }

    /// Reads the directory again unless it holds that many changes already: of a hundred that are made at once, one reading
    /// serves all who wait for it.
    async fn catch_up(&self, changes: i64) -> Result<(), IamError> {
        let turn = self.0.reload.lock().await;
        if self.0.directory.load().changes >= changes {
            return Ok(());
        }
        self.read(turn).await
    }

    async fn read(&self, _turn: MutexGuard<'_, ()>) -> Result<(), IamError> {
        let fresh = Directory::load(&self.0.db, self.0.clock.now()).await?;
        self.0.directory.store(Arc::new(fresh));
        Ok(())
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
