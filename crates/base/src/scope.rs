//! The proof that a caller may act on a tenant.
//!
//! Every path to a sample takes a [`Scope`] first. Its fields are private and its only constructor,
//! [`Scope::granted`], is reserved to `iam` (enforced by clippy's `disallowed-methods`), so a handler cannot reach a
//! sample without a verified identity: there is nothing else it could pass.

mod action;
mod operator;
mod owner;
mod reach;

pub use action::{Action, Actions};
pub use operator::{Metering, Operator};
pub use owner::Owner;
pub use reach::{Grants, Reach};

use crate::id::{AccountId, OrgId, SpaceId, TenantId};
use crate::principal::Principal;
use crate::selector::NameFilter;
use std::fmt;

/// The owner of metrics: an account, an organization or a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Domain {
    /// A whole account; `a-<32 hex>` in `X-Auth-Scope-Id`, or no such header.
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

/// The caller may not do this in this domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("you may not {} `{domain}`", action.verb())]
pub struct Forbidden {
    /// The caller.
    pub principal: Principal,
    /// The action that was requested.
    pub action: Action,
    /// The domain that it was requested in.
    pub domain: Domain,
}

/// A verified caller, bound to one tenant, with what each action reaches there. Cloning copies no filter.
#[derive(Debug, Clone)]
pub struct Scope {
    principal: Principal,
    tenant: TenantId,
    domain: Domain,
    owner: Owner,
    grants: Grants,
    retention_days: Option<u32>,
}

impl Scope {
    /// States that `principal` may do what `grants` say in `domain`; plain [`Actions`] reach everything there. For `iam` alone,
    /// which has checked it.
    #[must_use]
    pub fn granted(
        principal: Principal,
        tenant: TenantId,
        domain: Domain,
        grants: impl Into<Grants>,
    ) -> Self {
        Self {
            principal,
            tenant,
            domain,
            owner: tenant.into(),
            grants: grants.into(),
            retention_days: None,
        }
    }

    /// Sets the account of the tenant, by which shares are counted. Without it the tenant has a share of its own.
    #[must_use]
    pub fn owned_by(self, account: AccountId) -> Self {
        Self {
            owner: account.into(),
            ..self
        }
    }

    /// Sets the days for which the tenant's samples are kept, if fewer than the store keeps them.
    #[must_use]
    pub fn with_retention_days(self, retention_days: Option<u32>) -> Self {
        Self {
            retention_days,
            ..self
        }
    }

    /// The days for which the tenant has its samples, if there are fewer than the store keeps them: older samples are neither
    /// taken nor read.
    #[must_use]
    pub const fn retention_days(&self) -> Option<u32> {
        self.retention_days
    }

    /// The tenant whose samples the caller may reach.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The owner by whom the tenant's use of shared resources is counted.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// The domain of the tenant.
    #[must_use]
    pub const fn domain(&self) -> Domain {
        self.domain
    }

    /// The actions that the caller may do, with all series or with some.
    #[must_use]
    pub fn actions(&self) -> Actions {
        self.grants.actions()
    }

    /// The principal that acts.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        self.principal
    }

    /// Checks that the caller may do `action`, with all series or with some.
    ///
    /// # Errors
    /// [`Forbidden`] otherwise.
    pub fn require(&self, action: Action) -> Result<(), Forbidden> {
        self.filter(action).map(|_| ())
    }

    /// Whether `action` reaches every series of the domain. Only then may the caller see or change what concerns the domain as a
    /// whole, such as its counters and settings.
    #[must_use]
    pub fn reaches_all(&self, action: Action) -> bool {
        matches!(self.grants.reach(action), Reach::All)
    }

    /// The same scope, in which the right to render series implies the right to find them: rendering `*` would show their names anyway.
    /// No other action changes.
    #[must_use]
    pub fn with_implied_find(&self) -> Self {
        let (find, render) = (
            self.grants.reach(Action::Find),
            self.grants.reach(Action::Render),
        );
        let widened = match (find, render) {
            (Reach::All, _) | (Reach::Names(_), Reach::Names(_) | Reach::Nothing) => {
                return self.clone();
            }
            (_, render) => render.clone(),
        };
        Self {
            grants: self.grants.clone().with(Action::Find, widened),
            ..self.clone()
        }
    }

    /// The filter of the series that `action` reaches; `None` if it reaches all.
    ///
    /// # Errors
    /// [`Forbidden`] when it reaches nothing.
    pub fn filter(&self, action: Action) -> Result<Option<&NameFilter>, Forbidden> {
        match self.grants.reach(action) {
            Reach::All => Ok(None),
            Reach::Names(filter) => Ok(Some(filter)),
            Reach::Nothing => Err(Forbidden {
                principal: self.principal,
                action,
                domain: self.domain,
            }),
        }
    }
}
