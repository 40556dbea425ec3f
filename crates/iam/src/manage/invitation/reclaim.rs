//! An address goes back to its true owner: whoever began with a code that his inviter had seen is no user any more.
//!
//! Nothing of his survives, because nothing can be told apart from what an impostor made: password, sessions, passcodes,
//! keys, tokens. His id is never given again. What he was in his one account waits there as an invitation, for the owner of
//! the address to accept or decline.

use crate::error::IamError;
use crate::repo::departures;
use crate::repo::invitations::{self, Stored};
use crate::repo::members;
use crate::repo::users;
use crate::service::Iam;
use base::id::UserId;
use db::Tx;

/// Ends the unproven user for whom `found`, a good code, has come. His account is held.
pub(super) async fn evict(
    iam: &Iam,
    tx: &mut Tx,
    user: UserId,
    found: &Stored,
) -> Result<(), IamError> {
    let now = iam.0.clock.now();
    users::hold_user(tx, user).await?;
    while let Some(account) = members::first_account(tx, user).await? {
        let until = now.plus(iam.0.config.invitations.lifetime_milliseconds);
        let whose = (found.email.as_str(), found.folded.as_str());
        let invitation = invitations::of_member(tx, account, user, whose, now, until).await?;
        departures::leave(tx, account, user, now, invitation).await?;
    }
    Ok(())
}
