//! Deletes a domain: first it is closed, and can be restored; then its samples are removed, and its rows.

use super::departure::leave;
use crate::error::IamError;
use crate::repo::{
    deleted_roles, deletions, domains, event_counts, events, invitation_roles, policies,
    resource_instances, resource_keys, roles,
};
use base::id::TenantId;
use base::scope::Domain;
use base::time::Millis;
use db::{Db, Tx};

/// Removes all access to the domains recorded as deleted with the domain. Their roles are kept in another table. Those of
/// open invitations stay where they are: an acceptance gives none in a retired domain.
pub(crate) async fn close(tx: &mut Tx, with: Domain, now: Millis) -> Result<(), IamError> {
    deleted_roles::keep(tx, with).await?;
    roles::delete_of_deleted(tx, with).await?;
    domains::retire(tx, with, now).await
}

/// Records that the samples are being deleted: a restore is no longer possible. `false` if it was restored before. Events go at
/// once.
pub(crate) async fn begin(db: &Db, tenant: TenantId, now: Millis) -> Result<bool, IamError> {
    if !deletions::begin_now(db, tenant, now).await? {
        return Ok(false);
    }
    events::delete_removed_now(db, tenant).await?;
    event_counts::delete_removed_now(db, tenant).await?;
    Ok(true)
}

/// Forgets a deletion without stored samples, whose account is locked. `false` if it is forgotten already, or was restored.
pub(crate) async fn forget(tx: &mut Tx, tenant: TenantId, now: Millis) -> Result<bool, IamError> {
    // Also if there never was a sample.
    deletions::begin(tx, tenant, now).await?;
    events::delete_removed(tx, tenant).await?;
    event_counts::delete_removed(tx, tenant).await?;
    deleted_roles::delete_of_removed(tx, tenant).await?;
    invitation_roles::delete_of_removed(tx, tenant).await?;
    // What they were given besides the space ends with them.
    for (account, service) in resource_keys::services_of_removed(tx, tenant).await? {
        leave(tx, account, service.into(), now, service.0).await?;
    }
    policies::delete_of_removed(tx, tenant).await?;
    resource_keys::delete_of_removed(tx, tenant).await?;
    resource_instances::delete_of_removed(tx, tenant).await?;
    domains::delete_removed(tx, tenant).await?;
    deletions::delete_begun(tx, tenant).await
}
