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
mod invite;
mod mail;
mod operator;
mod reclaim;
mod redeem;

pub use answer::{Choice, Waiting};
use invite::New;
pub use invite::{Invitation, Invited, Invitee};
pub(crate) use invite::{promise, withdraw};
pub use mail::Mail;
pub use operator::{OperatorsCode, Pending, Unproven};
pub(crate) use operator::{hold_proven, of_owner};

use crate::directory::parse_guid;
use crate::error::IamError;
use base::id::{AccountId, Guid, UserId};
use base::limit;
use base::secret::Secret;
use base::time::Millis;
use db::{Row, Tx, Value};

/// What the address of a user rests on while somebody else has seen what opened it.
pub(crate) const UNPROVEN: &str = "";
/// A code that only the person has seen.
pub(crate) const BY_CODE: &str = "code";
/// The operator's word.
pub(crate) const BY_OPERATOR: &str = "operator";

/// How invitations are made.
#[derive(Debug, Clone, Copy)]
pub struct InvitationConfig {
    /// How long an invitation and its code are good.
    pub lifetime_milliseconds: i64,
    /// Whether the inviter is shown the code while there is a single account.
    pub show_code: bool,
    /// Whether codes go out by mail.
    pub by_mail: bool,
    /// [`limit::INVITATIONS_PER_REQUEST`].
    pub per_request: u64,
    /// [`limit::MAILS_PER_ADDRESS`].
    pub mails_per_address: u64,
}

impl Default for InvitationConfig {
    fn default() -> Self {
        Self {
            lifetime_milliseconds: 7 * 86_400_000,
            show_code: true,
            by_mail: false,
            per_request: limit::INVITATIONS_PER_REQUEST.default,
            mails_per_address: limit::MAILS_PER_ADDRESS.default,
        }
    }
}

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

/// The user of an address, and what the address rests on.
pub(super) struct Holder {
    pub(super) user: UserId,
    pub(super) is_proven: bool,
}

/// Who has the address, asked of the database within the transaction that rests on it.
pub(super) async fn holder(tx: &mut Tx, folded: &str) -> Result<Option<Holder>, IamError> {
    let sql = "SELECT guid, proof FROM users WHERE folded = $1";
    let Some(row) = tx.one(sql, &[folded.into()]).await? else {
        return Ok(None);
    };
    Ok(Some(Holder {
        user: UserId(parse_guid(&row, "guid")?),
        is_proven: row.text("proof")? != UNPROVEN,
    }))
}

/// The invitation of an address into an account, if one waits; of two that ask for it one waits for the other.
pub(super) async fn waiting(
    tx: &mut Tx,
    account: AccountId,
    folded: &str,
    now: Millis,
) -> Result<Option<Guid>, IamError> {
    let sql = "SELECT guid FROM invitations WHERE account = $1 AND folded = $2 AND expires_at > $3";
    let values = [account.to_string().into(), folded.into(), now.0.into()];
    let row = tx.one(sql, &values).await?;
    row.map(|row| parse_guid(&row, "guid")).transpose()
}

/// Takes an invitation away, with what it would have given.
pub(super) async fn remove(tx: &mut Tx, invitation: Guid) -> Result<bool, IamError> {
    let key = [Value::from(invitation.to_string())];
    let roles = "DELETE FROM invitation_roles WHERE invitation = $1";
    tx.execute(roles, &key).await?;
    let own = "DELETE FROM invitations WHERE guid = $1";
    Ok(tx.execute(own, &key).await? == 1)
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
