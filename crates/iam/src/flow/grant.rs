//! The grants of the token endpoint: the proof, and the tokens issued for it.

pub use super::request::{Grant, TokenRequest};
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::users;
pub use crate::token::issued::{
    APIKEY, ASSUME, CLIENT_CREDENTIALS, CR_TOKEN, Client, DELEGATED, IAM_AUTHZ, PASSCODE, PASSWORD,
    REFRESH_TOKEN, Tokens,
};

use super::refresh::Login;
use super::{access, account_rules, displaced, passcode, password, refresh, uaa};
use crate::audit::{Action, Credential as AuditedCredential, Entry, Origin};
use crate::error::{AuthError, IamError};
use crate::grant::NOT_A_MEMBER;
use crate::model::bounds::{AccountReach, CredentialBounds, Root};
use crate::policy;
use crate::service::Iam;
use crate::token::identity::Credential;
use crate::token::issued::NO_CLIENT;
use crate::token::subject::Subject;
use crate::verify;
use base::id::{AccountId, ServiceId, SessionId, UserId};
use base::principal::Principal;
use base::secret::Secret;
use base::source::Source;
use base::time::Millis;
use db::Tx;

/// The principal that a proof identifies, and what may be issued.
pub(crate) struct GrantSubject {
    pub(crate) subject: Subject,
    pub(crate) login: Login,
    held: ProofGuard,
}

/// Ensures that a proof is still valid in the transaction that issues something for it.
enum ProofGuard {
    /// Nothing: the key is checked at every use.
    Unguarded,
    /// The user's password: its hash from before the comparison detects a change in between.
    Password(UserId, Option<String>),
    /// The transaction that consumes the code.
    Code(Box<Tx>),
}

/// The refusal of an API key that is right but no longer usable, with the remedy.
fn ended_key(why: &'static str) -> IamError {
    let message = format!("Provided API key cannot be used: {why}");
    let refusal = Refusal::new(Reason::WrongKey, message);
    IamError::Refused(match why {
        verify::ACCOUNT_DELETED => refusal.remedy(Remedy::RestoreAccount),
        NOT_A_MEMBER => refusal.remedy(Remedy::InviteAgain),
        _ => refusal,
    })
}

/// The refusal of an API key that its account lets in from other addresses alone, or of another one as `otherwise` says.
fn refused_key(error: &AuthError, otherwise: impl FnOnce() -> IamError) -> IamError {
    match error {
        AuthError::AddressNotAllowed { .. } => {
            IamError::forbidden_without(error.to_string(), Remedy::AllowAddress)
        }
        _ => otherwise(),
    }
}

impl Iam {
    /// Answers a token request.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code.
    pub async fn token(&self, request: TokenRequest) -> Result<Tokens, IamError> {
        let (source, by_password) = (request.source, request.grant.is_password());
        let presented = request.grant.presented();
        let answer = self.answer(request).await;
        self.note_refusal(presented, &answer);
        if by_password {
            return answer;
        }
        self.slow_guesses(source, answer)
    }

    /// Answers a token request. Most are for the access token of a key, which takes no database: what does is boxed, so that these
    /// do not carry the room for all of it with them.
    async fn answer(&self, request: TokenRequest) -> Result<Tokens, IamError> {
        let is_client = matches!(request.grant, Grant::Client { .. });
        let needs_client = !matches!(request.grant, Grant::ApiKey(_)) && !is_client;
        // The receiver of a delegated token renews with it, and does nothing else.
        let is_receiver =
            request.client == Some(Client::Kube) && matches!(request.grant, Grant::RefreshToken(_));
        let is_known = request.client == Some(Client::Bx) || is_receiver;
        if !is_known && (needs_client || request.client.is_some()) {
            let message = "The Authorization header with a client that may use this grant is missing: send `bx:bx`";
            return Err(IamError::refused(Reason::NoClient, message));
        }
        if let Grant::RefreshToken(text) = &request.grant {
            if is_receiver {
                return Box::pin(self.renew(text, Client::Kube, None, false)).await;
            }
            let account = request.account.as_deref();
            return Box::pin(self.renew(text, Client::Bx, account, request.with_uaa)).await;
        }
        let proven = self
            .prove(request.source, request.grant, request.account.as_deref())
            .await?;
        if request.with_uaa {
            proven.subject.require_user()?;
        }
        let Some(client) = request.client else {
            // The token opens what the key itself opens and no session begins: this counts as a request with a key.
            self.note_request(&proven.login, AuditedCredential::ApiKey);
            self.note_login(&proven.login);
            let identifier = is_client.then(|| proven.subject.identifier());
            let client = identifier.as_deref().unwrap_or(NO_CLIENT);
            return access::iam_token(self, &proven.subject, &proven.login, client, None);
        };
        let (subject, login, session, refresh_token) =
            Box::pin(self.begin_session(proven, client.id())).await?;
        let refresh_token = Some(refresh_token);
        let mut tokens = access::iam_token(self, &subject, &login, client.id(), refresh_token)?;
        if request.with_uaa {
            let issued = Box::pin(uaa::issue(self, &subject, &login, session));
            tokens.uaa = Some(issued.await?);
        }
        Ok(tokens)
    }

    /// Begins a session with a proof that is still valid.
    pub(crate) async fn begin_session(
        &self,
        proven: GrantSubject,
        client: &str,
    ) -> Result<(Subject, Login, SessionId, Secret<String>), IamError> {
        let GrantSubject {
            subject,
            login,
            held,
        } = proven;
        let principal = subject.principal();
        account_rules::check_password(self, login.account(), login.grant_type())?;
        let credential = match &held {
            ProofGuard::Code(_) => AuditedCredential::Passcode,
            ProofGuard::Unguarded | ProofGuard::Password(..) => {
                AuditedCredential::of_grant(login.grant_type())
            }
        };
        let mut tx = self.lock_proof(held).await?;
        let begun = refresh::begin(self, &mut tx, login, client).await?;
        let login = begun.login;
        let about = |entry: Entry| {
            let entry = entry.in_account(login.account());
            entry.with_some("by_key", login.bounds().root().key)
        };
        let entry = Entry::by_principal(principal, credential, Action::SignedIn).on(begun.session);
        let mut entries = about(entry.with("client", client)).into_entries();
        if let Some(gone) = displaced::entry(principal, credential, &begun.displaced) {
            entries = entries.and(about(gone));
        }
        self.commit_without_read_back(tx, entries).await?;
        self.note_login(&login);
        if !begun.displaced.is_empty() {
            self.read_ends().await;
        }
        Ok((subject, login, begun.session, begun.refresh_token))
    }

    /// Counts a request that rests on a login.
    pub(crate) fn note_request(&self, login: &Login, presented: AuditedCredential) {
        let bounds = login.bounds();
        self.0.counts.request(
            bounds.principal(),
            Some(login.account()),
            (presented, bounds.root().key),
            Origin::current_source(),
            self.0.clock.now(),
        );
    }

    /// The transaction in which something may be issued for a proof.
    async fn lock_proof(&self, held: ProofGuard) -> Result<Tx, IamError> {
        let (user, stored) = match held {
            ProofGuard::Code(tx) => return Ok(*tx),
            ProofGuard::Unguarded => return Ok(self.0.db.begin().await?),
            ProofGuard::Password(user, stored) => (user, stored),
        };
        let mut tx = self.0.db.begin().await?;
        if !users::lock_password(&mut tx, user, stored).await? {
            let message = "The password was changed at this moment";
            let refusal = Refusal::new(Reason::WrongProof, message);
            return Err(IamError::Refused(refusal.remedy(Remedy::LogInAgain)));
        }
        Ok(tx)
    }

    /// The current hash of a user's password. An unknown name costs the same time.
    async fn password_of(&self, username: &str) -> Result<Option<String>, IamError> {
        let directory = self.directory();
        let user = directory.user_by_email(username).map(|user| user.id);
        users::password(&self.0.db, user).await
    }

    /// The proof's principal, logged in to the requested account, else to the key's account, else to its first account.
    pub(crate) async fn prove(
        &self,
        source: Source,
        grant: Grant,
        asked: Option<&str>,
    ) -> Result<GrantSubject, IamError> {
        let now = self.0.clock.now();
        let proven = |subject: Subject, bounds: CredentialBounds, grant_type: &str, held| {
            let directory = self.directory();
            // The first account may be deleted while a user still has others.
            let default = policy::account(&directory, &bounds);
            let default = default.or_else(|| directory.home(bounds.principal()));
            let accepting = |account| account_rules::accepting(self, &bounds, account, grant_type);
            let account = match asked {
                Some(text) => text.parse().ok(),
                None => default.map(accepting),
            };
            let login = Login::to(self, bounds, account, grant_type.to_owned())?;
            Ok::<_, IamError>(GrantSubject {
                subject,
                login,
                held,
            })
        };
        match grant {
            Grant::ApiKey(text) => {
                let refused = |message: String| IamError::refused(Reason::WrongKey, message);
                let unknown = || refused("Provided API key could not be found".to_owned());
                let identity = self
                    .verifier()
                    .holder(Credential::ApiKey(text.expose()))
                    .map_err(|error| match error {
                        // Only a caller who has the key's text gets this answer.
                        AuthError::Revoked(why) => ended_key(why),
                        error => refused_key(&error, unknown),
                    })?;
                let subject = self.subject(identity.bounds())?;
                proven(subject, *identity.bounds(), APIKEY, ProofGuard::Unguarded)
            }
            Grant::Password { username, password } => {
                let stored = Box::pin(self.password_of(&username)).await?;
                let checked = Box::pin(password::check(self, source, &username, password));
                let user = checked.await?;
                let bounds = CredentialBounds::of_person(&self.directory(), user.id, now);
                let held = ProofGuard::Password(user.id, stored);
                proven(user.into(), bounds, PASSWORD, held)
            }
            Grant::Passcode(code) => {
                let mut tx = Box::pin(self.0.db.begin()).await?;
                let redeemed = Box::pin(passcode::redeem(self, &mut tx, &code));
                let (bounds, grant_type) = redeemed.await?;
                let subject = self.subject(&bounds)?;
                // A refusal drops the transaction: a mistyped account does not consume the code.
                proven(subject, bounds, grant_type, ProofGuard::Code(Box::new(tx)))
            }
            Grant::Client { id, secret } => {
                let bounds = self.client(&id, &secret)?;
                let subject = self.subject(&bounds)?;
                proven(subject, bounds, CLIENT_CREDENTIALS, ProofGuard::Unguarded)
            }
            Grant::RefreshToken(_) => Err(IamError::Crypto(
                "prove an identity by a refresh token here",
            )),
        }
    }

    /// The bounds of a service that shows its id, and one of its keys as the secret.
    fn client(&self, id: &str, secret: &Secret<String>) -> Result<CredentialBounds, IamError> {
        let wrong = |why: &str| {
            let message = format!("The client is unknown or its secret is wrong{why}");
            IamError::refused(Reason::WrongClient, message)
        };
        let service = ServiceId::from_either(id);
        let key = Credential::ApiKey(secret.expose());
        let holder = self.verifier().holder(key).map_err(|error| match error {
            // Only a caller who has the key's text gets this answer.
            AuthError::Revoked(why) => wrong(&format!(": {why}")),
            error => refused_key(&error, || wrong("")),
        })?;
        match service.is_ok_and(|service| holder.principal() == Principal::Service(service)) {
            true => Ok(*holder.bounds()),
            false => Err(wrong("")),
        }
    }

    /// The requested account, if the bounds open it.
    pub(crate) fn account_for(
        &self,
        bounds: &CredentialBounds,
        asked: Option<AccountId>,
    ) -> Result<AccountId, IamError> {
        let directory = self.directory();
        if let Some(account) = asked.filter(|account| bounds.opens(&directory, *account)) {
            return Ok(account);
        }
        if directory.accounts_of(bounds.principal()).is_empty() {
            // Only a caller who has proven their identity gets this answer.
            let message = "The user is in no account any more: the last one was deleted, or the user was removed from it";
            let refusal = Refusal::new(Reason::NotAMember, message);
            return Err(IamError::Refused(
                refusal.remedy(Remedy::InviteAgainOrRestore),
            ));
        }
        let member = asked.is_some_and(|account| directory.is_member(bounds.principal(), account));
        let (message, remedy) = match bounds.reach() {
            AccountReach::One(bound) if member => (
                format!("The API key is for the account {bound} alone"),
                Remedy::LogInForAnyAccount,
            ),
            AccountReach::Any if member => (
                "The user was removed from the account asked for since this login began".to_owned(),
                Remedy::LogInAgain,
            ),
            _ => {
                let message = "The user is not a member of the account asked for";
                return Err(IamError::not_a_member(message));
            }
        };
        let refusal = Refusal::new(Reason::NotAMember, message);
        Err(IamError::Refused(refusal.remedy(remedy)))
    }

    async fn renew(
        &self,
        text: &Secret<String>,
        client: Client,
        account: Option<&str>,
        with_uaa: bool,
    ) -> Result<Tokens, IamError> {
        let client = client.id();
        let renewed = refresh::rotate(self, text, client, account, with_uaa).await?;
        let (subject, login) = (renewed.subject, &renewed.login);
        self.note_request(login, AuditedCredential::RefreshToken);
        let refresh_token = Some(renewed.refresh_token);
        let mut tokens = access::iam_token(self, &subject, login, client, refresh_token)?;
        if with_uaa {
            tokens.uaa = Some(uaa::issue(self, &subject, login, renewed.session).await?);
        }
        Ok(tokens)
    }

    /// The bounds of a stored derived credential.
    pub(crate) fn derived(
        &self,
        principal: Principal,
        proven_at: Millis,
        root: Root,
    ) -> Result<CredentialBounds, IamError> {
        let now = self.0.clock.now();
        CredentialBounds::derived(&self.directory(), principal, proven_at, root, now).map_err(
            |why| {
                let message = format!("This login has ended: {why}");
                let refusal = Refusal::new(Reason::WrongRefreshToken, message);
                IamError::Refused(refusal.remedy(Remedy::LogInAgain))
            },
        )
    }

    /// The principal of a login, if it still exists.
    pub(crate) fn subject(&self, bounds: &CredentialBounds) -> Result<Subject, IamError> {
        let gone = || {
            let message = "The user of this login is gone";
            IamError::refused(Reason::WrongRefreshToken, message)
        };
        Subject::find(&self.directory(), bounds.principal()).ok_or_else(gone)
    }

    /// A one-time code for a user who has proven their identity.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code.
    pub async fn passcode(&self, request: TokenRequest) -> Result<Secret<String>, IamError> {
        let (source, by_password) = (request.source, request.grant.is_password());
        let presented = request.grant.presented();
        let code = self.new_passcode(request).await;
        self.note_refusal(presented, &code);
        if by_password {
            return code;
        }
        self.slow_guesses(source, code)
    }

    async fn new_passcode(&self, request: TokenRequest) -> Result<Secret<String>, IamError> {
        let presented = request.grant.presented();
        let (tx, bounds) = match &request.grant {
            Grant::RefreshToken(text) => {
                if request.client != Some(Client::Bx) {
                    let message = "The Authorization header is missing: send `bx:bx`";
                    return Err(IamError::refused(Reason::NoClient, message));
                }
                let mut tx = self.0.db.begin().await?;
                let login = refresh::peek(self, &mut tx, text, Client::Bx.id()).await?;
                let bounds = *login.bounds();
                self.subject(&bounds)?;
                (tx, bounds)
            }
            _ => {
                let proven = self.prove(request.source, request.grant, None);
                let GrantSubject { login, held, .. } = proven.await?;
                (self.lock_proof(held).await?, *login.bounds())
            }
        };
        passcode::issue(self, tx, &bounds, presented).await
    }

    /// The public keys that verify this service's tokens.
    #[must_use]
    pub fn public_keys(&self) -> Vec<crate::token::keyring::PublicKey> {
        self.0.keys.load().public()
    }
}
