//! The entries of the directory: accounts, organizations, spaces, users and keys, each like its row.

use crate::model::bounds::Narrowing;
use base::id::{AccountId, KeyId, OrgId, ServiceGroupId, ServiceId, SpaceId, TenantId, UserId};
use base::principal::Principal;
use base::time::Millis;
use std::sync::Arc;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: UserId,
    /// When it was created.
    pub created_at: Millis,
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Its name, for example `us-south`.
    pub name: String,
    /// Its display name.
    pub display_name: String,
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The region it lies in.
    pub region: String,
    /// Its name, unique in the account.
    pub name: String,
    /// When it was created.
    pub created_at: Millis,
    /// When it was changed last.
    pub updated_at: Millis,
}

/// A space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Its id.
    pub id: SpaceId,
    /// The organization it belongs to.
    pub org: OrgId,
    /// Its name, unique in the organization.
    pub name: String,
    /// When it was created.
    pub created_at: Millis,
    /// When it was changed last.
    pub updated_at: Millis,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The IAM id.
    pub id: UserId,
    /// The user's first account: the default if a login names none.
    pub home: AccountId,
    /// E-mail address; also the login name.
    pub email: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// When the user was first invited.
    pub created_at: Millis,
    /// When the current password was set.
    pub password_changed_at: Millis,
}

impl User {
    /// The name to show: the address, where there is none.
    #[must_use]
    pub fn full_name(&self) -> String {
        let name = format!("{} {}", self.given_name, self.family_name);
        if name.trim().is_empty() {
            self.email.clone()
        } else {
            name.trim().to_owned()
        }
    }
}

/// A user's membership in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: User,
    /// The account.
    pub account: AccountId,
    /// Since when.
    pub added_at: Millis,
}

/// A service ID: a program with an identity of its own, in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its name; several may have the same.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The CRNs of the instances it is for.
    pub crns: Vec<String>,
    /// The group by which it is listed.
    pub group: Option<ServiceGroupId>,
    /// Locked: it cannot be changed, and gets no further keys, until it is unlocked.
    pub locked: bool,
    /// Grows with every change; part of the entity tag.
    pub revision: i64,
    /// When it was created.
    pub created_at: Millis,
    /// When it was changed last.
    pub modified_at: Millis,
}

/// An API key without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// The one account it opens.
    pub account: AccountId,
    /// The principal that it proves.
    pub principal: Principal,
    /// Its creator, if that was somebody else.
    pub made_by: Option<Principal>,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The rights of the principal that it has.
    pub narrowing: Narrowing,
    /// SHA-256 of its text.
    pub hash: [u8; 32],
    /// Locked: it works, and can be neither changed nor deleted until it is unlocked.
    pub locked: bool,
    /// Disabled: refused.
    pub disabled: bool,
    /// Grows with every change; part of the entity tag.
    pub revision: i64,
    /// When it stops working.
    pub expires_at: Option<Millis>,
    /// When it was created.
    pub created_at: Millis,
    /// When it was changed last.
    pub modified_at: Millis,
}

impl ApiKey {
    /// Why a disabled one is refused.
    pub const DISABLED: &str = "its API key is disabled";
    /// Why one whose time is over is refused.
    pub const EXPIRED: &str = "its API key has expired";

    /// The IAM id of its creator.
    #[must_use]
    pub fn maker(&self) -> Principal {
        self.made_by.unwrap_or(self.principal)
    }

    /// Why it is refused, if it is.
    #[must_use]
    pub fn refusal(&self, now: Millis) -> Option<&'static str> {
        if self.disabled {
            Some(Self::DISABLED)
        } else if self.expires_at.is_some_and(|at| at <= now) {
            Some(Self::EXPIRED)
        } else {
            None
        }
    }
}

/// A domain's number in the store, and its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainEntry {
    /// The number in the store.
    pub tenant: TenantId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The step samples are consolidated to when read.
    pub resolution_seconds: Option<u32>,
    /// Whether senders may write a key before each name.
    pub key_before_names: bool,
    /// The rules about single names; most domains have none.
    pub rules: Option<Arc<RuleTexts>>,
}

/// Rules about the steps of series and about aggregation, as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RuleTexts {
    /// In the words of `storage-schemas.conf`.
    pub schemas: Option<String>,
    /// In the words of `storage-aggregation.conf`.
    pub aggregation: Option<String>,
}
