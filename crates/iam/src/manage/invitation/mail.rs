//! Due mails. The table of invitations is the queue: a mail that a request has recorded is sent by one of the nodes,
//! even after a restart. No code is stored: it is generated when the mail is sent.

use super::new_code;
use crate::error::IamError;
use crate::repo::invitations::mails;
use crate::repo::used_today;
use crate::service::Iam;
use base::id::{AccountId, Guid};
use base::limit;
use base::secret::Secret;
use base::time::Millis;
use db::DbError;
use std::collections::BTreeMap;

/// Tries before a mail is given up; with the pauses in between about an hour.
const TRIES_MAX: i64 = 6;

/// The pause after the first failure; it doubles with each.
const PAUSE_MILLISECONDS: i64 = 60_000;

/// A mail to be sent now.
#[derive(Debug)]
pub struct Mail {
    /// The invitation.
    invitation: Guid,
    /// Until when no other node sends it.
    lease: i64,
    /// The recipient.
    pub email: String,
    /// The account.
    pub account: AccountId,
    /// The account's name.
    pub account_name: String,
    /// Address of the inviter; empty for the operator.
    pub inviter: String,
    /// The code, for a recipient without a password; none for an existing user, who logs in and accepts.
    pub code: Option<Secret<String>>,
    /// Until when the invitation can be accepted.
    pub expires_at: Millis,
}

/// Mails given up during one search, by account and reason: many of them make one log line.
type AbandonedMails = BTreeMap<(String, &'static str), u64>;

/// The outcome for a mail that this node has claimed.
enum MailOutcome {
    /// To be sent, with this code.
    ToSend(Secret<String>),
    /// Given up, with the reason.
    GivenUp(&'static str),
    /// Its invitation was answered, withdrawn or renewed meanwhile.
    Withdrawn,
}

impl Iam {
    /// The next due mail, taken by this node; none if no mail is due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_mail(&self) -> Result<Option<Mail>, IamError> {
        let mut given_up = AbandonedMails::new();
        let found = self.take_mail(&mut given_up).await;
        for ((account, why), mails) in given_up {
            tracing::warn!(%account, why, mails, "mails with invitations are given up");
        }
        found
    }

    async fn take_mail(&self, given_up: &mut AbandonedMails) -> Result<Option<Mail>, IamError> {
        loop {
            let now = self.0.clock.now();
            let Some(due) = mails::due(&self.0.db, now).await? else {
                return Ok(None);
            };
            let (guid, tries) = (due.invitation, due.tries);
            let lease = now.plus(PAUSE_MILLISECONDS << tries.clamp(0, TRIES_MAX)).0;
            // Only one of several nodes takes it; only a taken mail counts.
            if !mails::take(&self.0.db, &due, lease).await? {
                continue;
            }
            match self.reserve_send(guid, lease, tries, &due.folded).await? {
                MailOutcome::GivenUp(why) => {
                    let key = (due.account.to_string(), why);
                    let mails = given_up.entry(key).or_default();
                    *mails = mails.saturating_add(1);
                }
                MailOutcome::Withdrawn => {}
                MailOutcome::ToSend(code) => {
                    return Ok(Some(Mail {
                        invitation: guid,
                        lease,
                        email: due.email,
                        account: due.account,
                        account_name: due.account_name,
                        inviter: due.inviter,
                        code: (!due.is_proven).then_some(code),
                        expires_at: due.expires_at,
                    }));
                }
            }
        }
    }

    /// Gives a taken mail its code, or gives the mail up.
    async fn reserve_send(
        &self,
        invitation: Guid,
        lease: i64,
        tries: i64,
        folded: &str,
    ) -> Result<MailOutcome, IamError> {
        let mut tx = self.0.db.begin().await?;
        let mut why = (tries >= TRIES_MAX).then_some("every try failed");
        if tries == 0 {
            // A mail counts at its first try only: retries because of the mail server are no flood.
            let now = self.0.clock.now();
            let today = used_today::count_use(&mut tx, format!("mails/{folded}"), 1, now).await?;
            let is_over = today > self.0.config.invitations.mails_per_address;
            why = is_over.then_some(limit::MAILS_PER_ADDRESS.name);
        }
        let (code, hash) = new_code();
        let is_there = if why.is_some() {
            mails::give_up(&mut tx, invitation, lease).await?
        } else {
            // Stored for known and unknown addresses alike; nobody ever learns the code of a known one.
            mails::set_code(&mut tx, invitation, lease, hash).await?
        };
        self.commit_unaudited(tx).await?;
        Ok(match why {
            Some(why) => MailOutcome::GivenUp(why),
            None if !is_there => MailOutcome::Withdrawn,
            None => MailOutcome::ToSend(code),
        })
    }

    /// Records that a mail was sent. Until then it becomes due again after a pause.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mail_sent(&self, mail: &Mail) -> Result<(), DbError> {
        mails::sent(&self.0.db, mail.invitation, mail.lease).await
    }
}
