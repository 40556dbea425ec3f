//! The table `activity`: when each principal and API key of an account has authenticated last, and how often.
//!
//! Whoever adds to the rows of an account, or deletes of them, has locked the account: each touches several rows, in no order that
//! another would keep, and a count that is added meanwhile would be left of a key that is gone. The rows of two accounts have nothing
//! to do with each other.

use super::accounts;
use super::column::{at, parse_guid};
use super::principals::key;
use crate::error::IamError;
use crate::model::activity::{Activity, Subject};
use crate::model::directory::ApiKey;
use base::id::{AccountId, Guid};
use base::principal::Principal;
use base::time::Millis;
use db::{Db, Tx};
use std::collections::HashMap;

/// Adds to the counts of these subjects of one account, unless one was deleted meanwhile. Locks the account, also one that is deleted:
/// it may be restored.
pub(crate) async fn add(
    tx: &mut Tx,
    account: AccountId,
    counted: &[(Subject, Activity)],
) -> Result<(), IamError> {
    let sql = "INSERT INTO activity (account, holder, subject, last_at, times) \
               SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT) \
               WHERE EXISTS (SELECT 1 FROM members WHERE account = $1 AND principal = $2) \
               AND ($2 = $3 OR EXISTS (SELECT 1 FROM api_keys WHERE guid = $3)) \
               ON CONFLICT (account, holder, subject) DO UPDATE SET times = activity.times + excluded.times, \
               last_at = CASE WHEN excluded.last_at > activity.last_at THEN excluded.last_at ELSE activity.last_at END";
    accounts::lock_unchanged(tx, account).await?;
    for (subject, activity) in counted {
        let Some(last_at) = activity.last_at else {
            continue;
        };
        let values = [
            account.to_string().into(),
            subject.holder.to_string().into(),
            subject.guid.to_string().into(),
            last_at.0.into(),
            i64::try_from(activity.times).unwrap_or(i64::MAX).into(),
        ];
        tx.execute(sql, &values).await?;
    }
    Ok(())
}

/// The counts of one subject.
pub(crate) async fn of(db: &Db, subject: Subject) -> Result<Activity, IamError> {
    let sql =
        "SELECT last_at, times FROM activity WHERE account = $1 AND holder = $2 AND subject = $3";
    let values = [
        subject.account.to_string().into(),
        subject.holder.to_string().into(),
        subject.guid.to_string().into(),
    ];
    let Some(row) = db.one(sql, &values).await? else {
        return Ok(Activity::default());
    };
    Ok(Activity {
        last_at: Some(at(&row, "last_at")?),
        times: u64::try_from(row.int("times")?).unwrap_or_default(),
    })
}

/// When each subject of the account has authenticated last.
pub(crate) async fn last_of_account(
    db: &Db,
    account: AccountId,
) -> Result<HashMap<Guid, Millis>, IamError> {
    let sql = "SELECT subject, last_at FROM activity WHERE account = $1";
    let mut found = HashMap::new();
    for row in db.all(sql, &[account.to_string().into()]).await? {
        found.insert(parse_guid(&row, "subject")?, at(&row, "last_at")?);
    }
    Ok(found)
}

/// Deletes the counts of an API key. Its account is locked.
pub(crate) async fn delete_of_key(tx: &mut Tx, api_key: &ApiKey) -> Result<(), IamError> {
    let sql = "DELETE FROM activity WHERE account = $1 AND holder = $2 AND subject = $3";
    let values = [
        api_key.account.to_string().into(),
        key(api_key.principal),
        api_key.id.0.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes the counts of a principal in the account and of its API keys there. The account is locked.
pub(crate) async fn delete_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    let sql = "DELETE FROM activity WHERE account = $1 AND holder = $2";
    tx.execute(sql, &[account.to_string().into(), key(principal)])
        .await?;
    Ok(())
}

/// Deletes the counts of an account, which is locked.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM activity WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
