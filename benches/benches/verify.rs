//! Costs of authenticating and authorizing a monitoring request: from the header's bytes to a `Scope`.
//!
//! `cargo bench -p benches --bench verify`

use base::scope::Domain;
use base::secret::Secret;
use base::time::SystemClock;
use criterion::{BatchSize, Criterion};
use db::Db;
use iam::bootstrap::Request;
use iam::flow::grant::{Client, Grant, TokenRequest};
use iam::{Credential, Iam, IamConfig, Verifier};
use std::hint::black_box;
use std::sync::Arc;

struct World {
    iam: Iam,
    token: String,
    api_key: String,
    space: Domain,
    _folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

type Failure = Box<dyn std::error::Error>;

fn world() -> Result<World, Failure> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let (iam, token, api_key, space) = runtime.block_on(async {
        let database = folder.path().join("iam.db");
        let db = Db::open(&database.display().to_string()).await?;
        let config = IamConfig {
            issuer: "https://vigie.example/identity".to_owned(),
            uaa_issuer: "https://vigie.example/oauth/token".to_owned(),
            access_token_seconds: 3600,
            refresh_token_seconds: 86_400,
            logging_token_seconds: 86_400,
            keys: folder.path().join("keys"),
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
        let iam = Iam::open(db, config, Arc::new(SystemClock)).await?;
        let made = iam
            .bootstrap(Request {
                account: "bench".to_owned(),
                region: Some("local".to_owned()),
                org: "bench".to_owned(),
                space: "dev".to_owned(),
                owner: "ada@example.org".to_owned(),
                password: None,
            })
            .await?;
        let opening = made.opening.ok_or("a new owner gets a key")?;
        let api_key = opening.api_key.expose().clone();
        // As `vigie login --apikey` gets it: with a session, so that the check has all it can have to look up.
        let tokens = iam
            .token(TokenRequest {
                grant: Grant::ApiKey(Secret::new(api_key.clone())),
                client: Some(Client::Bx),
                account: None,
                with_uaa: false,
                delegated_seconds: None,
                source: base::source::Source::here(),
            })
            .await?;
        let token = tokens.access_token.expose().clone();
        Ok::<_, Failure>((iam, token, api_key, Domain::Space(made.space)))
    })?;
    Ok(World {
        iam,
        token,
        api_key,
        space,
        _folder: folder,
        _runtime: runtime,
    })
}

fn check(verifier: &Verifier, header: &[u8], space: Domain) -> bool {
    let Ok(sent) = wire::credential::user_token(header) else {
        return false;
    };
    let credential = match sent.kind {
        Some(wire::credential::CredentialKind::ApiKey) => Credential::ApiKey(sent.text),
        _ => Credential::Iam(sent.text),
    };
    verifier.scope(credential, Some(space)).is_ok()
}

fn main() -> Result<(), Failure> {
    let world = world()?;
    let verifier = world.iam.verifier();
    let token = format!("iam {}", world.token);
    let key = format!("apikey {}", world.api_key);
    assert!(check(&verifier, token.as_bytes(), world.space));
    assert!(check(&verifier, key.as_bytes(), world.space));
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("verify");
    group.bench_function(format!("cached token, {} bytes", world.token.len()), |b| {
        b.iter(|| check(&verifier, black_box(token.as_bytes()), world.space));
    });
    group.bench_function("API key", |b| {
        b.iter(|| check(&verifier, black_box(key.as_bytes()), world.space));
    });
    group.bench_function("token seen for the first time", |b| {
        b.iter_batched(
            || world.iam.verifier(),
            |fresh| check(&fresh, black_box(token.as_bytes()), world.space),
            BatchSize::SmallInput,
        );
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
