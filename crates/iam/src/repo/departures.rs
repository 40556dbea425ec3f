//! The table `departures`: what remains of a removal from an account, its time, so that no earlier proof opens the account
//! again.

use super::column::{at, parse};
use super::principals::key;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::facts::Departure;
use base::id::AccountId;
use base::principal::Principal;
use base::time::Millis;
use db::{Row, Tx, Value};

/// For the directory: a departure matters only while the principal is in the account again.
pub(super) const ROWS: Selection = selection!(
    "SELECT departures.account, departures.principal, principals.kind AS principal_kind, left_at FROM departures \
     JOIN principals ON principals.guid = departures.principal JOIN members ON members.account = departures.account AND members.principal = departures.principal",
    "departures.principal"
);

/// Decodes the row of a principal.
pub(super) fn read(row: &Row, principal: Principal) -> Result<Departure, IamError> {
    Ok(Departure {
        principal,
        account: parse(row, "account", "an account GUID")?,
        at: at(row, "left_at")?,
    })
}

/// Records when the principal left the account, in place of an earlier time.
pub(crate) async fn put(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    at: Millis,
) -> Result<(), IamError> {
    let sql = "INSERT INTO departures (account, principal, left_at) VALUES ($1, $2, $3) \
               ON CONFLICT (account, principal) DO UPDATE SET left_at = excluded.left_at";
    let values = [account.to_string().into(), key(principal), at.0.into()];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes what is left of departures from an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM departures WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// Deletes the departures of a principal who is in no account any more.
pub(crate) async fn delete_of_principal(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM departures WHERE principal = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}
