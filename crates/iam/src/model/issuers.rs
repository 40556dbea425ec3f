//! The issuer names that this installation has used.

use crate::auth_error::AuthError;
use std::collections::HashMap;

/// The kinds of token, which must never be confused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Iam,
    Uaa,
}

impl Kind {
    /// The word for it in `X-Auth-User-Token`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Uaa => "uaa",
        }
    }
}

/// Every name, with the kind of token issued under it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Issuers(HashMap<String, Kind>);

impl Issuers {
    /// Takes these names.
    pub(crate) const fn new(all: HashMap<String, Kind>) -> Self {
        Self(all)
    }

    /// The kind of token that `issuer` stands for, if it is one of ours.
    pub(crate) fn kind(&self, issuer: &str) -> Option<Kind> {
        self.0.get(issuer).copied()
    }

    /// Whether tokens of `wanted` kind are issued under `issuer`.
    pub(crate) fn check(&self, issuer: Option<&str>, wanted: Kind) -> Result<(), AuthError> {
        match issuer.and_then(|issuer| self.kind(issuer)) {
            None => Err(AuthError::WrongIssuer),
            Some(kind) if kind != wanted => Err(AuthError::WrongKind {
                sent: wanted.name(),
                is: kind.name(),
            }),
            Some(_) => Ok(()),
        }
    }
}
