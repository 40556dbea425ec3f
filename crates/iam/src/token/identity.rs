//! A credential as it is shown, and its verified holder.

use super::claims::IamClaims;
use super::verified::{Claims, Verified};
use crate::auth_error::AuthError;
use crate::model::bounds::CredentialBounds;
use crate::model::directory::{Directory, ProofAge, ProvenPrincipal};
use crate::refusal::{Reason, Refusal, Remedy};
use base::id::{AccountId, SessionId, UserId};
use base::principal::Principal;
use std::net::IpAddr;
use std::sync::Arc;

/// A credential in a request. Never printed.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// An IAM token.
    Iam(&'a str),
    /// A UAA token.
    Uaa(&'a str),
    /// An API key.
    ApiKey(&'a str),
}

impl<'a> Credential<'a> {
    /// The text of the credential.
    pub(crate) const fn text(self) -> &'a str {
        let (Self::Iam(text) | Self::Uaa(text) | Self::ApiKey(text)) = self;
        text
    }
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

/// A verified caller of the management interfaces. Only [`crate::Verifier::identity`] makes one.
#[derive(Debug, Clone)]
pub struct Identity {
    pub(crate) account: AccountId,
    pub(crate) bounds: CredentialBounds,
    /// How long ago its holder has proven who they are.
    pub(crate) proof_age: ProofAge,
    pub(crate) claims: Option<Arc<Verified>>,
    /// The address of the request; none where it came over no network.
    pub(crate) remote_address: Option<IpAddr>,
}

impl Identity {
    /// The principal that the credential proves.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        self.bounds.principal()
    }

    /// The principal that the credential proves, with the age of the proof it came from, for decisions about access.
    #[must_use]
    pub const fn proven(&self) -> ProvenPrincipal {
        ProvenPrincipal {
            principal: self.principal(),
            age: self.proof_age,
        }
    }

    /// The user, for what only people have: an address, a password, invitations.
    ///
    /// # Errors
    /// When the caller is a service or a profile.
    pub fn user(&self) -> Result<UserId, Refusal> {
        let principal = self.principal();
        principal.user().ok_or_else(|| {
            let message = format!(
                "this is for users, who have an e-mail address and a password: `{principal}` has none"
            );
            Refusal::new(Reason::NotAllowed, message).remedy(Remedy::LogInByPassword)
        })
    }

    /// The bounds of the credential: the accounts it is valid for, and what may be issued.
    #[must_use]
    pub const fn bounds(&self) -> &CredentialBounds {
        &self.bounds
    }

    /// The account of the credential; for a UAA token without account, its user's first, or another one of theirs if that lets
    /// nobody in from where the token was shown.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Whether the credential is valid for the account: an IAM token, a key, and what was obtained with a key, for its
    /// own account; a UAA token of the user's own proof for every account the user has been in since the proof, and that lets
    /// credentials in from where it was shown.
    #[must_use]
    pub fn reaches(&self, directory: &Directory, account: AccountId) -> bool {
        self.bounds.opens(directory, account) && self.check_address(directory, account).is_ok()
    }

    /// Refuses a credential that does not reach the account, for an object of which the caller knows.
    ///
    /// # Errors
    /// When it is valid for another account alone, or the account does not let it in from where it was shown.
    pub(crate) fn check_reach(
        &self,
        directory: &Directory,
        account: AccountId,
    ) -> Result<(), Refusal> {
        if !self.bounds.opens(directory, account) {
            return Err(Refusal::elsewhere(account, self.account));
        }
        self.check_address(directory, account)
            .map_err(Refusal::from)
    }

    /// Checks that the account lets credentials in from where this one was shown.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn check_address(
        &self,
        directory: &Directory,
        account: AccountId,
    ) -> Result<(), AuthError> {
        directory.check_address(account, self.remote_address)
    }

    /// Whether it is an API key or was obtained with one: it acts for the key, not for its owner.
    #[must_use]
    pub(crate) fn is_key_based(&self) -> bool {
        let verified = self.claims.as_deref();
        verified.is_none_or(|verified| verified.key.is_some())
    }

    /// Whether it was obtained with a token that was delegated to another program: it acts for that, not for the person.
    #[must_use]
    pub(crate) const fn is_delegated(&self) -> bool {
        self.bounds.delegated_until().is_some()
    }

    /// The token; none for a key.
    pub(crate) fn presented(&self) -> Option<&Verified> {
        self.claims.as_deref()
    }

    /// The login session, if there is one.
    #[must_use]
    pub const fn session(&self) -> Option<SessionId> {
        self.bounds.root().session
    }

    /// The claims of an IAM token.
    #[must_use]
    pub fn claims(&self) -> Option<&IamClaims> {
        match &self.claims.as_deref()?.claims {
            Claims::Iam(claims) => Some(claims),
            Claims::Uaa => None,
        }
    }
}
