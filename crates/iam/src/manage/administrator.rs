//! Checks, inside a transaction, who administers an account.

use crate::error::IamError;
use crate::model::role::Role;
use crate::refusal::Remedy;
use crate::repo::roles;
use crate::token::identity::Identity;
use base::id::AccountId;
use base::scope::Domain;
use db::Tx;

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
