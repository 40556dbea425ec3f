//! The table `accounts`.

use super::column::{at, parse_guid};
use super::{departures, domains};
use crate::error::IamError;
use crate::model::directory::{Account, User};
use base::id::{AccountId, Guid, UserId};
use base::scope::Domain;
use base::time::Millis;
use db::{Tx, Value};

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

/// Locks the account's row, whether the account is deleted or not.
pub(crate) async fn lock(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET name = name WHERE guid = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

pub(crate) async fn insert(
    tx: &mut Tx,
    account: AccountId,
    name: &str,
    owner: &User,
    now: Millis,
) -> Result<(), IamError> {
    let sql = "INSERT INTO accounts (guid, name, owner, created_at) VALUES ($1, $2, $3, $4)";
    let values = [
        Value::from(account.to_string()),
        name.into(),
        owner.id.0.to_string().into(),
        now.0.into(),
    ];
    tx.execute(sql, &values).await?;
    domains::allocate(tx, Domain::Account(account)).await
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

/// Whether the account is to be owned by the user of this invitation.
pub(crate) async fn is_owned_by(
    tx: &mut Tx,
    account: AccountId,
    invitation: Guid,
) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM accounts WHERE guid = $1 AND owner = $2";
    let values = [account.to_string().into(), invitation.to_string().into()];
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

/// All rows of a removed account, except its own: `$1` is the account.
const FORGET: [&str; 9] = [
    "DELETE FROM roles WHERE domain = 'a-' || $1 OR domain IN (SELECT 'o-' || guid FROM orgs WHERE account = $1) \
     OR domain IN (SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org WHERE orgs.account = $1)",
    "DELETE FROM api_keys WHERE account = $1",
    "DELETE FROM members WHERE account = $1",
    "DELETE FROM invitation_roles WHERE invitation IN (SELECT guid FROM invitations WHERE account = $1)",
    "DELETE FROM invitations WHERE account = $1",
    "DELETE FROM account_limits WHERE account = $1",
    "DELETE FROM departures WHERE account = $1",
    "DELETE FROM spaces WHERE org IN (SELECT guid FROM orgs WHERE account = $1)",
    "DELETE FROM orgs WHERE account = $1",
];

/// The deleted accounts without stored samples.
pub(crate) async fn empty(tx: &mut Tx) -> Result<Vec<AccountId>, IamError> {
    let sql = "SELECT guid FROM accounts WHERE deleted_at IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM deletions WHERE deletions.account = accounts.guid)";
    let mut found = Vec::new();
    for row in tx.all(sql, &[]).await? {
        found.push(AccountId(parse_guid(&row, "guid")?));
    }
    Ok(found)
}

/// Deletes an account's rows, and the principals that are in no other account.
pub(crate) async fn forget(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let own = Value::from(account.to_string());
    let held = "SELECT principal FROM members WHERE account = $1 \
                  UNION SELECT guid AS principal FROM users WHERE home = $1";
    let held = tx.all(held, std::slice::from_ref(&own)).await?;
    for sql in FORGET {
        tx.execute(sql, std::slice::from_ref(&own)).await?;
    }
    for row in held {
        departures::move_first_account(tx, account, &row.text("principal")?.into()).await?;
    }
    tx.execute("DELETE FROM accounts WHERE guid = $1", &[own])
        .await?;
    Ok(())
}
