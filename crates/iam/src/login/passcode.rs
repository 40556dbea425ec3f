//! One-time codes for people whose password the command line must not see: ten characters, one use, five minutes.

use crate::directory::User;
use crate::entropy;
use crate::error::IamError;
use crate::service::Iam;
use base::error::Kind;
use base::id::UserId;
use base::secret::Secret;
use db::Value;

const CHARACTERS: usize = 10;
const LIFE_MILLISECONDS: i64 = 300_000;

/// Letters and digits that are not taken for one another; 32 of them, so each is five random bits.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";

/// A new code for the user.
pub(crate) async fn issue(iam: &Iam, user: UserId) -> Result<Secret<String>, IamError> {
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
        Value::from(now.plus(LIFE_MILLISECONDS).0),
    ];
    iam.0
        .db
        .execute(
            "INSERT INTO passcodes (hash, person, expires_at) VALUES ($1, $2, $3)",
            &values,
        )
        .await?;
    Ok(Secret::new(code))
}

/// The user a code was made for; the code is used up.
pub(crate) async fn redeem(iam: &Iam, code: &Secret<String>) -> Result<User, IamError> {
    let rejected = || {
        IamError::refused(
            Kind::Invalid,
            "BXNIM0602E",
            "Provided passcode is wrong, used up or older than five minutes",
        )
    };
    let hash = Value::from(&entropy::sha256(code.expose().trim().as_bytes())[..]);
    // Taking the row away and asking whose it was is one statement: of two who bring the same code one gets in.
    let taken = "DELETE FROM passcodes WHERE hash = $1 RETURNING person, expires_at";
    let row = iam.0.db.one(taken, &[hash]).await?.ok_or_else(rejected)?;
    if row.int("expires_at")? <= iam.0.clock.now().0 {
        return Err(rejected());
    }
    let user = UserId(crate::directory::parse_guid(&row, "person")?);
    iam.directory()
        .users
        .get(&user)
        .cloned()
        .ok_or_else(rejected)
}
