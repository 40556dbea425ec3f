//! Bounds of a credential: the one rule for every exchange, grant and change of a credential.
//!
//! Nothing issued for a credential gives more than the credential itself: not another principal (but a trusted profile or an instance
//! that is for it), not more accounts, no longer life, no renewal that it did not have, no wider limits; and it ends with what it came
//! from. So everything that issues takes [`CredentialBounds`], and only this module makes [`CredentialBounds`], from a verified proof.
//!
//! A new API key is the one credential that stands on its own: making one is a right of the user who logged in. A user
//! who logged in may make one that never expires; a key made with a key, or with anything obtained with it, does not
//! outlive that key.

mod assumption;
mod authorization;
mod delegation;
mod key_end;

pub use assumption::NOT_ASSUMABLE;
pub use authorization::NOT_AUTHORIZED;

use super::directory::{ApiKey, Directory};
use super::narrowing::one_of;
pub use crate::model::narrowing::Narrowing;
use base::id::{AccountId, KeyId, ProfileId, SessionId, UserId};
use base::principal::Principal;
use base::time::Millis;

/// The accounts a credential opens, among those of its principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountReach {
    /// Any: the user's own proof.
    Any,
    /// One.
    One(AccountId),
}

/// The credential's origin, with which it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Root {
    /// The login session, and the sessions it came from.
    pub session: Option<SessionId>,
    /// The API key.
    pub key: Option<KeyId>,
}

/// The most that may be issued for a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialBounds {
    principal: Principal,
    reach: AccountReach,
    proven_at: Millis,
    not_after: Option<Millis>,
    keys_until: Option<Millis>,
    renewable: bool,
    narrowing: Narrowing,
    root: Root,
    /// Who acts as the principal, a trusted profile or an instance, and no longer than it may.
    assumed_by: Option<Principal>,
    /// Until when its login was delegated to another program, if it was.
    delegated_until: Option<Millis>,
}

/// The permitted expiry of a new API key: made by [`CredentialBounds::key_life`], or for the operator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyLife(Option<Millis>);

impl KeyLife {
    /// The operator may make a key for the owner of a new account.
    pub(crate) const BY_OPERATOR: Self = Self(None);

    /// When it ends; `None` is never.
    pub(crate) const fn expires_at(self) -> Option<Millis> {
        self.0
    }
}

/// The earlier of two ends, either of which may be never.
fn earlier(a: Option<Millis>, b: Option<Millis>) -> Option<Millis> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (end, None) | (None, end) => end,
    }
}

/// Whether an end comes no later than another.
fn ends_no_later(end: Option<Millis>, limit: Option<Millis>) -> bool {
    limit.is_none_or(|limit| end.is_some_and(|end| end <= limit))
}

impl CredentialBounds {
    /// For a user who has given their own proof: the password.
    pub(crate) fn of_person(directory: &Directory, user: UserId, now: Millis) -> Self {
        let principal = user.into();
        Self {
            principal,
            reach: AccountReach::Any,
            proven_at: directory.after_departures(principal, now),
            not_after: None,
            keys_until: None,
            renewable: true,
            narrowing: Narrowing::NONE,
            root: Root::default(),
            assumed_by: None,
            delegated_until: None,
        }
    }

    /// For an API key. Removing a member deletes their keys: an existing key proves membership.
    pub(crate) fn of_key(directory: &Directory, key: &ApiKey, now: Millis) -> Self {
        Self {
            principal: key.principal,
            reach: AccountReach::One(key.account),
            proven_at: directory.after_departures(key.principal, now),
            not_after: key.expires_at,
            keys_until: key.expires_at,
            renewable: true,
            narrowing: key.narrowing,
            root: Root {
                session: None,
                key: Some(key.id),
            },
            assumed_by: None,
            delegated_until: None,
        }
    }

    /// For a trusted profile that a compute resource takes on: in the profile's account until then. The resource can do so again at any
    /// time, so the keys of service IDs that it makes as an Administrator need not end with this token, as those of a person need not.
    pub(crate) fn of_workload(
        directory: &Directory,
        (profile, account): (ProfileId, AccountId),
        now: Millis,
        end: Millis,
    ) -> Self {
        let principal = profile.into();
        Self {
            principal,
            reach: AccountReach::One(account),
            proven_at: directory.after_departures(principal, now),
            not_after: Some(end),
            keys_until: None,
            renewable: false,
            narrowing: Narrowing::NONE,
            root: Root::default(),
            assumed_by: None,
            delegated_until: None,
        }
    }

    /// For a stored derived credential: a session's refresh token, or a one-time code. If it came from a key, the key
    /// must still be valid.
    ///
    /// # Errors
    /// When that key was deleted or is refused.
    pub(crate) fn derived(
        directory: &Directory,
        principal: Principal,
        proven_at: Millis,
        root: Root,
        now: Millis,
    ) -> Result<Self, &'static str> {
        let bounds = Self {
            principal,
            reach: AccountReach::Any,
            proven_at,
            not_after: None,
            keys_until: None,
            renewable: true,
            narrowing: Narrowing::NONE,
            root,
            assumed_by: None,
            delegated_until: None,
        };
        match root.key {
            None => Ok(bounds),
            Some(id) => bounds.by_key(directory, id, now),
        }
    }

    /// For an access token, which ends at `expires_at` and cannot be renewed.
    ///
    /// # Errors
    /// When the key behind it was deleted or is refused.
    pub(crate) fn of_token(
        directory: &Directory,
        principal: Principal,
        account: Option<AccountId>,
        proven_at: Millis,
        expires_at: Millis,
        root: Root,
        now: Millis,
    ) -> Result<Self, &'static str> {
        let mut bounds = Self::derived(directory, principal, proven_at, root, now)?;
        if let Some(account) = account {
            bounds.reach = match bounds.reach {
                AccountReach::One(other) if other != account => {
                    return Err("its key is of another account");
                }
                AccountReach::Any | AccountReach::One(_) => AccountReach::One(account),
            };
        }
        bounds.not_after = earlier(bounds.not_after, Some(expires_at));
        bounds.renewable = false;
        Ok(bounds)
    }

    fn by_key(self, directory: &Directory, id: KeyId, now: Millis) -> Result<Self, &'static str> {
        let key = directory
            .keys
            .get(&id)
            .filter(|key| key.principal == self.principal)
            .ok_or("its API key was deleted")?;
        match key.refusal(now) {
            Some(why) => Err(why),
            None => self
                .intersect(&Self::of_key(directory, key, now))
                .ok_or("its API key is another principal's"),
        }
    }

    /// The intersection; none if they prove different principals, share no account, or end with different things.
    #[must_use]
    pub(crate) fn intersect(&self, other: &Self) -> Option<Self> {
        let reach = match (self.reach, other.reach) {
            (AccountReach::One(a), AccountReach::One(b)) if a != b => return None,
            (AccountReach::One(account), _) | (_, AccountReach::One(account)) => {
                AccountReach::One(account)
            }
            (AccountReach::Any, AccountReach::Any) => AccountReach::Any,
        };
        let narrowing = self.narrowing.intersect(&other.narrowing)?;
        let root = Root {
            session: one_of(self.root.session, other.root.session)?,
            key: one_of(self.root.key, other.root.key)?,
        };
        let is_same = self.principal == other.principal && self.assumed_by == other.assumed_by;
        is_same.then_some(Self {
            principal: self.principal,
            reach,
            proven_at: self.proven_at.min(other.proven_at),
            not_after: earlier(self.not_after, other.not_after),
            keys_until: earlier(self.keys_until, other.keys_until),
            renewable: self.renewable && other.renewable,
            narrowing,
            root,
            assumed_by: self.assumed_by,
            delegated_until: earlier(self.delegated_until, other.delegated_until),
        })
    }

    /// The bounds of an access token that is about to be signed, for a check with [`Self::is_within`].
    pub(crate) fn stated(
        &self,
        principal: Principal,
        account: Option<AccountId>,
        expires_at: Millis,
        root: Root,
    ) -> Self {
        Self {
            principal,
            reach: account.map_or(AccountReach::Any, AccountReach::One),
            not_after: Some(expires_at),
            renewable: false,
            root,
            ..*self
        }
    }

    /// Whether these bounds give nothing that `presented` does not, and end with everything that `presented` ends with.
    #[must_use]
    pub(crate) fn is_within(&self, presented: &Self) -> bool {
        self.principal == presented.principal
            && self.assumed_by == presented.assumed_by
            && self.narrowing.is_within(&presented.narrowing)
            && (presented.reach == AccountReach::Any || self.reach == presented.reach)
            && self.proven_at <= presented.proven_at
            && ends_no_later(self.not_after, presented.not_after)
            && ends_no_later(self.keys_until, presented.keys_until)
            && ends_no_later(self.delegated_until, presented.delegated_until)
            && (presented.renewable || !self.renewable)
            && (presented.root.session.is_none() || self.root.session == presented.root.session)
            && (presented.root.key.is_none() || self.root.key == presented.root.key)
    }

    /// The principal that the credential proves.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        self.principal
    }

    /// Who acts as the principal, if that is an instance, or a trusted profile that somebody has taken on.
    #[must_use]
    pub const fn assumed_by(&self) -> Option<Principal> {
        self.assumed_by
    }

    /// The object with which it ends.
    #[must_use]
    pub const fn root(&self) -> Root {
        self.root
    }

    /// The accounts it opens.
    #[must_use]
    pub const fn reach(&self) -> AccountReach {
        self.reach
    }

    /// The limits of the credential.
    #[must_use]
    pub const fn narrowing(&self) -> Narrowing {
        self.narrowing
    }

    /// Whether a renewable credential may be issued: a session with a refresh token, or a one-time code.
    #[must_use]
    pub const fn renewable(&self) -> bool {
        self.renewable
    }

    /// When the underlying proof was given.
    pub(crate) const fn proven_at(&self) -> Millis {
        self.proven_at
    }

    /// These bounds for a session that was begun with them.
    pub(crate) const fn of_session(mut self, session: SessionId) -> Self {
        self.root.session = Some(session);
        self
    }

    /// These bounds, ending no later than `end`.
    pub(crate) fn until(mut self, end: Millis) -> Self {
        self.not_after = earlier(self.not_after, Some(end));
        self
    }

    /// These bounds, in this account alone.
    pub(crate) const fn only_in(mut self, account: AccountId) -> Self {
        if matches!(self.reach, AccountReach::Any) {
            self.reach = AccountReach::One(account);
        }
        self
    }

    /// The end of a credential that lives for a while from `now` on.
    pub(crate) fn end(&self, now: Millis, seconds: i64) -> Millis {
        let requested = now.plus(seconds.saturating_mul(1000));
        self.not_after.map_or(requested, |end| end.min(requested))
    }

    /// Whether it opens the account: the account is within reach, the principal is a member, and the proof is not older than
    /// its last removal.
    #[must_use]
    pub fn opens(&self, directory: &Directory, account: AccountId) -> bool {
        let reached = match self.reach {
            AccountReach::Any => true,
            AccountReach::One(only) => only == account,
        };
        reached
            && directory.is_member(self.principal, account)
            && directory
                .left_at(self.principal, account)
                .is_none_or(|left| self.proven_at > left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, OrgId};
    use base::scope::Domain;
    use proptest::prelude::*;

    fn guid(byte: u8) -> Guid {
        Guid::from_random([byte; 16])
    }

    fn end() -> impl Strategy<Value = Option<Millis>> {
        prop::option::of((0_i64..5).prop_map(Millis))
    }

    prop_compose! {
        fn bounds()(
            account in prop::option::of(0_u8..3), not_after in end(), keys_until in end(), renewable: bool,
            proven_at in 0_i64..3, session in prop::option::of(0_u8..2), key in prop::option::of(0_u8..2),
            domain in prop::option::of(0_u8..2), send_only: bool, delegated_until in end(),
        ) -> CredentialBounds {
            CredentialBounds {
                principal: UserId(guid(9)).into(),
                reach: account.map_or(AccountReach::Any, |account| AccountReach::One(AccountId(guid(account)))),
                proven_at: Millis(proven_at),
                not_after,
                keys_until,
                renewable,
                narrowing: Narrowing {
                    domain: domain.map(|number| Domain::Org(OrgId(guid(number)))),
                    send_only,
                },
                root: Root {
                    session: session.map(|number| SessionId(guid(number))),
                    key: key.map(|number| KeyId(guid(number))),
                },
                assumed_by: None,
                delegated_until,
            }
        }
    }

    proptest! {
        #[test]
        fn an_intersection_is_within_both_and_the_same_from_either_side(a in bounds(), b in bounds()) {
            let met = a.intersect(&b);
            prop_assert_eq!(met, b.intersect(&a));
            if let Some(met) = met {
                prop_assert!(met.is_within(&a) && met.is_within(&b));
                prop_assert_eq!(met.intersect(&a), Some(met));
            }
        }

        #[test]
        fn what_is_within_both_is_within_their_intersection(a in bounds(), b in bounds(), c in bounds()) {
            if c.is_within(&a) && c.is_within(&b) {
                prop_assert!(a.intersect(&b).is_some_and(|met| c.is_within(&met)));
            }
        }

        #[test]
        fn a_token_that_says_more_is_seen(a in bounds(), stated in bounds(), later in 1_i64..5) {
            let account = match stated.reach { AccountReach::One(id) => Some(id), AccountReach::Any => None };
            let expires = a.not_after.unwrap_or(Millis(9));
            let token = |account, expires, root| a.stated(a.principal, account, expires, root).is_within(&a);
            let id = match a.reach { AccountReach::One(id) => Some(id), AccountReach::Any => None };
            prop_assert!(token(id, expires, a.root));
            if a.not_after.is_some() {
                prop_assert!(!token(account, expires.plus(later), a.root));
            }
            if matches!(a.reach, AccountReach::One(id) if account != Some(id)) {
                prop_assert!(!token(account, expires, a.root));
            }
            let ends_with_less = a.root.session.is_some() && stated.root.session != a.root.session
                || a.root.key.is_some() && stated.root.key != a.root.key;
            prop_assert_eq!(a.stated(a.principal, account, expires, stated.root).is_within(&a), !ends_with_less
                && (a.reach == AccountReach::Any || stated.reach == a.reach));
            prop_assert!(!a.stated(UserId(guid(8)).into(), account, expires, a.root).is_within(&a));
        }

        /// Keys are held against `keys_until` and not against `not_after`: a person's login and a workload's token have no `keys_until`
        /// (`of_workload` says why), so the keys that they make may outlive them, and are not covered here.
        #[test]
        fn nothing_made_outlives_what_was_shown(a in bounds(), requested in end(), now in 0_i64..5, seconds in 0_i64..5) {
            prop_assert!(ends_no_later(Some(a.end(Millis(now), seconds)), a.not_after));
            if let Ok(life) = a.key_life(requested) {
                prop_assert!(ends_no_later(life.expires_at(), a.keys_until));
            }
        }
    }

    #[test]
    fn the_bounds_of_another_principal_meet_nothing() {
        let bounds = |user| {
            CredentialBounds::of_person(&Directory::default(), UserId(guid(user)), Millis(0))
        };
        assert_eq!(bounds(1).intersect(&bounds(2)), None);
        // A service with the same GUID, which no database would have.
        let mut service = bounds(1);
        service.principal = Principal::Service(base::id::ServiceId(guid(1)));
        assert_eq!(bounds(1).intersect(&service), None);
        assert!(!service.is_within(&bounds(1)));
    }
}
