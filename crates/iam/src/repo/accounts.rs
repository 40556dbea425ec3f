//! The table `accounts`.

use super::column::{at, parse, parse_guid};
use super::domains::NewDomain;
use super::principals::key;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::{Account, User};
use crate::model::role::Role;
use base::id::{AccountId, Guid, UserId};
use base::principal::Principal;
use base::scope::Domain;
use base::time::Millis;
use db::{Row, Tx, Value};

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, name, owner, created_at, deleted_at FROM accounts",
    "guid"
);

/// Decodes the accounts that are not deleted: deleted ones are invisible.
pub(super) fn read_active(rows: &[Row]) -> Result<Vec<Account>, IamError> {
    let mut accounts = Vec::with_capacity(rows.len());
    for row in rows {
        if row.int_or_none("deleted_at")?.is_none() {
            accounts.push(Account {
                id: parse(row, "guid", "an account GUID")?,
                name: row.text("name")?,
                owner: UserId(parse_guid(row, "owner")?),
                created_at: at(row, "created_at")?,
            });
        }
    }
    Ok(accounts)
}

/// Locks the account until the transaction ends: changes of its members, roles and keys wait, on this node and on any
/// other. Refuses an account that does not exist or was deleted, so that a request which looked it up before the
/// deletion changes nothing.
pub(crate) async fn lock_active(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET name = name WHERE guid = $1 AND deleted_at IS NULL";
    if tx.execute(sql, &[account.to_string().into()]).await? == 1 {
        return Ok(());
    }
    Err(IamError::not_found("the account"))
}

/// Locks the account as [`lock`] does, for what changes nothing that the directory holds: no node reads the account anew.
pub(crate) async fn lock_unchanged(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    if tx.excludes_writers() {
        return Ok(());
    }
    let sql = "SELECT guid FROM accounts WHERE guid = $1 FOR NO KEY UPDATE";
    tx.one(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// Locks the account's row, whether the account is deleted or not.
pub(crate) async fn lock(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET name = name WHERE guid = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// A new account, as far as it needs no number in the store.
pub(crate) async fn insert(
    tx: &mut Tx,
    account: AccountId,
    name: &str,
    owner: &User,
    now: Millis,
) -> Result<NewDomain, IamError> {
    let sql = "INSERT INTO accounts (guid, name, owner, created_at) VALUES ($1, $2, $3, $4)";
    let values = [
        Value::from(account.to_string()),
        name.into(),
        owner.id.0.to_string().into(),
        now.0.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(NewDomain(Domain::Account(account)))
}

/// Whether there is another account that is not deleted.
pub(crate) async fn has_other(tx: &mut Tx, id: AccountId) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM accounts WHERE deleted_at IS NULL AND guid <> $1 LIMIT 1";
    Ok(tx.one(sql, &[id.to_string().into()]).await?.is_some())
}

/// Whether the server has exactly one account.
pub(crate) async fn is_single(tx: &mut Tx) -> Result<bool, IamError> {
    let row = tx.one("SELECT COUNT(*) AS made FROM accounts", &[]).await?;
    Ok(row.map(|row| row.int("made")).transpose()? == Some(1))
}

/// Marks an account as deleted. Its name becomes free.
pub(crate) async fn close(tx: &mut Tx, id: AccountId, now: Millis) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET deleted_at = $2, name = guid WHERE guid = $1";
    tx.execute(sql, &[id.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// Restores an account under a name; none if there is no such account.
pub(crate) async fn open(
    tx: &mut Tx,
    id: AccountId,
    name: String,
) -> Result<Option<Account>, IamError> {
    let sql = "UPDATE accounts SET deleted_at = NULL, name = $2 WHERE guid = $1 RETURNING owner, created_at";
    let row = tx
        .one(sql, &[id.to_string().into(), name.as_str().into()])
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Account {
        id,
        name,
        owner: UserId(parse_guid(&row, "owner")?),
        created_at: at(&row, "created_at")?,
    }))
}

/// Whether the account is owned by this user, or is to be by the user of this invitation.
pub(crate) async fn is_owned_by(
    tx: &mut Tx,
    account: AccountId,
    owner: Guid,
) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM accounts WHERE guid = $1 AND owner = $2";
    let values = [account.to_string().into(), owner.to_string().into()];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// Sets the owner: a user, or the invitation of a future one.
pub(crate) async fn set_owner(
    tx: &mut Tx,
    account: AccountId,
    owner: Guid,
) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET owner = $2 WHERE guid = $1";
    tx.execute(sql, &[account.to_string().into(), owner.to_string().into()])
        .await?;
    Ok(())
}

/// Whether the account is deleted, and has no stored samples.
pub(crate) async fn is_empty(tx: &mut Tx, account: AccountId) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM accounts WHERE guid = $1 AND deleted_at IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM deletions WHERE deletions.account = $1)";
    let row = tx.one(sql, &[account.to_string().into()]).await?;
    Ok(row.is_some())
}

/// Sets the owner if this invitation is for the account's future owner.
pub(crate) async fn replace_owner(
    tx: &mut Tx,
    account: AccountId,
    invitation: Guid,
    user: UserId,
) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET owner = $3 WHERE guid = $1 AND owner = $2";
    let values = [
        Value::from(account.to_string()),
        invitation.to_string().into(),
        user.0.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// The account of an owner who leaves goes to the user with the longest membership who is an Administrator, or to `new_owner` if
/// there is none.
pub(crate) async fn transfer_ownership(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    new_owner: Guid,
) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET owner = COALESCE((SELECT members.principal FROM members \
               JOIN roles ON roles.principal = members.principal AND roles.domain = $3 AND roles.role = $4 \
               JOIN users ON users.guid = members.principal WHERE members.account = $1 ORDER BY members.added_at, members.principal LIMIT 1), $5) \
               WHERE guid = $1 AND owner = $2";
    let values = [
        Value::from(account.to_string()),
        key(principal),
        Domain::Account(account).to_string().into(),
        Role::Administrator.name().into(),
        new_owner.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes the row of an account, after those that refer to it.
pub(crate) async fn delete(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM accounts WHERE guid = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
