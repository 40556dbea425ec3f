//! Errors of the identity service.

pub use crate::auth_error::AuthError;

use crate::refusal::{Lockable, Reason, Refusal, Remedy};
use crate::token::key_error::KeyError;
use base::id::AccountId;
use base::time::Millis;
use db::DbError;
use std::borrow::Cow;

/// Why the identity service did not do what the caller asked.
#[derive(Debug, thiserror::Error)]
pub enum IamError {
    /// A refusal that the caller is told.
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
    /// The database has been asked, and does not answer.
    #[error("the identity database does not answer")]
    Silent,
    /// The database's disk had no room for the last write.
    #[error("the identity database's disk is full")]
    OutOfRoom,
    /// A key file or a key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The last signing key cannot be retired.
    #[error("there would be no signing key: nobody could log in")]
    LastKey,
    /// The key that signs cannot be retired before its successor does.
    #[error(
        "its successor `{successor}` is only announced: who keeps the public keys may not know it"
    )]
    NoSuccessorYet {
        /// The first of the others that will sign.
        successor: String,
        /// From when on.
        signs_from: Millis,
    },
    /// The database has signing keys, but their encryption key is missing.
    #[error("the signing keys are encrypted, and their key `{path}` is missing")]
    NoEncryptionKey {
        /// The path where it was expected.
        path: String,
    },
    /// The encryption key that the server read at its start is in its file no more.
    #[error("the server works with an encryption key that is not in `{path}` any more")]
    EncryptionKeyGone {
        /// The path of its file.
        path: String,
    },
    /// A signing key is encrypted under another key than the present one.
    #[error("the signing key `{kid}` is encrypted under another key than that of `{path}`")]
    OtherEncryptionKey {
        /// The id of the signing key.
        kid: String,
        /// The key that does not decrypt it.
        path: String,
    },
    /// No signing key of this name is in service.
    #[error("no signing key `{kid}` is in service")]
    NoSuchKey {
        /// The name given.
        kid: String,
    },
    /// The database holds a value that this program would not write.
    #[error("the identity database holds `{}` where {expected} belongs", shortened(.value))]
    Stored {
        /// The stored value.
        value: String,
        /// The expected value.
        expected: &'static str,
    },
    /// Hashing, signing or encrypting failed; nothing was issued.
    #[error("cannot {0}")]
    Crypto(&'static str),
    /// A state that the program excludes: a fault of ours. Nothing was done.
    #[error("cannot {0}")]
    Internal(&'static str),
}

/// The beginning of a stored value: all of it may be long.
fn shortened(value: &str) -> &str {
    let most = value.char_indices().nth(64);
    most.map_or(value, |(end, _)| value.get(..end).unwrap_or(value))
}

impl IamError {
    pub(crate) fn refused(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Refusal::new(reason, message))
    }

    /// What is named in `message` is locked.
    pub(crate) fn locked(what: Lockable, message: String) -> Self {
        Self::Refused(Refusal::new(Reason::Locked, message).remedy(Remedy::Unlock(what)))
    }

    /// A management request for something that does not exist or that the caller may not see.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::Refused(Refusal::not_found(what))
    }

    /// A management request for something in an account the caller is in, with a credential for another account.
    pub(crate) fn elsewhere(account: AccountId, token_account: AccountId) -> Self {
        Self::Refused(Refusal::elsewhere(account, token_account))
    }

    /// A token request for an account that the token cannot be for.
    pub(crate) fn not_a_member(message: impl Into<Cow<'static, str>>) -> Self {
        let refusal = Refusal::new(Reason::NotAMember, message);
        Self::Refused(refusal.remedy(Remedy::ListOwnAccounts))
    }

    /// A management request the caller has no right to.
    pub(crate) fn forbidden(what: impl Into<Cow<'static, str>>) -> Self {
        Self::refused(Reason::NotAllowed, what)
    }

    /// A management request the caller has no right to, with who can give it.
    pub(crate) fn forbidden_without(what: impl Into<Cow<'static, str>>, remedy: Remedy) -> Self {
        Self::Refused(Refusal::new(Reason::NotAllowed, what).remedy(remedy))
    }

    /// A management request with a wrong field.
    pub(crate) fn invalid(field: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Refusal::invalid(field, what))
    }

    /// A management request that conflicts with existing data.
    pub(crate) fn conflict(what: impl Into<Cow<'static, str>>) -> Self {
        Self::refused(Reason::Conflict, what)
    }

    /// A management request that conflicts with existing data, with a remedy.
    pub(crate) fn conflict_with_remedy(what: impl Into<Cow<'static, str>>, remedy: Remedy) -> Self {
        Self::Refused(Refusal::new(Reason::Conflict, what).remedy(remedy))
    }

    /// This refusal in place of the failure to store a row because another has its name, or whatever is unique.
    pub(crate) fn if_unique(self, refusal: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Db(DbError::Unique) => refusal(),
            other => other,
        }
    }

    /// The caller's answer; `None` for an internal failure, whose details stay in the log.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl From<Refusal> for IamError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<AuthError> for IamError {
    fn from(error: AuthError) -> Self {
        Self::Refused(error.into())
    }
}
