//! Which mails are due. The queue is the table of invitations itself: what a request has written down is sent, also after a
//! restart, by one node or another; and no code is kept anywhere, because it is made when its mail is.

use super::{UNPROVEN, new_code, use_up};
use crate::directory::parse_guid;
use crate::error::IamError;
use crate::service::Iam;
use base::id::{AccountId, Guid};
use base::limit;
use base::secret::Secret;
use base::time::Millis;
use db::{DbError, Value};

/// Tries of one mail before it is given up; with the pauses between them about an hour.
const TRIES_MAX: i64 = 6;

/// The pause after the first failure; it doubles with each.
const PAUSE_MILLISECONDS: i64 = 60_000;

/// A mail to be sent now.
#[derive(Debug)]
pub struct Mail {
    /// The invitation.
    invitation: Guid,
    /// Until when nobody else sends it.
    lease: i64,
    /// To whom.
    pub email: String,
    /// Into which account.
    pub account: AccountId,
    /// What that is called.
    pub account_name: String,
    /// Address of whoever invited; empty for the operator.
    pub inviter: String,
    /// The code, for somebody who has no password of his own yet; none for a user, who logs in and accepts.
    pub code: Option<Secret<String>>,
    /// Until when it can be accepted.
    pub expires_at: Millis,
}

impl Iam {
    /// The next mail that is due, taken by this node; none when none is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_mail(&self) -> Result<Option<Mail>, IamError> {
        let now = self.0.clock.now();
        let sql = "SELECT invitations.guid, invitations.account, accounts.name, invitations.email, invitations.folded, inviter, \
                   mail_due_at, mail_tries, expires_at, users.proof FROM invitations \
                   JOIN accounts ON accounts.guid = invitations.account LEFT JOIN users ON users.folded = invitations.folded \
                   WHERE mail_due_at <= $1 AND expires_at > $1 ORDER BY mail_due_at LIMIT 1";
        let Some(row) = self.0.db.one(sql, &[now.0.into()]).await? else {
            return Ok(None);
        };
        let guid = parse_guid(&row, "guid")?;
        let (due, tries) = (row.int("mail_due_at")?, row.int("mail_tries")?);
        let folded = row.text("folded")?;
        let is_proven = row
            .text_or_none("proof")?
            .is_some_and(|proof| proof != UNPROVEN);
        let mut tx = self.0.db.begin().await?;
        let today = use_up(&mut tx, format!("mails/{folded}"), 1, now).await?;
        let is_over = today > self.0.config.invitations.mails_per_address;
        if is_over || tries >= TRIES_MAX {
            let sql =
                "UPDATE invitations SET mail_due_at = NULL WHERE guid = $1 AND mail_due_at = $2";
            tx.execute(sql, &[guid.to_string().into(), due.into()])
                .await?;
            tx.commit().await?;
            let why = if is_over {
                limit::MAILS_PER_ADDRESS.name
            } else {
                "every try failed"
            };
            tracing::warn!(account = %row.text("account")?, why, "a mail with an invitation is given up");
            return Box::pin(self.due_mail()).await;
        }
        let pause = PAUSE_MILLISECONDS << tries.clamp(0, TRIES_MAX);
        let lease = now.plus(pause).0;
        let (code, hash) = new_code();
        // Written for known and unknown alike; a code that nobody is told is none.
        let sql = "UPDATE invitations SET mail_due_at = $3, mail_tries = mail_tries + 1, code_hash = $4, code_seen = 0 \
                   WHERE guid = $1 AND mail_due_at = $2";
        let values = [
            Value::from(guid.to_string()),
            due.into(),
            lease.into(),
            hash.into(),
        ];
        let taken = tx.execute(sql, &values).await?;
        tx.commit().await?;
        if taken == 0 {
            // Another node was quicker.
            return Ok(None);
        }
        Ok(Some(Mail {
            invitation: guid,
            lease,
            email: row.text("email")?,
            account: AccountId(parse_guid(&row, "account")?),
            account_name: row.text("name")?,
            inviter: row.text("inviter")?,
            code: (!is_proven).then_some(code),
            expires_at: Millis(row.int("expires_at")?),
        }))
    }

    /// Notes that a mail was sent. Until then it is due again after a pause.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mail_sent(&self, mail: &Mail) -> Result<(), DbError> {
        let sql = "UPDATE invitations SET mail_due_at = NULL WHERE guid = $1 AND mail_due_at = $2";
        let values = [mail.invitation.to_string().into(), mail.lease.into()];
        self.0.db.execute(sql, &values).await.map(drop)
    }
}
