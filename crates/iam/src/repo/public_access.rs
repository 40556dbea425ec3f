//! The table `public_access`: the accounts in which everybody is in the public access group.

use super::column::parse;
use super::selection::{Selection, selection};
use crate::error::IamError;
use base::id::AccountId;
use base::time::Millis;
use db::{Row, Tx};

/// An account's public access, as kind and id for the change log; at most `$2`.
pub(super) const OF_ACCOUNT: &str =
    "SELECT 'public_access' AS kind, account AS id FROM public_access WHERE account = $1 LIMIT $2";

/// For the directory.
pub(super) const ROWS: Selection = selection!("SELECT account FROM public_access", "account");

/// Decodes a row.
pub(super) fn read(row: &Row) -> Result<AccountId, IamError> {
    parse(row, "account", "an account GUID")
}

/// Whether the account has a public access group, read within the transaction that depends on it.
pub(crate) async fn is_enabled(tx: &mut Tx, account: AccountId) -> Result<bool, IamError> {
    let sql = "SELECT account FROM public_access WHERE account = $1";
    Ok(tx.one(sql, &[account.to_string().into()]).await?.is_some())
}

/// Gives an account a public access group. `false` if it has one.
pub(crate) async fn enable(tx: &mut Tx, account: AccountId, now: Millis) -> Result<bool, IamError> {
    let sql = "INSERT INTO public_access (account, set_at) VALUES ($1, $2) ON CONFLICT (account) DO NOTHING";
    let values = [account.to_string().into(), now.0.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Takes it away. `false` if it has none.
pub(crate) async fn disable(tx: &mut Tx, account: AccountId) -> Result<bool, IamError> {
    let sql = "DELETE FROM public_access WHERE account = $1";
    Ok(tx.execute(sql, &[account.to_string().into()]).await? > 0)
}
