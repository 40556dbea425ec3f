//! How long a revoked key goes on opening things, on two nodes of one PostgreSQL with many keys, while others change things.
//!
//! `VIGIE_TEST_POSTGRES_URL=… cargo bench -p benches --bench revocation`, with `KEYS`, `REVOKED` and `CHANGES` (per second) for
//! other numbers. Each key is made and revoked by a third node; what is measured is the time from the moment at which the
//! revocation is acknowledged to the moment at which the slower of the two nodes refuses. It fails where the p99 is above a
//! second.

#![expect(
    clippy::disallowed_methods,
    reason = "what is measured is written past the service"
)]
#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

use base::id::Guid;
use base::time::SystemClock;
use db::{Db, Value};
use iam::bootstrap::Request;
use iam::manage::api_key::{NewKey, Switch};
use iam::{Credential, Iam, IamConfig};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const PROMISED: Duration = Duration::from_secs(1);
const KEYS_PER_STATEMENT: usize = 500;

fn number(name: &str, default: usize) -> Result<usize, Failure> {
    Ok(std::env::var(name).map_or(Ok(default), |text| text.parse())?)
}

async fn node(address: &str, folder: &Path) -> Result<Iam, Failure> {
    let config = IamConfig {
        issuer: "https://vigie.example/identity".to_owned(),
        uaa_issuer: "https://vigie.example/oauth/token".to_owned(),
        access_token_seconds: 3600,
        refresh_token_seconds: 86_400,
        keys: folder.join("keys"),
        encryption_key: None,
        account_limits: iam::manage::quota::AccountLimits::default(),
        stale_seconds_max: 300,
        refusal_word: iam::Reason::name,
        password_checks_max: 1,
        limits: iam::IamLimits {
            keys_per_user: u64::MAX,
            ..iam::IamLimits::default()
        },
        deleted_milliseconds: 0,
        invitations: iam::manage::invitation::InvitationConfig::default(),
    };
    Ok(Iam::open(Db::open(address).await?, config, Arc::new(SystemClock)).await?)
}

async fn fill(db: &Db, account: &str, person: &str, keys: usize) -> Result<(), Failure> {
    for first in (0..keys).step_by(KEYS_PER_STATEMENT) {
        let mut tx = db.begin().await?;
        for key in first..keys.min(first + KEYS_PER_STATEMENT) {
            let text = format!("a key of years ago {key}");
            let hash = iam::entropy::sha256(text.as_bytes());
            let mut guid = [0; 16];
            guid.copy_from_slice(hash.get(..16).unwrap_or_default());
            let sql = "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, \
                       created_at, modified_at) VALUES ($1, $2, $3, 'ci', '', $4, 0, 0, 1, 0, 0)";
            let values = [
                Guid::from_random(guid).to_string().into(),
                account.into(),
                person.into(),
                Value::from(&hash[..]),
            ];
            tx.execute(sql, &values).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Makes so many changes a second until it is told to end; how many it made.
async fn change(iam: Iam, key: String, per_second: usize, is_done: Arc<AtomicBool>) -> u64 {
    let made = Arc::new(AtomicU64::new(0));
    let mut tick =
        tokio::time::interval(Duration::from_secs(1) / u32::try_from(per_second).unwrap_or(100));
    let Ok(owner) = iam.verifier().identity(Credential::ApiKey(&key)) else {
        return 0;
    };
    while !is_done.load(Ordering::Relaxed) {
        tick.tick().await;
        let (iam, owner, made) = (iam.clone(), owner.clone(), Arc::clone(&made));
        tokio::spawn(async move {
            let new = NewKey {
                name: "change".to_owned(),
                ..NewKey::default()
            };
            if iam.create_api_key(&owner, new).await.is_ok() {
                made.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    made.load(Ordering::Relaxed)
}

fn enters(iam: &Iam, key: &str) -> bool {
    iam.verifier().identity(Credential::ApiKey(key)).is_ok()
}

async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (keys, revoked) = (number("KEYS", 100_000)?, number("REVOKED", 1000)?);
    let per_second = number("CHANGES", 100)?.max(1);
    let Some(address) = testing::postgres("revocation") else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let first = node(&address, folder.path()).await?;
    let made = first
        .bootstrap(Request {
            account: "bench".to_owned(),
            region: Some("r".to_owned()),
            org: "bench".to_owned(),
            space: "dev".to_owned(),
            owner: "ada@example.org".to_owned(),
            password: None,
        })
        .await?;
    let key = made.opening.ok_or("a new owner gets a key")?.api_key;
    let db = Db::open(&address).await?;
    let (account, person) = (made.account.to_string(), made.owner.id.0.to_string());
    fill(&db, &account, &person, keys).await?;
    db.close().await;
    first.close().await;

    let begun = Instant::now();
    let by = node(&address, folder.path()).await?;
    println!(
        "{keys} keys; a node starts in {:.2} s",
        begun.elapsed().as_secs_f64()
    );
    let nodes = [
        node(&address, folder.path()).await?,
        node(&address, folder.path()).await?,
    ];
    nodes.iter().chain([&by]).for_each(Iam::watch);
    let owner = by.verifier().identity(Credential::ApiKey(key.expose()))?;
    let is_done = Arc::new(AtomicBool::new(false));
    let running = Instant::now();
    let changes = tokio::spawn(change(
        by.clone(),
        key.expose().clone(),
        per_second,
        Arc::clone(&is_done),
    ));
    let mut took = Vec::with_capacity(revoked);
    let mut acknowledged = Vec::with_capacity(revoked);
    for _ in 0..revoked {
        let new = NewKey {
            name: "revoked".to_owned(),
            ..NewKey::default()
        };
        let (made, text) = by.create_api_key(&owner, new).await?;
        until(|| nodes.iter().all(|node| enters(node, text.expose()))).await;
        let begun = Instant::now();
        by.switch_api_key(&owner, made.id, Switch::Locked, true)
            .await?;
        acknowledged.push(begun.elapsed());
        let begun = Instant::now();
        until(|| !nodes.iter().any(|node| enters(node, text.expose()))).await;
        took.push(begun.elapsed());
    }
    is_done.store(true, Ordering::Relaxed);
    let changes = changes.await?;
    let seconds = running.elapsed().as_secs_f64();
    println!(
        "{changes} changes besides, {:.0} a second",
        changes as f64 / seconds
    );
    let mut p99 = Duration::ZERO;
    for (what, times) in [
        ("acknowledged after", &mut acknowledged),
        ("refused by both after", &mut took),
    ] {
        times.sort_unstable();
        let at = |part: usize| {
            times
                .get((times.len() * part / 1000).min(times.len().saturating_sub(1)))
                .copied()
                .unwrap_or_default()
        };
        p99 = at(990);
        println!(
            "{what:<24} p50 {:>7.1} ms   p99 {:>7.1} ms   longest {:>7.1} ms",
            at(500).as_secs_f64() * 1000.0,
            p99.as_secs_f64() * 1000.0,
            at(1000).as_secs_f64() * 1000.0
        );
    }
    for iam in nodes.iter().chain([&by]) {
        iam.close().await;
    }
    if p99 > PROMISED {
        return Err(format!("p99 of {p99:?} is more than {PROMISED:?}").into());
    }
    Ok(())
}
