//! Locks, ends and sweeps what logins consist of: keys, sessions, their tokens, and one-time codes.

use crate::error::IamError;
use crate::model::bounds::CredentialBounds;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::principals::key;
use crate::repo::{api_keys, passcodes, password_resets, refresh_tokens, sessions};
use base::id::{AccountId, UserId};
use base::time::Millis;
use db::{Db, Tx, Value};
use std::collections::BTreeSet;

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

/// How long expired tokens are remembered, so that their client is told that the token has expired and not that it is
/// unknown. (The end of a session is remembered until its last token has expired.)
const REMEMBERED_MILLISECONDS: i64 = 24 * 3_600_000;

/// How long an ended session is kept after its last token has expired: the clocks of nodes differ.
const ENDED_REMEMBERED_MILLISECONDS: i64 = 10 * 60_000;

/// The times up to which ended sessions and expired tokens are deleted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forgotten {
    now: Millis,
    /// Ended sessions whose tokens had all expired then.
    ended: Millis,
    /// Sessions and tokens that had expired then.
    expired: Millis,
}

impl Forgotten {
    /// The times as of `now`.
    pub(crate) fn at(now: Millis) -> Self {
        Self {
            now,
            ended: now.plus(-ENDED_REMEMBERED_MILLISECONDS),
            expired: now.plus(-REMEMBERED_MILLISECONDS),
        }
    }
}

/// Deletes what is over of the sessions of a principal, whose stored GUID this is.
pub(crate) async fn sweep(tx: &mut Tx, principal: &Value, over: Forgotten) -> Result<(), IamError> {
    refresh_tokens::delete_of_ended(tx, principal, over.ended).await?;
    sessions::delete_ended(tx, principal, over.ended).await?;
    refresh_tokens::delete_expired(tx, principal, over.expired).await?;
    sessions::delete_expired(tx, principal, over.expired).await
}

/// Deletes what is over of the one-time codes and the sessions of a principal, whose stored GUID this is.
pub(crate) async fn sweep_all_of(
    tx: &mut Tx,
    principal: &Value,
    over: Forgotten,
) -> Result<(), IamError> {
    passcodes::sweep(tx, principal, over.now).await?;
    sweep(tx, principal, over).await
}

/// The stored GUIDs of some principals of whose codes, tokens or sessions something is over; for each of these at most so many.
pub(crate) async fn owners_of_swept(
    db: &Db,
    over: Forgotten,
    most: i64,
) -> Result<BTreeSet<String>, IamError> {
    let mut owners = BTreeSet::new();
    owners.extend(passcodes::owners_of_expired(db, over.now, most).await?);
    owners.extend(refresh_tokens::owners_of_expired(db, over.expired, most).await?);
    owners.extend(sessions::owners_of_ended(db, over.ended, most).await?);
    owners.extend(sessions::owners_of_expired(db, over.expired, most).await?);
    Ok(owners)
}
