//! The actions that can be done in a domain.

use std::fmt;

/// An action that a caller may be allowed in a domain. The texts are the original service's action names where known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Action {
    /// Send metrics: `domain.write`.
    Write = 0,
    /// Query metrics: `domain.render`.
    Render = 1,
    /// List metrics: `domain.find`.
    Find = 2,
    /// Delete metrics: `domain.delete`.
    Delete = 3,
    /// Change the domain's settings: `domain.configure`.
    Configure = 4,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 5] = [
        Self::Write,
        Self::Render,
        Self::Find,
        Self::Delete,
        Self::Configure,
    ];

    /// The action's name, for example `domain.write`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Write => "domain.write",
            Self::Render => "domain.render",
            Self::Find => "domain.find",
            Self::Delete => "domain.delete",
            Self::Configure => "domain.configure",
        }
    }
}

impl Action {
    /// In words, before the domain: `send to`.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Write => "send to",
            Self::Render => "query the metrics of",
            Self::Find => "list the metrics of",
            Self::Delete => "delete metrics of",
            Self::Configure => "change the settings of",
        }
    }
}

/// A set of [`Action`]s.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Actions(u8);

impl Actions {
    /// No action.
    pub const NONE: Self = Self(0);
    /// Every action.
    pub const ALL: Self = Self(0b1_1111);

    /// The set of the given actions.
    #[must_use]
    pub fn of(actions: &[Action]) -> Self {
        Self(
            actions
                .iter()
                .fold(0, |bits, action| bits | (1 << *action as u8)),
        )
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `action` is in the set.
    #[must_use]
    pub const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u8) != 0
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Debug for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(
                Action::ALL
                    .iter()
                    .filter(|action| self.contains(**action))
                    .map(|a| a.name()),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_holds_each() {
        assert_eq!(Actions::of(&Action::ALL), Actions::ALL);
        assert!(
            Action::ALL
                .iter()
                .all(|action| !Actions::NONE.contains(*action))
        );
    }
}
