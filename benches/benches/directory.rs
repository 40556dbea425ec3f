//! Costs of a large identity database: reading it whole, as a start does, and asking for the lists in it.
//!
//! `cargo bench -p benches --bench directory`, with `USERS` for another size. Every figure is the median of nine.

#![expect(
    clippy::disallowed_methods,
    reason = "what is measured is written past the service"
)]
#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

use base::id::Guid;
use base::secret::Secret;
use base::time::{Millis, SystemClock};
use db::{Db, Value};
use iam::bootstrap::Request;
use iam::directory::ApiKey;
use iam::flow::grant::{Client, Grant, TokenRequest};
use iam::manage::api_key::KeysOf;
use iam::manage::page::PageRequest;
use iam::{Credential, Iam, IamConfig};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error>;

const KEYS_PER_USER: usize = 10;
const USERS_PER_ORG: usize = 10;
const SPACES_PER_ORG: usize = 10;
/// The page size of lists.
const PAGE: PageRequest = PageRequest { skip: 0, take: 100 };
const REFRESH_TOKENS_PER_USER: usize = 100;

async fn service(folder: &Path) -> Result<(Iam, Db), Failure> {
    let database = folder.join("iam.db").display().to_string();
    let config = IamConfig {
        issuer: "https://vigie.example/identity".to_owned(),
        uaa_issuer: "https://vigie.example/oauth/token".to_owned(),
        access_token_seconds: 3600,
        refresh_token_seconds: 86_400,
        logging_token_seconds: 86_400,
        keys: folder.join("keys"),
        encryption_key: None,
        account_limits: iam::manage::quota::AccountLimits::default(),
        stale_seconds_max: 300,
        refusal_word: |refusal| refusal.reason.name(),
        password_checks_max: 1,
        password_cost: iam::PasswordCost::default(),
        limits: iam::IamLimits::default(),
        signing: iam::SigningConfig::default(),
        deleted_milliseconds: 0,
        default_plan: None,
        invitations: iam::manage::invitation::InvitationConfig::default(),
        workload_issuers: Vec::new(),
    };
    let iam = Iam::open(Db::open(&database).await?, config, Arc::new(SystemClock)).await?;
    Ok((iam, Db::open(&database).await?))
}

/// A GUID of its own for each number of a table.
fn guid(table: u8, number: usize) -> Guid {
    let mut bytes = [table; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Guid::from_random(bytes)
}

/// Fills the account as years of use would.
async fn fill(db: &Db, account: &str, users: usize, now: Millis) -> Result<(), Failure> {
    let at = Value::from(now.0);
    let mut tx = db.begin().await?;
    for number in 0..users / USERS_PER_ORG {
        let org = guid(1, number).to_string();
        let name = Value::from(format!("org{number}"));
        let sql = "INSERT INTO orgs (guid, account, region, name, created_at, updated_at) VALUES ($1, $2, 'r', $3, $4, $4)";
        tx.execute(
            sql,
            &[org.as_str().into(), account.into(), name, at.clone()],
        )
        .await?;
        for place in 0..SPACES_PER_ORG {
            let place = number * SPACES_PER_ORG + place;
            let space = guid(2, place).to_string();
            let name = Value::from(format!("space{place}"));
            let sql = "INSERT INTO spaces (guid, org, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)";
            let values = [space.as_str().into(), org.as_str().into(), name, at.clone()];
            tx.execute(sql, &values).await?;
            let tenant = Value::from(i64::try_from(1_000_000 + place)?);
            let sql = "INSERT INTO domains (tenant, domain) VALUES ($1, $2)";
            tx.execute(sql, &[tenant, format!("s-{space}").into()])
                .await?;
        }
    }
    for number in 0..users {
        let user = guid(3, number).to_string();
        let email = Value::from(format!("user{number}@example.org"));
        let sql = "INSERT INTO principals (guid, kind) VALUES ($1, 'user')";
        tx.execute(sql, &[user.as_str().into()]).await?;
        let sql = "INSERT INTO users (guid, home, email, folded, proof, given_name, family_name, created_at) \
                   VALUES ($1, $2, $3, $3, 'operator', 'A', 'B', $4)";
        let values = [user.as_str().into(), account.into(), email, at.clone()];
        tx.execute(sql, &values).await?;
        let sql = "INSERT INTO members (account, principal, added_at) VALUES ($1, $2, $3)";
        tx.execute(sql, &[account.into(), user.as_str().into(), at.clone()])
            .await?;
        let domain = Value::from(format!("s-{}", guid(2, number)));
        let sql = "INSERT INTO roles (principal, domain, role) VALUES ($1, $2, 'Developer')";
        tx.execute(sql, &[user.as_str().into(), domain]).await?;
        for key in 0..KEYS_PER_USER {
            let key = guid(4, number * KEYS_PER_USER + key).to_string();
            let hash = Value::from(&iam::entropy::sha256(key.as_bytes())[..]);
            let sql = "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, \
                       created_at, modified_at) VALUES ($1, $2, $3, 'ci', '', $4, 0, 0, 1, $5, $5)";
            let (user, key) = (user.as_str().into(), key.as_str().into());
            tx.execute(sql, &[key, account.into(), user, hash, at.clone()])
                .await?;
        }
        let session = guid(5, number).to_string();
        let later = Value::from(now.plus(86_400_000).0);
        let sql = "INSERT INTO sessions (guid, account, principal, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
        let values = [
            session.as_str().into(),
            account.into(),
            user.as_str().into(),
            at.clone(),
            later.clone(),
        ];
        tx.execute(sql, &values).await?;
        for token in 0..REFRESH_TOKENS_PER_USER {
            let token = format!("{user}{token}");
            let hash = Value::from(&iam::entropy::sha256(token.as_bytes())[..]);
            let sql = "INSERT INTO refresh_tokens (hash, session, client, principal, grant_type, expires_at) \
                       VALUES ($1, $2, 'bx', $3, 'password', $4)";
            let (session, user) = (session.as_str().into(), user.as_str().into());
            tx.execute(sql, &[hash, session, user, later.clone()])
                .await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn median(
    what: &str,
    work: impl AsyncFn(usize) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut took: Vec<Duration> = Vec::new();
    for round in 0..9 {
        let begun = Instant::now();
        work(round).await?;
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    let median = took.get(took.len() / 2).copied().unwrap_or_default();
    println!("{what:<40} {:>10.2} ms", median.as_secs_f64() * 1000.0);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let users = std::env::var("USERS").map_or(Ok(10_000), |text| text.parse::<usize>())?;
    let folder = tempfile::tempdir()?;
    let (iam, db) = service(folder.path()).await?;
    let made = iam
        .bootstrap(Request {
            account: "bench".to_owned(),
            region: Some("r".to_owned()),
            org: "bench".to_owned(),
            space: "dev".to_owned(),
            owner: "ada@example.org".to_owned(),
            password: None,
        })
        .await?;
    let account = made.account.to_string();
    let now = base::time::Clock::now(&SystemClock);
    fill(&db, &account, users, now).await?;
    // A key of somebody who has one role, in one space.
    let plain = Value::from(&iam::entropy::sha256(b"a plain key")[..]);
    let sql = "UPDATE api_keys SET hash = $2 WHERE guid = $1";
    db.execute(sql, &[guid(4, 0).to_string().into(), plain])
        .await?;
    iam.close().await;

    let begun = Instant::now();
    let (iam, _) = service(folder.path()).await?;
    println!(
        "{users} users, {} keys, {} spaces, {} refresh tokens\n{:<40} {:>10.2} ms",
        users * KEYS_PER_USER,
        users / USERS_PER_ORG * SPACES_PER_ORG,
        users * REFRESH_TOKENS_PER_USER,
        "open",
        begun.elapsed().as_secs_f64() * 1000.0
    );
    let opening = made.opening.ok_or("a new owner gets a key")?;
    let owner = iam
        .verifier()
        .identity(Credential::ApiKey(opening.api_key.expose()))?;
    let member = iam.verifier().identity(Credential::ApiKey("a plain key"))?;
    median("a change: a new organization", async |round| {
        iam.create_org(&owner, &format!("new{round}"), None).await?;
        Ok(())
    })
    .await?;
    median("twenty changes at once", async |round| {
        let mut changes = Vec::new();
        for number in 0..20 {
            let (iam, owner) = (iam.clone(), owner.clone());
            let name = format!("burst{round}-{number}");
            changes.push(tokio::spawn(async move {
                iam.create_org(&owner, &name, None).await.map(drop)
            }));
        }
        for change in changes {
            change.await??;
        }
        Ok(())
    })
    .await?;
    median("a login with a session", async |_| {
        let key = Secret::new(opening.api_key.expose().clone());
        iam.token(TokenRequest {
            grant: Grant::ApiKey(key),
            client: Some(Client::Bx),
            account: None,
            with_uaa: false,
            delegated_seconds: None,
            source: base::source::Source::here(),
        })
        .await?;
        Ok(())
    })
    .await?;
    for (who, caller) in [("an Administrator", &owner), ("a member", &member)] {
        median(&format!("organizations of {who}"), async |_| {
            assert!(!iam.orgs(caller, |_| true, PAGE).entries.is_empty());
            Ok(())
        })
        .await?;
        median(&format!("spaces of {who}"), async |_| {
            assert!(!iam.spaces(caller, None, |_| true, PAGE).entries.is_empty());
            Ok(())
        })
        .await?;
        median(&format!("own keys of {who}"), async |_| {
            let by = |a: &ApiKey, b: &ApiKey| a.name.cmp(&b.name);
            let keys = iam.api_keys(caller, KeysOf::default(), by, PAGE)?;
            assert!(!keys.entries.is_empty());
            Ok(())
        })
        .await?;
    }
    median("a user by address", async |_| {
        assert!(
            iam.directory()
                .user_by_email("USER9999@example.org")
                .is_some()
                || users < 10_000
        );
        Ok(())
    })
    .await?;
    iam.close().await;
    Ok(())
}
