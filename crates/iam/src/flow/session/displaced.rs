//! What is written down of the sessions that gave way to a new one.

use crate::audit::{Action, Credential, Entry};
use crate::error::IamError;
use crate::service::Iam;
use base::id::{AccountId, SessionId};
use base::principal::Principal;
use db::Tx;

/// The one entry for all sessions that gave way to what the principal did; none without any. It names a single one, and counts more.
pub(crate) fn entry(
    principal: Principal,
    credential: Credential,
    displaced: &[SessionId],
) -> Option<Entry> {
    let entry =
        Entry::by_principal(principal, credential, Action::SessionEnded).with("why", "gave_way");
    match displaced {
        [] => None,
        [one] => Some(entry.on(one)),
        more => Some(entry.on(principal).with("sessions", more.len())),
    }
}

/// Commits a renewal for the account, to which these sessions gave way, if any.
pub(crate) async fn commit_renewal(
    iam: &Iam,
    tx: Tx,
    (principal, account): (Principal, AccountId),
    displaced: &[SessionId],
) -> Result<(), IamError> {
    let Some(entry) = entry(principal, Credential::RefreshToken, displaced) else {
        return iam.commit_unaudited(tx).await;
    };
    let entry = entry.in_account(account);
    iam.commit_without_read_back(tx, entry).await
}
