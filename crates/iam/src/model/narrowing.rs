//! Limits of a credential within its user's rights.

use base::scope::{Action, Actions, Domain};

/// The limits of a credential beyond its user's roles. An API key can have them, and everything obtained with the key
/// has them, too. A limited credential is for metrics and cannot manage anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Narrowing {
    /// The only domain it opens; if none, every domain of its account.
    pub domain: Option<Domain>,
    /// Whether it may only send.
    pub send_only: bool,
}

impl Narrowing {
    /// No limits: everything its user may do.
    pub const NONE: Self = Self {
        domain: None,
        send_only: false,
    };

    /// The word for sending.
    pub const SEND: &'static str = "send";

    /// The word for the only permitted action, if there is one.
    #[must_use]
    pub const fn only(&self) -> Option<&'static str> {
        if self.send_only {
            Some(Self::SEND)
        } else {
            None
        }
    }

    /// Whether there are no limits.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The intersection; none if nothing is left.
    pub(crate) fn intersect(&self, other: &Self) -> Option<Self> {
        Some(Self {
            domain: one_of(self.domain, other.domain)?,
            send_only: self.send_only || other.send_only,
        })
    }

    pub(crate) fn is_within(&self, presented: &Self) -> bool {
        (presented.domain.is_none() || self.domain == presented.domain)
            && (self.send_only || !presented.send_only)
    }

    /// Whether it permits anything in the domain.
    #[must_use]
    pub fn opens(&self, domain: Domain) -> bool {
        self.domain.is_none_or(|only| only == domain)
    }

    /// The part of the user's rights that it permits.
    #[must_use]
    pub fn of(&self, actions: Actions) -> Actions {
        match self.send_only {
            false => actions,
            true if actions.contains(Action::Write) => Actions::of(&[Action::Write]),
            true => Actions::NONE,
        }
    }
}

/// The value that satisfies both, where none is any; `None` if they differ.
pub(crate) fn one_of<T: PartialEq>(a: Option<T>, b: Option<T>) -> Option<Option<T>> {
    match (a, b) {
        (Some(a), Some(b)) => (a == b).then_some(Some(a)),
        (only, None) | (None, only) => Some(only),
    }
}
