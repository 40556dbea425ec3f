//! The table `refresh_tokens`: hashes, their sessions and their successors.

use super::column::{at, parse_guid};
use super::principals::{self, key};
use crate::entropy;
use crate::error::IamError;
use crate::model::bounds::CredentialBounds;
use base::id::{AccountId, KeyId, SessionId};
use base::principal::Principal;
use base::secret::Secret;
use base::time::Millis;
use db::{Db, Row, Tx, Value};

fn hash(text: &str) -> Value {
    Value::from(&entropy::sha256(text.as_bytes())[..])
}

/// The columns of a [`RefreshToken`]: a macro, because a statement is made of literals.
macro_rules! columns {
    () => {
        "session, principal, (SELECT kind FROM principals WHERE guid = principal) AS principal_kind, api_key, grant_type, \
         expires_at, used_at, successor, delegated_for"
    };
}

const CLAIM: &str = concat!(
    "UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1 AND client = $3 AND used_at IS NULL RETURNING ",
    columns!()
);

const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM refresh_tokens WHERE hash = $1 AND client = $2"
);

/// A stored token, without its hash.
pub(crate) struct RefreshToken {
    pub(crate) session: SessionId,
    /// The principal that it acts for; none if it is gone, or of a kind that only a newer program knows.
    pub(crate) principal: Option<Principal>,
    /// The key that its session was begun with.
    pub(crate) api_key: Option<KeyId>,
    pub(crate) grant_type: String,
    pub(crate) expires_at: Millis,
    /// When it was used up.
    pub(crate) used_at: Option<Millis>,
    /// The token that replaced it, encrypted (`token::successor`).
    pub(crate) successor: Option<Vec<u8>>,
    /// The account that a delegated token is for.
    pub(crate) delegated_for: Option<String>,
}

impl RefreshToken {
    /// Whether it was delegated: it prolongs and moves nothing.
    pub(crate) const fn is_delegated(&self) -> bool {
        self.delegated_for.is_some()
    }
}

fn key_of(row: &Row) -> Result<Option<KeyId>, IamError> {
    Ok(match row.text_or_none("api_key")? {
        Some(_) => Some(KeyId(parse_guid(row, "api_key")?)),
        None => None,
    })
}

fn decode(row: &Row) -> Result<RefreshToken, IamError> {
    Ok(RefreshToken {
        session: SessionId(parse_guid(row, "session")?),
        principal: principals::read(row)?,
        api_key: key_of(row)?,
        grant_type: row.text("grant_type")?,
        expires_at: at(row, "expires_at")?,
        used_at: row.int_or_none("used_at")?.map(Millis),
        successor: row.blob_or_none("successor")?,
        delegated_for: row.text_or_none("delegated_for")?,
    })
}

async fn select_one(
    tx: &mut Tx,
    sql: &'static str,
    values: &[Value],
) -> Result<Option<RefreshToken>, IamError> {
    let row = tx.one(sql, values).await?;
    row.as_ref().map(decode).transpose()
}

/// A token to be stored.
pub(crate) struct NewToken<'a> {
    pub(crate) session: SessionId,
    pub(crate) client: &'a str,
    pub(crate) bounds: &'a CredentialBounds,
    pub(crate) grant_type: &'a str,
    pub(crate) expires_at: Millis,
    pub(crate) delegated_for: Option<AccountId>,
}

/// Stores a token.
pub(crate) async fn insert(tx: &mut Tx, text: &str, new: &NewToken<'_>) -> Result<(), IamError> {
    let sql = "INSERT INTO refresh_tokens (hash, session, client, principal, api_key, grant_type, expires_at, delegated_for) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        hash(text),
        new.session.0.to_string().into(),
        new.client.into(),
        key(new.bounds.principal()),
        new.bounds.root().key.map(|key| key.0.to_string()).into(),
        new.grant_type.into(),
        new.expires_at.0.into(),
        new.delegated_for.map(|account| account.to_string()).into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Uses a token up. One conditional statement: of two concurrent requests one gets the row; the other waits and finds
/// it used.
pub(crate) async fn claim(
    tx: &mut Tx,
    text: &Secret<String>,
    client: &str,
    now: Millis,
) -> Result<Option<RefreshToken>, IamError> {
    let values = [hash(text.expose()), now.0.into(), client.into()];
    select_one(tx, CLAIM, &values).await
}

/// A token, used or not.
pub(crate) async fn find(
    tx: &mut Tx,
    text: &Secret<String>,
    client: &str,
) -> Result<Option<RefreshToken>, IamError> {
    select_one(tx, FIND, &[hash(text.expose()), client.into()]).await
}

/// Stores the encrypted successor of a token that is used up now, and not when its use began: that may have waited for others since.
pub(crate) async fn set_successor(
    tx: &mut Tx,
    text: &Secret<String>,
    successor: Vec<u8>,
    now: Millis,
) -> Result<(), IamError> {
    let sql = "UPDATE refresh_tokens SET successor = $2, used_at = $3 WHERE hash = $1";
    let values = [hash(text.expose()), Value::from(successor), now.0.into()];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Whether a token was used, when it expires, and its session.
pub(crate) struct TokenState {
    pub(crate) session: SessionId,
    pub(crate) is_used: bool,
    pub(crate) expires_at: Millis,
}

/// The state of a token, whichever client it was issued to.
pub(crate) async fn find_state(
    db: &Db,
    text: &Secret<String>,
) -> Result<Option<TokenState>, IamError> {
    let sql = "SELECT session, expires_at, used_at FROM refresh_tokens WHERE hash = $1";
    let Some(row) = db.one(sql, &[hash(text.expose())]).await? else {
        return Ok(None);
    };
    Ok(Some(TokenState {
        session: SessionId(parse_guid(&row, "session")?),
        is_used: row.int_or_none("used_at")?.is_some(),
        expires_at: Millis(row.int("expires_at")?),
    }))
}

/// Whether a session was begun by this grant: all its tokens say so.
pub(crate) async fn is_session_of(
    tx: &mut Tx,
    session: SessionId,
    grant_type: &str,
) -> Result<bool, IamError> {
    let sql = "SELECT session FROM refresh_tokens WHERE session = $1 AND grant_type = $2 LIMIT 1";
    let values = [session.0.to_string().into(), grant_type.into()];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// The number of the session's unexpired tokens, of those that are delegated or of the others, and when the first of them expires.
pub(crate) async fn count_unexpired(
    tx: &mut Tx,
    session: SessionId,
    are_delegated: bool,
    now: Millis,
) -> Result<(u64, Option<i64>), IamError> {
    let sql = match are_delegated {
        true => {
            "SELECT COUNT(*) AS counted, MIN(expires_at) AS first FROM refresh_tokens \
             WHERE session = $1 AND expires_at > $2 AND delegated_for IS NOT NULL"
        }
        false => {
            "SELECT COUNT(*) AS counted, MIN(expires_at) AS first FROM refresh_tokens \
             WHERE session = $1 AND expires_at > $2 AND delegated_for IS NULL"
        }
    };
    let values = [session.0.to_string().into(), now.0.into()];
    let Some(row) = tx.one(sql, &values).await? else {
        return Ok((0, None));
    };
    let counted = u64::try_from(row.int("counted")?).unwrap_or_default();
    Ok((counted, row.int_or_none("first")?))
}

/// Deletes the tokens of the principal's ended sessions whose tokens had all expired at `before`.
pub(crate) async fn delete_of_ended(
    tx: &mut Tx,
    principal: &Value,
    before: Millis,
) -> Result<(), IamError> {
    let sql = "DELETE FROM refresh_tokens WHERE session IN \
               (SELECT guid FROM sessions WHERE principal = $2 AND ended IS NOT NULL AND tokens_until <= $1)";
    tx.execute(sql, &[before.0.into(), principal.clone()])
        .await?;
    Ok(())
}

/// Deletes the principal's tokens that had expired at `before`.
pub(crate) async fn delete_expired(
    tx: &mut Tx,
    principal: &Value,
    before: Millis,
) -> Result<(), IamError> {
    let sql = "DELETE FROM refresh_tokens WHERE principal = $2 AND expires_at <= $1";
    tx.execute(sql, &[before.0.into(), principal.clone()])
        .await?;
    Ok(())
}

/// The stored GUIDs of the principals of some tokens that had expired at `before`.
pub(crate) async fn owners_of_expired(
    db: &Db,
    before: Millis,
    most: i64,
) -> Result<Vec<String>, IamError> {
    let sql = "SELECT principal FROM refresh_tokens WHERE expires_at <= $1 LIMIT $2";
    let rows = db.all(sql, &[before.0.into(), most.into()]).await?;
    rows.iter().map(|row| Ok(row.text("principal")?)).collect()
}
