//! What remains of a removal from an account: its time, so that no earlier proof opens the account again.

use super::sessions::Which;
use crate::error::IamError;
use crate::model::role::Role;
use crate::repo::sessions;
use base::id::Guid;
use base::id::{AccountId, UserId};
use base::scope::Domain;
use base::time::Millis;
use db::{Tx, Value};

/// Ends the sessions for the account, and records when the user left it.
pub(crate) async fn record(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
    now: Millis,
) -> Result<(), IamError> {
    let person = Value::from(user.0.to_string());
    // Not before the latest proof: it was stamped by another node, whose clock may be ahead.
    let latest = "SELECT COALESCE(MAX(proven_at), 0) AS latest FROM sessions WHERE person = $1";
    let latest = match tx.one(latest, std::slice::from_ref(&person)).await? {
        Some(row) => row.int("latest")?,
        None => 0,
    };
    let sql = "INSERT INTO departures (account, person, left_at) VALUES ($1, $2, $3) \
               ON CONFLICT (account, person) DO UPDATE SET left_at = excluded.left_at";
    let values = [account.to_string().into(), person, now.0.max(latest).into()];
    tx.execute(sql, &values).await?;
    sessions::end(tx, user, Which::Of(account), now).await?;
    Ok(())
}

/// Ends a membership, with the user's roles, keys and sessions in the account. If the account has no other
/// Administrator, `heir` becomes its owner. Account and user are locked.
pub(crate) async fn leave(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
    now: Millis,
    heir: Guid,
) -> Result<(), IamError> {
    let (own, person) = (account.to_string(), user.0.to_string());
    let both = [Value::from(own.as_str()), Value::from(person.as_str())];
    let roles = "DELETE FROM roles WHERE person = $1 AND (domain = $2 \
                 OR domain IN (SELECT 'o-' || guid FROM orgs WHERE account = $3) \
                 OR domain IN (SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org \
                 WHERE orgs.account = $3))";
    let values = [
        person.as_str().into(),
        Domain::Account(account).to_string().into(),
        own.as_str().into(),
    ];
    tx.execute(roles, &values).await?;
    // Otherwise a restore of an earlier deletion would give the user their roles back after they join again.
    let deleted = "DELETE FROM deleted_roles WHERE person = $2 \
                   AND domain IN (SELECT domain FROM deletions WHERE account = $1)";
    tx.execute(deleted, &both).await?;
    let keys = "DELETE FROM api_keys WHERE account = $1 AND person = $2";
    tx.execute(keys, &both).await?;
    record(tx, account, user, now).await?;
    let member = "DELETE FROM members WHERE account = $1 AND person = $2";
    tx.execute(member, &both).await?;
    pass_ownership(tx, account, user, heir).await?;
    move_first_account(tx, account, user).await
}

/// The account of an owner who leaves goes to the Administrator with the longest membership, or to `heir` if there is
/// none.
async fn pass_ownership(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
    heir: Guid,
) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET owner = COALESCE((SELECT members.person FROM members \
               JOIN roles ON roles.person = members.person AND roles.domain = $3 AND roles.role = $4 \
               WHERE members.account = $1 ORDER BY members.added_at, members.person LIMIT 1), $5) \
               WHERE guid = $1 AND owner = $2";
    let values = [
        Value::from(account.to_string()),
        user.0.to_string().into(),
        Domain::Account(account).to_string().into(),
        Role::Administrator.name().into(),
        heir.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// A user who leaves their first account gets the one they joined next as the first. A user without any account is
/// deleted.
pub(crate) async fn move_first_account(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
) -> Result<(), IamError> {
    let person = Value::from(user.0.to_string());
    let next = "SELECT account FROM members WHERE person = $1 ORDER BY added_at, account LIMIT 1";
    match tx.one(next, std::slice::from_ref(&person)).await? {
        Some(row) => {
            let sql = "UPDATE users SET home = $2 WHERE guid = $1 AND home = $3";
            let values = [
                person,
                row.text("account")?.into(),
                account.to_string().into(),
            ];
            tx.execute(sql, &values).await?;
        }
        None => {
            for sql in [
                "DELETE FROM roles WHERE person = $1",
                "DELETE FROM deleted_roles WHERE person = $1",
                "DELETE FROM departures WHERE person = $1",
                "DELETE FROM password_resets WHERE person = $1",
                "DELETE FROM users WHERE guid = $1",
            ] {
                tx.execute(sql, std::slice::from_ref(&person)).await?;
            }
        }
    }
    Ok(())
}
