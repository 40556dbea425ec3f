//! Why a credential is refused.

use crate::caller_roles::CallerRoles;
use crate::hidden_domain::HiddenDomain;
use base::id::AccountId;
use std::net::IpAddr;

/// Why a credential is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Past its `exp`.
    #[error("the token expired {seconds_ago} s ago")]
    Expired {
        /// How long ago.
        seconds_ago: i64,
    },
    /// Its `nbf` or `iat` is in the future.
    #[error("the token is not valid yet; the clocks of the issuer and this server disagree")]
    NotYetValid,
    /// Not a token at all.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// Issued by another server.
    #[error("the token was issued by another server")]
    WrongIssuer,
    /// A token of this server, sent as the wrong kind.
    #[error("the token is of the kind `{is}`, but was sent as `{sent}`")]
    WrongKind {
        /// The kind it was sent as.
        sent: &'static str,
        /// The kind it is.
        is: &'static str,
    },
    /// The signature, key or algorithm is not ours.
    #[error("the token's signature is refused: {0}")]
    Signature(&'static str),
    /// The scope header names another account than the token's.
    #[error(
        "the token is for another account than the scope asked for, which is of account `{account}`"
    )]
    WrongAccount {
        /// The account of the scope header, in which the caller has a role.
        account: AccountId,
    },
    /// The key was deleted or disabled, the session has ended, or the user is gone.
    #[error("the credential was withdrawn: {0}")]
    Revoked(&'static str),
    /// The account lets nobody in from where the request came from.
    #[error(
        "the account `{account}` lets no credential in from the address {address} (`allowed_ip_addresses`)"
    )]
    AddressNotAllowed {
        /// The account.
        account: AccountId,
        /// Where the request came from.
        address: IpAddr,
    },
    /// The database has been unreachable for too long: credentials may have been revoked meanwhile.
    #[error(
        "the identity database has not answered for {seconds} s, more than `tokens.stale_seconds_max` = {allowed}"
    )]
    Stale {
        /// For how long it has been unreachable.
        seconds: i64,
        /// How long this node goes on without the database.
        allowed: i64,
    },
    /// A change was committed here but cannot be read yet: it may have revoked the credential.
    #[error("a change was made that this node cannot read yet")]
    Behind,
    /// Another node may have made a moment ago what the credential is refused for the lack of, and this node cannot hear of it: the database
    /// does not answer, or too much that is unknown was asked for.
    #[error("another node may have made it a moment ago, and this one cannot hear of it now")]
    Unheard,
    /// The API key is limited to another domain.
    #[error("the API key reaches `{domain}` alone")]
    OutOfReach {
        /// The domain of the key.
        domain: base::scope::Domain,
    },
    /// The API key is limited to metrics, and the request is for something else.
    #[error("the API key is for metrics alone, and manages nothing")]
    ForMetricsOnly,
    /// The token is of a resource instance, which authorizations let act on metrics, and the request is for something else.
    #[error("the token of a resource instance is for metrics alone, and manages nothing")]
    InstanceForMetricsOnly,
    /// No such API key.
    #[error("the API key is not known")]
    KeyUnknown,
    /// A key in our format with a wrong checksum.
    #[error("the API key is not whole: its checksum does not match")]
    KeyMistyped,
    /// The domain does not exist or the caller has no role in it; the answer is the same.
    #[error("`{0}` does not exist, or you have no role in it")]
    DomainNotFound(Box<HiddenDomain>),
    /// A UAA token without a scope.
    #[error("a `uaa` token needs the scope header")]
    UaaNeedsScope,
    /// A UAA token for the account.
    #[error("a `uaa` token opens organizations and spaces, not the account")]
    UaaNotForAccount,
}

impl AuthError {
    /// Whether nothing is said against the credential: the node cannot decide at present.
    #[must_use]
    pub const fn is_undecided(&self) -> bool {
        matches!(self, Self::Stale { .. } | Self::Behind | Self::Unheard)
    }

    /// The account that lets no credential in from the address of the request, if that is why.
    #[must_use]
    pub const fn closed_account(&self) -> Option<AccountId> {
        match self {
            Self::AddressNotAllowed { account, .. } => Some(*account),
            _ => None,
        }
    }

    /// Whether the caller has no role at all where the credential is for.
    #[must_use]
    pub fn has_no_role(&self) -> bool {
        matches!(self, Self::DomainNotFound(hidden) if hidden.roles == CallerRoles::NoRole)
    }
}
