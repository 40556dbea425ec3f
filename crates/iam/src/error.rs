//! What identity says "no" to, and how it says it.

use base::error::{Kind, Problem};
use base::id::AccountId;
use db::DbError;
use std::borrow::Cow;

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

impl AuthError {
    /// The error for the outside.
    #[must_use]
    pub fn problem(&self) -> Problem {
        use Kind::{Forbidden, Invalid, NotFound, Unauthenticated, Unavailable};
        let renew = "run `vigie iam oauth-tokens` for a fresh one; `vigie login` if that fails";
        let login = "run `vigie login`, then `vigie iam oauth-tokens`";
        let (kind, code, hint) = match self {
            Self::Expired { .. } => (Unauthenticated, "BXNMSRI01E", renew),
            Self::Malformed(_) => (
                Unauthenticated,
                "BXNMSRI02E",
                "copy what `vigie iam token` prints, whole and on one line",
            ),
            Self::WrongIssuer => (
                Unauthenticated,
                "BXNMSRI03E",
                "run `vigie login -a URL` with this server's address",
            ),
            Self::WrongKind { .. } => (
                Unauthenticated,
                "BXNMSRI16E",
                "send `X-Auth-User-Token: iam TOKEN` or `uaa TOKEN`, as `vigie iam oauth-tokens` labels them",
            ),
            Self::NotYetValid => (
                Unauthenticated,
                "BXNMSRI04E",
                "set the clocks, then run `vigie iam oauth-tokens`",
            ),
            Self::Signature(_) => (Unauthenticated, "BXNMSRI05E", login),
            Self::WrongAccount { account } => {
                let message = self.to_string();
                let problem = Problem::new(Unauthenticated, "BXNMSRI06E", message);
                return problem.hint(format!(
                    "run `vigie target -c {account}` for a token of that account; a key opens its own account alone"
                ));
            }
            Self::Revoked(_) => (Unauthenticated, "BXNMSRI07E", login),
            Self::Stale { .. } | Self::Behind => (
                Unavailable,
                "BXNMSSV08E",
                "send again later; the operator sees why at `/health/ready` of the operations listener",
            ),
            Self::OutOfReach { .. } => (
                Forbidden,
                "BXNMSRI17E",
                "send `X-Auth-Scope-Id` with the domain it reaches, or use a key that was made without `reach`",
            ),
            Self::ForMetricsOnly => (
                Forbidden,
                "BXNMSRI18E",
                "log in with a password, or with a key that was made without `reach`",
            ),
            Self::KeyUnknown => (
                Unauthenticated,
                "BXNMSRI10E",
                "make one with `vigie iam api-key-create NAME`",
            ),
            Self::KeyMistyped => (
                Unauthenticated,
                "BXNMSRI10E",
                "copy it whole, from `vgk_` to the end",
            ),
            Self::UaaNeedsScope => (
                Invalid,
                "BXNMSRI12E",
                "send `X-Auth-Scope-Id: s-GUID`; `vigie account space NAME --guid` prints the GUID",
            ),
            Self::DomainNotFound(_) => (
                NotFound,
                "BXNMSRI13E",
                "`vigie account spaces` and `vigie account orgs` list what you can see",
            ),
            Self::UaaNotForAccount => (
                Forbidden,
                "BXNMSRI15E",
                "send an `iam` token or an `apikey` instead",
            ),
        };
        Problem::new(kind, code, self.to_string()).hint(hint)
    }
}

/// Why identity did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum IamError {
    /// The caller is told.
    #[error("{0}")]
    Refused(Problem),
    /// The data folder or database holds no account.
    #[error("there is no account yet\nhint: run `vigied init --data DIR` first")]
    NotInitialised,
    /// There is an account already.
    #[error(
        "it is initialised already\nhint: `vigied serve` serves it; `vigied account create` makes further accounts"
    )]
    AlreadyInitialised,
    /// The database failed.
    #[error("the identity database failed")]
    Db(#[from] DbError),
    /// The database's disk had no room for the last write.
    #[error("the identity database's disk is full\nhint: make room on the disk")]
    OutOfRoom,
    /// The file of a key cannot be read or made.
    #[error("cannot {action} the key file {path}")]
    KeyFile {
        /// For example `read`.
        action: &'static str,
        /// Which file.
        path: String,
        /// The operating system's words.
        #[source]
        source: std::io::Error,
    },
    /// The last signing key would be gone.
    #[error(
        "there would be no signing key: nobody could log in\nhint: make a successor first with `vigied keys rotate`"
    )]
    LastKey,
    /// The signing keys are there, and not what they are encrypted under.
    #[error(
        "the signing keys are encrypted, and their key `{path}` is missing\nhint: copy it from another node on this database or from a backup, or name it with `tokens.encryption_key_file`"
    )]
    NoEncryptionKey {
        /// Where it was looked for.
        path: String,
    },
    /// A signing key is encrypted under another key than the one here.
    #[error(
        "the signing key `{kid}` is encrypted under another key than that of `{path}`\nhint: all nodes on one database need the same: copy it from the node that made the first one, or from a backup"
    )]
    OtherEncryptionKey {
        /// Which signing key.
        kid: String,
        /// The key that does not open it.
        path: String,
    },
    /// No key of this name is in service.
    #[error("no signing key `{kid}` is in service\nhint: `vigied keys list` shows them")]
    NoSuchKey {
        /// The name given.
        kid: String,
    },
    /// The database holds what this program would not write.
    #[error("the identity database holds `{value}` where {expected} belongs")]
    Stored {
        /// What stands there.
        value: String,
        /// What should.
        expected: &'static str,
    },
    /// Cryptography failed; nothing was issued.
    #[error("cannot {0}")]
    Crypto(&'static str),
}

impl IamError {
    pub(crate) fn refused(
        kind: Kind,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Refused(Problem::new(kind, code, message))
    }

    /// A management request for something that is not there, or not the caller's to see.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::refused(
            Kind::NotFound,
            "not_found",
            format!("{what} does not exist, or you may not see it"),
        )
    }

    /// A management request for something in an account the caller is in, with a credential for another.
    pub(crate) fn elsewhere(account: AccountId, own: AccountId) -> Self {
        let message = format!("this is of account `{account}`, and the token is for `{own}`");
        let problem = Problem::new(Kind::Forbidden, "wrong_account", message);
        Self::Refused(problem.hint(format!(
            "run `vigie target -c {account}` to switch; a key opens its own account alone"
        )))
    }

    /// A token asked for an account it cannot be for.
    pub(crate) fn not_a_member(message: impl Into<Cow<'static, str>>) -> Self {
        let problem = Problem::new(Kind::Invalid, "BXNIM0141E", message);
        Self::Refused(problem.hint("`vigie account list` shows the accounts you are in"))
    }

    /// A management request the caller has no right to.
    pub(crate) fn forbidden(what: impl Into<Cow<'static, str>>) -> Self {
        Self::refused(Kind::Forbidden, "insufficient_permissions", what)
    }

    /// A management request with a wrong field.
    pub(crate) fn invalid(field: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Problem::new(Kind::Invalid, "invalid_parameter", what).field(field))
    }

    /// A management request that collides with what is there.
    pub(crate) fn conflict(what: impl Into<Cow<'static, str>>) -> Self {
        Self::refused(Kind::Conflict, "conflict", what)
    }

    /// The same, with what mends it.
    pub(crate) fn conflict_with_hint(
        what: impl Into<Cow<'static, str>>,
        hint: &'static str,
    ) -> Self {
        let problem = Problem::new(Kind::Conflict, "conflict", what);
        Self::Refused(problem.hint(hint))
    }

    /// What the outside is told; `None` when it is our own failure, whose details stay in the log.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }
}

impl From<AuthError> for IamError {
    fn from(error: AuthError) -> Self {
        Self::Refused(error.problem())
    }
}
