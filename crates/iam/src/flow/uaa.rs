//! The Cloud Foundry side: UAA tokens, which open organizations and spaces.

use crate::refusal::Reason;
pub use crate::token::issued::{SCOPES, UaaTokens};

use super::refresh::Login;
use super::request::Grant;
use super::{access, refresh};
use crate::audit::Credential as AuditedCredential;
use crate::error::IamError;
use crate::repo::transactions::credentials;
use crate::service::Iam;
use crate::token::identity::Credential;
use crate::token::issued::Client;
use crate::token::subject::Subject;
use base::id::SessionId;
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

/// Issues tokens of a renewable session, beside those it has.
pub(crate) async fn issue(
    iam: &Iam,
    subject: &Subject,
    login: &Login,
    session: SessionId,
) -> Result<UaaTokens, IamError> {
    let user = subject.require_user()?;
    let (issuing, held) = (iam.clone(), login.clone());
    let issued = iam.in_login_turn(login.account(), async move {
        let mut tx = issuing.0.db.begin().await?;
        credentials::lock(&mut tx, held.bounds(), issuing.0.clock.now()).await?;
        let token = refresh::issue(&issuing, &mut tx, session, Client::Cf.id(), &held).await?;
        issuing.commit_unaudited(tx).await?;
        Ok(token)
    });
    access::uaa_token(iam, user, login, Some(issued.await?))
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
                let (subject, login, _, token) = self
                    .begin_session(proven, Client::Cf.id())
                    .await
                    .map_err(grant_refused)?;
                access::uaa_token(self, subject.require_user()?, &login, Some(token))
            }
            UaaGrant::IamToken(token) => {
                let refused = || {
                    IamError::refused(
                        Reason::UaaToken,
                        "the IAM token is expired, withdrawn or not of this server",
                    )
                };
                let found = self.holder_at_any_node(Credential::Iam(token.expose()));
                let identity = found.await.map_err(|_| refused())?;
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
                let renewed = refresh::rotate(self, &text, Client::Cf.id(), None, false)
                    .await
                    .map_err(grant_refused)?;
                self.note_request(&renewed.login, AuditedCredential::RefreshToken);
                let token = Some(renewed.refresh_token);
                let user = renewed.subject.require_user()?;
                access::uaa_token(self, user, &renewed.login, token)
            }
        }
    }
}
