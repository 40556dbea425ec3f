//! What of its user's rights a credential has.

use base::scope::{Action, Actions, Domain};

/// What a credential was narrowed to, beyond its user's roles: an API key can be, and what is obtained with it is with it. One
/// that is narrowed is for metrics, and manages nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Narrowing {
    /// The one domain it opens; every one of its account without.
    pub domain: Option<Domain>,
    /// Whether it may send, and nothing else.
    pub send_only: bool,
}

impl Narrowing {
    /// Everything its user may do.
    pub const NONE: Self = Self {
        domain: None,
        send_only: false,
    };

    /// The word for sending.
    pub const SEND: &'static str = "send";

    /// The word for the only thing it is for, where that is one.
    #[must_use]
    pub const fn only(&self) -> Option<&'static str> {
        if self.send_only {
            Some(Self::SEND)
        } else {
            None
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// What both allow; none where that is nothing.
    pub(crate) fn intersect(&self, other: &Self) -> Option<Self> {
        Some(Self {
            domain: one_of(self.domain, other.domain)?,
            send_only: self.send_only || other.send_only,
        })
    }

    pub(crate) fn is_within(&self, shown: &Self) -> bool {
        (shown.domain.is_none() || self.domain == shown.domain)
            && (self.send_only || !shown.send_only)
    }

    /// Whether it lets anything through to the domain.
    #[must_use]
    pub fn opens(&self, domain: Domain) -> bool {
        self.domain.is_none_or(|own| own == domain)
    }

    /// What is left of what the user may do.
    #[must_use]
    pub fn of(&self, actions: Actions) -> Actions {
        match self.send_only {
            false => actions,
            true if actions.contains(Action::Write) => Actions::of(&[Action::Write]),
            true => Actions::NONE,
        }
    }
}

/// What is both, where either may be any; none where they are two.
pub(crate) fn one_of<T: PartialEq>(a: Option<T>, b: Option<T>) -> Option<Option<T>> {
    match (a, b) {
        (Some(a), Some(b)) => (a == b).then_some(Some(a)),
        (own, None) | (None, own) => Some(own),
    }
}
