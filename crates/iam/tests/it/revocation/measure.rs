//! The measurement behind the promise that a revoked key is refused on every node within a second: two nodes on one
//! PostgreSQL with many keys, while others change things. The test and `cargo bench -p benches --bench revocation` share it.
//!
//! A third node makes and revokes each key. The time is from the moment at which the revocation is acknowledged to the moment
//! at which the slower of the two nodes refuses the key.

use base::id::Guid;
use base::limit::PER_ACCOUNT;
use base::time::SystemClock;
use db::{Db, Value};
use iam::bootstrap::Request;
use iam::manage::api_key::{NewKey, Switch};
use iam::{Credential, Iam, IamConfig};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The limit for the p99 that the documentation promises.
pub(crate) const PROMISED: Duration = Duration::from_secs(1);

const KEYS_PER_TRANSACTION: usize = 500;

/// Keys of one account: many, and well below the limit that an account has unless an operator lifts it.
const KEYS_PER_ACCOUNT: usize = 5000;

/// Changes that are under way at most.
const CHANGES_AT_ONCE: usize = 8;

/// The size of a measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    /// Other keys in the database.
    pub(crate) keys: usize,
    /// Keys that are revoked, one after the other.
    pub(crate) revoked: usize,
    /// Other changes a second.
    pub(crate) changes: usize,
}

/// The figures measured.
#[derive(Debug)]
pub(crate) struct Figures {
    /// How long a node took to start.
    pub(crate) start: Duration,
    /// The other changes that were made.
    pub(crate) changes: u64,
    /// The other changes that were begun or, with [`CHANGES_AT_ONCE`] under way, held back.
    pub(crate) attempts: u64,
    /// How long the revocations took, from the first to the last.
    pub(crate) took: Duration,
    /// Revocations with another change between them and the next, or within the promised time.
    pub(crate) accompanied: usize,
    /// How long each revocation took to be acknowledged, shortest first.
    pub(crate) acknowledged: Vec<Duration>,
    /// How long each key was accepted after that, shortest first.
    pub(crate) accepted: Vec<Duration>,
    /// How often one polled meanwhile, a millisecond after the poll before: few where the machine does not run who polls.
    pub(crate) polls: Vec<u32>,
}

/// What the other changes have come to, while they are made.
#[derive(Debug, Default)]
struct ChangeProgress {
    made: AtomicU64,
    attempts: AtomicU64,
    is_done: AtomicBool,
}

/// The time that so many of a thousand do not exceed.
pub(crate) fn quantile<T: Copy + Default>(times: &[T], thousandths: usize) -> T {
    let rank = (times.len() * thousandths).div_ceil(1000).max(1);
    times.get(rank - 1).copied().unwrap_or_default()
}

async fn node(address: &str, folder: &Path) -> Result<Iam, Failure> {
    let config = IamConfig {
        issuer: "https://vigie.example/identity".to_owned(),
        uaa_issuer: "https://vigie.example/oauth/token".to_owned(),
        access_token_seconds: 3600,
        logging_token_seconds: 365 * 86_400,
        refresh_token_seconds: 86_400,
        signing: iam::SigningConfig::default(),
        keys: folder.join("keys"),
        encryption_key: None,
        // What is measured is the revocation, so no number of keys is too many.
        account_limits: iam::manage::quota::AccountLimits::new(
            PER_ACCOUNT.iter().map(|limit| (*limit, u64::MAX)),
        ),
        stale_seconds_max: 300,
        refusal_word: |refusal| refusal.reason.name(),
        password_checks_max: 1,
        password_cost: iam::PasswordCost::default(),
        limits: iam::IamLimits {
            keys_per_user: u64::MAX,
            ..iam::IamLimits::default()
        },
        deleted_milliseconds: 0,
        default_plan: None,
        invitations: iam::manage::invitation::InvitationConfig::default(),
        workload_issuers: Vec::new(),
    };
    Ok(Iam::open(Db::open(address).await?, config, Arc::new(SystemClock)).await?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the keys of years are written past the service"
)]
async fn fill(db: &Db, account: &str, owner: &str, keys: usize) -> Result<(), Failure> {
    for first in (0..keys).step_by(KEYS_PER_TRANSACTION) {
        let mut tx = db.begin().await?;
        for key in first..keys.min(first + KEYS_PER_TRANSACTION) {
            let text = format!("a key of years ago {key} in {account}");
            let hash = iam::entropy::sha256(text.as_bytes());
            let mut guid = [0; 16];
            guid.copy_from_slice(hash.get(..16).unwrap_or_default());
            let sql = "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, \
                       created_at, modified_at) VALUES ($1, $2, $3, 'ci', '', $4, 0, 0, 1, 0, 0)";
            let values = [
                Guid::from_random(guid).to_string().into(),
                account.into(),
                owner.into(),
                Value::from(&hash[..]),
            ];
            tx.execute(sql, &values).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Makes so many changes a second until it is told to end, and counts them. A machine that cannot make so many
/// makes fewer: with a growing backlog each revocation would wait for all changes before it.
async fn change(iam: Iam, key: String, per_second: usize, progress: Arc<ChangeProgress>) {
    let per_second = u32::try_from(per_second.max(1)).unwrap_or(u32::MAX);
    let mut tick = tokio::time::interval(Duration::from_secs(1) / per_second);
    let Ok(owner) = iam.verifier().identity(Credential::ApiKey(&key)) else {
        return;
    };
    let room = Arc::new(Semaphore::new(CHANGES_AT_ONCE));
    while !progress.is_done.load(Ordering::Relaxed) {
        tick.tick().await;
        progress.attempts.fetch_add(1, Ordering::Relaxed);
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            continue;
        };
        let (iam, owner, progress) = (iam.clone(), owner.clone(), Arc::clone(&progress));
        tokio::spawn(async move {
            let new = NewKey {
                name: "change".to_owned(),
                ..NewKey::default()
            };
            if iam.create_api_key(&owner, new).await.is_ok() {
                progress.made.fetch_add(1, Ordering::Relaxed);
            }
            drop(place);
        });
    }
}

/// One account of the measurement; all have the same owner.
fn account(number: usize) -> Request {
    Request {
        account: format!("bench{number}"),
        region: Some("r".to_owned()),
        org: "bench".to_owned(),
        space: "dev".to_owned(),
        owner: "ada@example.org".to_owned(),
        password: None,
    }
}

fn accepts(iam: &Iam, key: &str) -> bool {
    iam.verifier().identity(Credential::ApiKey(key)).is_ok()
}

/// Returns how often one had to look.
async fn until(mut is_so: impl FnMut() -> bool) -> u32 {
    let mut polls = 0;
    while !is_so() {
        polls += 1;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    polls
}

/// Measures on the PostgreSQL database of this address, which is empty. The signing keys are in `folder`.
pub(crate) async fn run(
    address: &str,
    folder: &Path,
    numbers: Numbers,
) -> Result<Figures, Failure> {
    let first = node(address, folder).await?;
    let mut made = first.bootstrap(account(0)).await?;
    let opening = made.opening.take();
    let key = opening.ok_or("a new owner gets a key")?.api_key;
    let db = Db::open(address).await?;
    for number in 0..numbers.keys.div_ceil(KEYS_PER_ACCOUNT) {
        if number > 0 {
            made = first.create_account(account(number)).await?;
        }
        let (account, owner) = (made.account.to_string(), made.owner.id.0.to_string());
        let left = numbers.keys - number * KEYS_PER_ACCOUNT;
        fill(&db, &account, &owner, left.min(KEYS_PER_ACCOUNT)).await?;
    }
    db.close().await;
    first.close().await;

    let begun = Instant::now();
    let by = node(address, folder).await?;
    let start = begun.elapsed();
    let nodes = [node(address, folder).await?, node(address, folder).await?];
    nodes.iter().chain([&by]).for_each(Iam::watch);
    let owner = by.verifier().identity(Credential::ApiKey(key.expose()))?;
    let progress = Arc::new(ChangeProgress::default());
    let running = Instant::now();
    let changes = tokio::spawn(change(
        by.clone(),
        key.expose().clone(),
        numbers.changes,
        Arc::clone(&progress),
    ));
    let mut accompanied = 0;
    let mut accepted = Vec::with_capacity(numbers.revoked);
    let mut polls = Vec::with_capacity(numbers.revoked);
    let mut acknowledged = Vec::with_capacity(numbers.revoked);
    for _ in 0..numbers.revoked {
        let before = progress.made.load(Ordering::Relaxed);
        let new = NewKey {
            name: "revoked".to_owned(),
            ..NewKey::default()
        };
        let (made, text) = by.create_api_key(&owner, new).await?;
        until(|| nodes.iter().all(|node| accepts(node, text.expose()))).await;
        let begun = Instant::now();
        by.switch_api_key(&owner, made.id, Switch::Disabled, true)
            .await?;
        acknowledged.push(begun.elapsed());
        if accepts(&by, text.expose()) {
            return Err("the node that revoked a key accepts it".into());
        }
        let begun = Instant::now();
        let seen = until(|| !nodes.iter().any(|node| accepts(node, text.expose()))).await;
        accepted.push(begun.elapsed());
        polls.push(seen);
        // A fast machine revokes more often than others change something.
        let is_changed = || progress.made.load(Ordering::Relaxed) > before;
        accompanied += usize::from(
            tokio::time::timeout(PROMISED, until(is_changed))
                .await
                .is_ok(),
        );
    }
    let took = running.elapsed();
    progress.is_done.store(true, Ordering::Relaxed);
    changes.await?;
    for iam in nodes.iter().chain([&by]) {
        iam.close().await;
    }
    acknowledged.sort_unstable();
    accepted.sort_unstable();
    polls.sort_unstable();
    Ok(Figures {
        start,
        changes: progress.made.load(Ordering::Relaxed),
        attempts: progress.attempts.load(Ordering::Relaxed),
        took,
        accompanied,
        acknowledged,
        accepted,
        polls,
    })
}
