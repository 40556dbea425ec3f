//! The token endpoint's grants: who proved himself how, and the tokens he gets for it.

use super::claims::{AccountClaim, AuthnClaim, IamClaims, SCOPE};
use super::jws;
use super::refresh::{self, Login};
use super::uaa::{self, UaaTokens};
use crate::directory::User;
use crate::entropy;
use crate::error::IamError;
use crate::login::{passcode, password};
use crate::service::Iam;
use crate::verify::Credential;
use base::error::Kind;
use base::id::{AccountId, KeyId, SessionId};
use base::secret::Secret;

/// The grant type of API keys.
pub const APIKEY: &str = "urn:ibm:params:oauth:grant-type:apikey";
/// The grant type of passcodes.
pub const PASSCODE: &str = "urn:ibm:params:oauth:grant-type:passcode";
/// The grant type of refresh tokens.
pub const REFRESH_TOKEN: &str = "refresh_token";
/// The grant type of passwords.
pub const PASSWORD: &str = "password";

/// The client id of a caller that does not authenticate.
const NO_CLIENT: &str = "default";

/// A proof of identity.
#[derive(Debug)]
pub enum Grant {
    /// An API key.
    ApiKey(Secret<String>),
    /// A user's name and password.
    Password {
        /// E-mail address.
        username: String,
        /// Password.
        password: Secret<String>,
    },
    /// A one-time code.
    Passcode(Secret<String>),
    /// A refresh token.
    RefreshToken(Secret<String>),
}

/// The program that asks. Public clients: their secrets are known to everyone, they only name the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// `bx:bx`, the command line.
    Bx,
    /// `cf:`, the Cloud Foundry command line.
    Cf,
}

impl Client {
    /// The client with this id and secret.
    #[must_use]
    pub fn find(id: &str, secret: &str) -> Option<Self> {
        match (id, secret) {
            ("bx", "bx") => Some(Self::Bx),
            ("cf", "") => Some(Self::Cf),
            _ => None,
        }
    }

    /// The client's id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Bx => "bx",
            Self::Cf => "cf",
        }
    }
}

/// What is asked of the token endpoint.
#[derive(Debug)]
pub struct TokenRequest {
    /// The proof.
    pub grant: Grant,
    /// The authenticated client, if one is.
    pub client: Option<Client>,
    /// The account the token shall be for.
    pub account: Option<String>,
    /// Whether a UAA token is wanted beside it.
    pub with_uaa: bool,
}

/// What is granted.
#[derive(Debug)]
pub struct Tokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// The refresh token; none without a client.
    pub refresh_token: Option<Secret<String>>,
    /// Life of the access token.
    pub expires_in: i64,
    /// When it expires, epoch seconds.
    pub expires_at: i64,
    /// The session, where there is one.
    pub session: Option<SessionId>,
    /// The UAA side.
    pub uaa: Option<UaaTokens>,
}

/// Whom a proof showed.
pub(crate) struct Proven {
    pub(crate) user: User,
    pub(crate) key: Option<KeyId>,
    pub(crate) grant_type: &'static str,
}

impl Iam {
    /// Answers a token request.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code.
    pub async fn token(&self, request: TokenRequest) -> Result<Tokens, IamError> {
        let needs_client = !matches!(request.grant, Grant::ApiKey(_));
        if request.client != Some(Client::Bx) && (needs_client || request.client.is_some()) {
            let message = "The Authorization header with a client that may use this grant is missing: send `bx:bx`";
            return Err(IamError::refused(
                Kind::Unauthenticated,
                "BXNIM0308E",
                message,
            ));
        }
        if let Grant::RefreshToken(text) = &request.grant {
            return self
                .renew(text, request.account.as_deref(), request.with_uaa)
                .await;
        }
        let proven = self.prove(request.grant).await?;
        self.check_account(&proven.user, request.account.as_deref())?;
        let Some(client) = request.client else {
            let login = Login {
                user: proven.user.id,
                key: proven.key,
                grant_type: proven.grant_type.to_owned(),
            };
            return self.access(&proven.user, &login, NO_CLIENT, None, None);
        };
        let (login, session, refresh_token) = self.begin_session(&proven, client.id()).await?;
        let mut tokens = self.access(
            &proven.user,
            &login,
            client.id(),
            Some(session),
            Some(refresh_token),
        )?;
        if request.with_uaa {
            tokens.uaa = Some(uaa::issue(self, &proven.user, &login, session).await?);
        }
        Ok(tokens)
    }

    pub(crate) async fn begin_session(
        &self,
        proven: &Proven,
        client: &str,
    ) -> Result<(Login, SessionId, Secret<String>), IamError> {
        let now = self.0.clock.now().0;
        let expires_at =
            now.saturating_add(self.0.config.refresh_token_seconds.saturating_mul(1000));
        let login = Login {
            user: proven.user.id,
            key: proven.key,
            grant_type: proven.grant_type.to_owned(),
        };
        let mut tx = self.0.db.begin().await?;
        let session = refresh::begin(&mut tx, login.user, now, expires_at).await?;
        let token = refresh::issue(&mut tx, session, client, &login, expires_at).await?;
        tx.commit().await?;
        Ok((login, session, token))
    }

    pub(crate) async fn prove(&self, grant: Grant) -> Result<Proven, IamError> {
        match grant {
            Grant::ApiKey(text) => {
                let unknown = || {
                    IamError::refused(
                        Kind::Invalid,
                        "BXNIM0415E",
                        "Provided API key could not be found",
                    )
                };
                let identity = self
                    .verifier()
                    .identity(Credential::ApiKey(text.expose()))
                    .map_err(|_| unknown())?;
                let directory = self.directory();
                let key = directory
                    .keys_by_hash
                    .get(&entropy::sha256(text.expose().as_bytes()))
                    .copied();
                let user = directory
                    .users
                    .get(&identity.user())
                    .cloned()
                    .ok_or_else(unknown)?;
                Ok(Proven {
                    user,
                    key,
                    grant_type: APIKEY,
                })
            }
            Grant::Password { username, password } => {
                let user = password::check(self, &username, password).await?;
                Ok(Proven {
                    user,
                    key: None,
                    grant_type: PASSWORD,
                })
            }
            Grant::Passcode(code) => {
                let user = passcode::redeem(self, &code).await?;
                Ok(Proven {
                    user,
                    key: None,
                    grant_type: PASSCODE,
                })
            }
            Grant::RefreshToken(_) => Err(IamError::Crypto(
                "prove an identity by a refresh token here",
            )),
        }
    }

    fn check_account(&self, user: &User, asked: Option<&str>) -> Result<(), IamError> {
        match asked {
            Some(text) if text.parse::<AccountId>().ok() != Some(user.account) => {
                let message = "The user is not a member of the account asked for";
                Err(IamError::refused(Kind::Invalid, "BXNIM0141E", message))
            }
            _ => Ok(()),
        }
    }

    async fn renew(
        &self,
        text: &Secret<String>,
        account: Option<&str>,
        with_uaa: bool,
    ) -> Result<Tokens, IamError> {
        let client = Client::Bx.id();
        let renewed = refresh::rotate(self, text, client).await?;
        let (user, login) = (self.standing(&renewed.login)?, &renewed.login);
        self.check_account(&user, account)?;
        let mut tokens = self.access(
            &user,
            login,
            client,
            Some(renewed.session),
            Some(renewed.refresh_token),
        )?;
        if with_uaa {
            tokens.uaa = Some(uaa::issue(self, &user, login, renewed.session).await?);
        }
        Ok(tokens)
    }

    /// The user behind a login, if he and his key still stand.
    pub(crate) fn standing(&self, login: &Login) -> Result<User, IamError> {
        let directory = self.directory();
        let gone = |what| IamError::refused(Kind::Invalid, "BXNIM0407E", what);
        if let Some(id) = login.key {
            let key = directory
                .keys
                .get(&id)
                .ok_or_else(|| gone("The API key of this login was deleted: log in again"))?;
            if key.refusal(self.0.clock.now()).is_some() {
                return Err(gone(
                    "The API key of this login is locked, disabled or expired: log in again",
                ));
            }
        }
        directory
            .users
            .get(&login.user)
            .cloned()
            .ok_or_else(|| gone("The user of this login is gone"))
    }

    /// An access token.
    fn access(
        &self,
        user: &User,
        login: &Login,
        client: &str,
        session: Option<SessionId>,
        refresh_token: Option<Secret<String>>,
    ) -> Result<Tokens, IamError> {
        let issued = self.0.clock.now().secs();
        let expires_in = self.0.config.access_token_seconds;
        let name = full_name(user);
        let claims = IamClaims {
            iam_id: user.id.to_string(),
            id: user.id.to_string(),
            realmid: "IBMid".to_owned(),
            session_id: session.map(|session| session.to_string()),
            jti: entropy::guid().to_string(),
            identifier: user.id.0.to_string(),
            given_name: user.given_name.clone(),
            family_name: user.family_name.clone(),
            name: name.clone(),
            email: user.email.clone(),
            sub: user.email.clone(),
            authn: AuthnClaim {
                sub: user.email.clone(),
                iam_id: user.id.to_string(),
                name,
                given_name: user.given_name.clone(),
                family_name: user.family_name.clone(),
                email: user.email.clone(),
            },
            account: AccountClaim {
                valid: true,
                bss: user.account.to_string(),
                frozen: true,
            },
            iat: issued,
            exp: issued.saturating_add(expires_in),
            nbf: None,
            iss: self.0.config.issuer.clone(),
            grant_type: login.grant_type.clone(),
            scope: SCOPE.to_owned(),
            client_id: client.to_owned(),
            iam_apikey_id: login.key.map(|key| key.to_string()),
            acr: 1,
            amr: vec!["pwd".to_owned()],
        };
        let access_token = Secret::new(jws::sign(&self.0.keys, &claims)?);
        Ok(Tokens {
            access_token,
            refresh_token,
            expires_in,
            expires_at: claims.exp,
            session,
            uaa: None,
        })
    }

    /// A one-time code for a proven user.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code.
    pub async fn passcode(&self, request: TokenRequest) -> Result<Secret<String>, IamError> {
        let user = match &request.grant {
            Grant::RefreshToken(text) => {
                if request.client != Some(Client::Bx) {
                    let message = "The Authorization header is missing: send `bx:bx`";
                    return Err(IamError::refused(
                        Kind::Unauthenticated,
                        "BXNIM0308E",
                        message,
                    ));
                }
                {
                    let login = refresh::peek(self, text, Client::Bx.id()).await?;
                    self.standing(&login)?.id
                }
            }
            _ => self.prove(request.grant).await?.user.id,
        };
        passcode::issue(self, user).await
    }

    /// The public keys that verify this service's tokens.
    #[must_use]
    pub fn public_keys(&self) -> Vec<super::keyring::PublicKey> {
        self.0.keys.public()
    }
}

/// Given and family name, or the address where there is neither.
#[must_use]
pub fn full_name(user: &User) -> String {
    let name = format!("{} {}", user.given_name, user.family_name);
    if name.trim().is_empty() {
        user.email.clone()
    } else {
        name.trim().to_owned()
    }
}
