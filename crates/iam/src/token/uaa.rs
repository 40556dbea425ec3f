//! The Cloud Foundry side: UAA tokens, which open organizations and spaces.

use super::claims::UaaClaims;
use super::grant::{Client, Grant, Proven};
use super::jws;
use super::refresh::{self, Login};
use crate::directory::User;
use crate::entropy;
use crate::error::IamError;
use crate::service::Iam;
use crate::verify::Credential;
use base::error::Kind;
use base::id::SessionId;
use base::secret::Secret;
use base::source::Source;

/// What a UAA token may be used for.
pub const SCOPES: [&str; 6] = [
    "openid",
    "uaa.user",
    "cloud_controller.read",
    "password.write",
    "cloud_controller.write",
    "network.write",
];

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

/// What is granted.
#[derive(Debug)]
pub struct UaaTokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// The refresh token.
    pub refresh_token: Secret<String>,
    /// Life of the access token.
    pub expires_in: i64,
    /// The access token's id.
    pub jti: String,
}

/// The UAA's words for a refusal.
fn grant_refused(error: IamError) -> IamError {
    match error {
        IamError::Refused(problem) if problem.kind == Kind::Invalid => {
            IamError::refused(Kind::Unauthenticated, "invalid_grant", problem.message)
        }
        other => other,
    }
}

/// Issues tokens of a session.
pub(crate) async fn issue(
    iam: &Iam,
    user: &User,
    login: &Login,
    session: SessionId,
) -> Result<UaaTokens, IamError> {
    let now = iam.0.clock.now().0;
    let expires_at = now.saturating_add(iam.0.config.refresh_token_seconds.saturating_mul(1000));
    let mut tx = iam.0.db.begin().await?;
    let refresh_token =
        refresh::issue(&mut tx, session, Client::Cf.id(), login, expires_at).await?;
    tx.commit().await?;
    access(iam, user, login, session, refresh_token)
}

fn access(
    iam: &Iam,
    user: &User,
    login: &Login,
    session: SessionId,
    refresh_token: Secret<String>,
) -> Result<UaaTokens, IamError> {
    let issued = iam.0.clock.now().secs();
    let expires_in = iam.0.config.access_token_seconds;
    let (client, guid) = (Client::Cf.id().to_owned(), user.id.0.to_string());
    let claims = UaaClaims {
        jti: entropy::guid().to_string(),
        sub: guid.clone(),
        scope: SCOPES.map(str::to_owned).to_vec(),
        client_id: client.clone(),
        cid: client.clone(),
        azp: client,
        grant_type: login.grant_type.clone(),
        user_id: guid,
        origin: "uaa".to_owned(),
        user_name: user.email.clone(),
        email: user.email.clone(),
        iat: issued,
        exp: issued.saturating_add(expires_in),
        nbf: None,
        iss: iam.0.config.uaa_issuer.clone(),
        zid: "uaa".to_owned(),
        aud: [
            "cf",
            "openid",
            "uaa",
            "cloud_controller",
            "password",
            "network",
        ]
        .map(str::to_owned)
        .to_vec(),
        session_id: Some(session.to_string()),
        iam_apikey_id: login.key.map(|key| key.to_string()),
    };
    let access_token = Secret::new(jws::sign(&iam.0.keys.load(), &claims)?);
    Ok(UaaTokens {
        access_token,
        refresh_token,
        expires_in,
        jti: claims.jti,
    })
}

impl Iam {
    /// Answers a request at the UAA's token endpoint, by the client `cf`.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the UAA's word as its code.
    pub async fn uaa_token(&self, source: Source, grant: UaaGrant) -> Result<UaaTokens, IamError> {
        let by_password = matches!(grant, UaaGrant::Proof(Grant::Password { .. }));
        let answer = self.uaa_answer(source, grant).await;
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
                self.uaa_session(proven).await
            }
            UaaGrant::IamToken(token) => {
                let refused = || {
                    IamError::refused(
                        Kind::Unauthenticated,
                        "invalid_token",
                        "the IAM token is expired, withdrawn or not of this server",
                    )
                };
                let identity = self
                    .verifier()
                    .identity(Credential::Iam(token.expose()))
                    .map_err(|_| refused())?;
                let user = self
                    .directory()
                    .users
                    .get(&identity.user())
                    .cloned()
                    .ok_or_else(refused)?;
                let key = identity
                    .claims()
                    .and_then(|claims| claims.iam_apikey_id.as_deref()?.parse().ok());
                let login = Login {
                    user: user.id,
                    key,
                    account: identity.account(),
                    grant_type: "iam_token".to_owned(),
                };
                match identity.session() {
                    None => self.uaa_session(Proven { user, login }).await,
                    Some(session) => issue(self, &user, &login, session).await,
                }
            }
            UaaGrant::RefreshToken(text) => {
                let renewed = refresh::rotate(self, &text, Client::Cf.id(), None)
                    .await
                    .map_err(grant_refused)?;
                access(
                    self,
                    &renewed.user,
                    &renewed.login,
                    renewed.session,
                    renewed.refresh_token,
                )
            }
        }
    }

    async fn uaa_session(&self, proven: Proven) -> Result<UaaTokens, IamError> {
        let (session, refresh_token) = self.begin_session(&proven.login, Client::Cf.id()).await?;
        access(self, &proven.user, &proven.login, session, refresh_token)
    }
}
