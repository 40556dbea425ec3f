//! Requests to the token endpoint.

use crate::audit::Credential as AuditedCredential;
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
    /// A service and one of its keys, as the id and the secret of a client.
    Client {
        /// `ServiceId-…`, also with `iam-` before it.
        id: String,
        /// The key.
        secret: Secret<String>,
    },
}

impl Grant {
    /// The kind of credential, as the audit names it.
    pub(crate) const fn presented(&self) -> AuditedCredential {
        match self {
            Self::ApiKey(_) | Self::Client { .. } => AuditedCredential::ApiKey,
            Self::Password { .. } => AuditedCredential::Password,
            Self::Passcode(_) => AuditedCredential::Passcode,
            Self::RefreshToken(_) => AuditedCredential::RefreshToken,
        }
    }

    /// Whether it is an API key, which is for one account.
    #[must_use]
    pub const fn is_key(&self) -> bool {
        matches!(self, Self::ApiKey(_) | Self::Client { .. })
    }

    /// Whether it is a password; passwords have their own throttling.
    pub(crate) const fn is_password(&self) -> bool {
        matches!(self, Self::Password { .. })
    }
}

/// A request to the token endpoint.
#[derive(Debug)]
pub struct TokenRequest {
    /// The proof.
    pub grant: Grant,
    /// The client, if it authenticated.
    pub client: Option<Client>,
    /// The requested account.
    pub account: Option<String>,
    /// Whether the client also wants a UAA token.
    pub with_uaa: bool,
    /// For how many seconds it also wants a refresh token that is delegated to [`Client::Kube`].
    pub delegated_seconds: Option<i64>,
    /// The source of the request.
    pub source: Source,
}
