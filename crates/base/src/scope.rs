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

/// The caller may not do this in this domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("you may not {} `{domain}`", action.verb())]
pub struct Forbidden {
    /// Who asked.
    pub principal: Principal,
    /// What was asked.
    pub action: Action,
    /// Where.
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
}

impl Scope {
    /// States that `principal` may do what `grants` say in `domain`; of [`Actions`] each reaches everything there. For `iam`
    /// alone: it has checked it.
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
        }
    }

    /// The same, of a tenant of `account`: shares are counted by the account. Without it the tenant has a share of its own.
    #[must_use]
    pub fn owned_by(self, account: AccountId) -> Self {
        Self {
            owner: account.into(),
            ..self
        }
    }

    /// The tenant whose samples are reached.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Whose share of what all tenants use together the tenant takes from.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// The domain that the tenant stands for.
    #[must_use]
    pub const fn domain(&self) -> Domain {
        self.domain
    }

    /// What the caller may do there, with everything or with some of it.
    #[must_use]
    pub fn actions(&self) -> Actions {
        self.grants.actions()
    }

    /// Who acts.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        self.principal
    }

    /// Whether the caller may do `action`, with everything or with some of it.
    ///
    /// # Errors
    /// [`Forbidden`] when it may not.
    pub fn require(&self, action: Action) -> Result<(), Forbidden> {
        self.filter(action).map(|_| ())
    }

    /// Whether `action` reaches every series of the domain. What is of the domain as a whole, such as its counters and settings,
    /// is for those callers alone.
    #[must_use]
    pub fn reaches_all(&self, action: Action) -> bool {
        matches!(self.grants.reach(action), Reach::All)
    }

    /// The same scope, in which whoever may read series may list their names: reading `*` tells them anyway. It finds what is
    /// found or read in full, and yields nothing else.
    #[must_use]
    pub fn naming(&self) -> Self {
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

    /// The series that `action` reaches, as if there were no others; `None` where it reaches all.
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
