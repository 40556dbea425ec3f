//! What is asked of the token endpoint.

use crate::audit::Credential as Shown;
use crate::token::issued::Client;
use base::secret::Secret;
use base::source::Source;

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
    /// What is shown, in the word of the audit.
    pub(crate) const fn shown(&self) -> Shown {
        match self {
            Self::ApiKey(_) => Shown::ApiKey,
            Self::Password { .. } => Shown::Password,
            Self::Passcode(_) => Shown::Passcode,
            Self::RefreshToken(_) => Shown::RefreshToken,
        }
    }

    /// Whether it is a password, which is slowed by itself.
    pub(crate) const fn is_password(&self) -> bool {
        matches!(self, Self::Password { .. })
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
