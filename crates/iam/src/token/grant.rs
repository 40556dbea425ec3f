//! The token endpoint's grants: who proved himself how, and the tokens he gets for it.

use super::claims::{AccountClaim, AuthnClaim, IamClaims, SCOPE};
use super::jws;
use super::refresh::{self, Login};
use super::uaa::{self, UaaTokens};
use crate::directory::User;
use crate::entropy;
use crate::error::{AuthError, IamError};
use crate::login::{passcode, password};
use crate::service::Iam;
use crate::verify::Credential;
use base::error::Kind;
use base::id::{AccountId, KeyId, SessionId, UserId};
use base::secret::Secret;
use base::source::Source;

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

impl Grant {
    /// Whether it is a password, which is slowed by itself.
    const fn is_password(&self) -> bool {
        matches!(self, Self::Password { .. })
    }
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
    /// Whence it is asked.
    pub source: Source,
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
    pub(crate) login: Login,
}

impl Iam {
    /// Answers a token request.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code.
    pub async fn token(&self, request: TokenRequest) -> Result<Tokens, IamError> {
        let (source, by_password) = (request.source, request.grant.is_password());
        let answer = self.answer(request).await;
        if by_password {
            return answer;
        }
        self.slow_guesses(source, answer)
    }

    async fn answer(&self, request: TokenRequest) -> Result<Tokens, IamError> {
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
        let Proven { user, login } = self
            .prove(request.source, request.grant, request.account.as_deref())
            .await?;
        let Some(client) = request.client else {
            return self.access(&user, &login, NO_CLIENT, None, None);
        };
        let (session, refresh_token) = self.begin_session(&login, client.id()).await?;
        let mut tokens = self.access(
            &user,
            &login,
            client.id(),
            Some(session),
            Some(refresh_token),
        )?;
        if request.with_uaa {
            tokens.uaa = Some(uaa::issue(self, &user, &login, session).await?);
        }
        Ok(tokens)
    }

    pub(crate) async fn begin_session(
        &self,
        login: &Login,
        client: &str,
    ) -> Result<(SessionId, Secret<String>), IamError> {
        let now = self.0.clock.now().0;
        let expires_at =
            now.saturating_add(self.0.config.refresh_token_seconds.saturating_mul(1000));
        let mut tx = self.0.db.begin().await?;
        let session = refresh::begin(&mut tx, login, now, expires_at).await?;
        let token = refresh::issue(&mut tx, session, client, login, expires_at).await?;
        tx.commit().await?;
        Ok((session, token))
    }

    /// Who the proof shows, logging in to the account asked for, else to the key's, else to his first.
    pub(crate) async fn prove(
        &self,
        source: Source,
        grant: Grant,
        asked: Option<&str>,
    ) -> Result<Proven, IamError> {
        let login = |user: &User, key, grant_type: &str| {
            Ok::<_, IamError>(Login {
                user: user.id,
                key,
                account: self.account_for_login(user, key, asked)?,
                grant_type: grant_type.to_owned(),
            })
        };
        match grant {
            Grant::ApiKey(text) => {
                let refused =
                    |message: String| IamError::refused(Kind::Invalid, "BXNIM0415E", message);
                let unknown = || refused("Provided API key could not be found".to_owned());
                let identity = self
                    .verifier()
                    .identity(Credential::ApiKey(text.expose()))
                    .map_err(|error| match error {
                        // Only who holds the key's text hears this.
                        AuthError::Revoked(why) => {
                            refused(format!("Provided API key cannot be used: {why}"))
                        }
                        _ => unknown(),
                    })?;
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
                let login = login(&user, key, APIKEY)?;
                Ok(Proven { user, login })
            }
            Grant::Password { username, password } => {
                let user = password::check(self, source, &username, password).await?;
                let login = login(&user, None, PASSWORD)?;
                Ok(Proven { user, login })
            }
            Grant::Passcode(code) => {
                let mut tx = self.0.db.begin().await?;
                let (user, key) = passcode::redeem(self, &mut tx, &code).await?;
                // A refusal drops the transaction: a mistyped account does not use the code up.
                let login = login(&user, key, PASSCODE)?;
                self.standing(&login)?;
                tx.commit().await?;
                Ok(Proven { user, login })
            }
            Grant::RefreshToken(_) => Err(IamError::Crypto(
                "prove an identity by a refresh token here",
            )),
        }
    }

    fn account_for_login(
        &self,
        user: &User,
        key: Option<KeyId>,
        asked: Option<&str>,
    ) -> Result<AccountId, IamError> {
        let own = key.and_then(|id| Some(self.directory().keys.get(&id)?.account));
        let default = own.unwrap_or(user.home).to_string();
        self.account_for(user.id, key, asked.unwrap_or(&default))
    }

    /// The account asked for, if a login of this user and key may be for it.
    pub(crate) fn account_for(
        &self,
        user: UserId,
        key: Option<KeyId>,
        asked: &str,
    ) -> Result<AccountId, IamError> {
        let directory = self.directory();
        let account = asked
            .parse()
            .ok()
            .filter(|account| directory.is_member(user, *account));
        let account = account.ok_or_else(|| {
            IamError::not_a_member("The user is not a member of the account asked for")
        })?;
        match key.and_then(|id| directory.keys.get(&id)) {
            Some(key) if key.account != account => Err(IamError::not_a_member(format!(
                "The API key is for the account {} alone: log in with a password or a one-time code to work in another",
                key.account
            ))),
            _ => Ok(account),
        }
    }

    async fn renew(
        &self,
        text: &Secret<String>,
        account: Option<&str>,
        with_uaa: bool,
    ) -> Result<Tokens, IamError> {
        let client = Client::Bx.id();
        let renewed = refresh::rotate(self, text, client, account).await?;
        let (user, login) = (renewed.user, &renewed.login);
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
        // Not before the membership it rests on, though this node's clock may be behind that of the node that made it.
        let member = self.directory().member(user.id, login.account);
        let issued = (self.0.clock.now().secs()).max(member.map_or(0, |own| own.added_at.secs()));
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
                bss: login.account.to_string(),
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
        let access_token = Secret::new(jws::sign(&self.0.keys.load(), &claims)?);
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
        let (source, by_password) = (request.source, request.grant.is_password());
        let code = self.new_passcode(request).await;
        if by_password {
            return code;
        }
        self.slow_guesses(source, code)
    }

    async fn new_passcode(&self, request: TokenRequest) -> Result<Secret<String>, IamError> {
        let (user, key) = match &request.grant {
            Grant::RefreshToken(text) => {
                if request.client != Some(Client::Bx) {
                    let message = "The Authorization header is missing: send `bx:bx`";
                    return Err(IamError::refused(
                        Kind::Unauthenticated,
                        "BXNIM0308E",
                        message,
                    ));
                }
                let login = refresh::peek(self, text, Client::Bx.id()).await?;
                (self.standing(&login)?.id, login.key)
            }
            _ => {
                let proven = self.prove(request.source, request.grant, None);
                let login = proven.await?.login;
                (login.user, login.key)
            }
        };
        passcode::issue(self, user, key).await
    }

    /// The public keys that verify this service's tokens.
    #[must_use]
    pub fn public_keys(&self) -> Vec<super::keyring::PublicKey> {
        self.0.keys.load().public()
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
