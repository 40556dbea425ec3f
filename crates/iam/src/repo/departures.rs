//! What remains of a removal from an account: its time, so that no earlier proof opens the account again.

use super::principals;
use super::sessions::Which;
use crate::error::IamError;
use crate::model::role::Role;
use crate::repo::sessions;
use base::id::{AccountId, Guid};
use base::principal::Principal;
use base::scope::Domain;
use base::time::Millis;
use db::{Tx, Value};

/// Ends the sessions for the account, and records when the principal left it.
pub(crate) async fn record(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    now: Millis,
) -> Result<(), IamError> {
    let key = principals::key(principal);
    // Not before the latest proof: it was stamped by another node, whose clock may be ahead.
    let latest = "SELECT COALESCE(MAX(proven_at), 0) AS latest FROM sessions WHERE principal = $1";
    let latest = match tx.one(latest, std::slice::from_ref(&key)).await? {
        Some(row) => row.int("latest")?,
        None => 0,
    };
    let sql = "INSERT INTO departures (account, principal, left_at) VALUES ($1, $2, $3) \
               ON CONFLICT (account, principal) DO UPDATE SET left_at = excluded.left_at";
    let values = [account.to_string().into(), key, now.0.max(latest).into()];
    tx.execute(sql, &values).await?;
    sessions::end(tx, principal, Which::Of(account), now).await?;
    Ok(())
}

/// Ends a membership, with the principal's roles, keys and sessions in the account. If the account has no other
/// Administrator, `heir` becomes its owner. Account and principal are locked.
pub(crate) async fn leave(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    now: Millis,
    heir: Guid,
) -> Result<(), IamError> {
    let own = account.to_string();
    let both = [Value::from(own.as_str()), principals::key(principal)];
    let roles = "DELETE FROM roles WHERE principal = $1 AND (domain = $2 \
                 OR domain IN (SELECT 'o-' || guid FROM orgs WHERE account = $3) \
                 OR domain IN (SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org \
                 WHERE orgs.account = $3))";
    let values = [
        principals::key(principal),
        Domain::Account(account).to_string().into(),
        own.as_str().into(),
    ];
    tx.execute(roles, &values).await?;
    // Otherwise a restore of an earlier deletion would give the principal their roles back after they join again.
    let deleted = "DELETE FROM deleted_roles WHERE principal = $2 \
                   AND domain IN (SELECT domain FROM deletions WHERE account = $1)";
    tx.execute(deleted, &both).await?;
    let keys = "DELETE FROM api_keys WHERE account = $1 AND principal = $2";
    tx.execute(keys, &both).await?;
    record(tx, account, principal, now).await?;
    let member = "DELETE FROM members WHERE account = $1 AND principal = $2";
    tx.execute(member, &both).await?;
    pass_ownership(tx, account, principal, heir).await?;
    move_first_account(tx, account, &principals::key(principal)).await
}

/// The account of an owner who leaves goes to the user with the longest membership who is an Administrator, or to `heir` if
/// there is none.
async fn pass_ownership(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    heir: Guid,
) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET owner = COALESCE((SELECT members.principal FROM members \
               JOIN roles ON roles.principal = members.principal AND roles.domain = $3 AND roles.role = $4 \
               JOIN users ON users.guid = members.principal WHERE members.account = $1 ORDER BY members.added_at, members.principal LIMIT 1), $5) \
               WHERE guid = $1 AND owner = $2";
    let values = [
        Value::from(account.to_string()),
        principals::key(principal),
        Domain::Account(account).to_string().into(),
        Role::Administrator.name().into(),
        heir.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// A user who leaves their first account gets the one they joined next as the first. A principal without any account is
/// deleted. `key` is its stored GUID.
pub(crate) async fn move_first_account(
    tx: &mut Tx,
    account: AccountId,
    key: &Value,
) -> Result<(), IamError> {
    let next =
        "SELECT account FROM members WHERE principal = $1 ORDER BY added_at, account LIMIT 1";
    match tx.one(next, std::slice::from_ref(key)).await? {
        Some(row) => {
            let sql = "UPDATE users SET home = $2 WHERE guid = $1 AND home = $3";
            let values = [
                key.clone(),
                row.text("account")?.into(),
                account.to_string().into(),
            ];
            tx.execute(sql, &values).await?;
        }
        None => {
            for sql in [
                "DELETE FROM roles WHERE principal = $1",
                "DELETE FROM deleted_roles WHERE principal = $1",
                "DELETE FROM departures WHERE principal = $1",
                "DELETE FROM password_resets WHERE user_id = $1",
                "DELETE FROM users WHERE guid = $1",
                "DELETE FROM principals WHERE guid = $1",
            ] {
                tx.execute(sql, std::slice::from_ref(key)).await?;
            }
        }
    }
    Ok(())
}
