//! Accepts an invitation.

use crate::error::IamError;
use crate::repo::invitations::{self, InvitationRow};
use crate::repo::{access_group_members, accounts, deleted_roles, members, policies, roles};
use base::id::UserId;
use db::Tx;

/// Gives a member the contents of the invitation: the roles, policies and groups, its id, and the account if it was to own it.
pub(crate) async fn settle(
    tx: &mut Tx,
    found: &InvitationRow,
    user: UserId,
) -> Result<(), IamError> {
    // Leftovers of a former membership must not become effective again.
    roles::delete_of(tx, found.account, user.into()).await?;
    policies::delete_of(tx, found.account, user.into()).await?;
    roles::accept(tx, found.guid, user).await?;
    policies::accept(tx, found.guid, user).await?;
    access_group_members::accept(tx, found.guid, user).await?;
    // What is deleted may be restored: then the roles in it begin too.
    deleted_roles::accept(tx, found.guid, user).await?;
    members::set_invitation(tx, found.account, user, found.guid).await?;
    accounts::replace_owner(tx, found.account, found.guid, user).await?;
    invitations::remove(tx, found.guid).await?;
    Ok(())
}
