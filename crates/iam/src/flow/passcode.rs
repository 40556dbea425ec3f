//! One-time codes for people whose password the command line must not see: ten characters, one use, five minutes.
//!
//! A code carries the bounds of what it was asked for with: a session, a key's session, or a password. It ends with that
//! session and key, opens what they open, and the session it begins ends with them as well.

use super::ending;
use crate::audit::{Action, Credential, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::bounds::{Bounds, Root};
use crate::model::page::row_count;
use crate::repo::column::parse_guid;
use crate::service::Iam;
use base::error::Kind;
use base::id::{KeyId, SessionId, UserId};
use base::secret::Secret;
use base::time::Millis;
use db::{Tx, Value};

const CHARACTERS: usize = 10;
const LIFE_MILLISECONDS: i64 = 300_000;

/// Letters and digits that are not taken for one another; 32 of them, so each is five random bits.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";

/// A new code for what was shown, in the transaction that found it good.
pub(crate) async fn issue(
    iam: &Iam,
    mut tx: Tx,
    bounds: &Bounds,
    credential: Credential,
) -> Result<Secret<String>, IamError> {
    if !bounds.renewable() {
        return Err(IamError::Crypto("issue a code for what is not renewable"));
    }
    let code: String = entropy::bytes::<CHARACTERS>()
        .iter()
        .map(|byte| {
            char::from(
                ALPHABET
                    .get(usize::from(byte % 32))
                    .copied()
                    .unwrap_or(b'a'),
            )
        })
        .collect();
    let now = iam.0.clock.now();
    let expired = "DELETE FROM passcodes WHERE expires_at <= $1";
    tx.execute(expired, &[Value::from(now.0)]).await?;
    ending::hold(&mut tx, bounds, now).await?;
    let root = bounds.root();
    let hash = entropy::sha256(code.as_bytes());
    let sql = "INSERT INTO passcodes (hash, person, api_key, session, proven_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        Value::from(&hash[..]),
        bounds.principal().0.to_string().into(),
        root.key.map(|key| key.0.to_string()).into(),
        root.session.map(|session| session.0.to_string()).into(),
        bounds.proven_at().0.into(),
        now.plus(LIFE_MILLISECONDS).0.into(),
    ];
    tx.execute(sql, &values).await?;
    keep_newest(iam, &mut tx, bounds, &hash).await?;
    let entry = Entry::by_user(bounds.principal(), credential, Action::PasscodeMade);
    iam.commit_unseen(tx, entry.with_some("by_key", root.key))
        .await?;
    Ok(Secret::new(code))
}

/// Takes the oldest away of more codes than a person may have; those of an API key by themselves, so that who has a key takes
/// none from who has the password.
async fn keep_newest(
    iam: &Iam,
    tx: &mut Tx,
    bounds: &Bounds,
    new: &[u8; 32],
) -> Result<(), IamError> {
    let others = iam.0.config.limits.passcodes_per_user.saturating_sub(1);
    let key = bounds.root().key;
    let sql = "DELETE FROM passcodes WHERE person = $1 AND COALESCE(api_key, '') = $2 AND hash <> $3 AND hash NOT IN \
               (SELECT hash FROM passcodes WHERE person = $1 AND COALESCE(api_key, '') = $2 AND hash <> $3 \
               ORDER BY expires_at DESC, hash LIMIT $4)";
    let values = [
        Value::from(bounds.principal().0.to_string()),
        key.map(|key| key.0.to_string()).unwrap_or_default().into(),
        Value::from(&new[..]),
        row_count(others).into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// The bounds of a code; it is used up when the transaction is committed.
pub(crate) async fn redeem(
    iam: &Iam,
    tx: &mut Tx,
    code: &Secret<String>,
) -> Result<Bounds, IamError> {
    let hash = Value::from(&entropy::sha256(code.expose().trim().as_bytes())[..]);
    // Taking the row away and asking whose it was is one statement: of two who bring the same code one gets in.
    let taken = "DELETE FROM passcodes WHERE hash = $1 RETURNING person, api_key, session, proven_at, expires_at";
    let row = tx.one(taken, &[hash]).await?.ok_or_else(rejected)?;
    let now = iam.0.clock.now();
    if row.int("expires_at")? <= now.0 {
        return Err(rejected());
    }
    let key = match row.text_or_none("api_key")? {
        Some(_) => Some(KeyId(parse_guid(&row, "api_key")?)),
        None => None,
    };
    let session = match row.text_or_none("session")? {
        Some(_) => Some(SessionId(parse_guid(&row, "session")?)),
        None => None,
    };
    let root = Root { session, key };
    let (user, proven_at) = (
        UserId(parse_guid(&row, "person")?),
        Millis(row.int("proven_at")?),
    );
    let bounds = iam.derived(user, proven_at, root)?;
    // Said as of a code that never was: who brings it shows nothing else.
    ending::hold(tx, &bounds, now)
        .await
        .map_err(|error| match error {
            IamError::Refused(_) => rejected(),
            other => other,
        })?;
    Ok(bounds)
}

fn rejected() -> IamError {
    IamError::refused(
        Kind::Invalid,
        "BXNIM0602E",
        "Provided passcode is wrong, used up or older than five minutes, or the login it came from has ended",
    )
}
