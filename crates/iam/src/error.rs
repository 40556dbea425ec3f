//! What identity says "no" to, and how it says it.

pub use crate::auth_error::AuthError;

use crate::refusal::{Reason, Refusal, Remedy};
use base::id::AccountId;
use db::DbError;
use std::borrow::Cow;

/// Why identity did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum IamError {
    /// The caller is told.
    #[error("{0}")]
    Refused(Refusal),
    /// The data folder or database holds no account.
    #[error("there is no account yet")]
    NotInitialised,
    /// There is an account already.
    #[error("it is initialised already")]
    AlreadyInitialised,
    /// The database failed.
    #[error("the identity database failed")]
    Db(#[from] DbError),
    /// Work on a thread of its own ended without a result: it panicked, which is a fault of the program, or the program ends.
    #[error("work on another thread broke off")]
    BrokenOff,
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
    #[error("there would be no signing key: nobody could log in")]
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
    #[error("no signing key `{kid}` is in service")]
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
    pub(crate) fn refused(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Refusal::new(reason, message))
    }

    /// A management request for something that is not there, or not the caller's to see.
    pub(crate) fn not_found(what: &str) -> Self {
        let message = format!("{what} does not exist, or you may not see it");
        Self::refused(Reason::NotFound, message)
    }

    /// A management request for something in an account the caller is in, with a credential for another.
    pub(crate) fn elsewhere(account: AccountId, own: AccountId) -> Self {
        let message = format!("this is of account `{account}`, and the token is for `{own}`");
        let refusal = Refusal::new(Reason::WrongAccount, message);
        Self::Refused(refusal.remedy(Remedy::SwitchTo(account)))
    }

    /// A token asked for an account it cannot be for.
    pub(crate) fn not_a_member(message: impl Into<Cow<'static, str>>) -> Self {
        let refusal = Refusal::new(Reason::NotAMember, message);
        Self::Refused(refusal.remedy(Remedy::ListOwnAccounts))
    }

    /// A management request the caller has no right to.
    pub(crate) fn forbidden(what: impl Into<Cow<'static, str>>) -> Self {
        Self::refused(Reason::NotAllowed, what)
    }

    /// A management request with a wrong field.
    pub(crate) fn invalid(field: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Refusal::new(Reason::Field, what).field(field))
    }

    /// A management request that collides with what is there.
    pub(crate) fn conflict(what: impl Into<Cow<'static, str>>) -> Self {
        Self::refused(Reason::Conflict, what)
    }

    /// The same, with what mends it.
    pub(crate) fn conflict_mended_by(what: impl Into<Cow<'static, str>>, remedy: Remedy) -> Self {
        Self::Refused(Refusal::new(Reason::Conflict, what).remedy(remedy))
    }

    /// What the caller is told; `None` when it is our own failure, whose details stay in the log.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl From<AuthError> for IamError {
    fn from(error: AuthError) -> Self {
        let message = error.to_string();
        Self::refused(Reason::Credential(Box::new(error)), message)
    }
}
