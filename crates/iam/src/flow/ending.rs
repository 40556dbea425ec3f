//! How sessions end by their user's own word: logged out, revoked, or with a password that is changed.

use crate::audit::Entry;
use crate::error::IamError;
use crate::repo::sessions::{self, Which};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{SessionId, UserId};
use base::time::Millis;
use db::Tx;

/// Ends what a person's old password opened: his sessions but the one in which he changes it and those of his keys, and every
/// code.
///
/// # Errors
/// When the credential he changes it with was withdrawn.
pub(crate) async fn end_password(
    tx: &mut Tx,
    person: UserId,
    caller: &Identity,
    now: Millis,
) -> Result<(), IamError> {
    // Codes before keys and sessions, as whoever redeems one takes them.
    sessions::end_codes(tx, person).await?;
    sessions::hold(tx, caller.bounds(), now).await?;
    let but = caller.session();
    if let Some(own) = but {
        // It goes on by the password that was just proven, whatever becomes of the one it came from.
        sessions::stand_alone(tx, own).await?;
    }
    sessions::end(tx, person, Which::ByPassword { but }, now).await?;
    Ok(())
}

impl Iam {
    /// Ends one session; one that has ended already is no change.
    pub(crate) async fn end_session(
        &self,
        mut tx: Tx,
        session: SessionId,
        entry: impl FnOnce(UserId) -> Entry,
    ) -> Result<(), IamError> {
        let Some((person, account)) = sessions::living(&mut tx, session).await? else {
            return Ok(());
        };
        let now = self.0.clock.now();
        if sessions::end(&mut tx, person, Which::One(session), now).await? == 0 {
            return Ok(());
        }
        let entry = entry(person).maybe_in(account).on(session);
        self.commit_unseen(tx, entry).await?;
        self.see_ends().await;
        Ok(())
    }
}
