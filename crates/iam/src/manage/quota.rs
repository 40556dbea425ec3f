//! The limits of one account: the server's, or those that the operator has set for the account.

pub use crate::config::AccountLimits;

use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::model::room::{full, over};
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::account_limits;
use crate::repo::accounts::lock_active;
use crate::repo::counts::{self, CountedItem};
use crate::service::Iam;
use base::id::AccountId;
use base::limit::{self, Limit};
use db::Tx;

/// The unit of a limit that is a percentage.
const PERCENT: &str = "percent";

/// A limit of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectiveLimit {
    /// The limit.
    pub limit: Limit,
    /// Its value.
    pub allowed: u64,
    /// Whether the operator has set it for this account.
    pub is_own: bool,
}

impl Iam {
    /// The limits that apply to the account.
    #[must_use]
    pub fn account_limit(&self, account: AccountId, limit: &Limit) -> u64 {
        self.in_force(account, limit).allowed
    }

    fn in_force(&self, account: AccountId, limit: &Limit) -> EffectiveLimit {
        let set = self
            .directory()
            .account_limits
            .get(&account)
            .and_then(|account_limit| account_limit.get(limit.name).copied());
        EffectiveLimit {
            limit: *limit,
            allowed: set.unwrap_or_else(|| self.0.config.account_limits.get(limit)),
            is_own: set.is_some(),
        }
    }

    /// Every limit of the account.
    #[must_use]
    pub fn account_limits(&self, account: AccountId) -> Vec<EffectiveLimit> {
        let all = limit::PER_ACCOUNT.iter();
        all.map(|limit| self.in_force(account, limit)).collect()
    }

    /// Sets limits of one account, for the operator, all of them or none; `None` restores the server's value. The audit's entry has
    /// those that have changed; where none has, there is none.
    ///
    /// # Errors
    /// When the account or the limit does not exist.
    pub async fn set_account_limits(
        &self,
        account: AccountId,
        changes: &[(String, Option<u64>)],
    ) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, account).await?;
        let mut is_changed = false;
        let mut entry = Entry::by_operator(Action::AccountLimited)
            .in_account(account)
            .on(account);
        for (name, value) in changes {
            let found = limit::PER_ACCOUNT
                .iter()
                .find(|known_limit| known_limit.name == name);
            let Some(limit) = found else {
                let known: Vec<&str> = limit::PER_ACCOUNT
                    .iter()
                    .map(|known_limit| known_limit.name)
                    .collect();
                let what = format!(
                    "there is no limit `{name}` of an account: there are `{}`",
                    known.join("`, `")
                );
                return Err(IamError::invalid("limit", what));
            };
            if limit.unit == PERCENT && value.is_some_and(|value| !(1..=100).contains(&value)) {
                let what = format!(
                    "`{name}` is a share: a whole number from 1 to 100, or `default`, not {}",
                    value.unwrap_or_default()
                );
                return Err(IamError::invalid("limit", what));
            }
            if account_limits::set(&mut tx, account, limit.name, *value).await? {
                is_changed = true;
                let to = value.map_or_else(|| "default".to_owned(), |value| value.to_string());
                entry = entry.with(limit.name, to);
            }
        }
        if !is_changed {
            drop(tx);
            // It is so already; perhaps another node has made it so.
            return self.sync().await;
        }
        self.commit(tx, entry).await
    }

    /// Refuses one more of what the limit counts. The account is locked, so that of two concurrent requests for the
    /// last place one is refused.
    pub(crate) async fn check_room(
        &self,
        tx: &mut Tx,
        account: AccountId,
        limit: &'static Limit,
        what: CountedItem,
    ) -> Result<(), IamError> {
        let allowed = self.account_limit(account, limit);
        let held = counts::count(tx, account, what).await?;
        if held < allowed {
            return Ok(());
        }
        let refusal = full("the account has", held, limit, allowed);
        Err(refusal.remedy(Remedy::RaiseLimit(account, limit)).into())
    }

    /// As [`Self::check_room`], for what is listed without pages: an account has no more than one answer holds, whatever its limit says.
    pub(crate) async fn check_room_unpaged(
        &self,
        tx: &mut Tx,
        account: AccountId,
        limit: &'static Limit,
        what: CountedItem,
    ) -> Result<(), IamError> {
        self.check_room(tx, account, limit, what).await?;
        let (held, most) = (
            counts::count(tx, account, what).await?,
            &limit::UNPAGED_ENTRIES,
        );
        if held < most.default {
            return Ok(());
        }
        let message = format!(
            "the account has {held} {}, as many as `{}` = {} allows: all are in one answer",
            limit.unit, most.name, most.default
        );
        let refusal = Refusal::new(Reason::LimitReached, message);
        Err(IamError::Refused(refusal.limit(most)))
    }

    /// Refuses the transaction's own writes when they exceed the limit; else like [`Self::check_room`].
    pub(crate) async fn check_within_limit(
        &self,
        tx: &mut Tx,
        account: AccountId,
        limit: &'static Limit,
        what: CountedItem,
    ) -> Result<(), IamError> {
        self.check_room_for(tx, account, (limit, what), 0).await
    }

    /// Refuses so many more of what the limit counts, before they are written; else like [`Self::check_room`].
    pub(crate) async fn check_room_for(
        &self,
        tx: &mut Tx,
        account: AccountId,
        (limit, what): (&'static Limit, CountedItem),
        more: u64,
    ) -> Result<(), IamError> {
        let allowed = self.account_limit(account, limit);
        let held = counts::count(tx, account, what).await?;
        let wanted = held.saturating_add(more);
        if wanted <= allowed {
            return Ok(());
        }
        let refusal = over("the account would have", wanted, limit, allowed);
        Err(refusal.remedy(Remedy::RaiseLimit(account, limit)).into())
    }

    /// Refuses the roles given in the transaction when the account has more than its limit, including those of open
    /// invitations. The account is locked.
    pub(crate) async fn roles_are_within_limit(
        &self,
        tx: &mut Tx,
        account: AccountId,
    ) -> Result<(), IamError> {
        self.check_within_limit(tx, account, &limit::ROLES_PER_ACCOUNT, CountedItem::Roles)
            .await
    }
}
