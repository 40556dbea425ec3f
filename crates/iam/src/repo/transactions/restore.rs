//! Restores a deleted domain. The rows of spaces and organizations exist by then.

use crate::error::IamError;
use crate::repo::{deleted_roles, deletions, domains, roles};
use base::scope::Domain;
use base::time::Millis;
use db::Tx;

/// Restores what was deleted with the domain and still exists. `false` if there is nothing, because it is too late.
pub(crate) async fn restore(tx: &mut Tx, domain: Domain, now: Millis) -> Result<bool, IamError> {
    roles::restore(tx, domain, now).await?;
    deleted_roles::delete_of_restored(tx, domain, now).await?;
    domains::restore(tx, domain, now).await?;
    // Without its record the sweep deletes none of its samples.
    deletions::delete_restored(tx, domain, now).await
}

/// Restores an account, which was deleted with all its contents.
pub(crate) async fn restore_account(tx: &mut Tx, account: Domain) -> Result<(), IamError> {
    domains::reopen(tx, account).await?;
    deletions::delete_of(tx, account).await
}
