//! Why the token of a compute resource is refused.

use crate::auth_error::AuthError;

/// Why a compute resource's token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrTokenError {
    /// The operator has named no issuer.
    #[error("the operator of this server has named no issuer of tokens for compute resources")]
    NoIssuers,
    /// Not an issuer that the operator has named.
    #[error("its issuer is none that the operator of this server has named")]
    UnknownIssuer,
    /// Not a token at all.
    #[error("it is malformed: {0}")]
    Malformed(&'static str),
    /// The signature, key or algorithm is not the issuer's.
    #[error("its signature is refused: {0}")]
    Signature(&'static str),
    /// It is for somebody else.
    #[error("its audience (`aud`) is not this server")]
    Audience,
    /// Past its `exp`.
    #[error("it expired {seconds_ago} s ago")]
    Expired {
        /// How long ago.
        seconds_ago: i64,
    },
    /// Its `nbf` or `iat` is in the future.
    #[error("it is not valid yet; the clocks of its issuer and this server disagree")]
    NotYetValid,
    /// A claim that is needed is missing, or is not what it should be.
    #[error("its claim `{0}` is missing or unusable")]
    NoClaim(String),
    /// The issuer's keys cannot be read.
    #[error("the keys of its issuer cannot be read at the moment")]
    KeysAway,
    /// The issuer's keys are being read, and those read before are not enough.
    #[error("the keys of its issuer are being read at the moment; send it again")]
    KeysBeingRead,
}

impl From<AuthError> for CrTokenError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Malformed(what) => Self::Malformed(what),
            AuthError::Signature(what) => Self::Signature(what),
            AuthError::WrongIssuer => Self::UnknownIssuer,
            // The check of the form and the signature knows no other.
            _ => Self::Malformed("it is refused"),
        }
    }
}
