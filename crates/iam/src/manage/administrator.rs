//! Transactions of an account's Administrators, and the check inside them that the caller is one.

use super::new_key::check_not_revoked;
use crate::error::IamError;
use crate::model::role::Role;
use crate::refusal::Remedy;
use crate::repo::accounts::lock_active;
use crate::repo::roles;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::AccountId;
use base::scope::Domain;
use db::Tx;

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
}

/// As `Iam::administer`, within the transaction that depends on it.
pub(super) async fn still_administers(
    tx: &mut Tx,
    caller: &Identity,
    account: AccountId,
    what: &str,
) -> Result<(), IamError> {
    let (domain, role) = (Domain::Account(account), Role::Administrator);
    if roles::still_holds(tx, account, caller.principal(), domain, role).await? {
        return Ok(());
    }
    Err(not_administrator(what))
}

/// The refusal of everyone else.
pub(super) fn not_administrator(what: &str) -> IamError {
    IamError::forbidden_without(
        format!("{what} needs the account role Administrator"),
        Remedy::HaveAccountRoleGiven(Role::Administrator.name()),
    )
}
