//! What the operator reads.

use crate::audit::entry::CUT;
use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::repo::audit;
use crate::service::Iam;
use base::id::AccountId;
use base::limit::{self, Limit};
use base::time::Millis;
use db::Row;
use std::sync::atomic::Ordering;

/// Entries of one reading.
const PAGE: i64 = 1000;

/// An entry as it was written.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its number, without gaps while nothing is dropped (then `entries_dropped` names them); none for a count that still goes on.
    pub number: Option<i64>,
    /// When; of a count, when first.
    pub at: Millis,
    /// What sort: `change`, `sign_in`, `refusal`, `requests`.
    pub kind: String,
    /// What was done.
    pub event: String,
    /// How it went.
    pub outcome: String,
    /// Who did it: a user's id, `operator`, `server`, `unknown`, `others`.
    pub who: String,
    /// What was shown.
    pub credential: String,
    /// From where.
    pub source: String,
    /// In which account; empty for none.
    pub account: String,
    /// On what.
    pub target: String,
    /// More about it, a JSON object; empty for nothing.
    pub details: String,
    /// The id of the request; of a count, of its first.
    pub transaction: String,
    /// How often.
    pub times: i64,
}

/// What is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page {
    /// Of this account alone.
    pub account: Option<AccountId>,
    /// Since when.
    pub since: Option<Millis>,
    /// After the entry of this number.
    pub after: i64,
}

impl Iam {
    /// The next entries, in the order in which they were written: at most a thousand, none at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, page: Page) -> Result<Vec<Recorded>, IamError> {
        let rows = audit::after(&self.0.db, page.after, page.since, page.account, PAGE).await?;
        rows.iter().map(Recorded::read).collect()
    }

    /// How often each limit of the audit was run into.
    #[must_use]
    pub fn audit_limit_hits(&self) -> Vec<(Limit, u64)> {
        let mut hits = self.0.counts.hits().to_vec();
        hits.push((limit::AUDIT_TEXT_BYTES, CUT.load(Ordering::Relaxed)));
        hits
    }

    /// What is counted in this minute and hour, and not written yet.
    #[must_use]
    pub fn audit_pending(&self, page: Page) -> Vec<Recorded> {
        let now = self.0.clock.now();
        let pending = self.0.counts.pending().into_iter();
        let mut pending: Vec<Recorded> = pending.map(|own| Recorded::of(&own, now)).collect();
        let account = page.account.map(|account| account.to_string());
        pending.retain(|own| {
            account
                .as_ref()
                .is_none_or(|account| own.account == *account)
                && page.since.is_none_or(|since| own.at >= since)
        });
        pending.sort_by(|a, b| (a.at, &a.event, &a.who).cmp(&(b.at, &b.event, &b.who)));
        pending
    }
}

impl Recorded {
    fn read(row: &Row) -> Result<Self, IamError> {
        Ok(Self {
            number: Some(row.int("number")?),
            at: Millis(row.int("at")?),
            kind: row.text("kind")?,
            event: row.text("event")?,
            outcome: row.text("outcome")?,
            who: row.text("who")?,
            credential: row.text("credential")?,
            source: row.text("source")?,
            account: row.text("account")?,
            target: row.text("target")?,
            details: row.text("details")?,
            transaction: row.text("transaction_id")?,
            times: row.int("times")?,
        })
    }

    fn of(entry: &Entry, now: Millis) -> Self {
        let action: Action = entry.action;
        Self {
            number: None,
            at: entry.at.unwrap_or(now),
            kind: action.kind().name().to_owned(),
            event: action.name().to_owned(),
            outcome: entry.outcome.name().to_owned(),
            who: entry.actor.to_string(),
            credential: entry.credential.name().to_owned(),
            source: entry.source.clone(),
            account: entry
                .account
                .map_or_else(String::new, |account| account.to_string()),
            target: entry.target.clone(),
            details: entry.details(),
            transaction: entry.transaction.clone(),
            times: i64::try_from(entry.times).unwrap_or(i64::MAX),
        }
    }
}
