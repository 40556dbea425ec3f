//! Reading the audit, for the operator.

use crate::audit::Recorded;
use crate::audit::entry::CUT;
use crate::error::IamError;
use crate::repo::audit;
use crate::service::Iam;
use base::id::AccountId;
use base::limit::{self, Limit};
use base::time::Millis;
use std::sync::atomic::Ordering;

/// Entries returned by one read.
const PAGE: i64 = 1000;

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
        audit::after(&self.0.db, page.after, page.since, page.account, PAGE).await
    }

    /// How often each limit of the audit and of the activity was reached.
    #[must_use]
    pub fn audit_limit_hits(&self) -> Vec<(Limit, u64)> {
        let mut hits = self.0.counts.hits().to_vec();
        hits.push((limit::AUDIT_TEXT_BYTES, CUT.load(Ordering::Relaxed)));
        hits.push((limit::ACTIVITY_UNWRITTEN, self.0.activity.uncounted()));
        hits
    }

    /// The counts of the current minute and hour that are not written yet.
    #[must_use]
    pub fn audit_pending(&self, page: Page) -> Vec<Recorded> {
        let now = self.0.clock.now();
        let pending = self.0.counts.pending().into_iter();
        let mut pending: Vec<Recorded> = pending.map(|count| Recorded::of(&count, now)).collect();
        let account = page.account.map(|account| account.to_string());
        pending.retain(|entry| {
            account
                .as_ref()
                .is_none_or(|account| entry.account == *account)
                && page.since.is_none_or(|since| entry.at >= since)
        });
        pending.sort_by(|a, b| (a.at, &a.event, &a.who).cmp(&(b.at, &b.event, &b.who)));
        pending
    }
}
