//! From a credential to a [`Scope`]. Never a database call: signatures are checked once per token and remembered by the
//! token's hash ([`crate::token_cache`]); whether the key, session and user behind it still stand is asked of the directory every time.

use crate::directory::Directory;
use crate::entropy::sha256;
use crate::error::AuthError;
use crate::key_text;
use crate::service::Inner;
use crate::token::claims::{IamClaims, UaaClaims};
use crate::token::issuer;
use crate::token::jws::{self, TOKEN_BYTES_MAX};
use crate::token_cache::{Expires, TokenCache};
use base::id::{AccountId, Guid, KeyId, SessionId, UserId};
use base::scope::{Domain, Scope};
use base::time::Millis;
use std::sync::Arc;

/// How far ahead `iat` and `nbf` may lie: clocks of machines that keep them.
const LEEWAY_SECONDS: i64 = 60;

/// A credential as a request brings it. Never printed.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// An IAM token.
    Iam(&'a str),
    /// A UAA token.
    Uaa(&'a str),
    /// An API key.
    ApiKey(&'a str),
}

impl std::fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Iam(_) => "Iam(<hidden>)",
            Self::Uaa(_) => "Uaa(<hidden>)",
            Self::ApiKey(_) => "ApiKey(<hidden>)",
        })
    }
}

/// What a token says, verified.
#[derive(Debug, Clone)]
pub(crate) enum Claims {
    Iam(Box<IamClaims>),
    Uaa,
}

/// A token whose signature was checked.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) claims: Claims,
    user: UserId,
    account: Option<AccountId>,
    session: Option<SessionId>,
    key: Option<KeyId>,
    expires_at: i64,
    begins_at: i64,
}

impl Verified {
    /// The one account it opens: the token's own, or that of the key it was obtained with. A UAA token obtained otherwise
    /// has none and opens all of its user's.
    fn bound(&self, directory: &Directory) -> Option<AccountId> {
        self.account
            .or_else(|| Some(directory.keys.get(&self.key?)?.account))
    }
}

impl Expires for Verified {
    fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

/// A verified caller of the management interfaces. Made by [`Verifier::identity`] alone.
#[derive(Debug, Clone)]
pub struct Identity {
    user: UserId,
    account: AccountId,
    is_bound: bool,
    session: Option<SessionId>,
    claims: Option<Arc<Verified>>,
}

impl Identity {
    /// Who it is.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// The account the credential is for; for a UAA token that is for none, its user's first.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Whether the credential is good for what belongs to the account: an IAM token, a key and what was obtained with it for
    /// their own, a UAA token for every account its user is in.
    #[must_use]
    pub fn reaches(&self, directory: &Directory, account: AccountId) -> bool {
        if self.is_bound {
            self.account == account
        } else {
            directory.is_member(self.user, account)
        }
    }

    /// Whether it is an API key, or was obtained with one: it stands for the key, not for the person.
    #[must_use]
    pub fn rests_on_key(&self) -> bool {
        let verified = self.claims.as_deref();
        verified.is_none_or(|verified| verified.key.is_some())
    }

    /// The login session, where there is one.
    #[must_use]
    pub const fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// The claims, where the credential is an IAM token.
    #[must_use]
    pub fn claims(&self) -> Option<&IamClaims> {
        match &self.claims.as_deref()?.claims {
            Claims::Iam(claims) => Some(claims),
            Claims::Uaa => None,
        }
    }
}

/// Verifies credentials. Cloning shares the cache.
#[derive(Debug, Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
    cache: Arc<TokenCache<Verified>>,
}

impl Verifier {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self {
            inner,
            cache: Arc::default(),
        }
    }

    /// Which kind a bare `Bearer` token is: a UAA token when it says so, else an IAM token.
    #[must_use]
    pub fn bearer<'a>(&self, token: &'a str) -> Credential<'a> {
        if token.len() > TOKEN_BYTES_MAX {
            return Credential::Iam(token);
        }
        let is_uaa = match self.cache.get(token) {
            Some(known) => matches!(known.claims, Claims::Uaa),
            None => {
                let directory = self.inner.directory.load();
                jws::claimed_issuer(token).and_then(|issuer| directory.issuers.kind(&issuer))
                    == Some(issuer::Kind::Uaa)
            }
        };
        if is_uaa {
            Credential::Uaa(token)
        } else {
            Credential::Iam(token)
        }
    }

    /// What the caller may do in the domain of `selector`, or in the credential's account without one.
    ///
    /// # Errors
    /// [`AuthError`] says why not. A domain without a role of the caller's does not exist for him.
    pub fn scope(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
    ) -> Result<Scope, AuthError> {
        let directory = self.inner.directory.load();
        let (user, account) = match credential {
            Credential::ApiKey(text) => self.key(&directory, text)?,
            Credential::Iam(token) | Credential::Uaa(token) => {
                let verified =
                    self.token(&directory, token, matches!(credential, Credential::Uaa(_)))?;
                (verified.user, verified.bound(&directory))
            }
        };
        let user = directory
            .users
            .get(&user)
            .ok_or(AuthError::Revoked("its user is gone"))?;
        let is_uaa = matches!(credential, Credential::Uaa(_));
        let domain = match selector {
            None if is_uaa => return Err(AuthError::UaaNeedsScope),
            None => Domain::Account(account.ok_or(AuthError::UaaNeedsScope)?),
            Some(Domain::Account(_)) if is_uaa => return Err(AuthError::UaaNotForAccount),
            Some(domain) => domain,
        };
        let not_found = || AuthError::DomainNotFound(domain.to_string());
        if directory.roles(user.id, domain).is_empty() {
            return Err(not_found());
        }
        let entry = directory.domains.get(&domain).ok_or_else(not_found)?;
        // Said only to him who has a role there; for a stranger it does not exist.
        if account.is_some_and(|own| own != entry.account) {
            return Err(AuthError::WrongAccount {
                account: entry.account,
            });
        }
        let tenant = entry.tenant;
        let actions = directory.actions(user.id, domain);
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that has checked what a scope states"
        )]
        Ok(Scope::granted(
            tenant,
            domain,
            actions,
            Arc::clone(&user.caller),
        ))
    }

    /// Who the caller is, for the management interfaces.
    ///
    /// # Errors
    /// [`AuthError`] says why the credential opens nothing.
    pub fn identity(&self, credential: Credential<'_>) -> Result<Identity, AuthError> {
        let directory = self.inner.directory.load();
        let (user, account, verified) = match credential {
            Credential::ApiKey(text) => {
                let (user, account) = self.key(&directory, text)?;
                (user, account, None)
            }
            Credential::Iam(token) | Credential::Uaa(token) => {
                let verified =
                    self.token(&directory, token, matches!(credential, Credential::Uaa(_)))?;
                (verified.user, verified.bound(&directory), Some(verified))
            }
        };
        let person = directory
            .users
            .get(&user)
            .ok_or(AuthError::Revoked("its user is gone"))?;
        let session = verified.as_ref().and_then(|verified| verified.session);
        Ok(Identity {
            user,
            account: account.unwrap_or(person.home),
            is_bound: account.is_some(),
            session,
            claims: verified,
        })
    }

    fn key(
        &self,
        directory: &Directory,
        text: &str,
    ) -> Result<(UserId, Option<AccountId>), AuthError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::KeyUnknown);
        }
        let id = directory
            .keys_by_hash
            .get(&sha256(text.as_bytes()))
            .ok_or_else(|| {
                // Keys brought from elsewhere may have any form; ours tell by their checksum whether they are whole.
                if key_text::is_ours(text) && !key_text::is_well_formed(text) {
                    AuthError::KeyMistyped
                } else {
                    AuthError::KeyUnknown
                }
            })?;
        let key = directory.keys.get(id).ok_or(AuthError::KeyUnknown)?;
        if let Some(why) = key.refusal(self.inner.clock.now()) {
            return Err(AuthError::Revoked(why));
        }
        if !directory.is_member(key.user, key.account) {
            return Err(AuthError::Revoked(LEFT));
        }
        Ok((key.user, Some(key.account)))
    }

    /// A token whose signature, times, key, session and kind are good.
    fn token(
        &self,
        directory: &Directory,
        token: &str,
        is_uaa: bool,
    ) -> Result<Arc<Verified>, AuthError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::Malformed("it is longer than any token"));
        }
        let now = self.inner.clock.now();
        let verified = match self.cache.get(token) {
            Some(verified) if matches!(verified.claims, Claims::Uaa) == is_uaa => verified,
            // A token of the other kind: verified as the kind asked for, which says what is wrong.
            _ => {
                let fresh = Arc::new(self.decode(directory, token, is_uaa)?);
                self.cache.insert(token, &fresh, now.secs());
                fresh
            }
        };
        if now.secs() >= verified.expires_at {
            return Err(AuthError::Expired {
                seconds_ago: now.secs().saturating_sub(verified.expires_at),
            });
        }
        if verified.begins_at > now.secs().saturating_add(LEEWAY_SECONDS) {
            return Err(AuthError::NotYetValid);
        }
        stands(directory, &verified, now)?;
        Ok(verified)
    }

    fn decode(
        &self,
        directory: &Directory,
        token: &str,
        is_uaa: bool,
    ) -> Result<Verified, AuthError> {
        let keys = &self.inner.keys;
        let issued_as = |kind| move |issuer: Option<&str>| directory.issuers.check(issuer, kind);
        let malformed = |what| move |_| AuthError::Malformed(what);
        let session =
            |text: &Option<String>| text.as_deref().map(str::parse::<SessionId>).transpose();
        let key = |text: &Option<String>| text.as_deref().map(str::parse::<KeyId>).transpose();
        if is_uaa {
            let claims: UaaClaims = jws::verify(keys, issued_as(issuer::Kind::Uaa), token)?;
            return Ok(Verified {
                user: UserId(
                    Guid::parse(&claims.user_id)
                        .map_err(malformed("its `user_id` is not a GUID"))?,
                ),
                account: None,
                session: session(&claims.session_id)
                    .map_err(malformed("its `session_id` is no session"))?,
                key: key(&claims.iam_apikey_id)
                    .map_err(malformed("its `iam_apikey_id` is no key"))?,
                expires_at: claims.exp,
                begins_at: claims.nbf.map_or(claims.iat, |nbf| nbf.max(claims.iat)),
                claims: Claims::Uaa,
            });
        }
        let claims: IamClaims = jws::verify(keys, issued_as(issuer::Kind::Iam), token)?;
        Ok(Verified {
            user: claims
                .iam_id
                .parse()
                .map_err(malformed("its `iam_id` is no user"))?,
            account: Some(
                claims
                    .account
                    .bss
                    .parse()
                    .map_err(malformed("its `account.bss` is no account"))?,
            ),
            session: session(&claims.session_id)
                .map_err(malformed("its `session_id` is no session"))?,
            key: key(&claims.iam_apikey_id).map_err(malformed("its `iam_apikey_id` is no key"))?,
            expires_at: claims.exp,
            begins_at: claims.nbf.map_or(claims.iat, |nbf| nbf.max(claims.iat)),
            claims: Claims::Iam(Box::new(claims)),
        })
    }
}

/// Why a credential for an account its user was taken out of opens nothing.
const LEFT: &str = "its user was removed from the account";

/// Whether what the token rests on is still there.
fn stands(directory: &Directory, verified: &Verified, now: Millis) -> Result<(), AuthError> {
    if let Some(session) = verified.session
        && directory.revoked.contains(&session)
    {
        return Err(AuthError::Revoked("its session was logged out"));
    }
    if let Some(id) = verified.key {
        let key = directory
            .keys
            .get(&id)
            .ok_or(AuthError::Revoked("its API key was deleted"))?;
        if let Some(why) = key.refusal(now) {
            return Err(AuthError::Revoked(why));
        }
    }
    if !directory.users.contains_key(&verified.user) {
        return Err(AuthError::Revoked("its user is gone"));
    }
    if let Some(account) = verified.account {
        let added_at = directory
            .members
            .get(&(account, verified.user))
            .ok_or(AuthError::Revoked(LEFT))?;
        // Who was removed and invited again needs a new token: the old one may be in other hands by now.
        if verified.begins_at < added_at.secs() {
            return Err(AuthError::Revoked(LEFT));
        }
    }
    Ok(())
}
