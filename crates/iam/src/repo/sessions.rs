//! The table `sessions`. When a session ends, its tokens and codes end with it, and the sessions begun with those codes. (Tokens
//! and codes are not deleted here: each is refused once its session has ended. So everybody locks rows in one order: the token or
//! code first, then its session.)
//!
//! An end is numbered when its transaction ends, by a counter that stays locked until the commit: numbers become visible in order,
//! and a node that has read up to one has missed none before it. Until then its number is 0, which only the transaction itself sees.
//! So whoever waits for a session that somebody uses does not keep everybody else's sessions from ending meanwhile.

mod expired;
mod open;
mod overdue;

pub(crate) use expired::{delete_ended, delete_expired, owners_of_ended, owners_of_expired};
pub(crate) use open::{find_open, open_of, open_with};
pub(crate) use overdue::{end_overdue, find_overdue};

use super::column::{at, counted, parse, parse_guid};
use super::counters;
use super::principals::{self, key};
use crate::error::IamError;
use crate::model::bounds::CredentialBounds;
use base::id::{AccountId, Guid, KeyId, SessionId};
use base::principal::Principal;
use base::time::Millis;
use db::{Db, Row, Tx, Value};

/// Selects sessions of a principal to end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SessionSelector {
    /// This one.
    One(SessionId),
    /// The sessions for the account.
    Of(AccountId),
    /// All sessions that open the account or can be renewed for it: also those of no key that are for another account now.
    Opening(AccountId),
    /// The sessions for the account that were begun with the key.
    OfKey(AccountId, KeyId),
    /// All sessions that the password began or carries, except this one; the sessions of keys end with their keys.
    ByPassword {
        /// The session that changes the password.
        but: Option<SessionId>,
    },
}

/// Ends a principal's sessions with everything derived from them, within the transaction; returns how many.
pub(crate) async fn end(
    tx: &mut Tx,
    principal: impl Into<Principal>,
    which: SessionSelector,
    now: Millis,
) -> Result<u64, IamError> {
    let (principal, at) = (key(principal), Value::from(now.0));
    let first = match which {
        SessionSelector::One(session) => {
            let sql = "UPDATE sessions SET revoked_at = $2, ended = 0 \
                       WHERE principal = $1 AND guid = $3 AND revoked_at IS NULL";
            let values = [principal, at, session.0.to_string().into()];
            tx.execute(sql, &values).await?
        }
        SessionSelector::Of(account) => {
            let sql = "UPDATE sessions SET revoked_at = $2, ended = 0 \
                       WHERE principal = $1 AND account = $3 AND revoked_at IS NULL";
            let values = [principal, at, account.to_string().into()];
            tx.execute(sql, &values).await?
        }
        SessionSelector::Opening(account) => {
            let sql = "UPDATE sessions SET revoked_at = $2, ended = 0 \
                       WHERE principal = $1 AND (account = $3 OR api_key IS NULL) AND revoked_at IS NULL";
            let values = [principal, at, account.to_string().into()];
            tx.execute(sql, &values).await?
        }
        SessionSelector::OfKey(account, api_key) => {
            let sql = "UPDATE sessions SET revoked_at = $2, ended = 0 \
                       WHERE principal = $1 AND account = $3 AND api_key = $4 AND revoked_at IS NULL";
            let values = [
                principal,
                at,
                account.to_string().into(),
                api_key.0.to_string().into(),
            ];
            tx.execute(sql, &values).await?
        }
        SessionSelector::ByPassword { but } => {
            let sql = "UPDATE sessions SET revoked_at = $2, ended = 0 \
                       WHERE principal = $1 AND guid <> $3 AND revoked_at IS NULL \
                       AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE session = sessions.guid AND api_key IS NOT NULL)";
            let but = but.map(|session| session.0.to_string()).unwrap_or_default();
            tx.execute(sql, &[principal, at, but.into()]).await?
        }
    };
    with_derived(tx, first, now).await
}

/// Ends these sessions, with everything derived from them.
pub(crate) async fn end_these(
    tx: &mut Tx,
    which: &[SessionId],
    now: Millis,
) -> Result<(), IamError> {
    let mut first = 0_u64;
    for session in which {
        let sql =
            "UPDATE sessions SET revoked_at = $2, ended = 0 WHERE guid = $1 AND revoked_at IS NULL";
        let values = [session.0.to_string().into(), now.0.into()];
        first = first.saturating_add(tx.execute(sql, &values).await?);
    }
    with_derived(tx, first, now).await?;
    Ok(())
}

/// Ends everybody's sessions for the account, with everything derived from them, within the transaction.
pub(crate) async fn end_of_account(
    tx: &mut Tx,
    account: AccountId,
    now: Millis,
) -> Result<(), IamError> {
    let sql =
        "UPDATE sessions SET revoked_at = $2, ended = 0 WHERE account = $1 AND revoked_at IS NULL";
    let values = [account.to_string().into(), now.0.into()];
    let first = tx.execute(sql, &values).await?;
    with_derived(tx, first, now).await?;
    Ok(())
}

/// Ends what was derived from the sessions that the transaction has ended, the last time this many; returns how many that are
/// together.
async fn with_derived(tx: &mut Tx, first: u64, now: Millis) -> Result<u64, IamError> {
    let (mut total, mut more) = (first, first);
    // Generation by generation: each statement sees what was committed while the previous one waited for its rows. What was derived
    // is its principal's, too; those are found by an index.
    while more > 0 {
        let sql = "UPDATE sessions SET revoked_at = $1, ended = 0 WHERE revoked_at IS NULL \
                   AND principal IN (SELECT principal FROM sessions WHERE ended = 0) \
                   AND parent IN (SELECT guid FROM sessions WHERE ended = 0)";
        more = tx.execute(sql, &[now.0.into()]).await?;
        total = total.saturating_add(more);
    }
    Ok(total)
}

/// Whether a transaction ends sessions. It is had from numbering them alone, and a commit takes it to read them afterwards.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub(crate) struct NumberedEnds {
    are_any: bool,
}

impl NumberedEnds {
    /// Whether there are any.
    pub(crate) const fn are_any(self) -> bool {
        self.are_any
    }
}

/// Numbers the ends of the transaction. Until it is over, others that end sessions wait here.
pub(crate) async fn number_ends(tx: &mut Tx) -> Result<NumberedEnds, IamError> {
    let any = "SELECT guid FROM sessions WHERE ended = 0 LIMIT 1";
    if tx.one(any, &[]).await?.is_none() {
        return Ok(NumberedEnds { are_any: false });
    }
    let number = counters::next_end(tx).await?;
    let sql = "UPDATE sessions SET ended = $1 WHERE ended = 0";
    tx.execute(sql, &[number.into()]).await?;
    Ok(NumberedEnds { are_any: true })
}

/// Locks a session until the transaction ends. `false` if it has ended.
pub(crate) async fn lock_live(tx: &mut Tx, session: SessionId) -> Result<bool, IamError> {
    let sql = "UPDATE sessions SET account = account WHERE guid = $1 AND revoked_at IS NULL";
    Ok(tx.execute(sql, &[session.0.to_string().into()]).await? > 0)
}

/// Makes the session independent of the one it came from.
pub(crate) async fn detach(tx: &mut Tx, session: SessionId) -> Result<(), IamError> {
    let sql = "UPDATE sessions SET parent = NULL WHERE guid = $1";
    tx.execute(sql, &[session.0.to_string().into()]).await?;
    Ok(())
}

const LIVE: &str = "SELECT principal, (SELECT kind FROM principals WHERE guid = principal) AS principal_kind, account FROM sessions \
                    WHERE guid = $1 AND revoked_at IS NULL";

/// The principal and account of a session that has not ended; also where its refresh tokens are over, as its access tokens may live longer.
pub(crate) async fn find_live(
    tx: &mut Tx,
    session: SessionId,
) -> Result<Option<(Principal, AccountId)>, IamError> {
    let row = tx.one(LIVE, &[session.0.to_string().into()]).await?;
    row.map_or(Ok(None), |row| read_live(&row))
}

/// As [`find_live`], as it is now. Only a read: what has ended delays no writer.
pub(crate) async fn find_live_now(
    db: &Db,
    session: SessionId,
) -> Result<Option<(Principal, AccountId)>, IamError> {
    let row = db.one(LIVE, &[session.0.to_string().into()]).await?;
    row.map_or(Ok(None), |row| read_live(&row))
}

fn read_live(row: &Row) -> Result<Option<(Principal, AccountId)>, IamError> {
    // The sessions of a principal end when the principal is deleted.
    let Some(principal) = principals::read(row)? else {
        return Ok(None);
    };
    Ok(Some((principal, parse(row, "account", "an account GUID")?)))
}

/// A session to be stored.
pub(crate) struct NewSession<'a> {
    pub(crate) session: SessionId,
    pub(crate) account: AccountId,
    pub(crate) bounds: &'a CredentialBounds,
    pub(crate) now: Millis,
    /// When it expires unless it is renewed.
    pub(crate) expires_at: Millis,
    /// When the last of its first tokens expires.
    pub(crate) tokens_until: Millis,
}

/// Stores a session.
pub(crate) async fn insert(tx: &mut Tx, new: &NewSession<'_>) -> Result<(), IamError> {
    let sql = "INSERT INTO sessions (guid, account, principal, created_at, expires_at, parent, proven_at, tokens_until, api_key, used_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $4)";
    let root = new.bounds.root();
    let values = [
        Value::from(new.session.0.to_string()),
        new.account.to_string().into(),
        key(new.bounds.principal()),
        new.now.0.into(),
        new.expires_at.0.into(),
        root.session.map(|parent| parent.0.to_string()).into(),
        new.bounds.proven_at().0.into(),
        new.tokens_until.0.into(),
        root.key.map(|key| key.0.to_string()).into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// The time of the principal's latest proof; zero without a session.
pub(crate) async fn latest_proof(tx: &mut Tx, principal: Principal) -> Result<Millis, IamError> {
    let sql = "SELECT COALESCE(MAX(proven_at), 0) AS latest FROM sessions WHERE principal = $1";
    let row = tx.one(sql, &[key(principal)]).await?;
    Ok(Millis(row.map_or(Ok(0), |row| row.int("latest"))?))
}

/// Extends a session.
pub(crate) async fn extend(tx: &mut Tx, session: SessionId, until: Millis) -> Result<(), IamError> {
    let sql = "UPDATE sessions SET expires_at = $2 WHERE guid = $1";
    tx.execute(sql, &[session.0.to_string().into(), until.0.into()])
        .await?;
    Ok(())
}

/// The changes of a renewal to a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionChanges {
    /// The account that it is for from now on, where that may change.
    pub(crate) account: Option<AccountId>,
    /// Until when tokens may live that are issued now.
    pub(crate) tokens_until: Millis,
    /// When it was used, if this is a use of it.
    pub(crate) used_at: Option<Millis>,
}

/// Renews a session; `false` if it has ended. One statement, so that a concurrent end waits and then knows of what was issued here.
pub(crate) async fn renew(
    tx: &mut Tx,
    session: SessionId,
    changes: SessionChanges,
) -> Result<bool, IamError> {
    let sql = "UPDATE sessions SET account = COALESCE($2, account), tokens_until = CASE WHEN tokens_until < $3 THEN $3 ELSE tokens_until END, \
               used_at = COALESCE($4, used_at) WHERE guid = $1 AND revoked_at IS NULL";
    let account = changes.account.map(|account| account.to_string());
    let values = [
        session.0.to_string().into(),
        account.into(),
        changes.tokens_until.0.into(),
        changes.used_at.map(|at| at.0).into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// A session, ended or not.
pub(crate) struct StoredSession {
    pub(crate) account: String,
    /// When its proof was given.
    pub(crate) proven_at: Millis,
    /// When it was begun, renewed or kept alive last.
    pub(crate) used_at: Millis,
    /// When it was ended.
    pub(crate) ended_at: Option<Millis>,
}

/// The session; none if it is unknown.
pub(crate) async fn find(
    tx: &mut Tx,
    session: SessionId,
) -> Result<Option<StoredSession>, IamError> {
    let sql = "SELECT account, revoked_at, proven_at, used_at FROM sessions WHERE guid = $1";
    let row = tx.one(sql, &[session.0.to_string().into()]).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(StoredSession {
        account: row.text("account")?,
        proven_at: at(&row, "proven_at")?,
        used_at: at(&row, "used_at")?,
        ended_at: row.int_or_none("revoked_at")?.map(Millis),
    }))
}

/// The end of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionEnd {
    pub(crate) session: SessionId,
    /// The GUID of whose it was.
    pub(crate) owner: Guid,
    /// Until when its tokens may live.
    pub(crate) until: i64,
    /// Ends are numbered one after another.
    pub(crate) number: i64,
}

const ENDS_SINCE: &str =
    "SELECT guid, principal, tokens_until, ended FROM sessions WHERE ended > $1";

/// The ends with numbers beyond `seen`.
pub(crate) async fn ends_since(db: &Db, seen: i64) -> Result<Vec<SessionEnd>, IamError> {
    read_ends(&db.all(ENDS_SINCE, &[Value::from(seen)]).await?)
}

/// The ends with numbers beyond `seen` that a transaction sees.
pub(crate) async fn ends_seen_since(tx: &mut Tx, seen: i64) -> Result<Vec<SessionEnd>, IamError> {
    read_ends(&tx.all(ENDS_SINCE, &[Value::from(seen)]).await?)
}

fn read_ends(rows: &[Row]) -> Result<Vec<SessionEnd>, IamError> {
    let mut found = Vec::new();
    for row in rows {
        found.push(SessionEnd {
            session: SessionId(parse_guid(row, "guid")?),
            owner: parse_guid(row, "principal")?,
            until: row.int("tokens_until")?,
            number: row.int("ended")?,
        });
    }
    Ok(found)
}

/// The number of the user's live sessions, or of those for one account.
pub(crate) async fn count_live(
    tx: &mut Tx,
    bounds: &CredentialBounds,
    account: Option<AccountId>,
    now: Millis,
) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM sessions WHERE principal = $1 AND revoked_at IS NULL AND expires_at > $2 \
               AND account = COALESCE($3, account)";
    let values = [
        key(bounds.principal()),
        now.0.into(),
        account.map(|account| account.to_string()).into(),
    ];
    counted(tx.one(sql, &values).await?)
}

/// The number of remembered ended sessions, of the user's own or of this key.
pub(crate) async fn count_ended(
    tx: &mut Tx,
    bounds: &CredentialBounds,
    of_key: &str,
) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM sessions WHERE principal = $1 AND revoked_at IS NOT NULL \
               AND COALESCE(api_key, '') = $2";
    let values = [key(bounds.principal()), of_key.into()];
    counted(tx.one(sql, &values).await?)
}

/// A session that has not ended, as the limits on their number see it.
pub(crate) struct HeldSession {
    pub(crate) id: SessionId,
    /// The key that began it; empty for none.
    pub(crate) key: String,
    /// The session it came from.
    pub(crate) parent: Option<SessionId>,
    /// Whether it has not expired either, and is one of those that are counted.
    pub(crate) is_live: bool,
}

/// The sessions of the user that have not ended, those first that were begun, renewed or kept alive longest ago. All are counted, or
/// those for one account.
pub(crate) async fn held(
    tx: &mut Tx,
    bounds: &CredentialBounds,
    account: Option<AccountId>,
    now: Millis,
) -> Result<Vec<HeldSession>, IamError> {
    let account = account.map(|account| account.to_string());
    let sql = "SELECT guid, COALESCE(api_key, '') AS of_key, parent, account, expires_at FROM sessions \
               WHERE principal = $1 AND revoked_at IS NULL ORDER BY used_at, created_at, guid";
    let rows = tx.all(sql, &[key(bounds.principal())]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let parent = match row.text_or_none("parent")? {
            Some(_) => Some(SessionId(parse_guid(row, "parent")?)),
            None => None,
        };
        let used_for = row.text("account")?;
        let is_counted = account.as_ref().is_none_or(|account| *account == used_for);
        found.push(HeldSession {
            id: SessionId(parse_guid(row, "guid")?),
            key: row.text("of_key")?,
            parent,
            is_live: is_counted && row.int("expires_at")? > now.0,
        });
    }
    Ok(found)
}

/// Notes that a session was used now.
pub(crate) async fn touch(tx: &mut Tx, session: SessionId, now: Millis) -> Result<(), IamError> {
    let sql = "UPDATE sessions SET used_at = $2 WHERE guid = $1 AND used_at < $2";
    tx.execute(sql, &[session.0.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}
