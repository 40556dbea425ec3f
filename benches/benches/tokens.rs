//! What tokens and keys cost: minting from the form to the JSON beside a bare signature, checking a request's token, decisions by access
//! policies, and the memory of API keys.
//!
//! `cargo bench -p benches --bench tokens`, with `KEYS` for another number than a million. It fails where a figure misses what
//! `docs/performance.md` needs of it. Times are of the processor, of the whole process.

#![expect(
    clippy::disallowed_methods,
    reason = "what is measured is written past the service"
)]
#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

#[path = "tokens/decisions.rs"]
mod decisions;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base::id::Guid;
use base::scope::Domain;
use base::secret::Secret;
use base::source::Source;
use base::time::SystemClock;
use db::{Db, Value};
use iam::bootstrap::Request;
use iam::flow::grant::{APIKEY, Grant, TokenRequest};
use iam::token::keyring::SigningAlgorithm;
use iam::{Credential, Iam, IamConfig, SigningConfig};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tokio::runtime::Runtime;
use wire::iam::form::Form;
use wire::iam::token::TokenReply;

type Failure = Box<dyn std::error::Error>;

/// Minting and signing are measured in turn, so often.
const PAIRS: usize = 5;

const USERS: usize = 1000;

/// Resident bytes that an API key may take.
const BYTES_PER_KEY_MAX: u64 = 400;

/// The folder of the identity database that a further process opens to say how much memory it then has.
const FOLDER: &str = "BENCH_TOKENS_FOLDER";

fn main() -> Result<(), Failure> {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return tell_resident(Path::new(&folder));
    }
    let mut missed = Vec::new();
    println!(
        "| | tokens a second | bare signatures a second | share | needed |\n|---|---|---|---|---|"
    );
    for (algorithm, times, needed) in [
        (SigningAlgorithm::Rs256, 2000, 0.85),
        (SigningAlgorithm::Es256, 30_000, 0.5),
        (SigningAlgorithm::EdDsa, 30_000, 0.5),
    ] {
        let world = World::new(algorithm)?;
        let sign = signer(algorithm)?;
        let mut pairs = Vec::new();
        for _ in 0..PAIRS {
            let minted = each(times, || world.mint().map(drop))?;
            let signed = each(times, || match sign(black_box(&world.message)) {
                Ok(signature) => {
                    black_box(signature);
                    Ok(())
                }
                Err(_) => Err("no signature can be made".into()),
            })?;
            pairs.push((signed / minted, minted, signed));
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (share, minted, signed) = *pairs.get(PAIRS / 2).ok_or("nothing was measured")?;
        println!(
            "| {} | {:.0} | {:.0} | {:.0} % | ≥ {:.0} % |",
            algorithm.name(),
            1e9 / minted,
            1e9 / signed,
            share * 100.0,
            needed * 100.0
        );
        if share < needed {
            missed.push(algorithm.name());
        }
        if algorithm == SigningAlgorithm::Rs256 {
            let checked = world.check(500_000)?;
            println!(
                "| requests with a known token, checked a second | {:.0} | | | |",
                1e9 / checked
            );
        }
    }
    missed.extend(decisions::measure()?);
    let keys = std::env::var("KEYS").map_or(Ok(1_000_000), |text| text.parse::<usize>())?;
    let bytes = bytes_per_key(keys)?;
    println!(
        "| resident bytes for each of {keys} API keys | {bytes} | | | ≤ {BYTES_PER_KEY_MAX} |"
    );
    if bytes > BYTES_PER_KEY_MAX {
        missed.push("the memory of a key");
    }
    match missed.is_empty() {
        true => Ok(()),
        false => Err(format!("{} needs more than it may", missed.join(", ")).into()),
    }
}

/// Processor time of all threads so far, in nanoseconds.
fn processor_ns() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Nanoseconds that each of so many takes.
fn each(times: u32, mut work: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let begun = processor_ns();
    for _ in 0..times {
        work()?;
    }
    Ok((processor_ns() - begun) / f64::from(times))
}

type Sign = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, Unspecified>>;

fn boxed(sign: impl Fn(&[u8]) -> Result<Vec<u8>, Unspecified> + 'static) -> Sign {
    Box::new(sign)
}

/// What signs with a key of this kind, and does nothing else.
fn signer(algorithm: SigningAlgorithm) -> Result<Sign, Failure> {
    const NO_KEY: &str = "no key can be made";
    let random = SystemRandom::new();
    match algorithm {
        SigningAlgorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| NO_KEY)?;
            Ok(boxed(move |message| {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }))
        }
        SigningAlgorithm::Es256 => {
            let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let made = EcdsaKeyPair::generate_pkcs8(kind, &random).map_err(|_| NO_KEY)?;
            let pair = EcdsaKeyPair::from_pkcs8(kind, made.as_ref()).map_err(|_| NO_KEY)?;
            Ok(boxed(move |message| {
                Ok(pair.sign(&random, message)?.as_ref().to_vec())
            }))
        }
        SigningAlgorithm::EdDsa => {
            let made = Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| NO_KEY)?;
            let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).map_err(|_| NO_KEY)?;
            Ok(boxed(move |message| {
                Ok(pair.try_sign(message)?.as_ref().to_vec())
            }))
        }
    }
}

/// The address of the database in a folder.
fn database(folder: &Path) -> String {
    folder.join("iam.db").display().to_string()
}

async fn open(folder: &Path, algorithm: SigningAlgorithm) -> Result<Iam, Failure> {
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
        signing: SigningConfig {
            algorithm,
            key_days: 0,
        },
        deleted_milliseconds: 0,
        default_plan: None,
        workload_issuers: Vec::new(),
        invitations: iam::manage::invitation::InvitationConfig::default(),
    };
    let db = Db::open(&database(folder)).await?;
    Ok(Iam::open(db, config, Arc::new(SystemClock)).await?)
}

/// An identity service with an account.
struct World {
    iam: Iam,
    /// The body of a token request, as an SDK sends it.
    form: String,
    space: Domain,
    account: String,
    /// What is signed of a token.
    message: Vec<u8>,
    folder: tempfile::TempDir,
    runtime: Runtime,
}

impl World {
    fn new(algorithm: SigningAlgorithm) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let runtime = Runtime::new()?;
        let (iam, made) = runtime.block_on(async {
            let iam = open(folder.path(), algorithm).await?;
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
            Ok::<_, Failure>((iam, made))
        })?;
        let opening = made.opening.ok_or("a new owner gets a key")?;
        let key = opening.api_key.expose();
        let grant = APIKEY.replace(':', "%3A");
        let mut world = Self {
            iam,
            form: format!("grant_type={grant}&apikey={key}&response_type=cloud_iam"),
            space: Domain::Space(made.space),
            account: made.account.to_string(),
            message: Vec::new(),
            folder,
            runtime,
        };
        let token = world.token()?;
        let (message, _) = token.rsplit_once('.').ok_or("a token has a signature")?;
        world.message = message.as_bytes().to_vec();
        Ok(world)
    }

    /// The JSON for the form.
    fn mint(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string(&self.reply()?)?)
    }

    fn reply(&self) -> Result<TokenReply, Failure> {
        let form = Form::parse(black_box(self.form.as_bytes()))?;
        if form.required("grant_type")? != APIKEY {
            return Err("another grant".into());
        }
        let key = form.required("apikey")?.to_owned();
        let tokens = self.runtime.block_on(self.iam.token(TokenRequest {
            grant: Grant::ApiKey(Secret::new(key)),
            client: None,
            account: None,
            with_uaa: false,
            delegated_seconds: None,
            source: Source::here(),
        }))?;
        Ok(TokenReply {
            access_token: tokens.access_token.expose().as_str().into(),
            refresh_token: "not_supported".into(),
            token_type: "Bearer".to_owned(),
            expires_in: tokens.expires_in,
            expiration: tokens.expires_at,
            scope: "ibm openid".to_owned(),
            session_id: None,
            delegated_refresh_token: None,
            uaa_token: None,
            uaa_refresh_token: None,
        })
    }

    fn token(&self) -> Result<String, Failure> {
        Ok(self.reply()?.access_token.expose().to_owned())
    }

    /// Nanoseconds that the check of a request takes: from its header to what it may do.
    fn check(&self, times: u32) -> Result<f64, Failure> {
        let verifier = self.iam.verifier();
        let header = format!("iam {}", self.token()?);
        each(times, || {
            let sent = wire::credential::user_token(black_box(header.as_bytes()));
            let sent = sent.map_err(|_| "the header is refused")?;
            let scope = verifier.scope(Credential::Iam(sent.text), Some(self.space));
            scope.map(drop).map_err(|_| "the token is refused".into())
        })
    }
}

/// An identity service with an account that is closed, so that its database can be written past it.
struct Closed {
    account: String,
    folder: tempfile::TempDir,
    runtime: Runtime,
}

impl Closed {
    fn new() -> Result<Self, Failure> {
        let World {
            iam,
            account,
            folder,
            runtime,
            ..
        } = World::new(SigningAlgorithm::default())?;
        runtime.block_on(iam.close());
        Ok(Self {
            account,
            folder,
            runtime,
        })
    }

    /// Writes rows of the account.
    fn fill(
        &self,
        write: impl AsyncFnOnce(&Db, &str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let db = Db::open(&database(self.folder.path())).await?;
            write(&db, &self.account).await
        })
    }
}

/// The memory of a process that has opened the identity database of so many keys, less that of one with hardly any, for each key.
fn bytes_per_key(keys: usize) -> Result<u64, Failure> {
    let closed = Closed::new()?;
    let folder = closed.folder.path();
    let without = resident_elsewhere(folder)?;
    closed.fill(async |db: &Db, account: &str| fill(db, account, keys).await)?;
    let with = resident_elsewhere(folder)?;
    Ok(with.saturating_sub(without) / keys.max(1) as u64)
}

/// In a process of its own, whose memory nothing else has been in.
fn resident_elsewhere(folder: &Path) -> Result<u64, Failure> {
    let output = Command::new(std::env::current_exe()?)
        .env(FOLDER, folder)
        .output()?;
    let printed = String::from_utf8(output.stdout)?;
    match output.status.success() {
        true => Ok(printed.trim().parse()?),
        false => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}

fn tell_resident(folder: &Path) -> Result<(), Failure> {
    Runtime::new()?.block_on(async {
        let iam = open(folder, SigningAlgorithm::default()).await?;
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: u64 = kib.ok_or("no resident memory is told")?.parse()?;
        println!("{}", kib * 1024);
        iam.close().await;
        Ok(())
    })
}

/// A GUID of its own for each number of a table.
fn guid(table: u8, number: usize) -> String {
    let mut bytes = [table; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Guid::from_random(bytes).to_string()
}

/// Writes so many keys of [`USERS`] members of the account.
async fn fill(db: &Db, account: &str, keys: usize) -> Result<(), Failure> {
    let at = Value::from(1_795_435_200_000_i64);
    let mut tx = db.begin().await?;
    for number in 0..USERS {
        let user = guid(3, number);
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
    }
    for number in 0..keys {
        let (user, key) = (guid(3, number % USERS), guid(4, number));
        let hash = Value::from(&iam::entropy::sha256(key.as_bytes())[..]);
        let sql = "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, \
                   created_at, modified_at) VALUES ($1, $2, $3, 'ci', '', $4, 0, 0, 1, $5, $5)";
        let (user, key) = (user.as_str().into(), key.as_str().into());
        tx.execute(sql, &[key, account.into(), user, hash, at.clone()])
            .await?;
    }
    tx.commit().await?;
    Ok(())
}
