//! Returns an address to its true owner, and deletes the user who redeemed a code that the inviter had seen.
//!
//! The password, sessions, passcodes, keys and tokens are all deleted, because nothing tells them from those of an
//! impostor. The id is never reused. The membership of the one account becomes an invitation, which the owner of the
//! address may accept or decline.

use crate::error::IamError;
use crate::repo::invitations::{self, InvitationRow};
use crate::repo::transactions::departure;
use crate::repo::{invitation_groups, invitation_roles, members, policies, users};
use crate::service::Iam;
use base::id::UserId;
use db::Tx;

/// Deletes the unproven user of the address for whose owner the valid code `found` was made. The user's account is
/// locked.
pub(super) async fn evict(
    iam: &Iam,
    tx: &mut Tx,
    user: UserId,
    found: &InvitationRow,
) -> Result<(), IamError> {
    let now = iam.0.clock.now();
    users::lock_user(tx, user).await?;
    while let Some(account) = members::first_account(tx, user).await? {
        let until = now.plus(iam.0.config.invitations.lifetime_milliseconds);
        let address = (found.email.as_str(), found.folded.as_str());
        let invitation = invitations::put(tx, account, address, now, until).await?;
        invitation_roles::add_of_user(tx, invitation, user).await?;
        invitation_roles::add_deleted_of_user(tx, invitation, user, account).await?;
        policies::return_to_invitation(tx, account, user, invitation).await?;
        invitation_groups::add_of_user(tx, invitation, user, account).await?;
        departure::leave(tx, account, user.into(), now, invitation).await?;
    }
    Ok(())
}
