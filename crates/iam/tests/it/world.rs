//! An identity service on a new database with its first account, and short helpers for requests.

use crate::prepared;
use base::id::{AccountId, KeyId, OrgId, SpaceId, UserId};
use base::principal::Principal;
use base::secret::Secret;
use base::source::Source;
use base::time::{Clock, ManualClock, Millis};
use db::Db;
use iam::bootstrap::Request;
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};
use iam::flow::uaa::{UaaGrant, UaaTokens};
use iam::manage::api_key::NewKey;
use iam::manage::invitation::{InvitationConfig, Invitee};
use iam::manage::page::PageRequest;
use iam::manage::service_id::NewService;
use iam::role::Role;
use iam::{AuthError, Credential, Iam, IamConfig, IamError, Identity, PasswordCost};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

/// The time at the beginning of every test.
pub(crate) const START: i64 = 1_700_000_000;
/// Lifetime of an access token, in seconds.
pub(crate) const ACCESS: i64 = 3600;
/// Lifetime of a refresh token, in seconds.
pub(crate) const REFRESH: i64 = 86_400;
/// The owner's name.
pub(crate) const OWNER: &str = "ada@example.org";

/// The whole of a list that the test itself has made.
pub(crate) trait Whole {
    const WHOLE: Self;
}

impl Whole for PageRequest {
    const WHOLE: Self = Self {
        skip: 0,
        take: u64::MAX,
    };
}

pub(crate) struct World {
    pub(crate) iam: Iam,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) made: Made,
    pub(crate) config: IamConfig,
    address: String,
}

/// The first account.
pub(crate) struct Made {
    pub(crate) account: AccountId,
    pub(crate) org: OrgId,
    pub(crate) space: SpaceId,
    pub(crate) password: Secret<String>,
    pub(crate) api_key: Secret<String>,
}

/// Makes each scenario a test on either database; after `with`, on a service whose configuration is changed.
macro_rules! on_both_databases {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            #[test]
            fn on_sqlite() {
                crate::world::on_sqlite(|config| config, super::$story);
            }

            #[test]
            fn on_postgres() {
                crate::world::on_postgres(stringify!($story), |config| config, super::$story);
            }
        }
    )*};
    (with $change:path; $($story:ident),* $(,)?) => {$(
        mod $story {
            #[test]
            fn on_sqlite() {
                crate::world::on_sqlite($change, super::$story);
            }

            #[test]
            fn on_postgres() {
                crate::world::on_postgres(stringify!($story), $change, super::$story);
            }
        }
    )*};
}
pub(crate) use on_both_databases;

/// The default source.
pub(crate) fn source() -> Source {
    at(1)
}

/// A source by its number.
pub(crate) fn at(number: u8) -> Source {
    Source::client([192, 0, 2, number].into())
}

/// Runs a scenario on a new SQLite file.
pub(crate) fn on_sqlite<F: Future<Output = ()>>(
    change: fn(IamConfig) -> IamConfig,
    story: fn(World) -> F,
) {
    let folder = tempfile::tempdir().unwrap();
    run(prepared::sqlite(folder.path()), folder, change, story);
}

/// Runs a scenario on a new database of the PostgreSQL that the tests were given.
pub(crate) fn on_postgres<F: Future<Output = ()>>(
    name: &str,
    change: fn(IamConfig) -> IamConfig,
    story: fn(World) -> F,
) {
    let Some(address) = prepared::postgres(name) else {
        return;
    };
    run(address, tempfile::tempdir().unwrap(), change, story);
}

/// Passwords as a server hashes them, where it matters how long a check takes.
pub(crate) fn with_costly_passwords(config: IamConfig) -> IamConfig {
    IamConfig {
        password_cost: PasswordCost::default(),
        ..config
    }
}

/// The configuration of every service here.
pub(crate) fn config(folder: &Path) -> IamConfig {
    IamConfig {
        issuer: "https://vigie.example/identity".to_owned(),
        uaa_issuer: "https://vigie.example/oauth/token".to_owned(),
        access_token_seconds: ACCESS,
        logging_token_seconds: 365 * 86_400,
        refresh_token_seconds: REFRESH,
        signing: iam::SigningConfig::default(),
        keys: folder.join("keys"),
        encryption_key: None,
        account_limits: iam::manage::quota::AccountLimits::default(),
        stale_seconds_max: 300,
        password_checks_max: 1,
        // Most tests are not about passwords, and a server's cost is half of what they would do.
        password_cost: PasswordCost {
            memory_kib: 8,
            passes: 1,
        },
        limits: iam::IamLimits::default(),
        refusal_word: |refusal| refusal.reason.name(),
        deleted_milliseconds: 7 * 86_400_000,
        default_plan: None,
        invitations: InvitationConfig::default(),
        workload_issuers: Vec::new(),
    }
}

fn run<F: Future<Output = ()>>(
    address: String,
    folder: tempfile::TempDir,
    change: fn(IamConfig) -> IamConfig,
    story: fn(World) -> F,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let clock = Arc::new(ManualClock::at(Millis::from_secs(START)));
        let config = change(config(folder.path()));
        prepared::signing_key(&config, START);
        let db = Db::open(&address).await.unwrap();
        let iam = Iam::open(db, config.clone(), clock.clone()).await.unwrap();
        let request = Request {
            account: "first".to_owned(),
            region: Some("here".to_owned()),
            org: "acme".to_owned(),
            space: "prod".to_owned(),
            owner: OWNER.to_owned(),
            password: None,
        };
        let created = iam.bootstrap(request).await.unwrap();
        let opening = created.opening.expect("a new owner gets credentials");
        let made = Made {
            account: created.account,
            org: created.org,
            space: created.space,
            password: opening.password,
            api_key: opening.api_key,
        };
        let world = World {
            iam,
            clock,
            made,
            config,
            address,
        };
        let iam = world.iam.clone();
        story(world).await;
        if !iam.is_closed() {
            // Otherwise another node would not learn of all changes.
            assert!(iam::inspect::matches_database(&iam).await.unwrap());
        }
        iam.close().await;
    });
    // Connections may be open until here, so the folder must outlive them.
    drop(folder);
}

/// The reason of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, IamError>) -> &'static str {
    let error = result.expect_err("it was let in");
    error
        .refusal()
        .unwrap_or_else(|| panic!("not a refusal: {error}"))
        .reason
        .name()
}

/// A refresh token.
pub(crate) fn refresh_token(tokens: &Tokens) -> String {
    let token = tokens.refresh_token.as_ref().expect("no refresh token");
    token.expose().clone()
}

/// An access token.
pub(crate) fn access_token(tokens: &Tokens) -> String {
    tokens.access_token.expose().clone()
}

pub(crate) fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// A user other than the owner.
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) id: UserId,
    pub(crate) identity: Identity,
}

impl World {
    /// The address of the database.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The database.
    pub(crate) async fn database(&self) -> Db {
        Db::open(&self.address).await.unwrap()
    }

    /// Another node on the same database and with the same signing keys.
    pub(crate) async fn node(&self) -> Iam {
        self.node_with(self.clock.clone()).await
    }

    /// Lets a node hear of everything where it would not ask the others: on SQLite, which one node has alone.
    pub(crate) async fn tell_if_alone(&self, node: &Iam) {
        if !self.address().starts_with("postgres") {
            node.sync().await.unwrap();
        }
    }

    /// Another node, with a clock of its own.
    pub(crate) async fn node_with(&self, clock: Arc<dyn Clock>) -> Iam {
        let db = self.database().await;
        Iam::open(db, self.config.clone(), clock).await.unwrap()
    }

    pub(crate) fn clock_now(&self) -> Millis {
        self.clock.now()
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(seconds * 1000);
    }

    /// Sends a token request to a node, from the default source.
    pub(crate) async fn ask(
        iam: &Iam,
        grant: Grant,
        client: Option<Client>,
    ) -> Result<Tokens, IamError> {
        Self::ask_from(source(), iam, grant, client).await
    }

    /// Sends one from elsewhere.
    pub(crate) async fn ask_from(
        source: Source,
        iam: &Iam,
        grant: Grant,
        client: Option<Client>,
    ) -> Result<Tokens, IamError> {
        let request = TokenRequest {
            grant,
            client,
            account: None,
            with_uaa: false,
            delegated_seconds: None,
            source,
        };
        iam.token(request).await
    }

    /// Logs in by password from elsewhere.
    pub(crate) async fn password_from(
        &self,
        source: Source,
        user: &str,
        password: &str,
    ) -> Result<Tokens, IamError> {
        let grant = Grant::Password {
            username: user.to_owned(),
            password: secret(password),
        };
        Self::ask_from(source, &self.iam, grant, Some(Client::Bx)).await
    }

    /// Logs in by password.
    pub(crate) async fn password(&self, user: &str, password: &str) -> Result<Tokens, IamError> {
        let grant = Grant::Password {
            username: user.to_owned(),
            password: secret(password),
        };
        Self::ask(&self.iam, grant, Some(Client::Bx)).await
    }

    /// Changes a caller's own password, as a request does.
    pub(crate) async fn change_password(
        &self,
        caller: &Identity,
        source: Source,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<(), IamError> {
        let prepared = (self.iam)
            .prepare_password(caller, source, current, new)
            .await?;
        self.iam.change_password(prepared).await
    }

    /// The owner's login: a session with a refresh token.
    pub(crate) async fn log_in(&self) -> Tokens {
        let password = self.made.password.expose().clone();
        self.password(OWNER, &password).await.unwrap()
    }

    /// Logs in by API key, as the command line.
    pub(crate) async fn key_session(&self, key: &str) -> Result<Tokens, IamError> {
        Self::ask(&self.iam, Grant::ApiKey(secret(key)), Some(Client::Bx)).await
    }

    pub(crate) async fn renew(&self, token: &str) -> Result<Tokens, IamError> {
        let grant = Grant::RefreshToken(secret(token));
        Self::ask(&self.iam, grant, Some(Client::Bx)).await
    }

    pub(crate) async fn uaa_renew(&self, token: &str) -> Result<UaaTokens, IamError> {
        let grant = UaaGrant::RefreshToken(secret(token));
        self.iam
            .uaa_token(base::source::Source::here(), grant)
            .await
    }

    /// Whether an IAM token is accepted.
    pub(crate) fn enter(&self, token: &str) -> Result<Identity, AuthError> {
        self.iam.verifier().identity(Credential::Iam(token))
    }

    /// Whether a UAA token is accepted.
    pub(crate) fn enter_uaa(&self, token: &str) -> Result<Identity, AuthError> {
        self.iam.verifier().identity(Credential::Uaa(token))
    }

    /// Whether an API key is accepted.
    pub(crate) fn enter_key(&self, key: &str) -> Result<Identity, AuthError> {
        self.iam.verifier().identity(Credential::ApiKey(key))
    }

    /// The owner, verified.
    pub(crate) fn owner(&self) -> Identity {
        self.enter_key(self.made.api_key.expose()).unwrap()
    }

    /// A new key of the caller; its id and its text.
    pub(crate) async fn key(&self, of: &Identity, new: NewKey) -> (KeyId, String) {
        let new = NewKey {
            name: "made".to_owned(),
            ..new
        };
        let (key, text) = self.iam.create_api_key(of, new).await.unwrap();
        (key.id, text.expose().clone())
    }

    /// Invites a user into the account, without a role; returns the code.
    pub(crate) async fn invited(&self, email: &str) -> Secret<String> {
        self.invite(email, None).await
    }

    async fn invite(&self, email: &str, role: Option<Role>) -> Secret<String> {
        let (owner, account) = (self.owner(), self.made.account);
        let wanted = Invitee {
            email: email.to_owned(),
            role,
        };
        let mut invited = self.iam.invite(&owner, account, &[wanted]).await.unwrap();
        let code = invited.remove(0).code;
        code.expect("the inviter is shown the code")
    }

    /// Invites a user, with a role in the account or none, and redeems the code.
    pub(crate) async fn person(&self, email: &str, role: Option<Role>) -> Person {
        let code = self.invite(email, role).await;
        let chosen = secret("chosen at the beginning");
        self.iam
            .redeem(base::source::Source::here(), email, &code, chosen.clone())
            .await
            .unwrap();
        let tokens = self.password(email, chosen.expose()).await;
        let identity = self.enter(&access_token(&tokens.unwrap())).unwrap();
        Person {
            email: email.to_owned(),
            id: identity.user().unwrap(),
            identity,
        }
    }

    /// A service ID of the first account, without any role: its principal, and the text of its key.
    pub(crate) async fn service(&self) -> (Principal, String) {
        let new = NewService {
            name: "ci".to_owned(),
            ..NewService::default()
        };
        let key = NewKey {
            name: "first".to_owned(),
            ..NewKey::default()
        };
        let owner = self.owner();
        let made = self.iam.create_service_id(&owner, new, Some(key));
        let made = made.await.unwrap();
        let text = made.key.unwrap().1.expose().clone();
        (made.service.id.into(), text)
    }

    /// Makes another account: the only one could not be deleted.
    pub(crate) async fn second_account(&self) {
        self.second_account_of("zoe@example.org").await;
    }

    /// Makes another account with this owner.
    pub(crate) async fn second_account_of(&self, owner: &str) -> AccountId {
        let request = Request {
            account: "second".to_owned(),
            region: None,
            org: "acme".to_owned(),
            space: "prod".to_owned(),
            owner: owner.to_owned(),
            password: None,
        };
        self.iam.create_account(request).await.unwrap().account
    }

    /// Lets the time pass after which deleted data is removed, and forgets what it belonged to.
    pub(crate) async fn remove_deleted(&self) {
        // On PostgreSQL other nodes have a month to remove theirs.
        self.wait((8 + 31) * 86_400);
        let due = self.iam.due();
        self.iam.forget_removed(&due, usize::MAX).await.unwrap();
        self.iam.sync().await.unwrap();
    }

    pub(crate) fn org(&self) -> OrgId {
        self.made.org
    }

    pub(crate) fn space(&self) -> SpaceId {
        self.made.space
    }
}
