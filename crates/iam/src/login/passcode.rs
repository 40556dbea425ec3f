//! One-time codes for people whose password the command line must not see: ten characters, one use, five minutes.
//!
//! A code asked for with a key's session opens no more than the key: it is for the key's account, and ends with the key.

use crate::directory::{User, parse_guid};
use crate::entropy;
use crate::error::IamError;
use crate::service::Iam;
use base::error::Kind;
use base::id::{KeyId, UserId};
use base::secret::Secret;
use db::{Tx, Value};

const CHARACTERS: usize = 10;
const LIFE_MILLISECONDS: i64 = 300_000;

/// Letters and digits that are not taken for one another; 32 of them, so each is five random bits.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";

/// A new code for the user, or for the key he has shown.
pub(crate) async fn issue(
    iam: &Iam,
    user: UserId,
    key: Option<KeyId>,
) -> Result<Secret<String>, IamError> {
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
    iam.0
        .db
        .execute(
            "DELETE FROM passcodes WHERE expires_at <= $1",
            &[Value::from(now.0)],
        )
        .await?;
    let values = [
        Value::from(&entropy::sha256(code.as_bytes())[..]),
        Value::from(user.0.to_string()),
        Value::from(key.map(|key| key.0.to_string())),
        Value::from(now.plus(LIFE_MILLISECONDS).0),
    ];
    iam.0
        .db
        .execute(
            "INSERT INTO passcodes (hash, person, api_key, expires_at) VALUES ($1, $2, $3, $4)",
            &values,
        )
        .await?;
    Ok(Secret::new(code))
}

/// Whom a code was made for; it is used up when the transaction is committed.
pub(crate) async fn redeem(
    iam: &Iam,
    tx: &mut Tx,
    code: &Secret<String>,
) -> Result<(User, Option<KeyId>), IamError> {
    let rejected = || {
        IamError::refused(
            Kind::Invalid,
            "BXNIM0602E",
            "Provided passcode is wrong, used up or older than five minutes",
        )
    };
    let hash = Value::from(&entropy::sha256(code.expose().trim().as_bytes())[..]);
    // Taking the row away and asking whose it was is one statement: of two who bring the same code one gets in.
    let taken = "DELETE FROM passcodes WHERE hash = $1 RETURNING person, api_key, expires_at";
    let row = tx.one(taken, &[hash]).await?.ok_or_else(rejected)?;
    if row.int("expires_at")? <= iam.0.clock.now().0 {
        return Err(rejected());
    }
    let key = match row.text_or_none("api_key")? {
        Some(_) => Some(KeyId(parse_guid(&row, "api_key")?)),
        None => None,
    };
    let user = UserId(parse_guid(&row, "person")?);
    let user = iam.directory().users.get(&user).cloned();
    Ok((user.ok_or_else(rejected)?, key))
}
