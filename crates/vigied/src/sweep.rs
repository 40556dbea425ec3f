//! What a deleted space, organization or account leaves behind: its samples go from the store, its name from the metrics.
//!
//! Done after every change of the directory and once at the start, so that what was deleted while the node was down goes as
//! well. Bytes leave the disk when the store rewrites the days that hold them.

use crate::app::App;
use anyhow::Context;
use base::context::Context as Terms;
use base::pattern::Pattern;
use base::scope::Scope;
use base::store::{DeleteQuery, SampleStore};
use std::sync::Weak;
use std::time::Duration;

/// How often it is looked whether something was deleted.
const INTERVAL: Duration = Duration::from_secs(2);

/// How often it is looked at all deleted domains again: a request that was on its way while its domain was deleted may have
/// written behind the sweep.
const ROUNDS_BETWEEN: u32 = 300;

/// Sweeps until the server is gone.
pub(crate) async fn watch(app: Weak<App>) {
    let mut seen = None;
    let mut rounds = 0;
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(app) = app.upgrade() else { return };
        let changes = app.iam.changes();
        rounds += 1;
        if seen == Some(changes) && rounds < ROUNDS_BETWEEN {
            continue;
        }
        match sweep(&app).await {
            Ok(()) => (seen, rounds) = (Some(changes), 0),
            Err(error) => tracing::warn!("deleted domains were not swept: {error:#}"),
        }
    }
}

async fn sweep(app: &App) -> anyhow::Result<()> {
    let directory = app.iam.directory();
    app.metrics
        .forget(|domain| directory.account_of(domain).is_some());
    let retired = app.iam.retired().await.context("cannot list them")?;
    if retired.is_empty() {
        return Ok(());
    }
    let store = std::sync::Arc::clone(&app.store);
    let swept = tokio::task::spawn_blocking(move || empty(&*store, &retired));
    swept.await.context("the sweep broke off")?
}

/// Deletes what the store still holds of these domains.
fn empty(store: &dyn SampleStore, retired: &[Scope]) -> anyhow::Result<()> {
    let pattern = Pattern::parse("*").context("`*` is a pattern")?;
    let everything = DeleteQuery {
        pattern: &pattern,
        range: None,
        dry_run: false,
        names: 0,
    };
    for scope in retired {
        if store.usage(scope.tenant())?.series == 0 {
            continue;
        }
        let deleted = store.delete(scope, &everything, &Terms::unlimited())?;
        let (domain, series) = (scope.domain(), deleted.series);
        tracing::info!(%domain, series, "samples of a deleted domain deleted");
    }
    Ok(())
}
