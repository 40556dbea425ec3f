//! The table `accounts`.

use crate::error::IamError;
use base::id::AccountId;
use db::Tx;

/// Keeps the account as it is until the transaction ends: whoever changes its members, their roles or their keys waits, on
/// this node and on any other. Refuses where there is no such account, or none any more: whoever looked it up before it was
/// deleted changes nothing in it.
pub(crate) async fn hold(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET name = name WHERE guid = $1 AND deleted_at IS NULL";
    if tx.execute(sql, &[account.to_string().into()]).await? == 1 {
        return Ok(());
    }
    Err(IamError::not_found("the account"))
}

/// Keeps the account's row as it is, whether the account is there or was deleted.
pub(crate) async fn lock(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET name = name WHERE guid = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
