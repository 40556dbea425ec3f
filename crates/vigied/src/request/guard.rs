//! Guards: the condition for calling a route.

use super::destination::SpaceParameter;
use base::scope::{Action, Scope as BaseScope};

/// The condition for calling a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Anyone; the route shows nothing that belongs to someone.
    Public,
    /// Anyone; the credential is in the form or body itself: token endpoints.
    Credential,
    /// A verified caller; `iam` decides what they may see and change.
    Identity,
    /// A verified caller whose scope allows the action.
    Scope(Action),
    /// A verified caller who may find series or read them: the answer contains their names.
    Names,
    /// A verified caller whose scope allows the action for every series of the domain: the route is about the domain as a whole.
    WholeScope(Action),
    /// A verified caller whose scope allows writing, and who may name the domain by a parameter instead of our header.
    Sender(SpaceParameter),
}

impl Guard {
    /// The action that the scope has to allow; if either of two suffices, one that it allows.
    pub(crate) fn action(self, scope: &BaseScope) -> Action {
        match self {
            Self::Scope(action) | Self::WholeScope(action) => action,
            Self::Sender(_) => Action::Write,
            _ if scope.require(Action::Find).is_err() && scope.require(Action::Render).is_ok() => {
                Action::Render
            }
            _ => Action::Find,
        }
    }

    /// Whether the answer contains names of series, also for callers who may read the series but not find them.
    pub(crate) const fn is_naming(self) -> bool {
        matches!(self, Self::Names)
    }

    /// The word in the table of routes.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Credential => "credential",
            Self::Identity => "identity",
            Self::Scope(action) | Self::WholeScope(action) => action.name(),
            Self::Sender(_) => Action::Write.name(),
            Self::Names => "domain.names",
        }
    }
}
