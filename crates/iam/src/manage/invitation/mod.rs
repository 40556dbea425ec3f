//! Invitations: how somebody comes into an account, by his own word.
//!
//! **A password or code that anybody but the person has seen never opens anything outside the account whose Administrator
//! saw it.** An invitation makes no user and opens nothing. A known person accepts it, logged in. An unknown one redeems a
//! one-time code, which has one power: to set a password of his own, which makes the user and accepts the invitation it was
//! made for.
//!
//! An address counts as *proven* when a code that nobody else has seen came to it, or by the operator's word. Where the
//! inviter was shown the code, it is not: such a user stays in that one account until it is. Another code, by mail or from
//! the operator, then lets the true owner of the address begin anew, and ends all that was made with the first.

mod answer;
pub mod code;
pub(crate) mod invite;
mod mail;
mod operator;
mod reclaim;
mod redeem;

pub use crate::config::InvitationConfig;
pub use answer::{Choice, Waiting};

pub(crate) use invite::withdraw;
pub use invite::{Invitation, Invited, Invitee};
pub use mail::Mail;
pub(crate) use operator::of_owner;
pub use operator::{OperatorsCode, Pending, Unproven};

use crate::error::IamError;
use crate::repo::column::parse_guid;
use base::id::{AccountId, Guid};
use base::secret::Secret;
use base::time::Millis;
use db::{Row, Tx, Value};

/// An invitation as stored.
struct Stored {
    guid: Guid,
    account: AccountId,
    email: String,
    folded: String,
    code_hash: Option<Vec<u8>>,
    /// Whether the code was shown to the inviter.
    code_seen: bool,
    expires_at: Millis,
}

impl Stored {
    fn read(row: &Row) -> Result<Self, IamError> {
        Ok(Self {
            guid: parse_guid(row, "guid")?,
            account: AccountId(parse_guid(row, "account")?),
            email: row.text("email")?,
            folded: row.text("folded")?,
            code_hash: row.blob_or_none("code_hash")?,
            code_seen: row.flag("code_seen")?,
            expires_at: Millis(row.int("expires_at")?),
        })
    }

    fn key(&self) -> Value {
        self.guid.to_string().into()
    }
}

/// Counts one more of a thing that has a limit by day; how many there are now.
async fn use_up(tx: &mut Tx, what: String, amount: i64, now: Millis) -> Result<u64, IamError> {
    let day = now.0.div_euclid(86_400_000);
    let old = "DELETE FROM used_today WHERE day < $1";
    tx.execute(old, &[day.into()]).await?;
    let sql = "INSERT INTO used_today (what, day, used) VALUES ($1, $2, $3) \
               ON CONFLICT (what, day) DO UPDATE SET used = used_today.used + $3 RETURNING used";
    let row = tx
        .one(sql, &[what.into(), day.into(), amount.into()])
        .await?;
    let used = row.map(|row| row.int("used")).transpose()?;
    Ok(u64::try_from(used.unwrap_or(amount)).unwrap_or(0))
}

/// A code that fits nothing: wrong, used up, expired, or of an address that needs none. Which, nobody is told.
pub(super) fn rejected() -> IamError {
    let problem = base::error::Problem::new(
        base::error::Kind::Invalid,
        "invalid_code",
        "the one-time code is wrong for this address, used up or expired",
    );
    IamError::Refused(problem.hint(
        "ask whoever invited you for another, or the operator: `vigied invitation code EMAIL`",
    ))
}

/// A new code, and what is stored of it.
pub(super) fn new_code() -> (Secret<String>, Vec<u8>) {
    let code = code::generate();
    let hash = code::hash(code.expose()).to_vec();
    (code, hash)
}
