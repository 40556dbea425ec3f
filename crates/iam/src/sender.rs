//! Senders that show no credential with each line: keys that the operator names for addresses, and how long a credential that was
//! shown once lasts.

use crate::auth_error::AuthError;
use crate::grant::{ProvenCredential, grant};
use crate::model::bounds::AccountReach;
use crate::model::directory::ProvenPrincipal;
use crate::token::identity::Credential;
use crate::verify::{Verifier, check_address, membership_reason, require_existing};
use base::id::KeyId;
use base::scope::{Domain, Scope};
use base::time::Millis;

/// Why a key that was named for addresses opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceKeyError {
    /// The key itself, its owner or its role.
    #[error(transparent)]
    Refused(AuthError),
    /// It may do more than send to one domain.
    #[error("the API key is not narrowed to sending into one domain")]
    TooMuch,
    /// Its domain takes no keys before names.
    #[error("{0} takes no API key before a name")]
    NotBeforeNames(Domain),
}

impl From<AuthError> for SourceKeyError {
    fn from(error: AuthError) -> Self {
        Self::Refused(error)
    }
}

impl Verifier {
    /// The scope of samples from an address for which the operator has named this key: the key's, as it is now. Only a key
    /// that is narrowed to sending into one domain can be named, because an address proves little.
    ///
    /// # Errors
    /// [`SourceKeyError`] says why nothing may be sent.
    pub fn source_scope(&self, id: KeyId) -> Result<Scope, SourceKeyError> {
        self.inner.require_current()?;
        let directory = self.inner.directory.load();
        let key = directory.keys.get(&id).ok_or(AuthError::KeyUnknown)?;
        let domain = match key.narrowing.domain {
            Some(domain) if key.narrowing.send_only => domain,
            _ => return Err(SourceKeyError::TooMuch),
        };
        if let Some(why) = key.refusal(self.inner.clock.now()) {
            return Err(AuthError::Revoked(why).into());
        }
        if !directory.is_member(key.principal, key.account) {
            let reach = AccountReach::One(key.account);
            return Err(AuthError::Revoked(membership_reason(&directory, reach)).into());
        }
        require_existing(&directory, key.principal)?;
        check_address(&directory, key.account)?;
        let proven = ProvenCredential {
            proven: ProvenPrincipal::now(key.principal),
            account: Some(key.account),
            proven_at: None,
            key: Some(id),
            default_plan: self.inner.config.default_plan,
        };
        Ok(grant(&directory, &proven, domain)?)
    }

    /// The key with this text, whatever it may do.
    #[must_use]
    pub fn key_with_text(&self, text: &str) -> Option<KeyId> {
        let hash = crate::entropy::sha256(text.as_bytes());
        let directory = self.inner.directory.load();
        directory.keys.of_hash(&hash).map(|key| key.id)
    }

    /// The scope of samples with this key before their names: as [`Self::source_scope`], where the key's domain takes that.
    ///
    /// # Errors
    /// [`SourceKeyError`] says why nothing may be sent.
    pub fn scope_before_names(&self, id: KeyId) -> Result<Scope, SourceKeyError> {
        let scope = self.source_scope(id)?;
        let directory = self.inner.directory.load();
        let domain = scope.domain();
        let entry = directory.domains.get(&domain);
        match entry.is_some_and(|entry| entry.key_before_names) {
            true => Ok(scope),
            false => Err(SourceKeyError::NotBeforeNames(domain)),
        }
    }

    /// The API key that this is, or that a verified token was obtained with; for telling senders apart. Nothing is verified here.
    #[must_use]
    pub fn key_of(&self, credential: Credential<'_>) -> Option<KeyId> {
        match credential {
            Credential::Iam(token) | Credential::Uaa(token) => self.cache.get(token)?.key,
            Credential::ApiKey(text) => {
                let hash = crate::entropy::sha256(text.as_bytes());
                let directory = self.inner.directory.load();
                directory.keys.of_hash(&hash).map(|key| key.id)
            }
        }
    }

    /// When a verified credential stops working by itself, if it does; unknown for one that was not verified before.
    #[must_use]
    pub fn ends_at(&self, credential: Credential<'_>) -> Option<Millis> {
        match credential {
            Credential::Iam(token) | Credential::Uaa(token) => {
                let known = self.cache.get(token)?;
                Some(Millis::from_secs(known.expires_at))
            }
            Credential::ApiKey(text) => {
                let directory = self.inner.directory.load();
                let hash = crate::entropy::sha256(text.as_bytes());
                directory.keys.of_hash(&hash)?.expires_at
            }
        }
    }
}
