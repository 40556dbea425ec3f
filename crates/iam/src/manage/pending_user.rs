//! Users who are invited and have not accepted yet. Lists of users show them with the id of their invitation, but they are no members:
//! what only members have is refused with what mends it, not as if the id were unknown.

use crate::error::IamError;
use crate::repo::invitations;
use base::id::AccountId;
use base::principal::Principal;
use db::Tx;

/// The message for a principal that is an invited user of the account, with what mends it; none for anybody else.
pub(super) async fn not_accepted(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    remedy: &str,
) -> Result<Option<String>, IamError> {
    let Some(id) = principal.user() else {
        return Ok(None);
    };
    let is_invited = invitations::is_there(tx, account, id.0).await?;
    Ok(is_invited.then(|| format!("the user has not accepted the invitation yet: {remedy}")))
}
