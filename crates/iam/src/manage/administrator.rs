//! Transactions of those who manage an account or a domain of it, and the checks inside them that the caller still does.

use super::new_key::check_not_revoked;
use crate::error::IamError;
use crate::model::role::Role;
use crate::refusal::Remedy;
use crate::repo::accounts::lock_active;
use crate::repo::counters;
use crate::repo::roles::still_holds;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::AccountId;
use base::principal::Principal;
use base::scope::Domain;
use db::Tx;

/// How often a transaction is begun because this node had not read in time what others have changed.
const TRIES: u32 = 2;

impl Iam {
    /// Begins a transaction in which the caller still administers the account, which is locked, with a credential that still counts.
    pub(super) async fn begin_administered(
        &self,
        caller: &Identity,
        account: AccountId,
        what: &str,
    ) -> Result<Tx, IamError> {
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, account).await?;
        still_administers(&mut tx, caller, account, what).await?;
        check_not_revoked(&mut tx, caller, self.0.clock.now()).await?;
        Ok(tx)
    }

    /// Locks the account for a change of what `owner` has in it, by a credential that still counts: one of the owner, or of somebody
    /// who still administers the account.
    pub(super) async fn lock_for_owner(
        &self,
        tx: &mut Tx,
        caller: &Identity,
        account: AccountId,
        owner: Principal,
        what: &str,
    ) -> Result<(), IamError> {
        lock_active(tx, account).await?;
        if owner != caller.principal() {
            still_administers(tx, caller, account, what).await?;
        }
        check_not_revoked(tx, caller, self.0.clock.now()).await
    }

    /// Begins a transaction in which the caller still manages one of these domains, or still administers the account, which is locked,
    /// with a credential that still counts. Otherwise the refusal is that of `check`, by what all nodes have done.
    pub(super) async fn begin_managed(
        &self,
        caller: &Identity,
        account: AccountId,
        domains: &[Domain],
        check: impl Fn() -> Result<(), IamError>,
    ) -> Result<Tx, IamError> {
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, account).await?;
        if still_manages(&mut tx, caller, account, domains).await? {
            check_not_revoked(&mut tx, caller, self.0.clock.now()).await?;
            return Ok(tx);
        }
        drop(tx);
        // Another request, or another node, has taken the role, or has deleted the domain and every role in it.
        self.sync().await?;
        check()?;
        let message = "your roles have been changed at this very moment: try again";
        Err(IamError::conflict(message))
    }

    /// Begins a transaction with the account locked, in which this node has read every change that was committed before: what it knows
    /// of a caller's roles, policies and keys holds until the commit, since whoever changes them locks the account. It is for callers of
    /// data, whose rights come from many tables. What is changed in other accounts from then on has no part in it: only what there is
    /// when the account is locked has to be read.
    ///
    /// # Errors
    /// When the account is gone; when this node cannot read in time what has been changed.
    pub(super) async fn begin_up_to_date(&self, account: AccountId) -> Result<Tx, IamError> {
        for _ in 0..TRIES {
            let mut tx = self.0.db.begin().await?;
            lock_active(&mut tx, account).await?;
            let (changes, ends) = counters::changes_and_ends_seen(&mut tx).await?;
            let (ended, now) = (&self.0.ended, self.0.clock.now());
            ended.catch_up_within(&mut tx, ends, now).await?;
            if self.is_read_in_time(changes).await {
                return Ok(tx);
            }
            drop(tx);
            // With nothing locked, it may take as long as it takes.
            self.sync().await?;
        }
        let message = "this node has not read in time what is changed at this very moment: send the request again";
        Err(IamError::conflict(message))
    }
}

/// As `Iam::administer`, within the transaction that depends on it.
pub(super) async fn still_administers(
    tx: &mut Tx,
    caller: &Identity,
    account: AccountId,
    what: &str,
) -> Result<(), IamError> {
    match still_manages(tx, caller, account, &[]).await? {
        true => Ok(()),
        false => Err(not_administrator(what)),
    }
}

/// Whether the caller still administers the account, or is still the Manager of one of these domains of it, within the transaction
/// that depends on it.
pub(super) async fn still_manages(
    tx: &mut Tx,
    caller: &Identity,
    account: AccountId,
    domains: &[Domain],
) -> Result<bool, IamError> {
    let by_account = (Domain::Account(account), Role::Administrator);
    let by_domain = domains.iter().map(|domain| (*domain, Role::Manager));
    for (domain, role) in std::iter::once(by_account).chain(by_domain) {
        if still_holds(tx, account, caller.principal(), domain, role).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The refusal of everyone else.
pub(super) fn not_administrator(what: &str) -> IamError {
    IamError::forbidden_without(
        format!("{what} needs the account role Administrator"),
        Remedy::HaveAccountRoleGiven(Role::Administrator.name()),
    )
}
