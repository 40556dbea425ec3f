//! Reading the audit, for the operator.

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

/// Entries returned by one read.
const PAGE: i64 = 1000;

/// A stored entry.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its number; numbers have no gaps unless entries were dropped (then `entries_dropped` names them). None for a
    /// count that is not written yet.
    pub number: Option<i64>,
    /// The time; for a count, of the first event.
    pub at: Millis,
    /// The kind: `change`, `sign_in`, `refusal`, `requests`.
    pub kind: String,
    /// The action.
    pub event: String,
    /// The outcome.
    pub outcome: String,
    /// The actor: a user's id, `operator`, `server`, `unknown`, `others`.
    pub who: String,
    /// The kind of credential.
    pub credential: String,
    /// The source.
    pub source: String,
    /// The account; empty for none.
    pub account: String,
    /// The object.
    pub target: String,
    /// Details as a JSON object; empty for none.
    pub details: String,
    /// The id of the request; for a count, of the first.
    pub transaction: String,
    /// The number of times.
    pub times: i64,
}

/// A selection of entries.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page {
    /// Only this account.
    pub account: Option<AccountId>,
    /// Only entries since this time.
    pub since: Option<Millis>,
    /// Only entries after this number.
    pub after: i64,
}

impl Iam {
    /// The next entries in the order they were written: at most a thousand; none at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, page: Page) -> Result<Vec<Recorded>, IamError> {
        let rows = audit::after(&self.0.db, page.after, page.since, page.account, PAGE).await?;
        rows.iter().map(Recorded::read).collect()
    }

    /// How often each limit of the audit was reached.
    #[must_use]
    pub fn audit_limit_hits(&self) -> Vec<(Limit, u64)> {
        let mut hits = self.0.counts.hits().to_vec();
        hits.push((limit::AUDIT_TEXT_BYTES, CUT.load(Ordering::Relaxed)));
        hits
    }

    /// The counts of the current minute and hour that are not written yet.
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
