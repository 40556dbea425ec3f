//! Which mails are due. The queue is the table of invitations itself: what a request has written down is sent, also after a
//! restart, by one node or another; and no code is kept anywhere, because it is made when its mail is.

#![expect(
    clippy::disallowed_methods,
    reason = "which node sends a mail changes nothing for anybody"
)]

use super::{new_code, use_up};
use crate::error::IamError;
use crate::repo::column::parse_guid;
use crate::repo::users::UNPROVEN;
use crate::service::Iam;
use base::id::{AccountId, Guid};
use base::limit;
use base::secret::Secret;
use base::time::Millis;
use db::{DbError, Value};
use std::collections::BTreeMap;

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

/// Mails given up while one was looked for, by account and reason: a flood of them is a line of the log, not thousands.
type GivenUp = BTreeMap<(String, &'static str), u64>;

/// What becomes of a mail that was taken.
enum Admitted {
    /// It is sent, with this code.
    With(Secret<String>),
    /// It is given up, and why.
    Not(&'static str),
    /// Its invitation was answered, withdrawn or made anew at this moment.
    Withdrawn,
}

impl Iam {
    /// The next mail that is due, taken by this node; none when none is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_mail(&self) -> Result<Option<Mail>, IamError> {
        let mut given_up = GivenUp::new();
        let found = self.take_mail(&mut given_up).await;
        for ((account, why), mails) in given_up {
            tracing::warn!(%account, why, mails, "mails with invitations are given up");
        }
        found
    }

    async fn take_mail(&self, given_up: &mut GivenUp) -> Result<Option<Mail>, IamError> {
        loop {
            let now = self.0.clock.now();
            let sql = "SELECT invitations.guid, invitations.account, accounts.name, invitations.email, invitations.folded, inviter, \
                       mail_due_at, mail_tries, expires_at, users.proof FROM invitations \
                       JOIN accounts ON accounts.guid = invitations.account LEFT JOIN users ON users.folded = invitations.folded \
                       WHERE mail_due_at <= $1 AND expires_at > $1 AND accounts.deleted_at IS NULL ORDER BY mail_due_at LIMIT 1";
            let Some(row) = self.0.db.one(sql, &[now.0.into()]).await? else {
                return Ok(None);
            };
            let (guid, tries) = (parse_guid(&row, "guid")?, row.int("mail_tries")?);
            let lease = now.plus(PAUSE_MILLISECONDS << tries.clamp(0, TRIES_MAX)).0;
            // Of several nodes one takes it; alone what was taken counts.
            let sql = "UPDATE invitations SET mail_due_at = $3, mail_tries = mail_tries + 1 WHERE guid = $1 AND mail_due_at = $2";
            let values = [
                Value::from(guid.to_string()),
                row.int("mail_due_at")?.into(),
                lease.into(),
            ];
            if self.0.db.execute(sql, &values).await? == 0 {
                continue;
            }
            match self.admit(guid, lease, tries, &row.text("folded")?).await? {
                Admitted::Not(why) => {
                    let key = (row.text("account")?, why);
                    let mails = given_up.entry(key).or_default();
                    *mails = mails.saturating_add(1);
                }
                Admitted::Withdrawn => {}
                Admitted::With(code) => {
                    let is_proven = row
                        .text_or_none("proof")?
                        .is_some_and(|proof| proof != UNPROVEN);
                    return Ok(Some(Mail {
                        invitation: guid,
                        lease,
                        email: row.text("email")?,
                        account: AccountId(parse_guid(&row, "account")?),
                        account_name: row.text("name")?,
                        inviter: row.text("inviter")?,
                        code: (!is_proven).then_some(code),
                        expires_at: Millis(row.int("expires_at")?),
                    }));
                }
            }
        }
    }

    /// Gives a mail that was taken its code, or gives it up.
    async fn admit(
        &self,
        invitation: Guid,
        lease: i64,
        tries: i64,
        folded: &str,
    ) -> Result<Admitted, IamError> {
        let mut tx = self.0.db.begin().await?;
        let mut why = (tries >= TRIES_MAX).then_some("every try failed");
        if tries == 0 {
            // A mail counts with its first try: what the mail server does not take is no flood.
            let now = self.0.clock.now();
            let today = use_up(&mut tx, format!("mails/{folded}"), 1, now).await?;
            let is_over = today > self.0.config.invitations.mails_per_address;
            why = is_over.then_some(limit::MAILS_PER_ADDRESS.name);
        }
        let (code, hash) = new_code();
        let mut values = vec![Value::from(invitation.to_string()), lease.into()];
        let sql = if why.is_some() {
            "UPDATE invitations SET mail_due_at = NULL WHERE guid = $1 AND mail_due_at = $2"
        } else {
            values.push(hash.into());
            // Written for known and unknown alike; a code that nobody is told is none.
            "UPDATE invitations SET code_hash = $3, code_seen = 0 WHERE guid = $1 AND mail_due_at = $2"
        };
        let changed = tx.execute(sql, &values).await?;
        self.commit_unentered(tx).await?;
        Ok(match why {
            Some(why) => Admitted::Not(why),
            None if changed == 0 => Admitted::Withdrawn,
            None => Admitted::With(code),
        })
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
