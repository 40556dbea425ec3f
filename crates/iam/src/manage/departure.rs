//! What a removal from an account leaves behind: the moment of it, so that no proof of before opens the account again.

use crate::error::IamError;
use crate::token::ending::{self, Which};
use base::id::{AccountId, UserId};
use base::time::Millis;
use db::{Tx, Value};

/// Ends the sessions that are for the account, and remembers when its user left it.
pub(super) async fn record(
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
    ending::end(tx, user, Which::Of(account), now).await?;
    Ok(())
}
