//! Sessions ended by their users: by logout, by revocation, or by a change of password.

use crate::audit::Entry;
use crate::error::IamError;
use crate::repo::sessions::{self, SessionSelector};
use crate::repo::transactions::credentials;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{SessionId, UserId};
use base::principal::Principal;
use base::time::Millis;
use db::Tx;

/// Ends what the old password opened: the user's one-time codes and sessions, except the session that changes the
/// password and those of API keys.
///
/// # Errors
/// When the credential used for the change was revoked.
pub(crate) async fn end_password(
    tx: &mut Tx,
    person: UserId,
    caller: &Identity,
    now: Millis,
) -> Result<(), IamError> {
    // Codes before keys and sessions: the redeeming of a code takes them in this order.
    credentials::end_codes(tx, person).await?;
    credentials::lock(tx, caller.bounds(), now).await?;
    let but = caller.session();
    if let Some(kept) = but {
        // This session now rests on the password that was just proven, even if the session it came from ends.
        sessions::detach(tx, kept).await?;
    }
    sessions::end(tx, person, SessionSelector::ByPassword { but }, now).await?;
    Ok(())
}

impl Iam {
    /// Ends one session; ending it again is no change.
    pub(crate) async fn end_session(
        &self,
        mut tx: Tx,
        session: SessionId,
        entry: impl FnOnce(Principal) -> Entry,
    ) -> Result<(), IamError> {
        let Some((principal, account)) = sessions::find_live(&mut tx, session).await? else {
            return Ok(());
        };
        let now = self.0.clock.now();
        if sessions::end(&mut tx, principal, SessionSelector::One(session), now).await? == 0 {
            return Ok(());
        }
        let entry = entry(principal).maybe_in(account).on(session);
        self.commit_without_read_back(tx, entry).await?;
        self.read_ends().await;
        Ok(())
    }
}
