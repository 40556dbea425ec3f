//! The grants of the token endpoint: the tokens that are issued for a proof, and the session that begins with them.

pub use super::request::{Grant, TokenRequest};
pub use crate::token::issued::{
    APIKEY, ASSUME, CLIENT_CREDENTIALS, CR_TOKEN, Client, DELEGATED, IAM_AUTHZ, PASSCODE, PASSWORD,
    REFRESH_TOKEN, Tokens,
};

use super::proof::{GrantSubject, ProofGuard};
use super::session::login::Login;
use super::session::refresh_token::{RequestedExtras, SessionTokens, issue_extras};
use super::session::rotate::Renewal;
use super::session::{begin, displaced_entry, rotate};
use super::{access, account_rules};
use crate::audit::{Action, Credential as AuditedCredential, Entry, Origin};
use crate::error::IamError;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::service::Iam;
use crate::token::issued::NO_CLIENT;

impl Iam {
    /// Answers a token request.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code.
    pub async fn token(&self, request: TokenRequest) -> Result<Tokens, IamError> {
        // Before anything is used up, begun or entered in the audit for tokens that nobody can sign.
        self.0.keys.load().check_can_sign()?;
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
            let message =
                "The Authorization header with a client that may use this grant is missing";
            let refusal = Refusal::new(Reason::NoClient, message);
            return Err(refusal.remedy(Remedy::SendClient).into());
        }
        let requested = RequestedExtras {
            uaa: request.with_uaa,
            delegated_seconds: request.delegated_seconds,
        };
        if let Grant::RefreshToken(text) = &request.grant {
            let renewal = match is_receiver {
                true => Renewal::of(text.clone(), Client::Kube),
                false => Renewal {
                    text: text.clone(),
                    client: Client::Bx,
                    account: request.account,
                    requested,
                },
            };
            return Box::pin(self.renew(renewal)).await;
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
        let begun = Box::pin(self.begin_session(proven, client.id(), requested)).await?;
        self.tokens_of(begun, client.id())
    }

    /// Begins a session with a proof that is still valid, in a turn of its account.
    pub(crate) async fn begin_session(
        &self,
        proven: GrantSubject,
        client: &'static str,
        requested: RequestedExtras,
    ) -> Result<SessionTokens, IamError> {
        let (iam, owner) = (self.clone(), proven.login.owner());
        self.in_login_turn(owner, async move {
            iam.begin_session_in_turn(proven, client, requested).await
        })
        .await
    }

    /// The access tokens beside the refresh tokens of a session.
    fn tokens_of(&self, session: SessionTokens, client: &str) -> Result<Tokens, IamError> {
        let SessionTokens {
            subject,
            login,
            refresh_token,
            extra,
        } = session;
        let mut tokens = access::iam_token(self, &subject, &login, client, Some(refresh_token))?;
        if extra.uaa.is_some() {
            let user = subject.require_user()?;
            tokens.uaa = Some(access::uaa_token(self, user, &login, extra.uaa)?);
        }
        tokens.delegated_refresh_token = extra.delegated;
        Ok(tokens)
    }

    async fn begin_session_in_turn(
        &self,
        proven: GrantSubject,
        client: &str,
        requested: RequestedExtras,
    ) -> Result<SessionTokens, IamError> {
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
        let begun = begin::begin(self, &mut tx, login, client).await?;
        let login = begun.login;
        let extra = issue_extras(self, &mut tx, begun.session, &login, requested).await?;
        let about = |entry: Entry| {
            let entry = entry.in_account(login.account());
            entry.with_some("by_key", login.bounds().root().key)
        };
        let entry = Entry::by_principal(principal, credential, Action::SignedIn).on(begun.session);
        let mut entries = about(entry.with("client", client)).into_entries();
        if let Some(gone) = displaced_entry::of(principal, credential, &begun.displaced) {
            entries = entries.and(about(gone));
        }
        self.commit_without_read_back(tx, entries).await?;
        self.note_login(&login);
        Ok(SessionTokens {
            subject,
            login,
            refresh_token: begun.refresh_token,
            extra,
        })
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

    async fn renew(&self, renewal: Renewal) -> Result<Tokens, IamError> {
        let client = renewal.client.id();
        let renewed = rotate::rotate(self, renewal).await?;
        self.note_request(&renewed.login, AuditedCredential::RefreshToken);
        self.tokens_of(renewed, client)
    }

    /// The public keys that verify this service's tokens.
    #[must_use]
    pub fn public_keys(&self) -> Vec<crate::token::keyring::PublicKey> {
        self.0.keys.load().public()
    }
}
