//! Why a credential opens nothing.

use base::id::AccountId;

/// Why a credential opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Past its `exp`.
    #[error("the token expired {seconds_ago} s ago")]
    Expired {
        /// How long ago.
        seconds_ago: i64,
    },
    /// Its `nbf` or `iat` lies ahead.
    #[error("the token is not valid yet; the clocks of the issuer and this server disagree")]
    NotYetValid,
    /// Not a token at all.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// Signed for another server.
    #[error("the token was issued by another server")]
    WrongIssuer,
    /// A token of this server, sent as the other kind.
    #[error("the token is of the kind `{is}`, but was sent as `{sent}`")]
    WrongKind {
        /// The kind it was sent as.
        sent: &'static str,
        /// The kind it is.
        is: &'static str,
    },
    /// The signature, the key or the algorithm is not ours.
    #[error("the token's signature is refused: {0}")]
    Signature(&'static str),
    /// The scope header names another account than the token.
    #[error(
        "the token is for another account than the scope asked for, which is of account `{account}`"
    )]
    WrongAccount {
        /// The account of the scope, which the caller has a role in.
        account: AccountId,
    },
    /// Its key was deleted, locked or disabled, its session ended, or its user is gone.
    #[error("the credential was withdrawn: {0}")]
    Revoked(&'static str),
    /// The database has been away for too long to know what was withdrawn meanwhile.
    #[error(
        "the identity database has not answered for {seconds} s, more than `tokens.stale_seconds_max` = {allowed}"
    )]
    Stale {
        /// For how long.
        seconds: i64,
        /// For how long this node goes on without it.
        allowed: i64,
    },
    /// A change was committed here that cannot be read yet: what it has withdrawn is not known.
    #[error("a change was made that this node cannot read yet")]
    Behind,
    /// The API key is for one domain, and another was asked for.
    #[error("the API key reaches `{domain}` alone")]
    OutOfReach {
        /// Which one it is for.
        domain: base::scope::Domain,
    },
    /// The API key was narrowed to metrics, and something else was asked for.
    #[error("the API key is for metrics alone, and manages nothing")]
    ForMetricsOnly,
    /// No such API key.
    #[error("the API key is not known")]
    KeyUnknown,
    /// A key of ours whose checksum does not fit.
    #[error("the API key is not whole: its checksum does not fit")]
    KeyMistyped,
    /// No such domain, or no role in it: the answer is the same.
    #[error("`{0}` does not exist, or you have no role in it")]
    DomainNotFound(String),
    /// A UAA token without a scope.
    #[error("a `uaa` token needs the scope header")]
    UaaNeedsScope,
    /// A UAA token for the account.
    #[error("a `uaa` token opens organizations and spaces, not the account")]
    UaaNotForAccount,
}
