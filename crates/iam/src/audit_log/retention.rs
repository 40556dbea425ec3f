//! Writes the counts, and keeps the table within its limits. It runs on a task of its own in small transactions, so
//! that no request waits for it.

use crate::audit::{Action, Actor, Entry, Kind};
use crate::error::IamError;
use crate::repo::audit::{self, AuditGroup};
use crate::service::Iam;
use base::error_chain::Chain;
use base::failure_streak::FailureStreak;
use base::id::AccountId;
use base::limit;
use base::time::Millis;
use std::sync::Arc;
use std::time::Duration;

/// How often the task checks whether a minute or hour has ended.
const INTERVAL: Duration = Duration::from_secs(5);

/// How many of these checks pass between two checks of the limits, an hour; the first one comes soon after the start.
const CHECKS_PER_TRIM: u32 = 720;

/// This many new entries bring the check of the limits forward.
const WRITTEN_PER_TRIM: u64 = 10_000;

/// Entries written by one transaction; few, so that other writers wait only briefly.
const ENTRIES_PER_WRITE: usize = 50;

/// Entries deleted by one statement.
const ENTRIES_PER_DELETION: i64 = 1000;

const DAY_MILLISECONDS: i64 = 86_400_000;

impl Iam {
    /// Writes the counts and keeps the table within its limits until the service is dropped or closed.
    pub fn audit_watch(&self) -> impl Future<Output = ()> + Send + use<> {
        let weak = Arc::downgrade(&self.0);
        async move {
            let (mut checks, unwritten) = (0_u32, FailureStreak::new());
            loop {
                tokio::time::sleep(INTERVAL).await;
                let Some(inner) = weak.upgrade() else { return };
                let iam = Self(inner);
                if iam.is_closed() {
                    return;
                }
                match iam.write_counts(false).await {
                    Ok(()) => {
                        let _ = unwritten.record_success();
                    }
                    Err(error) if unwritten.record_failure() => {
                        tracing::warn!(error = %Chain(&error), "what the audit has counted is not written yet");
                    }
                    Err(_) => {}
                }
                checks = checks.wrapping_add(1);
                if !iam.0.counts.written_since(WRITTEN_PER_TRIM) && checks % CHECKS_PER_TRIM != 1 {
                    continue;
                }
                if let Err(error) = iam.trim_audit().await {
                    tracing::warn!(error = %Chain(&error), "old entries of the audit are not deleted yet");
                }
            }
        }
    }

    /// Writes the counts of minutes and hours that have ended, or all counts.
    ///
    /// # Errors
    /// When the database cannot be written; the counts are kept.
    pub async fn write_counts(&self, all: bool) -> Result<(), IamError> {
        let now = self.0.clock.now();
        let mut taken = self.0.counts.take(now, all);
        loop {
            let part = taken.split(ENTRIES_PER_WRITE);
            let entries = part.entries();
            if entries.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.write_part(&entries, now).await {
                self.0.counts.give_back(part);
                self.0.counts.give_back(std::mem::take(&mut taken));
                return Err(error);
            }
            // The first event of a minute is logged already; the entry reports the number of times.
            let repeated = |entry: &&Entry| {
                let is_logged = entry.times == 1 && entry.actor != Actor::Others;
                !is_logged && entry.action.kind() == Kind::Refusal
            };
            entries.iter().filter(repeated).for_each(Entry::log);
        }
    }

    async fn write_part(&self, entries: &[Entry], now: Millis) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        audit::write(&mut tx, entries, now).await?;
        self.commit_unaudited(tx).await?;
        self.0.counts.wrote(entries.len());
        Ok(())
    }

    /// Deletes entries beyond the retention time, and the oldest entries beyond the limit of each account and kind.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn trim_audit(&self) -> Result<(), IamError> {
        let limits = &self.0.config.limits;
        let days = i64::try_from(limits.audit_retention_days).unwrap_or(i64::MAX);
        let kept = days.saturating_mul(DAY_MILLISECONDS);
        let oldest = self.0.clock.now().0.saturating_sub(kept);
        while audit::delete_before(&self.0.db, oldest, ENTRIES_PER_DELETION).await? > 0 {}
        let most = i64::try_from(limits.audit_entries_per_account).unwrap_or(i64::MAX);
        // A second time for the kind that the entries of the first round have filled.
        for _ in 0..2 {
            for sort in audit::over(&self.0.db, most).await? {
                self.trim(&sort, most).await?;
            }
        }
        Ok(())
    }

    async fn trim(&self, sort: &AuditGroup, most: i64) -> Result<(), IamError> {
        let db = &self.0.db;
        let Some(last) = audit::newest_beyond(db, sort, room_after(most)).await? else {
            return Ok(());
        };
        let Some(counted) = audit::up_to(db, sort, last).await? else {
            return Ok(());
        };
        // The deletion is recorded first: a stop in between then leaves no unexplained gap.
        let entry = Entry::by_server(Action::EntriesDropped)
            .with("account", &sort.account)
            .with("kind", &sort.kind)
            .with("entries", counted.entries)
            .with("first", counted.first)
            .with("last", last)
            .with("limit", limit::AUDIT_ENTRIES_PER_ACCOUNT.name);
        let of: Option<AccountId> = sort.account.parse().ok();
        self.enter(entry.maybe_in(of)).await?;
        self.0.counts.dropped(counted.entries);
        while audit::delete_up_to(db, sort, last, ENTRIES_PER_DELETION).await? > 0 {}
        Ok(())
    }
}

/// How many entries of a kind remain when there were more than `most`: a tenth fewer, so that not every check deletes
/// some and records it, and one fewer for the record itself.
fn room_after(most: i64) -> i64 {
    most.saturating_sub(most / 10).saturating_sub(1).max(0)
}
