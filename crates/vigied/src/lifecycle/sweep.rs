//! Removes the data of deleted spaces and organizations: their samples from the store after the grace period, their names from
//! the metrics at once.
//!
//! A deletion adds an entry to `iam`'s outbox. The sweep processes the outbox repeatedly, not once: the next round finds what a
//! crash interrupted, or what a late request still wrote. An entry ends when none of its data is stored, for good; its bytes leave the
//! disk when the store rewrites the days that hold them. So the cost of a round depends on the remaining work, not on
//! everything ever deleted.

use crate::app::App;
use crate::store::own_thread::on_own_thread;
use anyhow::Context;
use base::context::Context as Terms;
use base::id::TenantId;
use base::scope::{Metering, Scope};
use base::store::{SampleStore, StoreError, Usage};
use base::time::Millis;
use iam::Iam;
use iam::directory::Deleted;
use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Time between rounds.
const INTERVAL: Duration = Duration::from_secs(2);

/// Rounds to skip after a failed one, so that the error is not logged every two seconds.
const ROUNDS_AFTER_FAILURE: u32 = 30;

/// Entries per round; the rest waits for the next round.
const ENTRIES_PER_ROUND: usize = 256;

/// State kept between rounds.
#[derive(Debug)]
struct Sweep {
    /// Entries that a round empties or forgets.
    most: usize,
    /// Entries that failed go to the end, so that they never block others.
    failed: HashSet<TenantId>,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            most: ENTRIES_PER_ROUND,
            failed: HashSet::new(),
        }
    }
}

/// Sweeps until the server stops.
pub(crate) async fn watch(app: Weak<App>) {
    let mut seen = None;
    let mut pause = 0;
    let mut sweep = Sweep::default();
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(app) = app.upgrade() else { return };
        let changes = app.iam.changes();
        if seen != Some(changes) {
            let directory = app.iam.directory();
            app.metrics
                .forget(|domain| directory.account_of(domain).is_some());
            app.arrivals
                .forget(|domain| directory.account_of(domain).is_some());
            seen = Some(changes);
        }
        if pause > 0 {
            pause -= 1;
        } else if let Err(error) = round(&app, &mut sweep).await {
            tracing::warn!(
                "cannot remove the metrics of what was deleted yet, trying again: {error:#}"
            );
            pause = ROUNDS_AFTER_FAILURE;
        }
    }
}

async fn round(app: &App, sweep: &mut Sweep) -> anyhow::Result<()> {
    let due = app.iam.due();
    if due.is_empty() {
        return Ok(());
    }
    // A backup copies the store before the database, and its copy must be consistent.
    let Some(_guard) = app.backups.guard_removal() else {
        return Ok(());
    };
    let longest = app.limits.request_time.saturating_mul(2);
    let longest = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX);
    let settled = Millis(app.clock.now().0.saturating_sub(longest));
    sweep.process_due(&app.iam, &app.store, due, settled).await
}

impl Sweep {
    /// Processes the entries that are due. No request can write to a domain that was deleted before `settled`.
    async fn process_due(
        &mut self,
        iam: &Iam,
        store: &Arc<dyn SampleStore>,
        mut due: Vec<Deleted>,
        settled: Millis,
    ) -> anyhow::Result<()> {
        let there: HashSet<TenantId> = due.iter().map(|deleted| deleted.tenant).collect();
        self.failed.retain(|tenant| there.contains(tenant));
        due.sort_by_key(|deleted| self.failed.contains(&deleted.tenant));
        let tenants: Vec<Metering> = due.iter().map(Deleted::metering).collect();
        let used = on_own_thread(store, move |store| {
            let each = tenants.into_iter().map(|tenant| store.usage(&tenant));
            Ok::<_, StoreError>(each.collect::<Vec<Result<Usage, StoreError>>>())
        });
        let (mut removed, mut emptied) = (Vec::new(), 0);
        // A failed entry must not block the others: return the first error after all entries were processed.
        let mut done = Ok(());
        for (deleted, left) in due.into_iter().zip(used.await?) {
            let is_settled = deleted.deleted_at <= settled;
            let tried = match left {
                Ok(left) if left == Usage::default() && is_settled => {
                    removed.push(deleted);
                    continue;
                }
                Ok(left) if left.series > 0 && emptied < self.most => {
                    emptied += 1;
                    remove(iam, store, &deleted).await
                }
                // The store will rewrite its days, or the entry must wait for others.
                Ok(_) => continue,
                Err(error) => Err(error.into()),
            };
            match tried {
                Ok(()) => self.failed.remove(&deleted.tenant),
                Err(_) => self.failed.insert(deleted.tenant),
            };
            done = done.and(tried);
        }
        done.and(self.forget(iam, store, &removed).await)
    }

    /// Forgets the entries of which nothing is stored. What is gone may not be gone for good yet, where the disk was full or a sync is
    /// under way: a crash would bring it back, and no entry would be left to remove it.
    async fn forget(
        &self,
        iam: &Iam,
        store: &Arc<dyn SampleStore>,
        removed: &[Deleted],
    ) -> anyhow::Result<()> {
        if removed.is_empty() {
            return Ok(());
        }
        let durable = on_own_thread(store, |store| store.commit());
        durable
            .await
            .context("what is removed is not on stable storage yet")?;
        let forgotten = iam.forget_removed(removed, self.most).await;
        forgotten.context("what is removed cannot be forgotten")
    }
}

/// Deletes the samples of the entry, unless it was restored.
async fn remove(iam: &Iam, store: &Arc<dyn SampleStore>, deleted: &Deleted) -> anyhow::Result<()> {
    match iam.begin_removal(deleted).await? {
        Some(scope) => empty(store, scope).await,
        None => Ok(()),
    }
}

/// Deletes the samples of a domain.
async fn empty(store: &Arc<dyn SampleStore>, scope: Scope) -> anyhow::Result<()> {
    let domain = scope.domain();
    let dropped = on_own_thread(store, move |store| {
        store.drop_tenant(&scope, &Terms::unlimited())
    });
    let series = dropped.await?;
    tracing::info!(%domain, series, "metrics of what was deleted are removed");
    Ok(())
}

#[cfg(test)]
mod tests;
