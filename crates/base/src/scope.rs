//! The proof that a caller may act on a tenant.
//!
//! Every path to a sample takes a [`Scope`] first. Its fields are private and its only constructor,
//! [`Scope::granted`], is reserved to `iam` (enforced by clippy's `disallowed-methods`), so a handler cannot reach a
//! sample without a verified identity: there is nothing else it could pass.

use crate::id::{AccountId, OrgId, SpaceId, TenantId};
use std::fmt;
use std::sync::Arc;

/// What owns metrics: an account, an organization or a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Domain {
    /// The whole account; `a-<32 hex>` in `X-Auth-Scope-Id`, or the header left out.
    Account(AccountId),
    /// One organization; `o-<GUID>`.
    Org(OrgId),
    /// One space; `s-<GUID>`.
    Space(SpaceId),
}

impl From<OrgId> for Domain {
    fn from(id: OrgId) -> Self {
        Self::Org(id)
    }
}

impl From<SpaceId> for Domain {
    fn from(id: SpaceId) -> Self {
        Self::Space(id)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "a-{id}"),
            Self::Org(id) => write!(f, "o-{id}"),
            Self::Space(id) => write!(f, "s-{id}"),
        }
    }
}

/// What a caller may do in a domain. The texts are the original service's action names where known.
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

/// The caller may not do this in this domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{caller}` may not do `{}` in `{domain}`", action.name())]
pub struct Forbidden {
    /// Who asked (an IAM id).
    pub caller: Arc<str>,
    /// What was asked.
    pub action: Action,
    /// Where.
    pub domain: Domain,
}

/// A verified caller, bound to one tenant, with what it may do there. Cloning copies no text.
#[derive(Debug, Clone)]
pub struct Scope {
    tenant: TenantId,
    domain: Domain,
    actions: Actions,
    caller: Arc<str>,
}

impl Scope {
    /// States that `caller` (an IAM id) may do `actions` in `domain`. For `iam` alone: it has checked it.
    #[must_use]
    pub const fn granted(
        tenant: TenantId,
        domain: Domain,
        actions: Actions,
        caller: Arc<str>,
    ) -> Self {
        Self {
            tenant,
            domain,
            actions,
            caller,
        }
    }

    /// The tenant whose samples are reached.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The domain that the tenant stands for.
    #[must_use]
    pub const fn domain(&self) -> Domain {
        self.domain
    }

    /// What the caller may do there.
    #[must_use]
    pub const fn actions(&self) -> Actions {
        self.actions
    }

    /// The caller's IAM id.
    #[must_use]
    pub fn caller(&self) -> &str {
        &self.caller
    }

    /// Whether the caller may do `action`.
    ///
    /// # Errors
    /// [`Forbidden`] when it may not.
    pub fn require(&self, action: Action) -> Result<(), Forbidden> {
        if self.actions.contains(action) {
            Ok(())
        } else {
            Err(Forbidden {
                caller: Arc::clone(&self.caller),
                action,
                domain: self.domain,
            })
        }
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
