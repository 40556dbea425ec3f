//! Two accounts with an owner each, on either database, and short words for what the stories do.

use crate::prepared;
use crate::world::START;
use base::id::{AccountId, OrgId, SpaceId, UserId};
use base::scope::Domain;
use base::secret::Secret;
use base::time::{Clock, ManualClock, Millis};
use db::Db;
use iam::bootstrap::{Created, Request};
use iam::directory::Account;
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};
use iam::manage::invitation::{Choice, Invited, Invitee};
use iam::role::Role;
use iam::{AuthError, Credential, Iam, IamConfig, IamError, Identity};
use std::cmp::Ordering;
use std::sync::Arc;

pub(crate) const ADA: &str = "ada@example.org";
pub(crate) const BEA: &str = "bea@example.org";
pub(crate) const CARL: &str = "carl@example.org";

/// An account as its owner got it.
#[derive(Debug)]
pub(crate) struct OwnedAccount {
    pub(crate) account: AccountId,
    pub(crate) org: OrgId,
    pub(crate) space: SpaceId,
    pub(crate) owner: UserId,
    pub(crate) password: String,
    pub(crate) key: String,
}

/// Ada's account `a` and Bea's account `b`.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) iam: Iam,
    pub(crate) twin: Iam,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) a: OwnedAccount,
    pub(crate) b: OwnedAccount,
    address: String,
    config: IamConfig,
    _folder: tempfile::TempDir,
}

pub(crate) fn request(account: &str, owner: &str) -> Request {
    Request {
        account: account.to_owned(),
        region: None,
        org: "o".to_owned(),
        space: "s".to_owned(),
        owner: owner.to_owned(),
        password: None,
    }
}

pub(crate) fn by_name(a: &Account, b: &Account) -> Ordering {
    a.name.cmp(&b.name)
}

fn place(made: Created) -> OwnedAccount {
    let opening = made.opening.unwrap();
    OwnedAccount {
        account: made.account,
        org: made.org,
        space: made.space,
        owner: made.owner.id,
        password: opening.password.expose().clone(),
        key: opening.api_key.expose().clone(),
    }
}

async fn world(address: &str, folder: tempfile::TempDir) -> World {
    let clock = Arc::new(ManualClock::at(Millis::from_secs(START)));
    let config = crate::world::config(folder.path());
    prepared::signing_key(&config, START);
    let node = async || {
        let db = Db::open(address).await.unwrap();
        Iam::open(db, config.clone(), clock.clone()).await.unwrap()
    };
    let iam = node().await;
    let a = place(iam.bootstrap(request("a", ADA)).await.unwrap());
    let b = place(iam.create_account(request("b", BEA)).await.unwrap());
    // A second node on the same database, which has read all of this.
    let twin = node().await;
    World {
        iam,
        twin,
        clock,
        a,
        b,
        address: address.to_owned(),
        config,
        _folder: folder,
    }
}

pub(crate) fn on_both(test: &str, story: &impl AsyncFn(&World)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut addresses = vec![(prepared::sqlite(folder.path()), folder)];
    if let Some(address) = prepared::postgres(test) {
        addresses.push((address, tempfile::tempdir().unwrap()));
    }
    for (address, folder) in addresses {
        runtime.block_on(async {
            let world = world(&address, folder).await;
            story(&world).await;
            world.iam.close().await;
            world.twin.close().await;
        });
    }
}

pub(crate) fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

pub(crate) fn code(error: IamError) -> &'static str {
    match error {
        IamError::Refused(problem) => problem.reason.name(),
        other => panic!("not a refusal: {other}"),
    }
}

impl World {
    pub(crate) async fn ask(
        &self,
        grant: Grant,
        account: Option<&str>,
    ) -> Result<Tokens, IamError> {
        let request = TokenRequest {
            grant,
            client: Some(Client::Bx),
            account: account.map(str::to_owned),
            with_uaa: false,
            delegated_seconds: None,
            source: base::source::Source::here(),
        };
        self.iam.token(request).await
    }

    pub(crate) async fn login(
        &self,
        user: &str,
        password: &str,
        account: Option<AccountId>,
    ) -> Result<Tokens, IamError> {
        let grant = Grant::Password {
            username: user.to_owned(),
            password: secret(password),
        };
        let account = account.map(|account| account.to_string());
        self.ask(grant, account.as_deref()).await
    }

    pub(crate) async fn ada(&self, account: Option<AccountId>) -> Tokens {
        self.login(ADA, &self.a.password, account).await.unwrap()
    }

    /// The database itself.
    pub(crate) async fn database(&self) -> Db {
        Db::open(&self.address).await.unwrap()
    }

    /// One more node, which has read all there is and hears of nothing that comes after.
    pub(crate) async fn node(&self) -> Iam {
        let db = Db::open(&self.address).await.unwrap();
        Iam::open(db, self.config.clone(), self.clock.clone())
            .await
            .unwrap()
    }

    pub(crate) async fn refresh(
        &self,
        tokens: &Tokens,
        account: Option<&str>,
    ) -> Result<Tokens, IamError> {
        let text = tokens.refresh_token.as_ref().unwrap().clone();
        self.ask(Grant::RefreshToken(text), account).await
    }

    pub(crate) fn identity(&self, tokens: &Tokens) -> Result<Identity, AuthError> {
        let token = Credential::Iam(tokens.access_token.expose());
        self.iam.verifier().identity(token)
    }

    pub(crate) fn bound(&self, tokens: &Tokens) -> AccountId {
        let identity = self.identity(tokens).unwrap();
        let claimed = identity.claims().unwrap().account.bss.clone();
        assert_eq!(claimed, identity.account().to_string());
        identity.account()
    }

    pub(crate) fn scope(
        &self,
        credential: Credential<'_>,
        domain: Domain,
    ) -> Result<(), AuthError> {
        let scope = self.iam.verifier().scope(credential, Some(domain))?;
        assert_eq!(scope.domain(), domain);
        Ok(())
    }

    pub(crate) async fn bea(&self) -> Identity {
        let tokens = self.login(BEA, &self.b.password, None).await.unwrap();
        self.identity(&tokens).unwrap()
    }

    /// Bea invites a user into her account; returns their id there.
    pub(crate) async fn invite(&self, email: &str, role: Option<Role>) -> Invited {
        let wanted = Invitee {
            email: email.to_owned(),
            role,
        };
        let bea = self.bea().await;
        let invited = self.iam.invite(&bea, self.b.account, &[wanted]).await;
        let invited = invited.unwrap().remove(0);
        assert!(
            invited.code.is_none(),
            "an inviter of two accounts saw a code"
        );
        invited
    }

    /// Ada becomes a member of Bea's account, with this role, by her own word.
    pub(crate) async fn invite_ada(&self, role: Option<Role>) {
        let id = self.invite(ADA, role).await.id;
        let ada = self.identity(&self.ada(None).await).unwrap();
        self.iam.accept(&ada, Choice::Id(id), None).await.unwrap();
    }

    /// Carl begins with a code that the operator has handed on, in Bea's account.
    pub(crate) async fn invite_carl(&self, role: Option<Role>) -> (UserId, String) {
        self.invite(CARL, role).await;
        let code = self
            .iam
            .operators_code(CARL, Some(self.b.account))
            .await
            .unwrap()
            .code;
        let password = format!("of carl {}", self.clock.now().0);
        self.iam
            .redeem(base::source::Source::here(), CARL, &code, secret(&password))
            .await
            .unwrap();
        let carl = self.iam.directory().user_by_email(CARL).unwrap().id;
        (carl, password)
    }
}
