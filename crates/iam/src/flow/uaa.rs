//! The Cloud Foundry side: UAA tokens, which open organizations and spaces.

use crate::refusal::Reason;
pub use crate::token::issued::{SCOPES, UaaTokens};

use super::access;
use super::request::Grant;
use super::session::login::Login;
use super::session::refresh_token::RequestedExtras;
use super::session::rotate::{self, Renewal};
use crate::audit::Credential as AuditedCredential;
use crate::error::IamError;
use crate::service::Iam;
use crate::token::identity::Credential;
use crate::token::issued::Client;
use base::secret::Secret;
use base::source::Source;

/// A proof of identity at the UAA.
#[derive(Debug)]
pub enum UaaGrant {
    /// Password, passcode or API key.
    Proof(Grant),
    /// A refresh token.
    RefreshToken(Secret<String>),
    /// An IAM token.
    IamToken(Secret<String>),
}

/// The UAA's error code for a refusal.
fn grant_refused(error: IamError) -> IamError {
    match error {
        IamError::Refused(problem)
            if problem.reason.is_wrong_request() && problem.reason != Reason::UaaToken =>
        {
            IamError::refused(Reason::UaaProof, problem.message)
        }
        other => other,
    }
}

impl Iam {
    /// Answers a request at the UAA's token endpoint, by the client `cf`.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the UAA's error code.
    pub async fn uaa_token(&self, source: Source, grant: UaaGrant) -> Result<UaaTokens, IamError> {
        let by_password = matches!(grant, UaaGrant::Proof(Grant::Password { .. }));
        let presented = match &grant {
            UaaGrant::Proof(grant) => grant.presented(),
            UaaGrant::RefreshToken(_) => AuditedCredential::RefreshToken,
            UaaGrant::IamToken(_) => AuditedCredential::IamToken,
        };
        self.0.keys.load().check_can_sign()?;
        let answer = self.uaa_answer(source, grant).await;
        self.note_refusal(presented, &answer);
        if by_password {
            return answer;
        }
        self.slow_guesses(source, answer)
    }

    async fn uaa_answer(&self, source: Source, grant: UaaGrant) -> Result<UaaTokens, IamError> {
        match grant {
            UaaGrant::Proof(grant) => {
                let proven = self
                    .prove(source, grant, None)
                    .await
                    .map_err(grant_refused)?;
                proven.subject.require_user()?;
                let begun = self
                    .begin_session(proven, Client::Cf.id(), RequestedExtras::default())
                    .await
                    .map_err(grant_refused)?;
                let (user, token) = (begun.subject.require_user()?, begun.refresh_token);
                access::uaa_token(self, user, &begun.login, Some(token))
            }
            UaaGrant::IamToken(token) => {
                let refused = || {
                    IamError::refused(
                        Reason::UaaToken,
                        "the IAM token is expired, withdrawn or not of this server",
                    )
                };
                let found = self.holder_at_any_node(Credential::Iam(token.expose()));
                let identity = found.await.map_err(|error| match error {
                    undecided if undecided.is_undecided() => undecided.into(),
                    _ => refused(),
                })?;
                let bounds = *identity.bounds();
                let subject = self.subject(&bounds).map_err(|_| refused())?;
                let user = subject.require_user()?;
                let account = Some(identity.account());
                // For the token's own account, no longer than the token, and without a refresh token: an access token
                // renews nothing.
                let login = Login::to(self, bounds, account, "iam_token".to_owned());
                let login = login.map_err(|error| match error {
                    // The token is good, and the account does not give one to this address.
                    IamError::Refused(problem) if problem.reason == Reason::NotAllowed => {
                        IamError::Refused(problem)
                    }
                    _ => refused(),
                })?;
                self.note_request(&login, AuditedCredential::IamToken);
                access::uaa_token(self, user, &login, None)
            }
            UaaGrant::RefreshToken(text) => {
                let renewed = rotate::rotate(self, Renewal::of(text, Client::Cf)).await;
                let renewed = renewed.map_err(grant_refused)?;
                self.note_request(&renewed.login, AuditedCredential::RefreshToken);
                let token = Some(renewed.refresh_token);
                let user = renewed.subject.require_user()?;
                access::uaa_token(self, user, &renewed.login, token)
            }
        }
    }
}
