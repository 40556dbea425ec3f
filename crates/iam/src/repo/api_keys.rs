//! The table `api_keys`.

use super::column::{at, counted, domain, known, parse, parse_guid};
use super::principals;
use super::selection::{ByIds, IDS_PER_STATEMENT, ids};
use crate::blocking::run_blocking;
use crate::error::IamError;
use crate::model::bounds::{KeyLife, Narrowing};
use crate::model::directory::ApiKey;
use base::id::{AccountId, KeyId};
use base::principal::Principal;
use base::time::Millis;
use db::{Row, Tx, Value};
use std::sync::Arc;

/// For [`super::revisions`].
pub(super) const REVISION: &str = "SELECT revision FROM api_keys WHERE guid = $1";

/// Rows that are read at once.
const PAGE: i64 = 2000;

/// For the directory.
macro_rules! select {
    ($($which:tt)*) => {
        concat!(
            "SELECT api_keys.guid, account, principal, principals.kind AS principal_kind, name, description, hash, locked, disabled, \
             revision, expires_at, created_at, modified_at, reach_domain, reach_only, made_by FROM api_keys \
             JOIN principals ON principals.guid = api_keys.principal WHERE api_keys.guid ",
            $($which)*
        )
    };
}

/// All keys whose principal and limits this program knows. There may be a million: each page of rows is decoded, away from the reactor
/// threads, before the next is read.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Arc<ApiKey>>, IamError> {
    let (mut keys, mut unknown, mut last) = (Vec::new(), 0, String::new());
    loop {
        let sql = select!("> $1 ORDER BY api_keys.guid LIMIT $2");
        let rows = tx.all(sql, &[last.as_str().into(), PAGE.into()]).await?;
        let Some(row) = rows.last() else { break };
        last = row.text("guid")?;
        let (page, others) = run_blocking(move || read_page(&rows)).await?;
        keys.extend(page);
        unknown += others;
    }
    warn_of(unknown);
    Ok(keys)
}

/// The key with this id, if this program knows its principal and limits.
pub(crate) async fn of(tx: &mut Tx, id: KeyId) -> Result<Vec<Arc<ApiKey>>, IamError> {
    let rows = BY_IDS.page(tx, &[id.0.to_string()]).await?;
    let (keys, unknown) = read_page(&rows)?;
    warn_of(unknown);
    Ok(keys)
}

const BY_IDS: ByIds = ByIds {
    one: select!("= $1"),
    some: select!("IN ", ids!()),
};

/// The keys with these ids, as [`all`] of them: each page is decoded before the next is read.
pub(super) async fn of_ids(tx: &mut Tx, ids: &[String]) -> Result<Vec<Arc<ApiKey>>, IamError> {
    let (mut keys, mut unknown) = (Vec::new(), 0);
    for page in ids.chunks(IDS_PER_STATEMENT) {
        let rows = BY_IDS.page(tx, page).await?;
        let (decoded, others) = run_blocking(move || read_page(&rows)).await?;
        keys.extend(decoded);
        unknown += others;
    }
    warn_of(unknown);
    Ok(keys)
}

/// Decodes a few rows; with the number of those that this program does not know.
fn read_page(rows: &[Row]) -> Result<(Vec<Arc<ApiKey>>, usize), IamError> {
    known(rows, |row| Ok(read(row)?.map(Arc::new)))
}

fn warn_of(unknown: usize) {
    if unknown > 0 {
        tracing::warn!(
            keys = unknown,
            "API keys for what this program does not know are left out"
        );
    }
}

/// The limits of a key; `None` for a word unknown to this program, which then ignores the key.
fn narrowing(row: &Row) -> Result<Option<Narrowing>, IamError> {
    let only = row.text_or_none("reach_only")?;
    let send_only = match only.as_deref() {
        None => false,
        Some(Narrowing::SEND) => true,
        Some(_) => return Ok(None),
    };
    let reached = row.text_or_none("reach_domain")?;
    Ok(Some(Narrowing {
        domain: reached.as_deref().map(domain).transpose()?,
        send_only,
    }))
}

fn read(row: &Row) -> Result<Option<ApiKey>, IamError> {
    let (Some(principal), Some(narrowing)) = (principals::read(row)?, narrowing(row)?) else {
        return Ok(None);
    };
    let id = KeyId(parse_guid(row, "guid")?);
    let hash: [u8; 32] = row.blob("hash")?.try_into().map_err(|_| IamError::Stored {
        value: id.to_string(),
        expected: "a key with a SHA-256",
    })?;
    Ok(Some(ApiKey {
        id,
        account: parse(row, "account", "an account GUID")?,
        principal,
        // A maker that only a newer program knows is left out.
        made_by: (row.text_or_none("made_by")?).and_then(|text| text.parse().ok()),
        name: row.text("name")?,
        description: row.text("description")?,
        narrowing,
        hash,
        locked: row.flag("locked")?,
        disabled: row.flag("disabled")?,
        revision: row.int("revision")?,
        expires_at: row.int_or_none("expires_at")?.map(Millis),
        created_at: at(row, "created_at")?,
        modified_at: at(row, "modified_at")?,
    }))
}

pub(crate) async fn insert(tx: &mut Tx, key: &ApiKey, life: KeyLife) -> Result<(), IamError> {
    let sql = "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, expires_at, created_at, modified_at, \
               reach_domain, reach_only, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let values = [
        Value::from(key.id.0.to_string()),
        key.account.to_string().into(),
        principals::key(key.principal),
        key.name.as_str().into(),
        key.description.as_str().into(),
        Value::from(&key.hash[..]),
        key.locked.into(),
        key.disabled.into(),
        key.revision.into(),
        life.expires_at().map(|at| at.0).into(),
        key.created_at.0.into(),
        key.modified_at.0.into(),
        key.narrowing.domain.map(|domain| domain.to_string()).into(),
        key.narrowing.only().map(str::to_owned).into(),
        key.made_by.map(|maker| maker.to_string()).into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes a changed key if its revision is still the one that was read: of two concurrent changes one succeeds.
pub(crate) async fn change(tx: &mut Tx, key: &ApiKey, from: i64) -> Result<bool, IamError> {
    let sql = "UPDATE api_keys SET name = $2, description = $3, expires_at = $4, modified_at = $5, revision = revision + 1 \
               WHERE guid = $1 AND revision = $6";
    let values = [
        key.id.0.to_string().into(),
        key.name.as_str().into(),
        key.description.as_str().into(),
        key.expires_at.map(|at| at.0).into(),
        key.modified_at.0.into(),
        from.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Locks or unlocks a key.
pub(crate) async fn set_locked(
    tx: &mut Tx,
    id: KeyId,
    on: bool,
    now: Millis,
) -> Result<bool, IamError> {
    let sql = "UPDATE api_keys SET locked = $2, modified_at = $3, revision = revision + 1 WHERE guid = $1 AND locked <> $2";
    let values = [id.0.to_string().into(), on.into(), now.0.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Disables or enables a key. `false` if it is so already, was deleted, or is locked.
pub(crate) async fn set_disabled(
    tx: &mut Tx,
    id: KeyId,
    on: bool,
    now: Millis,
) -> Result<bool, IamError> {
    let sql = "UPDATE api_keys SET disabled = $2, modified_at = $3, revision = revision + 1 WHERE guid = $1 AND disabled <> $2 \
               AND locked = $4";
    let values = [
        id.0.to_string().into(),
        on.into(),
        now.0.into(),
        false.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Deletes a key. `false` if it was gone, or is locked.
pub(crate) async fn delete(tx: &mut Tx, id: KeyId) -> Result<bool, IamError> {
    let sql = "DELETE FROM api_keys WHERE guid = $1 AND locked = $2";
    let values = [id.0.to_string().into(), false.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// The number of keys of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM api_keys WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// The number of keys of the principal in the account.
pub(crate) async fn count_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM api_keys WHERE account = $1 AND principal = $2";
    let values = [Value::from(account.to_string()), principals::key(principal)];
    counted(tx.one(sql, &values).await?)
}

/// Locks a key until the transaction ends. `false` if it was deleted or disabled, or has expired.
pub(crate) async fn lock_usable(tx: &mut Tx, id: KeyId, now: Millis) -> Result<bool, IamError> {
    let sql = "UPDATE api_keys SET revision = revision WHERE guid = $1 AND disabled = 0 \
               AND (expires_at IS NULL OR expires_at > $2)";
    let values = [id.0.to_string().into(), now.0.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// The id and name of one of the principal's keys of the account that is locked, if there is one.
pub(crate) async fn locked_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<Option<(KeyId, String)>, IamError> {
    let sql = "SELECT guid, name FROM api_keys WHERE account = $1 AND principal = $2 AND locked = $3 ORDER BY guid LIMIT 1";
    let values = [
        Value::from(account.to_string()),
        principals::key(principal),
        true.into(),
    ];
    let row = tx.one(sql, &values).await?;
    row.map(|row| Ok((KeyId(parse_guid(&row, "guid")?), row.text("name")?)))
        .transpose()
}

/// Deletes the principal's keys of the account.
pub(crate) async fn delete_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    let sql = "DELETE FROM api_keys WHERE account = $1 AND principal = $2";
    let values = [Value::from(account.to_string()), principals::key(principal)];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes the keys of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM api_keys WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
