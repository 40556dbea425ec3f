//! From a credential to a [`Scope`], without any database call: what is refused may be asked for afterwards (`other_nodes`). Each token's
//! signature is checked once and remembered under the token's hash ([`crate::token::cache`]); the directory is asked every time whether
//! the key, session and principal behind it are still valid.

mod again;
mod allowed_address;
mod holder;
pub(crate) mod holder_claims;
mod other_nodes;
mod space_name;
mod still_good;

pub(crate) use allowed_address::{check_address, refused_address};
pub(crate) use holder::{ACCOUNT_DELETED, membership_reason, require_existing};
pub use other_nodes::FromOtherNode;
pub use space_name::{SpaceName, SpaceNameError};

use crate::audit::Origin;
use crate::entropy::sha256;
use crate::error::AuthError;
use crate::grant::{ProvenCredential, grant};
use crate::key_text;
use crate::model::bounds::{AccountReach, CredentialBounds};
use crate::model::directory::{ApiKey, Directory, ProofAge, ProvenPrincipal};
use crate::model::issuers;
use crate::model::proof::Proof;
use crate::policy::account_from;
use crate::service::Iam;
use crate::service::Inner;
use crate::token::cache::TokenCache;
use crate::token::claims::IamClaims;
use crate::token::identity::{Credential, Identity};
use crate::token::jws;
use crate::token::jws::TOKEN_BYTES_MAX;
use crate::token::verified::{Claims, Verified};
use base::principal::Principal;
use base::scope::{Domain, Scope};
use base::time::Millis;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How every token begins: `{"` in Base64.
const TOKEN_BEGINNING: &str = "eyJ";

/// Verifies credentials. Cloning shares the cache.
#[derive(Debug, Clone)]
pub struct Verifier {
    pub(crate) inner: Arc<Inner>,
    pub(crate) cache: Arc<TokenCache<Verified>>,
}

impl Verifier {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self {
            inner,
            cache: Arc::default(),
        }
    }

    /// The kind of a bare `Bearer` token: a UAA token if it says so, else an IAM token.
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
                    == Some(issuers::Kind::Uaa)
            }
        };
        if is_uaa {
            Credential::Uaa(token)
        } else {
            Credential::Iam(token)
        }
    }

    /// The kind of a credential that was sent without one: a text that begins like a token is a token, anything else an API key.
    #[must_use]
    pub fn unnamed<'a>(&self, text: &'a str) -> Credential<'a> {
        if text.starts_with(TOKEN_BEGINNING) {
            self.bearer(text)
        } else {
            Credential::ApiKey(text)
        }
    }

    /// The caller's scope in the domain of `selector`, or in the credential's account without one.
    ///
    /// # Errors
    /// [`AuthError`] says why not. A domain in which the caller has no role gets the same answer as an unknown one.
    pub fn scope(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
    ) -> Result<Scope, AuthError> {
        let (scope, _) = self.proven_scope(credential, selector);
        scope
    }

    /// As [`Self::scope`], for a request that came at `asked_at`: the times of the token and of the key are judged at that
    /// moment, and everything that can be withdrawn (key, session, user, membership, role) as it is now.
    ///
    /// # Errors
    /// As [`Self::scope`].
    pub fn scope_at(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
        asked_at: Millis,
    ) -> Result<Scope, AuthError> {
        self.prove(credential, selector, asked_at, &mut None)
    }

    /// Like [`Self::scope`], with whom the credential proves: also when the credential is valid but does not open the
    /// domain.
    pub fn proven_scope(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
    ) -> (Result<Scope, AuthError>, Option<Proof>) {
        let mut proof = None;
        let scope = self.prove(credential, selector, self.inner.clock.now(), &mut proof);
        (scope, proof)
    }

    fn prove(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
        at: Millis,
        proof: &mut Option<Proof>,
    ) -> Result<Scope, AuthError> {
        self.inner.require_current()?;
        let directory = self.inner.directory.load();
        let (principal, account, proven_at, key) = match credential {
            Credential::ApiKey(text) => {
                let key = self.key(&directory, text, at)?;
                (key.principal, Some(key.account), None, Some(key.id))
            }
            Credential::Iam(token) | Credential::Uaa(token) => {
                let is_uaa = matches!(credential, Credential::Uaa(_));
                let verified = self.token(&directory, token, is_uaa, at)?;
                let bound = verified.bound(&directory);
                let proven_at = Some(verified.proven_at);
                (verified.principal, bound, proven_at, verified.key)
            }
        };
        require_existing(&directory, principal)?;
        let home = directory.home(principal);
        let home = home.filter(|home| directory.is_member(principal, *home));
        *proof = Some(Proof {
            principal,
            account: account.or(home),
            key,
        });
        let is_uaa = matches!(credential, Credential::Uaa(_));
        let age = proven_at.map_or(ProofAge::NONE, |proven_at| self.proof_age(proven_at));
        let domain = match selector {
            None if is_uaa => return Err(AuthError::UaaNeedsScope),
            None => Domain::Account(account.ok_or(AuthError::UaaNeedsScope)?),
            Some(Domain::Account(_)) if is_uaa => return Err(AuthError::UaaNotForAccount),
            Some(domain) => domain,
        };
        let proven = ProvenCredential {
            proven: ProvenPrincipal { principal, age },
            account,
            proven_at,
            key,
            default_plan: self.inner.config.default_plan,
        };
        let scope = grant(&directory, &proven, domain)?;
        // What is for one account has been checked for it.
        if account.is_none()
            && let Some(opened) = directory.account_of(domain)
        {
            check_address(&directory, opened)?;
        }
        Ok(scope)
    }

    /// The caller's identity, for the management interfaces.
    ///
    /// # Errors
    /// [`AuthError`] says why the credential is refused.
    pub fn identity(&self, credential: Credential<'_>) -> Result<Identity, AuthError> {
        let (identity, _) = self.proven_identity(credential);
        identity
    }

    /// As [`Self::identity`], for a request that came at `asked_at`; see [`Self::scope_at`].
    ///
    /// # Errors
    /// As [`Self::identity`].
    pub fn identity_at(
        &self,
        credential: Credential<'_>,
        asked_at: Millis,
    ) -> Result<Identity, AuthError> {
        let (identity, _) = self.proven_identity_at(credential, asked_at);
        identity
    }

    /// Like [`Self::identity`], with whom the credential proves: also when the credential is valid but may not manage
    /// anything.
    pub fn proven_identity(
        &self,
        credential: Credential<'_>,
    ) -> (Result<Identity, AuthError>, Option<Proof>) {
        self.proven_identity_at(credential, self.inner.clock.now())
    }

    fn proven_identity_at(
        &self,
        credential: Credential<'_>,
        at: Millis,
    ) -> (Result<Identity, AuthError>, Option<Proof>) {
        let holder = match self.holder_at(credential, at) {
            Ok(holder) => holder,
            Err(error) => return (Err(error), None),
        };
        let proof = Proof {
            principal: holder.principal(),
            account: Some(holder.account),
            key: holder.bounds.root().key,
        };
        // A limited credential is for metrics only; here it could remove its own limits. Authorizations are about metrics, too.
        let is_instance = matches!(holder.principal(), Principal::Instance(_));
        let identity = match (is_instance, holder.bounds.narrowing().is_none()) {
            (true, _) => Err(AuthError::InstanceForMetricsOnly),
            (false, true) => Ok(holder),
            (false, false) => Err(AuthError::ForMetricsOnly),
        };
        (identity, Some(proof))
    }

    /// The holder of a credential of any kind. Only for exchanges: the bounds limit what they issue.
    ///
    /// # Errors
    /// [`AuthError`] says why the credential is refused.
    pub fn holder(&self, credential: Credential<'_>) -> Result<Identity, AuthError> {
        self.holder_at(credential, self.inner.clock.now())
    }

    fn holder_at(&self, credential: Credential<'_>, at: Millis) -> Result<Identity, AuthError> {
        self.inner.require_current()?;
        let directory = self.inner.directory.load();
        let (bounds, verified, entered) = match credential {
            Credential::ApiKey(text) => {
                let key = self.key(&directory, text, at)?;
                let bounds = CredentialBounds::of_key(&directory, key, at);
                (bounds, None, Some(key.account))
            }
            Credential::Iam(token) | Credential::Uaa(token) => {
                let is_uaa = matches!(credential, Credential::Uaa(_));
                let verified = self.token(&directory, token, is_uaa, at)?;
                let bounds = verified.bounds(&directory, at);
                let entered = verified.bound(&directory);
                (bounds.map_err(AuthError::Revoked)?, Some(verified), entered)
            }
        };
        require_existing(&directory, bounds.principal())?;
        let remote_address = Origin::remote_address();
        let account = account_from(&directory, &bounds, remote_address)
            .ok_or_else(|| AuthError::Revoked(membership_reason(&directory, bounds.reach())))?;
        // What is for one account has been checked for it.
        if entered != Some(account) {
            check_address(&directory, account)?;
        }
        // An API key proves at every request who its holder is.
        let of_token = |verified: &Arc<Verified>| self.proof_age(verified.proven_at);
        let proof_age = verified.as_ref().map_or(ProofAge::NONE, of_token);
        Ok(Identity {
            account,
            bounds,
            proof_age,
            claims: verified,
            remote_address,
        })
    }

    /// The age now of a proof that was given then: the membership of an access group that it gives can end while a request goes on.
    fn proof_age(&self, proven_at: Millis) -> ProofAge {
        ProofAge::at(self.inner.clock.now(), proven_at)
    }

    fn key<'d>(
        &self,
        directory: &'d Directory,
        text: &str,
        at: Millis,
    ) -> Result<&'d ApiKey, AuthError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::KeyUnknown);
        }
        let key = directory
            .keys
            .of_hash(&sha256(text.as_bytes()))
            .ok_or_else(|| {
                // Keys brought by users may have any form; for our own format the checksum tells whether the text is
                // complete.
                if key_text::is_ours(text) && !key_text::is_well_formed(text) {
                    AuthError::KeyMistyped
                } else {
                    AuthError::KeyUnknown
                }
            })?;
        if let Some(why) = key.refusal(at) {
            return Err(AuthError::Revoked(why));
        }
        if !directory.is_member(key.principal, key.account) {
            let reach = AccountReach::One(key.account);
            return Err(AuthError::Revoked(membership_reason(directory, reach)));
        }
        check_address(directory, key.account)?;
        Ok(key)
    }

    /// Verifies a token: its signature, times, key, session and kind.
    fn token(
        &self,
        directory: &Directory,
        token: &str,
        is_uaa: bool,
        at: Millis,
    ) -> Result<Arc<Verified>, AuthError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::Malformed("it is longer than any token"));
        }
        let keys = self.inner.keys.load();
        let verified = match self.cache.get(token) {
            Some(verified)
                if matches!(verified.claims, Claims::Uaa) == is_uaa
                    && verified.keys == keys.generation() =>
            {
                verified
            }
            // A token of the other kind, or one whose signing key may be gone: verifying it as the requested kind gives
            // the right error.
            _ => {
                let check = |key: (&str, &str), message: &[u8], signature: &[u8]| {
                    keys.verify(key, message, signature)
                };
                let generation = keys.generation();
                let fresh = Verified::decode(generation, directory, token, is_uaa, check)?;
                let fresh = Arc::new(fresh);
                self.cache.insert(token, &fresh, at.secs());
                fresh
            }
        };
        self.check_still_good(directory, &verified, at)?;
        Ok(verified)
    }

    /// What a token of this server states that has not expired, also where it is refused at the moment: its key is disabled, or the
    /// caller's address is not let in. To end its session.
    pub(crate) fn unexpired(&self, token: &str) -> Option<Verified> {
        let is_uaa = matches!(self.bearer(token), Credential::Uaa(_));
        let directory = self.inner.directory.load();
        let keys = self.inner.keys.load();
        let check = |key: (&str, &str), message: &[u8], signature: &[u8]| {
            keys.verify(key, message, signature)
        };
        let fits = token.len() <= TOKEN_BYTES_MAX;
        let verified = fits
            .then(|| Verified::decode(keys.generation(), &directory, token, is_uaa, check).ok());
        verified.flatten().filter(|verified| {
            let now = self.inner.clock.now();
            verified.expires_at > now.secs()
        })
    }

    /// The claims of an IAM token, if it is valid. Every token is verified in full, without the cache, and with exactly
    /// one signature check, so that the time does not reveal what was wrong.
    pub(crate) fn introspected_claims(&self, token: &str) -> Option<IamClaims> {
        self.inner.require_current().ok()?;
        let directory = self.inner.directory.load();
        let keys = self.inner.keys.load();
        let is_checked = std::cell::Cell::new(false);
        let count = || (self.inner.signatures_introspected).fetch_add(1, Ordering::Relaxed);
        let check = |key: (&str, &str), message: &[u8], signature: &[u8]| {
            let found = keys.verify(key, message, signature);
            if found.is_some() {
                is_checked.set(true);
                count();
            }
            found
        };
        let verified = Verified::decode(keys.generation(), &directory, token, false, check);
        if !is_checked.get() {
            keys.verify_decoy(token.as_bytes());
            count();
        }
        let verified = verified.ok()?;
        let now = self.inner.clock.now();
        self.check_still_good(&directory, &verified, now).ok()?;
        match verified.claims {
            Claims::Iam(claims) => Some(*claims),
            Claims::Uaa => None,
        }
    }
}

impl Iam {
    /// The verifier of this service's tokens and keys.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier::new(Arc::clone(&self.0))
    }
}
