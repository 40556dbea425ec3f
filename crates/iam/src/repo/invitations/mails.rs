//! The mails of invitations that are due.

use crate::error::IamError;
use crate::repo::column::parse_guid;
use crate::repo::users::UNPROVEN;
use base::id::{AccountId, Guid};
use base::time::Millis;
use db::{Db, DbError, Tx, Value};

/// A due mail.
pub(crate) struct DueMail {
    pub(crate) invitation: Guid,
    pub(crate) account: AccountId,
    pub(crate) account_name: String,
    pub(crate) email: String,
    pub(crate) folded: String,
    pub(crate) inviter: String,
    pub(crate) due_at: i64,
    pub(crate) tries: i64,
    pub(crate) expires_at: Millis,
    /// Whether the recipient is a user whose address is proven.
    pub(crate) is_proven: bool,
}

/// The mail that has been due for longest.
pub(crate) async fn due(db: &Db, now: Millis) -> Result<Option<DueMail>, IamError> {
    let sql = "SELECT invitations.guid, invitations.account, accounts.name, invitations.email, invitations.folded, inviter, \
               mail_due_at, mail_tries, expires_at, users.proof FROM invitations \
               JOIN accounts ON accounts.guid = invitations.account LEFT JOIN users ON users.folded = invitations.folded \
               WHERE mail_due_at <= $1 AND expires_at > $1 AND accounts.deleted_at IS NULL ORDER BY mail_due_at LIMIT 1";
    let Some(row) = db.one(sql, &[now.0.into()]).await? else {
        return Ok(None);
    };
    Ok(Some(DueMail {
        invitation: parse_guid(&row, "guid")?,
        account: AccountId(parse_guid(&row, "account")?),
        account_name: row.text("name")?,
        email: row.text("email")?,
        folded: row.text("folded")?,
        inviter: row.text("inviter")?,
        due_at: row.int("mail_due_at")?,
        tries: row.int("mail_tries")?,
        expires_at: Millis(row.int("expires_at")?),
        is_proven: row
            .text_or_none("proof")?
            .is_some_and(|proof| proof != UNPROVEN),
    }))
}

/// Takes it until `lease`; only one of several nodes succeeds.
#[expect(
    clippy::disallowed_methods,
    reason = "which node sends a mail changes nothing for anybody"
)]
pub(crate) async fn take(db: &Db, due: &DueMail, lease: i64) -> Result<bool, IamError> {
    let sql = "UPDATE invitations SET mail_due_at = $3, mail_tries = mail_tries + 1 WHERE guid = $1 AND mail_due_at = $2";
    let values = [
        Value::from(due.invitation.to_string()),
        due.due_at.into(),
        lease.into(),
    ];
    Ok(db.execute(sql, &values).await? > 0)
}

const DONE: &str = "UPDATE invitations SET mail_due_at = NULL WHERE guid = $1 AND mail_due_at = $2";

/// Gives up a taken mail. `false` if its invitation was answered, withdrawn or renewed.
pub(crate) async fn give_up(tx: &mut Tx, invitation: Guid, lease: i64) -> Result<bool, IamError> {
    let values = [invitation.to_string().into(), lease.into()];
    Ok(tx.execute(DONE, &values).await? > 0)
}

/// Gives a taken mail its code, which nobody has seen. `false` as above.
pub(crate) async fn set_code(
    tx: &mut Tx,
    invitation: Guid,
    lease: i64,
    hash: Vec<u8>,
) -> Result<bool, IamError> {
    let sql =
        "UPDATE invitations SET code_hash = $3, code_seen = 0 WHERE guid = $1 AND mail_due_at = $2";
    let values = [invitation.to_string().into(), lease.into(), hash.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Records that a taken mail was sent.
#[expect(
    clippy::disallowed_methods,
    reason = "which node sends a mail changes nothing for anybody"
)]
pub(crate) async fn sent(db: &Db, invitation: Guid, lease: i64) -> Result<(), DbError> {
    let values = [invitation.to_string().into(), lease.into()];
    db.execute(DONE, &values).await.map(drop)
}
