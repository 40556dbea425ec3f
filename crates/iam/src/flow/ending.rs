//! How sessions end, and what ends with them: every token and code of theirs, and the sessions begun with those codes.
//! (Tokens and codes are not deleted here: each is refused once its session has ended. So rows are taken in one order by
//! everyone: token or code first, then its session.)
//!
//! An end is numbered within its transaction, by a counter that stays locked until the commit: numbers appear in the order
//! in which they were given, and a node that has read up to one has missed none before it.

use crate::audit::Entry;
use crate::error::IamError;
use crate::model::bounds::Bounds;
use crate::repo::column;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::error::Kind;
use base::id::{AccountId, SessionId, UserId};
use base::time::Millis;
use db::{Tx, Value};

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
    let next = "UPDATE counters SET value = value + 1 WHERE name = 'ends' RETURNING value";
    let number = Value::from(column::counter(tx.one(next, &[]).await?)?);
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
    let next = "UPDATE counters SET value = value + 1 WHERE name = 'ends' RETURNING value";
    let number = Value::from(column::counter(tx.one(next, &[]).await?)?);
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

/// Ends what a person's old password opened: his sessions but the one in which he changes it and those of his keys, and every
/// code.
///
/// # Errors
/// When the credential he changes it with was withdrawn.
pub(crate) async fn end_password(
    tx: &mut Tx,
    person: UserId,
    caller: &Identity,
    now: Millis,
) -> Result<(), IamError> {
    // Codes before keys and sessions, as whoever redeems one takes them.
    end_codes(tx, person).await?;
    hold(tx, caller.bounds(), now).await?;
    let but = caller.session();
    if let Some(own) = but {
        // It goes on by the password that was just proven, whatever becomes of the one it came from.
        let alone = "UPDATE sessions SET parent = NULL WHERE guid = $1";
        tx.execute(alone, &[own.0.to_string().into()]).await?;
    }
    end(tx, person, Which::ByPassword { but }, now).await?;
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
    IamError::refused(Kind::Invalid, "BXNIM0407E", message)
}

impl Iam {
    /// Ends one session; one that has ended already is no change.
    pub(crate) async fn end_session(
        &self,
        mut tx: Tx,
        session: SessionId,
        entry: impl FnOnce(UserId) -> Entry,
    ) -> Result<(), IamError> {
        let find = "SELECT person, account FROM sessions WHERE guid = $1 AND revoked_at IS NULL";
        let Some(row) = tx.one(find, &[session.0.to_string().into()]).await? else {
            return Ok(());
        };
        let person = UserId(column::parse_guid(&row, "person")?);
        let now = self.0.clock.now();
        if end(&mut tx, person, Which::One(session), now).await? == 0 {
            return Ok(());
        }
        let account = row.text("account")?.parse().ok();
        let entry = entry(person).maybe_in(account).on(session);
        self.commit_unseen(tx, entry).await?;
        self.see_ends().await;
        Ok(())
    }
}
