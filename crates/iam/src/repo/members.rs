//! The table `members`.

use super::accounts::lock_active;
use super::column::{at, counted, parse, parse_guid};
use super::principals::{self, key};
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::facts::Membership;
use base::id::{AccountId, Guid, UserId};
use base::principal::Principal;
use base::time::Millis;
use db::{Row, Tx, Value};

/// An account's principals, as kind and id for the change log; at most `$2`.
pub(super) const OF_ACCOUNT: &str =
    "SELECT 'principal' AS kind, principal AS id FROM members WHERE account = $1 LIMIT $2";

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT account, principal, principals.kind AS principal_kind, added_at FROM members \
     JOIN principals ON principals.guid = members.principal",
    "members.principal"
);

/// Decodes the row of a principal.
pub(super) fn read(row: &Row, principal: Principal) -> Result<Membership, IamError> {
    Ok(Membership {
        account: parse(row, "account", "an account GUID")?,
        principal,
        added_at: at(row, "added_at")?,
    })
}

/// Locks the account like [`lock_active`], for a change that gives its caller a role: the caller may have been removed after
/// the check of their right, and a leftover role would become effective with the next invitation.
pub(crate) async fn lock_member(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    lock_active(tx, account).await?;
    if is_still_member(tx, account, principal).await? {
        return Ok(());
    }
    Err(IamError::not_found("the account"))
}

/// The member with this address, read within the transaction that depends on it.
pub(crate) async fn member_by_address(
    tx: &mut Tx,
    account: AccountId,
    folded: &str,
) -> Result<Option<UserId>, IamError> {
    let sql = "SELECT principal FROM members JOIN users ON users.guid = members.principal \
               WHERE members.account = $1 AND users.folded = $2";
    let row = tx
        .one(sql, &[account.to_string().into(), folded.into()])
        .await?;
    row.map(|row| Ok(UserId(parse_guid(&row, "principal")?)))
        .transpose()
}

/// Whether the principal is in the account, read within the transaction that depends on it. A service ID with the GUID of a
/// trusted profile is nobody.
pub(crate) async fn is_still_member(
    tx: &mut Tx,
    account: AccountId,
    principal: impl Into<Principal>,
) -> Result<bool, IamError> {
    let principal = principal.into();
    let sql = "SELECT principal, principals.kind AS principal_kind FROM members \
               JOIN principals ON principals.guid = members.principal WHERE account = $1 AND principal = $2";
    let values = [account.to_string().into(), key(principal)];
    let row = tx.one(sql, &values).await?;
    let found = row.as_ref().map(principals::read).transpose()?;
    Ok(found.flatten() == Some(principal))
}

/// Adds a principal to an account. A user may be in several, a service or profile is in one.
pub(crate) async fn join(
    tx: &mut Tx,
    account: AccountId,
    principal: impl Into<Principal>,
    now: Millis,
) -> Result<(), IamError> {
    let sql = "INSERT INTO members (account, principal, added_at) VALUES ($1, $2, $3)";
    let values = [account.to_string().into(), key(principal), now.0.into()];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// The member with this id, which may be the user's own or that of their invitation.
pub(crate) async fn named(tx: &mut Tx, account: AccountId, id: UserId) -> Result<UserId, IamError> {
    let sql = "SELECT principal FROM members WHERE account = $1 AND invitation = $2";
    let values = [account.to_string().into(), id.0.to_string().into()];
    match tx.one(sql, &values).await? {
        Some(row) => Ok(UserId(parse_guid(&row, "principal")?)),
        None => Ok(id),
    }
}

/// The user's account with the longest membership: the only one, if their address is not proven.
pub(crate) async fn first_account(
    tx: &mut Tx,
    user: UserId,
) -> Result<Option<AccountId>, IamError> {
    first_account_of(tx, &key(user)).await
}

/// The account with the longest membership of a principal, whose stored GUID this is.
pub(crate) async fn first_account_of(
    tx: &mut Tx,
    principal: &Value,
) -> Result<Option<AccountId>, IamError> {
    let sql = "SELECT account FROM members WHERE principal = $1 ORDER BY added_at, account LIMIT 1";
    let row = tx.one(sql, std::slice::from_ref(principal)).await?;
    row.map(|row| Ok(AccountId(parse_guid(&row, "account")?)))
        .transpose()
}

/// The stored GUIDs of the principals in the account, and of the users whose first account it is; in order, as whoever changes several
/// locks them so.
pub(crate) async fn of_account(tx: &mut Tx, account: AccountId) -> Result<Vec<Value>, IamError> {
    let sql = "SELECT principal FROM members WHERE account = $1 \
               UNION SELECT guid AS principal FROM users WHERE home = $1 ORDER BY principal";
    let rows = tx.all(sql, &[account.to_string().into()]).await?;
    rows.iter()
        .map(|row| Ok(row.text("principal")?.into()))
        .collect()
}

/// The number of accounts that a user is in.
pub(crate) async fn count_accounts(tx: &mut Tx, user: UserId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM members WHERE principal = $1";
    counted(tx.one(sql, &[key(user)]).await?)
}

/// The number of users in the account.
pub(super) async fn count_users(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM members JOIN users ON users.guid = members.principal WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// Records the invitation that a member has accepted: its id goes on to name them.
pub(crate) async fn set_invitation(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
    invitation: Guid,
) -> Result<(), IamError> {
    let sql = "UPDATE members SET invitation = $3 WHERE account = $1 AND principal = $2";
    let values = [
        account.to_string().into(),
        key(user),
        invitation.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Ends a membership.
pub(crate) async fn delete(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    let sql = "DELETE FROM members WHERE account = $1 AND principal = $2";
    tx.execute(sql, &[account.to_string().into(), key(principal)])
        .await?;
    Ok(())
}

/// Ends every membership of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM members WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
