//! How sessions end, and what ends with them: every token and code of theirs, and the sessions begun with those codes.
//! (Tokens and codes are not deleted here: each is refused once its session has ended. So rows are taken in one order by
//! everyone: token or code first, then its session.)
//!
//! An end is numbered within its transaction, by a counter that stays locked until the commit: numbers appear in the order
//! in which they were given, and a node that has read up to one has missed none before it.

use super::column;
use super::counters;
use crate::error::IamError;
use crate::model::bounds::Bounds;
use crate::refusal::Reason;
use base::id::{AccountId, SessionId, UserId};
use base::time::Millis;
use db::{Db, Tx, Value};

/// Which sessions of a person end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    /// This one.
    One(SessionId),
    /// Those for the account.
    Of(AccountId),
    /// All that his password began or carries, but this one: those of his keys end with the keys.
    ByPassword {
        /// The one in which he changed it.
        but: Option<SessionId>,
    },
}

/// Ends sessions of a person with all that was derived from them, within the transaction; how many there were.
pub(crate) async fn end(
    tx: &mut Tx,
    person: UserId,
    which: Which,
    now: Millis,
) -> Result<u64, IamError> {
    let person = Value::from(person.0.to_string());
    let number = Value::from(counters::next_end(tx).await?);
    let at = Value::from(now.0);
    let first = match which {
        Which::One(session) => {
            let sql = "UPDATE sessions SET revoked_at = $2, ended = $3 \
                       WHERE person = $1 AND guid = $4 AND revoked_at IS NULL";
            let values = [
                person.clone(),
                at.clone(),
                number.clone(),
                session.0.to_string().into(),
            ];
            tx.execute(sql, &values).await?
        }
        Which::Of(account) => {
            let sql = "UPDATE sessions SET revoked_at = $2, ended = $3 \
                       WHERE person = $1 AND account = $4 AND revoked_at IS NULL";
            let values = [
                person.clone(),
                at.clone(),
                number.clone(),
                account.to_string().into(),
            ];
            tx.execute(sql, &values).await?
        }
        Which::ByPassword { but } => {
            let sql = "UPDATE sessions SET revoked_at = $2, ended = $3 \
                       WHERE person = $1 AND guid <> $4 AND revoked_at IS NULL \
                       AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE session = sessions.guid AND api_key IS NOT NULL)";
            let but = but.map(|session| session.0.to_string()).unwrap_or_default();
            let values = [person.clone(), at.clone(), number.clone(), but.into()];
            tx.execute(sql, &values).await?
        }
    };
    let mut total = first;
    // One generation after the other: each statement sees what was committed while the one before waited for its rows.
    loop {
        let sql = "UPDATE sessions SET revoked_at = $2, ended = $3 WHERE person = $1 AND revoked_at IS NULL \
                   AND parent IN (SELECT guid FROM sessions WHERE person = $1 AND revoked_at IS NOT NULL)";
        let values = [person.clone(), at.clone(), number.clone()];
        let more = tx.execute(sql, &values).await?;
        if more == 0 {
            break;
        }
        total = total.saturating_add(more);
    }
    Ok(total)
}

/// Ends every session that is for the account, whoever's, with all that was derived from them, within the transaction.
pub(crate) async fn end_of_account(
    tx: &mut Tx,
    account: AccountId,
    now: Millis,
) -> Result<(), IamError> {
    // Codes before sessions, as whoever redeems one takes them: a code taken before the end opens nothing after a restore.
    let codes =
        "DELETE FROM passcodes WHERE person IN (SELECT person FROM members WHERE account = $1)";
    tx.execute(codes, &[account.to_string().into()]).await?;
    let number = Value::from(counters::next_end(tx).await?);
    let at = Value::from(now.0);
    let own =
        "UPDATE sessions SET revoked_at = $2, ended = $3 WHERE account = $1 AND revoked_at IS NULL";
    let values = [account.to_string().into(), at.clone(), number.clone()];
    let mut ended = tx.execute(own, &values).await?;
    // One generation after the other, as above.
    while ended > 0 {
        let sql = "UPDATE sessions SET revoked_at = $1, ended = $2 WHERE revoked_at IS NULL \
                   AND parent IN (SELECT guid FROM sessions WHERE ended = $2)";
        ended = tx.execute(sql, &[at.clone(), number.clone()]).await?;
    }
    Ok(())
}

/// Takes away every one-time code of a person: for a login, and for a new password.
pub(crate) async fn end_codes(tx: &mut Tx, person: UserId) -> Result<(), IamError> {
    for sql in [
        "DELETE FROM passcodes WHERE person = $1",
        "DELETE FROM password_resets WHERE person = $1",
    ] {
        tx.execute(sql, &[person.0.to_string().into()]).await?;
    }
    Ok(())
}

/// Makes sure, within the transaction that issues something, that the key and the session behind it still stand, and keeps
/// them so until it ends (in this order, in which a removal takes them): what is withdrawn at this moment waits, and then finds what was issued.
pub(crate) async fn hold(tx: &mut Tx, bounds: &Bounds, now: Millis) -> Result<(), IamError> {
    let root = bounds.root();
    if let Some(key) = root.key {
        let sql = "UPDATE api_keys SET revision = revision WHERE guid = $1 AND locked = 0 AND disabled = 0 \
                   AND (expires_at IS NULL OR expires_at > $2)";
        let values = [key.0.to_string().into(), now.0.into()];
        if tx.execute(sql, &values).await? == 0 {
            return Err(withdrawn(
                "its API key was deleted, locked, disabled or has expired",
            ));
        }
    }
    if let Some(session) = root.session {
        let sql = "UPDATE sessions SET account = account WHERE guid = $1 AND revoked_at IS NULL";
        if tx.execute(sql, &[session.0.to_string().into()]).await? == 0 {
            return Err(withdrawn("its session was logged out"));
        }
    }
    Ok(())
}

fn withdrawn(why: &str) -> IamError {
    let message = format!("The credential was withdrawn: {why}: log in again");
    IamError::refused(Reason::WrongRefreshToken, message)
}

/// Makes the session go on by itself, whatever becomes of the one it came from.
pub(crate) async fn stand_alone(tx: &mut Tx, session: SessionId) -> Result<(), IamError> {
    let sql = "UPDATE sessions SET parent = NULL WHERE guid = $1";
    tx.execute(sql, &[session.0.to_string().into()]).await?;
    Ok(())
}

/// Whose a session is that has not ended, and for which account.
pub(crate) async fn living(
    tx: &mut Tx,
    session: SessionId,
) -> Result<Option<(UserId, Option<AccountId>)>, IamError> {
    let sql = "SELECT person, account FROM sessions WHERE guid = $1 AND revoked_at IS NULL";
    let Some(row) = tx.one(sql, &[session.0.to_string().into()]).await? else {
        return Ok(None);
    };
    let person = UserId(column::parse_guid(&row, "person")?);
    Ok(Some((person, row.text("account")?.parse().ok())))
}

/// A session to be written down.
pub(crate) struct NewSession<'a> {
    pub(crate) session: SessionId,
    pub(crate) account: AccountId,
    pub(crate) bounds: &'a Bounds,
    pub(crate) now: Millis,
    /// When it ends where nobody carries it on.
    pub(crate) expires_at: Millis,
    /// Until when its first tokens can live.
    pub(crate) tokens_until: Millis,
}

/// Writes a session down.
pub(crate) async fn insert(tx: &mut Tx, new: &NewSession<'_>) -> Result<(), IamError> {
    let sql = "INSERT INTO sessions (guid, account, person, created_at, expires_at, parent, proven_at, tokens_until, api_key) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let root = new.bounds.root();
    let values = [
        Value::from(new.session.0.to_string()),
        new.account.to_string().into(),
        new.bounds.principal().0.to_string().into(),
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

/// Sweeps out sessions that ended, and whose tokens have all expired at `ended`; and those that had expired at `forgotten`.
pub(crate) async fn sweep(tx: &mut Tx, ended: Millis, forgotten: Millis) -> Result<(), IamError> {
    for (sql, before) in [
        (
            "DELETE FROM refresh_tokens WHERE session IN \
             (SELECT guid FROM sessions WHERE ended IS NOT NULL AND tokens_until <= $1)",
            ended,
        ),
        (
            "DELETE FROM sessions WHERE ended IS NOT NULL AND tokens_until <= $1 \
             AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE session = sessions.guid)",
            ended,
        ),
        (
            "DELETE FROM refresh_tokens WHERE expires_at <= $1",
            forgotten,
        ),
        (
            "DELETE FROM sessions WHERE expires_at <= $1 AND tokens_until <= $1 \
             AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE session = sessions.guid)",
            forgotten,
        ),
    ] {
        tx.execute(sql, &[before.0.into()]).await?;
    }
    Ok(())
}

/// Makes a session end later.
pub(crate) async fn lengthen(
    tx: &mut Tx,
    session: SessionId,
    until: Millis,
) -> Result<(), IamError> {
    let sql = "UPDATE sessions SET expires_at = $2 WHERE guid = $1";
    tx.execute(sql, &[session.0.to_string().into(), until.0.into()])
        .await?;
    Ok(())
}

/// Carries a session on, for the account, with tokens that can live until then. `false` where it has ended: one statement, so
/// that an end at this moment waits, and what is issued here is known to whoever ends it.
pub(crate) async fn carry_on(
    tx: &mut Tx,
    session: SessionId,
    account: AccountId,
    tokens_until: Millis,
) -> Result<bool, IamError> {
    let sql = "UPDATE sessions SET account = $2, tokens_until = CASE WHEN tokens_until < $3 THEN $3 ELSE tokens_until END \
               WHERE guid = $1 AND revoked_at IS NULL";
    let values = [
        session.0.to_string().into(),
        account.to_string().into(),
        tokens_until.0.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// What a session is for, and when the proof of it was given; none where there is none, or it has ended.
pub(crate) async fn begun_with(
    tx: &mut Tx,
    session: SessionId,
) -> Result<Option<(String, Millis)>, IamError> {
    let sql = "SELECT account, revoked_at, proven_at FROM sessions WHERE guid = $1";
    let row = tx.one(sql, &[session.0.to_string().into()]).await?;
    let Some(row) = row else { return Ok(None) };
    if row.int_or_none("revoked_at")?.is_some() {
        return Ok(None);
    }
    Ok(Some((row.text("account")?, Millis(row.int("proven_at")?))))
}

/// The ends numbered beyond `seen`: of which session, until when tokens of it can live, and the number.
pub(crate) async fn ends_since(db: &Db, seen: i64) -> Result<Vec<(SessionId, i64, i64)>, IamError> {
    let sql = "SELECT guid, tokens_until, ended FROM sessions WHERE ended > $1";
    let mut found = Vec::new();
    for row in db.all(sql, &[Value::from(seen)]).await? {
        found.push((
            SessionId(column::parse_guid(&row, "guid")?),
            row.int("tokens_until")?,
            row.int("ended")?,
        ));
    }
    Ok(found)
}
