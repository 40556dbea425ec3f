//! What a removal from an account leaves behind: the moment of it, so that no proof of before opens the account again.

use super::sessions::Which;
use crate::error::IamError;
use crate::model::role::Role;
use crate::repo::sessions;
use base::id::Guid;
use base::id::{AccountId, UserId};
use base::scope::Domain;
use base::time::Millis;
use db::{Tx, Value};

/// Ends the sessions that are for the account, and remembers when its user left it.
pub(crate) async fn record(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
    now: Millis,
) -> Result<(), IamError> {
    let person = Value::from(user.0.to_string());
    // Not before the latest proof there is: another node's clock, which stamped that, may be ahead.
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

/// Ends a membership, with the roles, keys and sessions in the account. An account without another Administrator is owned
/// by `heir` then. Account and user are held.
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
    // Nor do roles come back to him with what was deleted before, and is brought back after he has come again.
    let deleted = "DELETE FROM deleted_roles WHERE person = $2 \
                   AND domain IN (SELECT domain FROM deletions WHERE account = $1)";
    tx.execute(deleted, &both).await?;
    let keys = "DELETE FROM api_keys WHERE account = $1 AND person = $2";
    tx.execute(keys, &both).await?;
    record(tx, account, user, now).await?;
    let member = "DELETE FROM members WHERE account = $1 AND person = $2";
    tx.execute(member, &both).await?;
    pass_on(tx, account, user, heir).await?;
    go_home(tx, account, user).await
}

/// An owner who left leaves the account to the Administrator who has been in it longest, without any to `heir`.
async fn pass_on(
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

/// Where a user works who left his first account: in the one he came into next. Without any he is forgotten.
pub(crate) async fn go_home(tx: &mut Tx, account: AccountId, user: UserId) -> Result<(), IamError> {
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
