//! Locks, ends and sweeps what logins consist of: keys, sessions, their tokens, and one-time codes.

use crate::error::IamError;
use crate::model::bounds::CredentialBounds;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::principals::key;
use crate::repo::{api_keys, passcodes, password_resets, refresh_tokens, sessions};
use base::id::{AccountId, UserId};
use base::time::Millis;
use db::Tx;

/// Ensures, within the transaction that issues something, that its key and session are still valid, and locks them
/// until it ends (in this order, like a removal): a concurrent revocation waits, and then finds what was issued.
pub(crate) async fn lock(
    tx: &mut Tx,
    bounds: &CredentialBounds,
    now: Millis,
) -> Result<(), IamError> {
    let root = bounds.root();
    if let Some(api_key) = root.key
        && !api_keys::lock_usable(tx, api_key, now).await?
    {
        return Err(withdrawn(
            "its API key was deleted, disabled or has expired",
        ));
    }
    if let Some(session) = root.session
        && !sessions::lock_live(tx, session).await?
    {
        return Err(withdrawn("its session has ended"));
    }
    Ok(())
}

fn withdrawn(why: &str) -> IamError {
    let message = format!("The credential was withdrawn: {why}");
    let refusal = Refusal::new(Reason::WrongRefreshToken, message);
    IamError::Refused(refusal.remedy(Remedy::LogInAgain))
}

/// Deletes every one-time code of a user, for logins and for new passwords.
pub(crate) async fn end_codes(tx: &mut Tx, user: UserId) -> Result<(), IamError> {
    let user = key(user);
    passcodes::delete_of(tx, &user).await?;
    password_resets::delete_of(tx, &user).await
}

/// Ends everybody's sessions for the account, with everything derived from them.
pub(crate) async fn end_of_account(
    tx: &mut Tx,
    account: AccountId,
    now: Millis,
) -> Result<(), IamError> {
    // Codes before sessions, the order of a redeem: a code taken before the end opens nothing after a restore.
    passcodes::delete_of_members(tx, account).await?;
    sessions::end_of_account(tx, account, now).await
}

/// Deletes ended sessions whose tokens had all expired at `ended`, and sessions that had expired at `forgotten`.
pub(crate) async fn sweep(tx: &mut Tx, ended: Millis, forgotten: Millis) -> Result<(), IamError> {
    refresh_tokens::delete_of_ended(tx, ended).await?;
    sessions::delete_ended(tx, ended).await?;
    refresh_tokens::delete_expired(tx, forgotten).await?;
    sessions::delete_expired(tx, forgotten).await
}
